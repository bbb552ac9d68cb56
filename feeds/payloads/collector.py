"""Reading without the garbage collector, which finds nothing there and takes a third of the time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let Python's search for reference cycles rest, in the whole process; also serves as a decorator.

    A large response is tens of thousands of objects without a cycle, which the collector would walk through
    again and again while they are made. What is no longer referred to is freed all the same. Threads may
    overlap: the collector comes back when whoever stopped it is done.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
