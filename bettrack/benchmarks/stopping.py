"""A measurement that is told to stop takes its database and its processes along."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Told to stop; nothing but cleaning up may catch it, so it is no Exception."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def stops_in_order() -> Iterator[None]:
    """End the block by Stopped where a signal asks for the end; further ones do not interrupt what is cleaned up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heeded = [each for each in SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]

    def stop(number: int, frame: FrameType | None) -> None:
        for each in heeded:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    before = {each: signal.signal(each, stop) for each in heeded}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
