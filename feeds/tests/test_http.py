from __future__ import annotations

import datetime as dt
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import stamina

from feeds import espn, the_odds_api
from feeds.credits import Answer
from feeds.exceptions import (
    BadKey,
    BadPayload,
    FeedError,
    Misconfigured,
    NotFound,
    OutOfCredits,
    PlanLacksHistory,
    TooManyRequests,
    Unavailable,
)
from feeds.http import Door, Secret

KEY = "0123456789abcdef-very-secret"
NOW = dt.datetime(2026, 11, 20, 18, 0, tzinfo=dt.UTC)
CREDITS = {"x-requests-used": "3", "x-requests-remaining": "497", "x-requests-last": "3"}

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


class Notebook:
    """A ledger that remembers what it is told."""

    def __init__(self) -> None:
        self.reserved = 0
        self.answers: list[Answer] = []

    def must_check(self, now: dt.datetime) -> bool:
        return False

    def reserve(self, cost: int, now: dt.datetime) -> None:
        self.reserved += cost

    def release(self, cost: int, now: dt.datetime) -> None:
        self.reserved -= cost

    def record(self, answer: Answer, now: dt.datetime) -> None:
        self.answers.append(answer)


def client(handler: Handler, ledger: Notebook | None = None) -> the_odds_api.Client:
    return the_odds_api.Client(
        key=KEY, transport=httpx.MockTransport(handler), ledger=ledger, clock=lambda: NOW
    )


def error(status: int, code: str, message: str = "no") -> Handler:
    return lambda request: httpx.Response(status, json={"message": message, "error_code": code})


def test_the_key_travels_in_the_query_and_nowhere_else() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=[], headers=CREDITS)

    ledger = Notebook()
    client(handler, ledger).odds("basketball_nba", regions=("us", "eu"))
    [request] = seen
    assert request.url.params["apiKey"] == KEY
    assert request.url.params["regions"] == "us,eu"
    assert request.url.params["oddsFormat"] == "american"
    [answer] = ledger.answers
    assert answer.endpoint == "/v4/sports/basketball_nba/odds"
    assert KEY not in repr(answer)
    assert "apiKey" not in answer.params
    assert (answer.cost, answer.used, answer.remaining, answer.status) == (3, 3, 497, 200)


@pytest.mark.parametrize("raised", [httpx.ConnectError(f"no route apiKey={KEY}"), httpx.ReadTimeout("slow")])
def test_the_key_is_in_no_message_traceback_or_log(
    raised: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise raised

    caplog.set_level(logging.DEBUG)
    with pytest.raises(Unavailable) as caught:
        client(handler).sports()
    below = caught.value.__traceback__.tb_next if caught.value.__traceback__ else None
    ours = traceback.TracebackException(type(caught.value), caught.value, below, capture_locals=True)
    told = "".join(ours.format())
    assert "the_odds_api.py" in told
    assert KEY not in told
    assert KEY not in caplog.text


def test_a_provider_that_echoes_the_key_does_not_leak_it() -> None:
    with pytest.raises(BadKey) as caught:
        client(error(401, "INVALID_KEY", f"the key {KEY} is not valid")).sports()
    assert KEY not in str(caught.value)
    assert "***" in str(caught.value)


def test_httpx_logs_no_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="httpx")
    client(lambda request: httpx.Response(200, json=[])).sports()
    assert "HTTP Request" in caplog.text
    assert KEY not in caplog.text


def test_a_secret_shows_stars() -> None:
    secret = Secret(KEY)
    assert KEY not in f"{secret} {secret!r} {[secret]}"
    assert len(secret.fingerprint()) == 12
    assert secret.fingerprint() != Secret("other").fingerprint()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "MISSING_KEY", BadKey),
        (401, "INVALID_KEY", BadKey),
        (401, "DEACTIVATED_KEY", BadKey),
        (401, "", BadKey),
        (401, "OUT_OF_USAGE_CREDITS", OutOfCredits),
        (401, "HISTORICAL_UNAVAILABLE_ON_FREE_USAGE_PLAN", PlanLacksHistory),
        (422, "HISTORICAL_UNAVAILABLE_ON_FREE_USAGE_PLAN", PlanLacksHistory),
        (404, "UNKNOWN_SPORT", NotFound),
        (404, "EVENT_NOT_FOUND", NotFound),
        (404, "", NotFound),
        (422, "SOMETHING_NEW", Misconfigured),
        (400, "", BadPayload),
        (302, "", BadPayload),
    ],
)
def test_error_codes_become_exceptions_and_are_not_retried(
    status: int, code: str, kind: type[FeedError]
) -> None:
    ledger = Notebook()
    with pytest.raises(kind):
        client(error(status, code), ledger).odds("basketball_nba")
    assert len(ledger.answers) == 1
    assert ledger.reserved == 0


@pytest.mark.parametrize(("code", "parameter"), sorted(the_odds_api.PARAMETER_OF.items()))
def test_a_refused_parameter_is_named(code: str, parameter: str) -> None:
    with pytest.raises(Misconfigured, match=parameter) as caught:
        client(error(422, code)).odds("basketball_nba")
    assert caught.value.parameter == parameter
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        (error(429, "EXCEEDED_FREQ_LIMIT"), TooManyRequests),
        (lambda request: httpx.Response(503), Unavailable),
    ],
)
def test_rate_limits_and_server_errors_are_tried_again(handler: Handler, kind: type[FeedError]) -> None:
    ledger = Notebook()
    with pytest.raises(kind):
        client(handler, ledger).odds("basketball_nba")
    assert len(ledger.answers) == 3
    assert ledger.reserved == 0


def test_a_second_attempt_that_works_is_the_answer() -> None:
    answers = iter([httpx.Response(500), httpx.Response(200, json=[])])
    assert client(lambda request: next(answers)).sports().events == []


def test_an_oversized_answer_is_dropped_while_it_comes() -> None:
    def flood() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 1000
        raise AssertionError("the whole answer was read")

    door = Door(
        base_url="https://x.test",
        read_error=espn.read_error,
        transport=httpx.MockTransport(lambda request: httpx.Response(200, content=flood())),
        max_bytes=5000,
    )
    with pytest.raises(BadPayload, match="larger than 5,000"):
        door.get("/big", {}, cost=0)


def test_broken_compression_is_a_bad_payload() -> None:
    headers = {"content-encoding": "gzip"}
    with pytest.raises(BadPayload, match="compression"):
        client(lambda request: httpx.Response(200, content=b"no gzip", headers=headers)).sports()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-requests-used": "x"},
        {"x-requests-used": "-1"},
        {"x-requests-used": "3"},
        {"x-requests-used": "2000000000", "x-requests-remaining": "2000000000"},
    ],
)
def test_absent_or_senseless_counters_are_left_out(headers: dict[str, str]) -> None:
    ledger = Notebook()
    client(lambda request: httpx.Response(200, json=[], headers=headers), ledger).sports()
    assert (ledger.answers[0].used, ledger.answers[0].remaining) == (None, None)


@pytest.mark.parametrize("code", ["A\0B", "a word", "X" * 81])
def test_an_error_code_that_is_none_is_left_out(code: str) -> None:
    ledger = Notebook()
    with pytest.raises(FeedError):
        client(error(400, code), ledger).sports()
    assert [answer.error_code for answer in ledger.answers] == ["BadPayload"]


@pytest.mark.parametrize(
    ("call", "cost"),
    [
        (lambda c: c.sports(), 0),
        (lambda c: c.events("s"), 0),
        (lambda c: c.odds("s"), 3),
        (lambda c: c.odds("s", regions=("us", "eu"), markets=("h2h",)), 2),
        (lambda c: c.odds("s", bookmakers=[f"b{n}" for n in range(11)], markets=("h2h",)), 2),
        (lambda c: c.scores("s"), 1),
        (lambda c: c.scores("s", days_from=3), 2),
        (lambda c: c.historical_odds("s", date=NOW), 30),
        (lambda c: c.historical_events("s", date=NOW), 1),
    ],
)
def test_calls_reserve_what_the_price_list_says(
    call: Callable[[the_odds_api.Client], Any], cost: int
) -> None:
    reserved: list[int] = []
    ledger = Notebook()
    ledger.reserve = lambda cost, now: reserved.append(cost)  # type: ignore[method-assign]
    envelope = {"timestamp": "2026-11-20T18:00:00Z", "data": []}

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=envelope if "historical" in request.url.path else [])

    call(client(handler, ledger))
    assert reserved == [cost]


def test_espn_errors_are_ours_too() -> None:
    def ask(status: int) -> None:
        transport = httpx.MockTransport(
            lambda request: httpx.Response(status, text="Failed to get events endpoint.")
        )
        espn.Client(transport=transport).scoreboard("basketball_nba", dt.date(2026, 11, 20))

    with pytest.raises(Misconfigured, match="Failed to get events"):
        ask(400)
    with pytest.raises(NotFound):
        ask(404)
    with pytest.raises(TooManyRequests):
        ask(429)
    with pytest.raises(Misconfigured, match="no league"):
        espn.Client().teams("cricket_ipl")


def test_the_us_day_is_eastern() -> None:
    assert espn.us_day(dt.datetime(2026, 11, 21, 4, 59, tzinfo=dt.UTC)) == dt.date(2026, 11, 20)
    assert espn.us_day(dt.datetime(2026, 11, 21, 5, 0, tzinfo=dt.UTC)) == dt.date(2026, 11, 21)
