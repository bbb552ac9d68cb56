"""Chance as a pure function: the same words always draw the same number, in every process."""

from __future__ import annotations

import random
from hashlib import blake2b
from statistics import NormalDist

_NORMAL = NormalDist()
_SPAN = float(1 << 64)


def number(*words: object) -> int:
    """A 64-bit number drawn by these words."""
    return int.from_bytes(blake2b("|".join(map(str, words)).encode(), digest_size=8).digest(), "big")


def uniform(*words: object) -> float:
    """A number in [0, 1) drawn by these words."""
    return number(*words) / _SPAN


def normal(*words: object) -> float:
    """A standard normal number drawn by these words."""
    return _NORMAL.inv_cdf((number(*words) + 0.5) / _SPAN)


def stream(*words: object) -> random.Random:
    """A stream of numbers drawn by these words."""
    return random.Random(number(*words))  # noqa: S311  simulation, not secrets
