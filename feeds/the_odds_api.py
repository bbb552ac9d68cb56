"""The Odds API v4: a thin, typed client. Costs are those of the provider's price list (see `cost_of`)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import httpx
import msgspec
from django.conf import settings
from django.utils import timezone

from .credits import Ledger, Refused
from .exceptions import (
    BadKey,
    BadPayload,
    FeedError,
    Misconfigured,
    NotFound,
    OutOfCredits,
    PlanLacksHistory,
    TooManyRequests,
)
from .http import Door, Reply, Secret
from .payloads import (
    Historical,
    OddsEvent,
    OddsFormat,
    Parsed,
    ScoreEvent,
    SportInfo,
    list_event_odds,
    list_odds,
    parse_event_odds,
    parse_events,
    parse_historical,
    parse_odds,
    parse_scores,
    parse_sports,
)

SANDBOX_KEY = "sandbox"
FEATURED = ("h2h", "spreads", "totals")
HISTORY_FACTOR = 10
BOOKS_PER_REGION = 10

BAD_KEY_CODES = frozenset({"MISSING_KEY", "INVALID_KEY", "DEACTIVATED_KEY"})
GONE_CODES = frozenset({"UNKNOWN_SPORT", "EVENT_NOT_FOUND"})
PARAMETER_OF = {
    "MISSING_REGION": "regions",
    "INVALID_REGION": "regions",
    "INVALID_BOOKMAKERS": "bookmakers",
    "MISSING_MARKET": "markets",
    "INVALID_MARKET": "markets",
    "INVALID_MARKET_COMBO": "markets",
    "HISTORICAL_MARKETS_UNAVAILABLE_AT_DATE": "markets",
    "INVALID_DATE_FORMAT": "dateFormat",
    "INVALID_ODDS_FORMAT": "oddsFormat",
    "INVALID_ALL_SPORTS_PARAM": "all",
    "INVALID_SPORT": "sport",
    "INVALID_SCORES_DAYS_FROM": "daysFrom",
    "INVALID_EVENT_IDS": "eventIds",
    "INVALID_EVENT_ID": "eventId",
    "MISSING_HISTORICAL_TIMESTAMP": "date",
    "INVALID_HISTORICAL_TIMESTAMP": "date",
    "INVALID_COMMENCE_TIME_FROM": "commenceTimeFrom",
    "INVALID_COMMENCE_TIME_TO": "commenceTimeTo",
    "INVALID_COMMENCE_TIME_RANGE": "commenceTimeFrom",
    "INVALID_PARTICIPANT_ID": "participantId",
    "INVALID_INCLUDE_LINKS": "includeLinks",
    "INVALID_INCLUDE_SIDS": "includeSids",
    "INVALID_INCLUDE_BET_LIMITS": "includeBetLimits",
    "INVALID_INCLUDE_MULTIPLIERS": "includeMultipliers",
    "INVALID_INCLUDE_ROTATION_NUMBERS": "includeRotationNumbers",
    "INVALID_STATUS": "status",
}


_CODE = re.compile(r"[A-Z0-9_]{1,80}")


class _ErrorBody(msgspec.Struct):
    message: str = ""
    error_code: str = ""


def read_error(status: int, body: bytes) -> tuple[FeedError, Refused | None]:
    """The provider's error body as an exception, and whether it refuses the key altogether."""
    try:
        told = msgspec.json.decode(body, type=_ErrorBody)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        told = _ErrorBody()
    code = told.error_code if _CODE.fullmatch(told.error_code) else ""
    text = f"The Odds API answers {status}{f' {code}' if code else ''}: {told.message[:300] or 'no reason given'}"
    if code == "OUT_OF_USAGE_CREDITS":
        return OutOfCredits(text, code=code, status=status), Refused.OUT_OF_CREDITS
    if code == "HISTORICAL_UNAVAILABLE_ON_FREE_USAGE_PLAN":
        return PlanLacksHistory(text, code=code, status=status), None
    if code in BAD_KEY_CODES or (status in (401, 403) and not code):
        return BadKey(text, code=code or f"HTTP_{status}", status=status), Refused.BAD_KEY
    if status == 429 or code == "EXCEEDED_FREQ_LIMIT":
        return TooManyRequests(text, code=code, status=status), None
    if code in PARAMETER_OF or status == 422:
        parameter = PARAMETER_OF.get(code, "unknown")
        return Misconfigured(
            f"{text} (parameter {parameter})", parameter=parameter, code=code, status=status
        ), None
    if code in GONE_CODES or status == 404:
        return NotFound(text, code=code, status=status), None
    return BadPayload(text, code=code, status=status), None


def cost_of(*, markets: int, regions: int = 1, bookmakers: int = 0, historical: bool = False) -> int:
    """Credits of an odds call: markets x regions, where each ten bookmakers count as one region; history is tenfold."""
    zones = -(-bookmakers // BOOKS_PER_REGION) if bookmakers else regions
    return markets * zones * (HISTORY_FACTOR if historical else 1)


class Client:
    """Calls of The Odds API. Every method raises FeedError (`feeds.exceptions`) and nothing else of the network.

    Prices are asked for and returned as American odds; times are UTC.
    """

    def __init__(
        self,
        *,
        key: str = SANDBOX_KEY,
        base_url: str = "https://api.the-odds-api.com",
        transport: httpx.BaseTransport | None = None,
        ledger: Ledger | None = None,
        clock: Callable[[], dt.datetime] = timezone.now,
        attempts: int = 4,
    ) -> None:
        self._door = Door(
            base_url=base_url,
            read_error=read_error,
            secret=Secret(key),
            ledger=ledger,
            transport=transport,
            clock=clock,
            attempts=attempts,
        )

    @classmethod
    def from_settings(cls) -> Self:
        """The provider under ODDS_API_KEY, or the sandbox in demo mode; calls and credits go to the database."""
        from .models import Provider
        from .services import QuotaLedger

        key = SANDBOX_KEY if settings.DEMO else settings.ODDS_API_KEY
        ledger = QuotaLedger(
            provider=Provider.THE_ODDS_API,
            key_fingerprint=Secret(key).fingerprint(),
            limit=None if settings.DEMO else settings.ODDS_API_MONTHLY_CREDITS,
        )
        base_url = f"{settings.SANDBOX_URL}/the-odds-api" if settings.DEMO else settings.ODDS_API_URL
        return cls(key=key, base_url=base_url, ledger=ledger)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._door.close()

    def sports(self, *, include_inactive: bool = False) -> Parsed[SportInfo]:
        """The sports in season, or all. Free."""
        params: dict[str, str | int] = {"all": "true"} if include_inactive else {}
        return parse_sports(self._get("/v4/sports", params, cost=0).body)

    def odds(
        self,
        sport_key: str,
        *,
        regions: Sequence[str] = ("us",),
        markets: Sequence[str] = FEATURED,
        bookmakers: Sequence[str] = (),
        event_ids: Sequence[str] = (),
        commence_from: dt.datetime | None = None,
        commence_to: dt.datetime | None = None,
    ) -> Parsed[OddsEvent]:
        """Featured markets of the games ahead and in play. `bookmakers` overrides `regions`."""
        params = _odds_params(regions, markets, bookmakers, event_ids, commence_from, commence_to)
        cost = cost_of(markets=len(markets), regions=len(regions), bookmakers=len(bookmakers))
        reply = self._get(f"/v4/sports/{sport_key}/odds", params, cost=cost)
        return parse_odds(reply.body, odds_format=OddsFormat.AMERICAN)

    def list_odds(
        self, sport_key: str, *, regions: Sequence[str] = ("us",), markets: Sequence[str] = FEATURED
    ) -> Parsed[OddsEvent]:
        """As `odds`, with the outcomes left unread, for whoever compares polls."""
        params = _odds_params(regions, markets, ())
        cost = cost_of(markets=len(markets), regions=len(regions))
        reply = self._get(f"/v4/sports/{sport_key}/odds", params, cost=cost)
        return list_odds(reply.body, odds_format=OddsFormat.AMERICAN)

    def scores(self, sport_key: str, *, days_from: int | None = None) -> Parsed[ScoreEvent]:
        """Live and coming games, with `days_from` (1 to 3) also finished ones. 1 credit, 2 with `days_from`."""
        params: dict[str, str | int] = {"dateFormat": "iso"}
        if days_from is not None:
            params["daysFrom"] = days_from
        cost = 1 if days_from is None else 2
        return parse_scores(self._get(f"/v4/sports/{sport_key}/scores", params, cost=cost).body)

    def events(
        self,
        sport_key: str,
        *,
        event_ids: Sequence[str] = (),
        commence_from: dt.datetime | None = None,
        commence_to: dt.datetime | None = None,
    ) -> Parsed[OddsEvent]:
        """The games ahead and in play, without prices. Free."""
        params = _window({"dateFormat": "iso"}, event_ids, commence_from, commence_to)
        return parse_events(self._get(f"/v4/sports/{sport_key}/events", params, cost=0).body)

    def event_odds(
        self,
        sport_key: str,
        event_id: str,
        *,
        markets: Sequence[str],
        regions: Sequence[str] = ("us",),
        bookmakers: Sequence[str] = (),
    ) -> Parsed[OddsEvent]:
        """Any markets of one game, player props among them; costs what it returns, at most markets x regions."""
        params = _odds_params(regions, markets, bookmakers)
        cost = cost_of(markets=len(markets), regions=len(regions), bookmakers=len(bookmakers))
        reply = self._get(f"/v4/sports/{sport_key}/events/{event_id}/odds", params, cost=cost)
        return parse_event_odds(reply.body, odds_format=OddsFormat.AMERICAN)

    def list_event_odds(
        self, sport_key: str, event_id: str, *, markets: Sequence[str], regions: Sequence[str] = ("us",)
    ) -> Parsed[OddsEvent]:
        """As `event_odds`, with the outcomes left unread, for whoever compares polls."""
        params = _odds_params(regions, markets, ())
        cost = cost_of(markets=len(markets), regions=len(regions))
        reply = self._get(f"/v4/sports/{sport_key}/events/{event_id}/odds", params, cost=cost)
        return list_event_odds(reply.body, odds_format=OddsFormat.AMERICAN)

    def event_markets(
        self, sport_key: str, event_id: str, *, regions: Sequence[str] = ("us",)
    ) -> Parsed[OddsEvent]:
        """The market keys each book showed lately for one game, without prices. 1 credit."""
        params: dict[str, str | int] = {"regions": ",".join(regions), "dateFormat": "iso"}
        return parse_event_odds(
            self._get(f"/v4/sports/{sport_key}/events/{event_id}/markets", params, cost=1).body
        )

    def historical_odds(
        self,
        sport_key: str,
        *,
        date: dt.datetime,
        regions: Sequence[str] = ("us",),
        markets: Sequence[str] = FEATURED,
        bookmakers: Sequence[str] = (),
    ) -> Historical:
        """The closest snapshot at or before `date`. Ten times the cost of `odds`; paid plans only."""
        params = _odds_params(regions, markets, bookmakers) | {"date": _iso(date)}
        cost = cost_of(
            markets=len(markets), regions=len(regions), bookmakers=len(bookmakers), historical=True
        )
        reply = self._get(f"/v4/historical/sports/{sport_key}/odds", params, cost=cost)
        return parse_historical(reply.body, odds_format=OddsFormat.AMERICAN)

    def historical_events(self, sport_key: str, *, date: dt.datetime) -> Historical:
        """The games listed at `date`. 1 credit; paid plans only."""
        params: dict[str, str | int] = {"date": _iso(date), "dateFormat": "iso"}
        return parse_historical(self._get(f"/v4/historical/sports/{sport_key}/events", params, cost=1).body)

    def historical_event_odds(
        self,
        sport_key: str,
        event_id: str,
        *,
        date: dt.datetime,
        markets: Sequence[str],
        regions: Sequence[str] = ("us",),
    ) -> Historical:
        """One game's markets at or before `date`. Ten times the cost of `event_odds`; paid plans only."""
        params = _odds_params(regions, markets, ()) | {"date": _iso(date)}
        cost = cost_of(markets=len(markets), regions=len(regions), historical=True)
        reply = self._get(f"/v4/historical/sports/{sport_key}/events/{event_id}/odds", params, cost=cost)
        return parse_historical(reply.body, odds_format=OddsFormat.AMERICAN)

    def _get(self, path: str, params: dict[str, str | int], *, cost: int) -> Reply:
        if cost and self._door.must_check():
            self._door.get("/v4/sports", {}, cost=0)
        return self._door.get(path, params, cost=cost)


def _odds_params(
    regions: Iterable[str],
    markets: Iterable[str],
    bookmakers: Sequence[str],
    event_ids: Sequence[str] = (),
    commence_from: dt.datetime | None = None,
    commence_to: dt.datetime | None = None,
) -> dict[str, str | int]:
    params: dict[str, str | int] = {
        "markets": ",".join(markets),
        "oddsFormat": "american",
        "dateFormat": "iso",
    }
    params |= {"bookmakers": ",".join(bookmakers)} if bookmakers else {"regions": ",".join(regions)}
    return _window(params, event_ids, commence_from, commence_to)


def _window(
    params: dict[str, Any],
    event_ids: Sequence[str],
    commence_from: dt.datetime | None,
    commence_to: dt.datetime | None,
) -> dict[str, str | int]:
    if event_ids:
        params["eventIds"] = ",".join(event_ids)
    if commence_from is not None:
        params["commenceTimeFrom"] = _iso(commence_from)
    if commence_to is not None:
        params["commenceTimeTo"] = _iso(commence_to)
    return params


def _iso(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
