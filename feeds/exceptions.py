"""What can go wrong between us and a provider. No message here ever holds a key or a full URL."""

from __future__ import annotations


class FeedError(Exception):
    """Base of all provider trouble; `str()` is a sentence fit for a log and for an operator."""

    def __init__(self, message: str, *, code: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class BadKey(FeedError):
    """The provider refuses the key (missing, invalid, deactivated). Stop: retrying cannot help."""


class OutOfCredits(FeedError):
    """No credits are left, by the provider's word or by our own quota."""


class PlanLacksHistory(FeedError):
    """Historical endpoints need a paid plan."""


class Misconfigured(FeedError):
    """The provider refuses a parameter of ours; `parameter` names it."""

    def __init__(self, message: str, *, parameter: str, code: str = "", status: int | None = None) -> None:
        super().__init__(message, code=code, status=status)
        self.parameter = parameter


class NotFound(FeedError):
    """Unknown sport, or an event that is gone (usually concluded)."""


class TooManyRequests(FeedError):
    """The provider's rate limit; worth another try after a pause."""


class Unavailable(FeedError):
    """No usable answer: connection trouble, time-out, or a 5xx."""


class BadPayload(FeedError):
    """The answer is not what the provider documents: not JSON, wrong top-level shape, or far too large."""
