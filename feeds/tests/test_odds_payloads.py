from __future__ import annotations

import datetime as dt
import gc
import json
from decimal import Decimal
from typing import Any

import pytest

from feeds.exceptions import BadPayload
from feeds.payloads import (
    OddsFormat,
    odds_tree,
    parse_event_odds,
    parse_events,
    parse_historical,
    parse_odds,
    parse_scores,
    parse_sports,
)

STAMP = "2026-08-08T19:15:21Z"


def outcome(name: str = "Home", price: Any = -110, **more: Any) -> dict[str, Any]:
    return {"name": name, "price": price} | more


def market(*outcomes: Any, key: str = "h2h", **more: Any) -> dict[str, Any]:
    return {"key": key, "last_update": STAMP, "outcomes": list(outcomes)} | more


def book(*markets: Any, key: str = "fanduel", **more: Any) -> dict[str, Any]:
    return {"key": key, "title": key.title(), "last_update": STAMP, "markets": list(markets)} | more


def event(*books: Any, number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{number:032x}",
        "sport_key": "baseball_mlb",
        "sport_title": "MLB",
        "commence_time": "2026-08-08T19:08:18Z",
        "home_team": "Home",
        "away_team": "Away",
        "bookmakers": list(books),
    } | more


def body(*events: Any) -> bytes:
    return json.dumps(list(events)).encode()


def test_an_event_is_read_with_exact_prices_and_points() -> None:
    raw = (
        b'[{"id":"a1","sport_key":"x","commence_time":"2026-08-08T19:08:18Z","home_team":"H","away_team":"A",'
        b'"bookmakers":[{"key":"b","markets":[{"key":"spreads","last_update":"2026-08-08T19:15:21Z","outcomes":'
        b'[{"name":"H","price":1.91,"point":-1.5},{"name":"A","price":2.1000000000000001,"point":1.5}]}]}]}]'
    )
    parsed = parse_odds(raw)
    assert parsed.rejected == []
    [found] = parsed.events
    home, away = found.bookmakers[0].markets[0].outcomes
    assert (home.price, home.point) == (Decimal("-109.890110"), Decimal("-1.5"))
    assert away.price == Decimal("110.000000")
    assert found.bookmakers[0].title == "b"
    assert found.sport_title == "x"
    assert found.commence_time == dt.datetime(2026, 8, 8, 19, 8, 18, tzinfo=dt.UTC)


def test_the_markets_own_update_wins_over_the_books() -> None:
    later = "2026-08-08T19:20:00Z"
    parsed = parse_odds(body(event(book(market(outcome(), last_update=later), market(key="totals")))))
    markets = parsed.events[0].bookmakers[0].markets
    assert markets[0].last_update == dt.datetime(2026, 8, 8, 19, 20, tzinfo=dt.UTC)
    without = market(outcome())
    del without["last_update"]
    parsed = parse_odds(body(event(book(without))))
    assert parsed.events[0].bookmakers[0].markets[0].last_update == dt.datetime.fromisoformat(STAMP)


def test_unix_dates_are_read() -> None:
    parsed = parse_odds(
        body(event(book(market(outcome(), last_update=1732854333)), commence_time=1732843320))
    )
    assert parsed.events[0].commence_time == dt.datetime(2024, 11, 29, 1, 22, tzinfo=dt.UTC)
    assert parsed.events[0].last_update == dt.datetime.fromtimestamp(1732854333, dt.UTC)


def test_a_garbage_price_costs_only_its_outcome() -> None:
    parsed = parse_odds(body(event(book(market(outcome(price=-2147483648), outcome("Away", 105))))))
    assert [o.name for o in parsed.events[0].bookmakers[0].markets[0].outcomes] == ["Away"]
    [rejected] = parsed.rejected
    assert "bookmakers[0](fanduel).markets[0](h2h).outcomes[0]" in rejected.path
    assert "-2147483648" in rejected.reason


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (event(home_team=None, away_team=None), "no teams"),
        (event(home_team=None), "home_team is missing"),
        (event(away_team="Home"), "cannot play itself"),
        (event(id=""), "id is missing"),
        (event(commence_time="soon"), "not a time"),
        (event(commence_time="2026-08-08T19:08:18"), "no time zone"),
        (event(commence_time=None), "commence_time is missing"),
        (event(bookmakers={"a": 1}), "unexpected shape"),
        (event(home_team="x" * 300), "longer than 255"),
        ("not an event", "unexpected shape"),
        (None, "unexpected shape"),
    ],
)
def test_a_malformed_event_is_refused_with_its_reason_and_the_rest_is_kept(spoilt: Any, reason: str) -> None:
    parsed = parse_odds(body(event(book(market(outcome())), number=7), spoilt, event(number=8)))
    assert [e.id for e in parsed.events] == [f"{7:032x}", f"{8:032x}"]
    [rejected] = parsed.rejected
    assert rejected.path == "events[1]"
    assert reason in rejected.reason


@pytest.mark.parametrize(
    "spoilt",
    [
        book(market(outcome(price=None))),
        book(market(outcome(price=True))),
        book(market(outcome(price="abc"))),
        book(market({"price": -110})),
        book(market(outcome(point="wide"))),
        book(market(outcome(), "x")),
        book("market"),
        book({"outcomes": []}),
        book(market(outcome()), last_update="x"),
        "book",
        {"title": "no key"},
    ],
)
def test_a_malformed_part_of_a_book_leaves_the_other_book_alone(spoilt: Any) -> None:
    parsed = parse_odds(body(event(spoilt, book(market(outcome()), key="draftkings"))))
    assert parsed.events[0].bookmakers[-1].markets[0].outcomes[0].price == Decimal(-110)
    assert len(parsed.rejected) == 1


@pytest.mark.parametrize("broken", [rb"Yankees \ud83d", rb"\udc00Yankees", b"Yan\xffkees", rb"\u0000Yankees"])
def test_broken_text_costs_only_its_event(broken: bytes) -> None:
    raw = body(event(home_team="BROKEN"), event(number=2, home_team="Yankees \U0001f600"))
    parsed = parse_odds(raw.replace(b"BROKEN", broken))
    assert [e.home_team for e in parsed.events] == ["Yankees \U0001f600"]
    assert "broken text" in parsed.rejected[0].reason


def test_an_escaped_backslash_before_ud800_is_no_surrogate() -> None:
    raw = body(event(home_team="A"), event(number=2)).replace(b'"A"', rb'"\\ud800 \ud800"')
    parsed = parse_odds(raw)
    assert [e.id for e in parsed.events] == [f"{2:032x}"]
    raw = raw.replace(rb"\\ud800 \ud800", rb"\\ud800 \u00e9")
    assert parse_odds(raw).events[0].home_team == "\\ud800 é"


def test_an_outright_needs_no_teams() -> None:
    raw = event(book(market(outcome("Celtics", 450), key="outrights")), home_team=None, away_team=None)
    parsed = parse_odds(body(raw))
    assert parsed.events[0].is_outright
    raw = event(home_team=None, away_team=None, sport_key="golf_us_open_winner")
    assert parse_odds(body(raw)).events[0].is_outright


def test_empty_bookmakers_and_an_empty_list_are_fine() -> None:
    assert parse_odds(body(event())).events[0].bookmakers == ()
    assert parse_odds(body(event(bookmakers=None))).events[0].bookmakers == ()
    assert parse_odds(b"[]").events == []


def test_repeated_events_books_markets_and_outcomes_are_refused() -> None:
    twice = book(market(outcome(), outcome()), market(outcome("Away")))
    parsed = parse_odds(body(event(twice, book(market(outcome()))), event()))
    assert len(parsed.events) == 1
    assert len(parsed.events[0].bookmakers) == 1
    assert len(parsed.events[0].bookmakers[0].markets) == 1
    assert len(parsed.events[0].bookmakers[0].markets[0].outcomes) == 1
    assert len(parsed.rejected) == 4


def test_points_tell_alternate_lines_of_a_player_apart() -> None:
    lines = [outcome("Over", 100, description="Ridder", point=point) for point in (0.5, 1.5)]
    parsed = parse_event_odds(json.dumps(event(book(market(*lines, key="player_pass_tds")))).encode())
    assert parsed.rejected == []
    found = parsed.events[0].bookmakers[0].markets[0].outcomes
    assert [(o.description, o.point) for o in found] == [
        ("Ridder", Decimal("0.5")),
        ("Ridder", Decimal("1.5")),
    ]


def test_an_unknown_market_key_is_kept() -> None:
    parsed = parse_odds(body(event(book(market(outcome(), key="to_qualify")))))
    assert parsed.events[0].bookmakers[0].markets[0].key == "to_qualify"


def test_links_limits_and_rotation_numbers_are_read() -> None:
    raw = event(
        book(market(outcome(link="https://b/1", sid="9", bet_limit=500, multiplier=1.5)), sid="33"),
        home_rotation=101,
        away_rotation=None,
    )
    found = parse_odds(body(raw)).events[0]
    line = found.bookmakers[0].markets[0].outcomes[0]
    assert (found.home_rotation, found.bookmakers[0].sid, line.link) == (101, "33", "https://b/1")
    assert (line.bet_limit, line.multiplier) == (Decimal(500), Decimal("1.5"))


def test_a_told_format_is_not_second_guessed() -> None:
    raw = body(event(book(market(outcome(price=1.91)))))
    assert (
        parse_odds(raw, odds_format=OddsFormat.AMERICAN).rejected[0].reason.startswith("price 1.91 cannot be")
    )


@pytest.mark.parametrize("raw", [b"", b"{", b"<html>", b'{"message":"x"}', b"[1,", b'"x"'])
def test_a_payload_of_another_kind_is_bad(raw: bytes) -> None:
    with pytest.raises(BadPayload):
        parse_odds(raw)


def test_a_list_is_not_one_events_odds() -> None:
    with pytest.raises(BadPayload, match="object"):
        parse_event_odds(b"[]")


def test_the_historical_envelope_holds_a_list_or_one_event() -> None:
    for data in ([event(book(market(outcome())))], event(book(market(outcome())))):
        raw = json.dumps(
            {"timestamp": STAMP, "previous_timestamp": None, "next_timestamp": STAMP, "data": data}
        )
        found = parse_historical(raw.encode())
        assert found.timestamp == dt.datetime.fromisoformat(STAMP)
        assert found.previous_timestamp is None
        assert len(found.data.events) == 1
    with pytest.raises(BadPayload, match="timestamp"):
        parse_historical(b'{"timestamp":null,"data":[]}')


def test_events_carry_no_prices() -> None:
    raw = event()
    del raw["bookmakers"]
    assert parse_events(body(raw)).events[0].bookmakers == ()


def test_sports_are_read_and_a_nameless_one_refused() -> None:
    raw = [{"key": "a", "title": "A", "group": "G", "active": False}, {"key": "b", "title": ""}, {"key": 3}]
    parsed = parse_sports(json.dumps(raw).encode())
    assert [(s.key, s.active) for s in parsed.events] == [("a", False)]
    assert len(parsed.rejected) == 2


def score(**more: Any) -> dict[str, Any]:
    raw = event(completed=True, last_update=STAMP, scores=[{"name": "Home", "score": "113"}])
    raw["scores"].append({"name": "Away", "score": "103"})
    return raw | more


def test_scores_are_strings_and_null_before_the_start() -> None:
    parsed = parse_scores(body(score(), score(id="b", completed=False, scores=None, last_update=None)))
    final, ahead = parsed.events
    assert (final.completed, final.home_score, final.away_score) == (True, 113, 103)
    assert (ahead.completed, ahead.home_score, ahead.away_score) == (False, None, None)


@pytest.mark.parametrize(
    "spoilt",
    [
        score(scores=None),
        score(scores=[{"name": "Home", "score": "1"}]),
        score(scores=[{"name": "Home", "score": "1"}, {"name": "Stranger", "score": "2"}]),
        score(scores=[{"name": "Home", "score": "-1"}, {"name": "Away", "score": "2"}]),
        score(scores=[{"name": "Home", "score": "1.5"}, {"name": "Away", "score": "2"}]),
        score(scores=[{"name": "Home", "score": "²"}, {"name": "Away", "score": "2"}]),
        score(home_team=None),
        score(completed="yes"),
    ],
)
def test_a_score_that_cannot_be_read_is_refused_never_zero(spoilt: Any) -> None:
    parsed = parse_scores(body(spoilt, score(id="kept")))
    assert [e.id for e in parsed.events] == ["kept"]
    assert len(parsed.rejected) == 1


def test_json_nested_without_end_is_refused() -> None:
    with pytest.raises(BadPayload, match="nested too deeply"):
        parse_scores(b"[" * 100_000)


def test_the_collector_rests_while_a_payload_is_read_and_comes_back_though_it_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    states = []

    def look(*args: object) -> None:
        states.append(gc.isenabled())
        raise BadPayload("enough")

    monkeypatch.setattr(odds_tree, "price_reader", look)
    with pytest.raises(BadPayload):
        parse_odds(b"[]", odds_format=OddsFormat.AMERICAN)
    assert (states, gc.isenabled()) == ([False], True)


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        parse_odds(b"[]")
        assert not gc.isenabled()
    finally:
        gc.enable()
