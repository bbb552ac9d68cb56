"""The sandbox's HTTP surface without HTTP: a path, a query and an instant in; status, headers and JSON out.

Speaks The Odds API v4 under `/the-odds-api` and ESPN's site API under `/espn`, with the providers' errors and headers.
It keeps no state, so the credit counter follows the clock: it rises through the month and falls on the first.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from . import espn_payloads, odds_payloads, outrights, props
from .books import BOOKS, BY_KEY, REGIONS, BookModel
from .leagues import EASTERN, LEAGUES, LeagueModel
from .odds_payloads import Style
from .schedule import Fixture
from .world import World

PLAN = 5_000_000
FEATURED = ("h2h", "spreads", "totals")
OTHER_FEATURED = ("h2h_lay", "outrights_lay")
KEY_ERRORS = {
    "": ("MISSING_KEY", "API key is missing"),
    "invalid": ("INVALID_KEY", "API key is not valid"),
    "deactivated": ("DEACTIVATED_KEY", "API key is deactivated"),
    "out-of-credits": ("OUT_OF_USAGE_CREDITS", "Usage quota has been reached"),
}
HISTORY_STEP = dt.timedelta(minutes=5)
_DETAILS = "https://the-odds-api.com/liveapi/guides/v4/api-error-codes.html#"
_ENCODER = msgspec.json.Encoder(decimal_format="number")

Query = Mapping[str, str]


class Answer(NamedTuple):
    """What goes back over HTTP."""

    status: int
    body: bytes
    headers: dict[str, str]


class ProviderError(Exception):
    """An error in the provider's own words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def answer(world: World, path: str, query: Query, at: dt.datetime) -> Answer:
    """Answer a GET of `/the-odds-api/…` or `/espn/…` as of an instant."""
    if path.startswith("/the-odds-api/v4/"):
        return _odds_api(world, path.removeprefix("/the-odds-api/v4/").strip("/"), query, at)
    if path.startswith("/espn/apis/site/v2/sports/"):
        return _espn(world, path.removeprefix("/espn/apis/site/v2/sports/").strip("/"), query, at)
    return _json(404, {"message": "no such endpoint"}, {})


def _odds_api(world: World, path: str, query: Query, at: dt.datetime) -> Answer:
    try:
        _check_key(query.get("apiKey") or query.get("api_key") or "")
        for pattern, handler in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match:
                body, cost = handler(world, query, at, **match.groupdict())
                return _json(200, body, _credit_headers(at, cost))
        raise ProviderError(404, "UNKNOWN_ENDPOINT", "Unknown endpoint")
    except ProviderError as error:
        told = {
            "message": error.message,
            "error_code": error.code,
            "details_url": _DETAILS + error.code.lower().replace("_", "-"),
        }
        return _json(error.status, told, _credit_headers(at, 0))


def _check_key(key: str) -> None:
    if key in KEY_ERRORS:
        code, message = KEY_ERRORS[key]
        raise ProviderError(401, code, message)


def _credit_headers(at: dt.datetime, cost: int) -> dict[str, str]:
    month = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    used = int((at - month).total_seconds())
    return {
        "x-requests-remaining": str(PLAN - used),
        "x-requests-used": str(used),
        "x-requests-last": str(cost),
    }


def _json(status: int, body: Any, headers: dict[str, str]) -> Answer:
    return Answer(
        status, _ENCODER.encode(body), {"content-type": "application/json; charset=utf-8"} | headers
    )


def _sports(world: World, query: Query, at: dt.datetime) -> tuple[Any, int]:
    if query.get("all", "false") not in ("true", "false"):
        raise ProviderError(422, "INVALID_ALL_SPORTS_PARAM", "Invalid all parameter")
    return odds_payloads.sports(every=query.get("all") == "true"), 0


def _odds(world: World, query: Query, at: dt.datetime, sport: str) -> tuple[Any, int]:
    style = _style(query)
    if sport == outrights.KEY:
        books, zones = _books(query)
        if set(_list(query, "markets")) - {"outrights"}:
            raise ProviderError(422, "INVALID_MARKET_COMBO", "Market is not valid for an outright sport")
        return [odds_payloads.outright(world, books, at, style)], zones
    model = None if sport == "upcoming" else _sport(sport)
    books, zones = _books(query)
    markets = _markets(query, FEATURED + OTHER_FEATURED)
    if model is None:
        fixtures = sorted(
            (f for m in LEAGUES.values() for f in world.listed(m, at)), key=lambda f: f.scheduled
        )
        live = [fixture for fixture in fixtures if fixture.starts_at <= at]
        fixtures = live + [fixture for fixture in fixtures if fixture.starts_at > at][:8]
    else:
        fixtures = _chosen(world.listed(model, at), query, at)
    body = odds_payloads.odds(world, fixtures, books, markets, at, style)
    return body, len(markets) * zones if body else 0


def _scores(world: World, query: Query, at: dt.datetime, sport: str) -> tuple[Any, int]:
    days = query.get("daysFrom")
    if days is not None and days not in ("1", "2", "3"):
        raise ProviderError(422, "INVALID_SCORES_DAYS_FROM", "daysFrom must be an integer from 1 to 3")
    count = None if days is None else int(days)
    return odds_payloads.scores(world, _sport(sport), at, count, _style(query)), 2 if count else 1


def _events(world: World, query: Query, at: dt.datetime, sport: str) -> tuple[Any, int]:
    style = _style(query)
    if sport == outrights.KEY:
        event = odds_payloads.outright(world, [], at, style)
        del event["bookmakers"]
        return [event], 0
    fixtures = _chosen(world.listed(_sport(sport), at), query, at)
    return [odds_payloads.event(fixture, at, style) for fixture in fixtures], 0


def _event_odds(world: World, query: Query, at: dt.datetime, sport: str, event: str) -> tuple[Any, int]:
    style = _style(query)
    fixture = _fixture(world, _sport(sport), event, at)
    books, zones = _books(query)
    markets = _markets(query, FEATURED + tuple(props.STATS))
    body = odds_payloads.event_odds(world, fixture, books, markets, at, style)
    returned = {market["key"] for book in body["bookmakers"] for market in book["markets"]}
    return body, len(returned) * zones


def _event_markets(world: World, query: Query, at: dt.datetime, sport: str, event: str) -> tuple[Any, int]:
    style = _style(query)
    fixture = _fixture(world, _sport(sport), event, at)
    return odds_payloads.event_markets(world, fixture, _books(query)[0], at, style), 1


def _historical(handler: Callable[..., tuple[Any, int]], factor: int) -> Callable[..., tuple[Any, int]]:
    def wrapped(world: World, query: Query, at: dt.datetime, **parts: str) -> tuple[Any, int]:
        if not query.get("date"):
            raise ProviderError(422, "MISSING_HISTORICAL_TIMESTAMP", "date is missing")
        date = _time(query, "date", "INVALID_HISTORICAL_TIMESTAMP")
        if date is None or date > at:
            raise ProviderError(422, "INVALID_HISTORICAL_TIMESTAMP", "date lies in the future")
        moment = dt.datetime.fromtimestamp(date.timestamp() // 300 * 300, dt.UTC)
        body, cost = handler(world, query, moment, **parts)
        following = moment + HISTORY_STEP
        iso = Style().date
        return {
            "timestamp": iso(moment),
            "previous_timestamp": iso(moment - HISTORY_STEP),
            "next_timestamp": iso(following) if following <= at else None,
            "data": body,
        }, (cost * factor if factor > 1 else (1 if body else 0))

    return wrapped


_SPORT, _EVENT = r"sports/(?P<sport>[^/]+)", r"events/(?P<event>[^/]+)"
_ROUTES: tuple[tuple[str, Callable[..., tuple[Any, int]]], ...] = (
    (r"sports", _sports),
    (rf"{_SPORT}/odds", _odds),
    (rf"{_SPORT}/scores", _scores),
    (rf"{_SPORT}/events", _events),
    (rf"{_SPORT}/{_EVENT}/odds", _event_odds),
    (rf"{_SPORT}/{_EVENT}/markets", _event_markets),
    (rf"historical/{_SPORT}/odds", _historical(_odds, 10)),
    (rf"historical/{_SPORT}/events", _historical(_events, 1)),
    (rf"historical/{_SPORT}/{_EVENT}/odds", _historical(_event_odds, 10)),
)


def _sport(key: str) -> LeagueModel:
    if key not in LEAGUES:
        raise ProviderError(404, "UNKNOWN_SPORT", "Unknown sport")
    return LEAGUES[key]


def _fixture(world: World, sport: LeagueModel, event: str, at: dt.datetime) -> Fixture:
    if not re.fullmatch(r"[0-9a-f]{32}", event):
        raise ProviderError(422, "INVALID_EVENT_ID", "Event id must be 32 hexadecimal characters")
    fixture = world.schedule.find(sport, event)
    if fixture is None or at < fixture.listed_at or world.market.is_over(fixture, at):
        raise ProviderError(404, "EVENT_NOT_FOUND", "Event not found. The event may have expired")
    return fixture


def _style(query: Query) -> Style:
    odds, date = query.get("oddsFormat", "decimal"), query.get("dateFormat", "iso")
    if odds not in ("decimal", "american"):
        raise ProviderError(422, "INVALID_ODDS_FORMAT", "oddsFormat must be decimal or american")
    if date not in ("iso", "unix"):
        raise ProviderError(422, "INVALID_DATE_FORMAT", "dateFormat must be iso or unix")
    return Style(decimal=odds == "decimal", unix=date == "unix")


def _books(query: Query) -> tuple[list[BookModel], int]:
    """The books asked for, and how many regions they are charged as."""
    keys = _list(query, "bookmakers")
    if keys:
        unknown = [key for key in keys if not re.fullmatch(r"[a-z0-9_]+", key)]
        if unknown:
            raise ProviderError(422, "INVALID_BOOKMAKERS", f"Invalid bookmakers: {', '.join(unknown)}")
        return [BY_KEY[key] for key in keys if key in BY_KEY], -(-len(keys) // 10)
    regions = set(_list(query, "regions"))
    if not regions:
        raise ProviderError(422, "MISSING_REGION", "regions is missing")
    if regions - REGIONS:
        raise ProviderError(422, "INVALID_REGION", f"Invalid regions: {', '.join(sorted(regions - REGIONS))}")
    return [book for book in BOOKS if regions.intersection(book.regions)], len(regions)


def _markets(query: Query, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Known markets in the order asked; lay markets are accepted, and no book here offers them."""
    markets = tuple(dict.fromkeys(_list(query, "markets"))) or ("h2h",)
    for market in markets:
        if market == "outrights":
            raise ProviderError(422, "INVALID_MARKET_COMBO", "outrights is not a market of this sport")
        if market not in allowed:
            raise ProviderError(422, "INVALID_MARKET", f"Invalid markets: {market}")
    return tuple(market for market in markets if market not in OTHER_FEATURED)


def _chosen(fixtures: list[Fixture], query: Query, at: dt.datetime) -> list[Fixture]:
    wanted = _list(query, "eventIds")
    if any(not re.fullmatch(r"[0-9a-f]{32}", event) for event in wanted):
        raise ProviderError(422, "INVALID_EVENT_IDS", "eventIds must be 32 hexadecimal characters each")
    since = _time(query, "commenceTimeFrom", "INVALID_COMMENCE_TIME_FROM")
    until = _time(query, "commenceTimeTo", "INVALID_COMMENCE_TIME_TO")
    if since and until and since > until:
        raise ProviderError(422, "INVALID_COMMENCE_TIME_RANGE", "commenceTimeFrom is after commenceTimeTo")
    return [
        fixture
        for fixture in fixtures
        if (not wanted or fixture.event_id in wanted)
        and (since is None or fixture.commence_time(at) >= since)
        and (until is None or fixture.commence_time(at) <= until)
    ]


def _list(query: Query, name: str) -> list[str]:
    return [part for part in query.get(name, "").split(",") if part]


def _time(query: Query, name: str, code: str) -> dt.datetime | None:
    text = query.get(name)
    if not text:
        return None
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text):
        raise ProviderError(422, code, f"{name} must look like 2026-01-31T18:00:00Z")
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise ProviderError(422, code, f"{name} is not a date") from error


def _espn(world: World, path: str, query: Query, at: dt.datetime) -> Answer:
    group, _, rest = path.partition("/")
    slug, _, what = rest.partition("/")
    sport = next((model for model in LEAGUES.values() if model.espn_path == (group, slug)), None)
    if sport is None:
        return _json(404, {"code": 404, "message": f"no league {group}/{slug}"}, {})
    if what == "teams":
        return _json(200, espn_payloads.team_list(sport, at), {})
    if what == "summary":
        fixture = world.schedule.find_espn(sport, query.get("event", ""))
        if fixture is None:
            return _json(404, {"code": 404, "message": "no such event"}, {})
        return _json(200, espn_payloads.summary(world, fixture, at), {})
    if what == "scoreboard":
        dates = query.get("dates") or at.astimezone(EASTERN).strftime("%Y%m%d")
        try:
            day = dt.datetime.strptime(dates, "%Y%m%d").replace(tzinfo=dt.UTC).date()
        except ValueError:
            return _json(400, {"code": 400, "message": "Failed to get events endpoint."}, {})
        return _json(200, espn_payloads.scoreboard(world, sport, day, at), {})
    return _json(404, {"code": 404, "message": f"no such resource {what}"}, {})
