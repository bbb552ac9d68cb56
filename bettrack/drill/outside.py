"""The drill as its caller sees it: a process of its own, its words as they come, and nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bettrack.drill import scratch
from bettrack.drill.instance import free_port, make_home, remove
from bettrack.running.instance import family_of
from bettrack.running.supervision import WITH_PARENT, end_family

PACE = 10.0
END_SECONDS = 60.0


class DrillProcess:
    """The process of a drill or soak. To be closed, which ends what it started and removes its folder."""

    def __init__(
        self, module: str, arguments: Sequence[str], *, pace: float = PACE, keep: bool = False
    ) -> None:
        self.home = make_home()
        self.keep = keep
        self.log = self.home / "stderr.log"
        command = [sys.executable, "-I", "-S", "-c", WITH_PARENT, str(os.getpid())]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                [*command, *scratch.command(module, *arguments, *(["--keep"] if keep else []))],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=scratch.environment(self.home, redis_port=free_port(), pace=pace),
                cwd=Path(__file__).resolve().parent.parent.parent,
                start_new_session=True,
                text=True,
            )

    def words(self) -> Iterator[dict[str, Any]]:
        """What it says, until it ends."""
        for line in self.process.stdout or ():
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if isinstance(said, dict):
                    yield said
        self.process.wait()

    def last_words(self, lines: int = 5) -> str:
        """The end of its errors."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""

    def close(self) -> None:
        """End it, politely first, and clear away what it could not."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=END_SECONDS)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        end_family(family_of(self.home))
        if not self.keep:
            remove(self.home)
