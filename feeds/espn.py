"""ESPN's public site API: teams, the scoreboard of a US day, summaries. No key, no credits, no contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Self
from zoneinfo import ZoneInfo

import httpx
from django.conf import settings
from django.utils import timezone

from .credits import Ledger, Refused
from .exceptions import BadPayload, FeedError, Misconfigured, NotFound, TooManyRequests
from .http import Door
from .payloads import EspnTeam, Parsed, ScoreboardEvent, Summary, parse_scoreboard, parse_summary, parse_teams
from .payloads.leagues import BY_SPORT_KEY

US_DAY = ZoneInfo("America/New_York")
_BASE = "/apis/site/v2/sports"


def us_day(instant: dt.datetime) -> dt.date:
    """The US Eastern calendar day ESPN files a game under."""
    return instant.astimezone(US_DAY).date()


def covers(sport_key: str) -> bool:
    """True when ESPN has a league for this sport of the odds feed."""
    return sport_key in BY_SPORT_KEY


def read_error(status: int, body: bytes) -> tuple[FeedError, Refused | None]:
    """An error of ESPN as an exception; its bodies follow no scheme."""
    text = f"ESPN answers {status}: {body[:200].decode('utf-8', 'replace')}"
    if status == 429:
        return TooManyRequests(text, status=status), None
    if status == 404:
        return NotFound(text, status=status), None
    if status == 400:
        return Misconfigured(text, parameter="dates", status=status), None
    return BadPayload(text, status=status), None


class Client:
    """Calls of ESPN's site API. Every method raises FeedError and nothing else of the network."""

    def __init__(
        self,
        *,
        base_url: str = "https://site.api.espn.com",
        transport: httpx.BaseTransport | None = None,
        ledger: Ledger | None = None,
        clock: Callable[[], dt.datetime] = timezone.now,
        attempts: int = 4,
    ) -> None:
        self._door = Door(
            base_url=base_url,
            read_error=read_error,
            ledger=ledger,
            transport=transport,
            clock=clock,
            attempts=attempts,
        )

    @classmethod
    def from_settings(cls) -> Self:
        """ESPN, or the sandbox in demo mode; calls are recorded in the database."""
        from .models import Provider
        from .services import CallLog

        base_url = f"{settings.SANDBOX_URL}/espn" if settings.DEMO else settings.ESPN_URL
        return cls(base_url=base_url, ledger=CallLog(provider=Provider.ESPN))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._door.close()

    def teams(self, sport_key: str) -> Parsed[EspnTeam]:
        """All teams of a league."""
        return parse_teams(self._get(sport_key, "teams", {"limit": 1000}))

    def scoreboard(self, sport_key: str, day: dt.date) -> Parsed[ScoreboardEvent]:
        """The games of one US Eastern day (see `us_day`). Ask the neighbours too when a zone is in doubt."""
        parsed = parse_scoreboard(
            self._get(sport_key, "scoreboard", {"dates": f"{day:%Y%m%d}", "limit": 1000})
        )
        return parsed

    def summary(self, sport_key: str, espn_id: str) -> Summary:
        """One game with its box score."""
        return parse_summary(self._get(sport_key, "summary", {"event": espn_id}))

    def _get(self, sport_key: str, what: str, params: dict[str, str | int]) -> bytes:
        if sport_key not in BY_SPORT_KEY:
            raise Misconfigured(f"ESPN has no league for the sport {sport_key}", parameter="sport")
        league = BY_SPORT_KEY[sport_key]
        return self._door.get(f"{_BASE}/{league.sport}/{league.slug}/{what}", params, cost=0).body
