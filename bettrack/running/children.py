"""The processes that `up` keeps: their commands and their environment."""

from __future__ import annotations

import http.client
import os
import sys
from multiprocessing import Lock

from django.conf import settings

from bettrack.running.instance import Address
from bettrack.running.supervision import Child

WEB_PROCESSES = 2
WEB_THREADS = 4
"""For pages; a stream of the API holds a thread for itself."""
STREAMS_END = 3
"""Seconds that open streams hold up a stop."""
WORKER_SLOTS = 2
QUEUES = "default,feeds,settle"
# tasks come as JSON from our own queue, so Celery's reason against root does not hold
ROOT_WARNING = "ignore:You're running the worker with superuser"


def environment(address: Address, demo_password: str) -> dict[str, str]:
    """What the children find in their environment; the user's own choices win."""
    chosen = dict(os.environ)
    chosen.setdefault("BETTRACK_URL", address.url)
    chosen.setdefault("SANDBOX_URL", f"{address.url}/sandbox")
    chosen.setdefault("ALLOWED_HOSTS", ",".join(address.allowed_hosts()))
    chosen.setdefault("LOG_LEVEL", "WARNING")
    chosen["BETTRACK_HOME"] = str(settings.HOME)
    chosen["BETTRACK_DEMO_PASSWORD"] = demo_password
    chosen["DJANGO_SETTINGS_MODULE"] = os.environ.get("DJANGO_SETTINGS_MODULE", "bettrack.settings")
    return chosen


def web(address: Address, application: str = "bettrack.wsgi:application") -> Child:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", address.host or "0.0.0.0"]  # noqa: S104
    command += ["--port", str(address.port), "--workers", str(WEB_PROCESSES)]
    command += [
        "--blocking-threads",
        str(WEB_THREADS + settings.API_STREAMS),
        "--no-ws",
        "--respawn-failed-workers",
    ]
    # its warnings are of settings chosen on purpose, such as more threads than processors, and of stops
    return Child("web", [*command, "--log-level", "error", application])


def worker() -> Child:
    pool = "prefork" if _has_semaphores() else "threads"
    options = ["-Q", QUEUES, "-c", str(WORKER_SLOTS), "-P", pool, "--without-mingle", "--without-gossip"]
    return Child("worker", _celery("worker", options))


def beat() -> Child:
    folder = settings.HOME / "celery"
    folder.mkdir(exist_ok=True)
    return Child("beat", _celery("beat", ["--pidfile=", "-s", str(folder / "beat-schedule")]))


def _celery(program: str, options: list[str]) -> list[str]:
    quietly = [sys.executable, "-W", ROOT_WARNING, "-m", "celery", "-q", "-A", "bettrack"]
    return [*quietly, program, "-l", "warning", *options]


def demo() -> Child:
    """Fills in the demo history once, behind the served board."""
    return Child("demo", [sys.executable, str(settings.BASE_DIR / "manage.py"), "seed", "--demo"], once=True)


def answer_of(address: Address) -> int:
    """The HTTP status the web server answers its health check with; 0 while it does not answer."""
    host = address.url.removeprefix("http://").rpartition(":")[0].strip("[]")
    connection = http.client.HTTPConnection(host, address.port, timeout=5.0)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _has_semaphores() -> bool:
    """Whether processes can share semaphores here (/dev/shm may be closed); Celery's prefork pool needs them."""
    try:
        Lock()
    except OSError:
        return False
    return True
