"""Which ESPN league is which sport of the odds feed."""

from __future__ import annotations

from typing import NamedTuple


class League(NamedTuple):
    """A sport key of the odds feed, ESPN's path for it, and ESPN's league number inside a uid."""

    sport_key: str
    sport: str
    slug: str
    number: int


LEAGUES = (
    League("americanfootball_nfl", "football", "nfl", 28),
    League("americanfootball_ncaaf", "football", "college-football", 23),
    League("basketball_nba", "basketball", "nba", 46),
    League("basketball_wnba", "basketball", "wnba", 59),
    League("basketball_ncaab", "basketball", "mens-college-basketball", 41),
    League("basketball_wncaab", "basketball", "womens-college-basketball", 54),
    League("baseball_mlb", "baseball", "mlb", 10),
    League("icehockey_nhl", "hockey", "nhl", 90),
    League("soccer_epl", "soccer", "eng.1", 700),
    League("soccer_spain_la_liga", "soccer", "esp.1", 740),
    League("soccer_germany_bundesliga", "soccer", "ger.1", 720),
    League("soccer_italy_serie_a", "soccer", "ita.1", 730),
    League("soccer_france_ligue_one", "soccer", "fra.1", 710),
    League("soccer_usa_mls", "soccer", "usa.1", 770),
    League("soccer_uefa_champs_league", "soccer", "uefa.champions", 775),
)
BY_SPORT_KEY = {league.sport_key: league for league in LEAGUES}
_BY_NUMBER = {str(league.number): league for league in LEAGUES}
_BY_SLUG = {league.slug: league for league in LEAGUES}


def sport_key_of(*, uid: str, slug: str = "") -> str:
    """The sport key named by an ESPN uid (`s:40~l:46~e:…`), else by a league slug, else ''."""
    for part in uid.split("~"):
        if part.startswith("l:") and part[2:] in _BY_NUMBER:
            return _BY_NUMBER[part[2:]].sport_key
    return _BY_SLUG[slug].sport_key if not uid and slug in _BY_SLUG else ""
