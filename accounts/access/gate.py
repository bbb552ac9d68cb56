"""Where requests are held against the rules, and what is answered to who is refused."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.access import rules
from accounts.client_ip import client_ip
from accounts.models import User
from rest.middleware import API
from rest.problems import ApiProblem, answer

logger = logging.getLogger(__name__)

CODE: Final = "access_refused"
SAID_EVERY: Final = 60.0
COUNTED_DAYS: Final = 8


class AccessRefused(PermissionDenied):
    """A rule refuses the person or the address; neither which nor why is told."""

    def __init__(self, rule: int, door: str) -> None:
        super().__init__(CODE)
        note(rule, door)


class AddressGate:
    """Stands before everything that reads a cookie: no request from an address that is shut out goes further."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        rule = rules_of(request).against_address(client_ip(request))
        if rule is not None:
            note(rule, "address")
            return refusal(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refusal(request) if isinstance(exception, AccessRefused) else None


class PersonGate:
    """Refuses everything but signing out to a session whose person is shut out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = rules_of(request)
        if not found.name_people:
            return self.get_response(request)
        user = request.user
        if isinstance(user, User) and request.path_info != reverse("account_logout"):
            rule = found.against_person(user)
            if rule is not None:
                note(rule, "session")
                return refusal(request, signed_in=True)
        return self.get_response(request)


def rules_of(request: HttpRequest) -> rules.Rules:
    """The rules for this request, looked for once."""
    found: rules.Rules | None = getattr(request, "access_rules", None)
    if found is None:
        found = rules.current()
        request.access_rules = found  # type: ignore[attr-defined] # kept for the gates behind
    return found


def refuse(user: User, door: str) -> None:
    """Raise AccessRefused if the person is shut out."""
    rule = rules.current().against_person(user)
    if rule is not None:
        raise AccessRefused(rule, door)


def refuse_blocked(user: User, door: str) -> None:
    """Likewise, but for lists: their rules go by addresses that may be about to be confirmed."""
    rule = rules.current().blocking(user)
    if rule is not None:
        raise AccessRefused(rule, door)


def refuse_newcomer(email: str, door: str) -> None:
    """Raise AccessRefused if nobody with that address may open an account."""
    rule = rules.current().against_newcomer(email)
    if rule is not None:
        raise AccessRefused(rule, door)


def refusal(request: HttpRequest, *, signed_in: bool = False) -> HttpResponse:
    """What is answered: a problem to programs, a plain page to people, with a way out for who is signed in."""
    if request.path_info.startswith(API):
        return answer(request, ApiProblem(CODE))
    page = render_to_string("403_access.html", {"theme": "system", "signed_in": signed_in})
    return HttpResponse(page, status=403, headers={"Cache-Control": "no-store"})


_said: dict[tuple[int, str], float] = {}


def note(rule: int, door: str) -> None:
    """Count the attempt, and log it at most once a minute for each rule and door. Nobody is named."""
    now = time.monotonic()
    if now - _said.get((rule, door), -SAID_EVERY) >= SAID_EVERY:
        _said[rule, door] = now
        logger.warning("refused at the door “%s” by %s", door, f"rule {rule}" if rule else "a list")
    key = count_key(rule, timezone.now().date())
    try:
        cache.add(key, 0, timeout=COUNTED_DAYS * 86_400)
        cache.incr(key)
    except Exception:  # noqa: BLE001 - without Redis nothing is counted
        logger.debug("a refusal was not counted")


def refusals(numbers: list[int], *, today: dt.date) -> dict[int, int]:
    """How many attempts each rule has refused in the last days, today included."""
    days = [today - dt.timedelta(days=n) for n in range(COUNTED_DAYS - 1)]
    keys = {count_key(number, day): number for number in numbers for day in days}
    try:
        found: dict[str, Any] = cache.get_many(list(keys))
    except Exception:  # noqa: BLE001 - as above
        return {}
    sums: dict[int, int] = {}
    for key, value in found.items():
        sums[keys[key]] = sums.get(keys[key], 0) + int(value)
    return sums


def count_key(rule: int, day: dt.date) -> str:
    return f"access-refused:{rule}:{day:%Y%m%d}"


def watch(request: HttpRequest, user: object) -> Callable[[], bool]:
    """Tells, whenever it is asked, whether the reader of a long answer may still be here."""
    address, person = client_ip(request), user if isinstance(user, User) else None

    def may_stay() -> bool:
        found = rules.current()
        if found.against_address(address) is not None:
            return False
        return person is None or found.against_person(person) is None

    return may_stay


def signs_in(request: HttpRequest, user: User) -> HttpResponse | None:
    """The answer to somebody who is shut out and has just proved who he is; None for everybody else."""
    rule = rules.current().against_person(user)
    if rule is None:
        return None
    note(rule, "sign-in")
    return refusal(request)
