"""What docker-compose.yml and the Dockerfile start is there, and reads what it is given."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import celery.bin.celery as celery_program
import click
import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class
from granian.cli import cli as granian_program

from bettrack.celery import app
from bettrack.tests.test_documentation import told

__all__ = ["told"]

BASE = Path(settings.BASE_DIR)
FIELD = re.compile(r"\$\{(\w+)(?::([-?])((?:[^{}]|\$\{[^}]*\})*))?\}")
OURS = {"migrate", "web", "worker", "beat"}
NOT_IN_CONTAINERS = {
    "BETTRACK_ENV_FILE", "BETTRACK_BOOTSTRAP_UV", "BETTRACK_EMBEDDED_DURABLE", "BETTRACK_POSTGRES_BIN",
    "BETTRACK_REDIS_SERVER", "BETTRACK_PACE", "BETTRACK_DEMO_PASSWORD", "PROMETHEUS_MULTIPROC_DIR",
    "BETTRACK_API_KEY",  # of who asks, not of who answers
    "BACKUP_DIR",  # the volume
    "DATABASE_POOL",  # PgBouncer is there
    "DEBUG",
    "SENTRY_DSN",  # its package is not in the image
}  # fmt: skip
ASK = """
import json
from bettrack import settings as s
found = s.DATABASES["default"]["HOST"], s.DIRECT_DATABASE["HOST"], s.ALLOWED_HOSTS, s.HTTPS, len(s.TRUSTED_PROXIES)
print(json.dumps(found))
"""


class Strict(yaml.SafeLoader):
    """Refuses a name that is there twice, as Compose does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)}: twice in line {node.start_mark.line} and after")
        return super().construct_mapping(node, deep)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((BASE / "docker-compose.yml").read_text(), Loader=Strict)  # noqa: S506
    return found


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return re.sub(r"\\\n\s*", "", (BASE / "Dockerfile").read_text())


def filled(text: str, given: dict[str, str]) -> str:
    """A value as Compose hands it on."""

    def value(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        if given.get(name):
            return given[name]
        assert kind != "?", rest
        return rest or ""

    return FIELD.sub(value, text)


def commands(services: dict[str, dict[str, Any]], dockerfile: str) -> Iterator[list[str]]:
    """Every command of ours that a container runs, shells unwrapped."""
    lists = [services[name]["command"] for name in sorted(OURS) if "command" in services[name]]
    lists += [services[name]["healthcheck"]["test"][1:] for name in ("worker", "beat")]
    lists += [json.loads(found) for found in re.findall(r"^CMD (\[.*\])", dockerfile, re.MULTILINE)]
    lists += [json.loads(found) for found in re.findall(r"HEALTHCHECK .*CMD (\[.*\])", dockerfile)]
    for words in lists:
        script = words[-1] if words[:2] == ["sh", "-c"] or len(words) == 1 else ""
        yield from (shlex.split(part) for part in script.split("&&")) if script else [words]
    for line in re.findall(r"^RUN (.*manage\.py.*)$", dockerfile, re.MULTILINE):
        yield shlex.split(line)


def parsed(command: click.Command, words: list[str]) -> list[str]:
    """What is left of the words when the command has taken its options. Raises click's errors."""
    with click.Context(command) as context:
        _, rest, _ = command.make_parser(context).parse_args(list(words))
    return rest


def test_every_command_is_there_and_takes_its_options(
    services: dict[str, dict[str, Any]], dockerfile: str
) -> None:
    seen = set()
    for words in commands(services, dockerfile):
        while "=" in words[0]:
            words = words[1:]
        seen.add(words[0] if words[1:2] != ["manage.py"] else words[2])
        if words[1:2] == ["manage.py"]:
            command = get_commands()[words[2]]
            loaded = load_command_class(command, words[2]) if isinstance(command, str) else command
            loaded.create_parser("manage.py", words[2]).parse_args(words[3:])
        elif words[0] == "celery":
            assert words[1:3] == ["-A", "bettrack"]
            program: Any = celery_program.celery
            assert not parsed(program.commands[words[3]], words[4:])
        elif words[0] == "granian":
            assert not parsed(granian_program, words[1:])
            assert words[-1] == settings.WSGI_APPLICATION.replace(".application", ":application")
    assert {"granian", "celery", "migrate", "seed", "collectstatic", "python", "test"} == seen


def test_the_worker_takes_from_every_queue(services: dict[str, dict[str, Any]]) -> None:
    words = services["worker"]["command"]
    taken = set(words[words.index("-Q") + 1].split(","))
    assert taken == {route["queue"] for route in app.conf.task_routes.values()} | {"default"}


def test_every_setting_is_handed_on_or_has_no_place_there(
    services: dict[str, dict[str, Any]], told: set[str], dockerfile: str
) -> None:
    set_in_image = set(re.findall(r"\b([A-Z_]{5,})=", dockerfile))
    for name in OURS:
        handed = set(services[name]["environment"])
        assert handed | NOT_IN_CONTAINERS | (set_in_image & told) == told


def test_values_have_the_name_of_their_setting(services: dict[str, dict[str, Any]]) -> None:
    own = {"DATABASE_URL", "DIRECT_DATABASE_URL", "DATABASE_POOLED", "REDIS_URL", "SANDBOX_URL"}
    for name, value in services["web"]["environment"].items():
        if name not in own and value is not None:
            assert [match[0] for match in FIELD.findall(value)] == [name]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="with the two secrets alone"),
        pytest.param(
            {
                "BETTRACK_URL": "https://bets.example.org",
                "ALLOWED_HOSTS": "bets.example.org",
                "BEHIND_PROXY": "true",
                "ODDS_API_KEY": "key",
            },
            id="for the public",
        ),
    ],
)
def test_the_settings_read_what_the_containers_get(
    services: dict[str, dict[str, Any]], given: dict[str, str]
) -> None:
    values = {"SECRET_KEY": "x" * 60 + "yz0123", "POSTGRES_PASSWORD": "secret"} | given
    environment = {
        name: filled(value, values)
        for name, value in services["web"]["environment"].items()
        if value is not None
    }
    environment |= {"BETTRACK_NO_BOOTSTRAP": "1", "DJANGO_SETTINGS_MODULE": "bettrack.settings"}
    said = subprocess.run(
        [sys.executable, "-c", ASK],
        env=environment | {"PATH": os.environ["PATH"], "BETTRACK_ENV_FILE": os.devnull},
        cwd=BASE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not said.returncode, said.stderr
    pooled, direct, hosts, https, proxies = json.loads(said.stdout)
    assert (pooled, direct) == ("pgbouncer", "postgres")
    assert hosts[0] == "web"
    assert ("bets.example.org" in hosts, https, bool(proxies)) == (bool(given),) * 3


def test_only_the_web_server_is_reached_from_outside_and_by_default_from_this_machine(
    services: dict[str, dict[str, Any]],
) -> None:
    ports = {name: one["ports"] for name, one in services.items() if "ports" in one}
    assert [filled(port, {}) for port in ports.pop("web")] == ["127.0.0.1:8000:8000"]
    assert not ports


def test_what_is_waited_for_can_come(services: dict[str, dict[str, Any]], dockerfile: str) -> None:
    for service in services.values():
        for name, wanted in service.get("depends_on", {}).items():
            other = services[name]
            assert "profiles" not in other
            if wanted["condition"] == "service_healthy":
                assert "test" in other["healthcheck"]
            else:
                assert wanted["condition"] == "service_completed_successfully"
                assert other["restart"] == "no"
    assert "HEALTHCHECK" in dockerfile


def test_volumes_are_declared_and_images_pinned(compose: dict[str, Any]) -> None:
    mounted = {
        volume.partition(":")[0] for one in compose["services"].values() for volume in one.get("volumes", [])
    }
    assert mounted == set(compose["volumes"])
    for name, one in compose["services"].items():
        assert one["restart"] in ("unless-stopped", "no")
        if name in OURS:
            assert one["cap_drop"] == ["ALL"]
            assert one["build"] == "."
        else:
            assert re.search(r":v?\d", one["image"]), one["image"]


def test_secrets_come_from_outside_and_must_be_there(compose: dict[str, Any]) -> None:
    text = (BASE / "docker-compose.yml").read_text()
    assert set(re.findall(r"\$\{(\w+):\?", text)) == {"SECRET_KEY", "POSTGRES_PASSWORD"}
    assert not re.search(r"\$\{(SECRET_KEY|POSTGRES_PASSWORD)(\}|:-)", text)
    del compose


def test_the_image_runs_as_an_ordinary_account(dockerfile: str) -> None:
    made = re.search(r"useradd --system --uid (\d+)", dockerfile)
    assert made
    assert re.findall(r"^USER (.*)$", dockerfile, re.MULTILINE) == [made[1]]
    last = dockerfile.rindex("FROM ")
    assert "SECRET_KEY=" not in re.sub(r"^RUN .*$", "", dockerfile[last:], flags=re.MULTILINE)
    packages = re.search(r"grep -v '\^(\w+)'", dockerfile)
    assert packages
    assert f"\n{packages[1]}==" in (BASE / "requirements.txt").read_text()
