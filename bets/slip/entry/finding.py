"""Which line a typed bet means: its game, selection, book and price, or the choices where there is more than one."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from django.db.models import Q

from bets.slip.contents import Clicked
from bets.slip.entry.words import Entry, folded, opponent_of
from bets.wording import game_name, selection_name
from games.models import Game, GameKind, GameStatus, TeamAlias
from odds import markets
from odds.models import Bookmaker, CurrentOdds, Selection
from odds.pricing import format_odds

BEFORE: Final = dt.timedelta(hours=12)
AHEAD: Final = dt.timedelta(days=45)
MOST_GAMES: Final = 24
MOST_CHOICES: Final = 120
MOST_LINES: Final = 8
HAS_POINT: Final = ("spread", "total", "team_total")


@dataclass(frozen=True, slots=True)
class Choice:
    """A line that the entry may mean. ``is_exact``: its book offers just this price at this point now."""

    line: Clicked
    label: str
    name: str
    offer: str
    detail: str
    starts: dt.datetime
    note: str = ""
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What an entry came to: the lines it may mean, and what of it was not understood, in sentences."""

    entry: Entry
    choices: Sequence[Choice] = ()
    problems: Sequence[str] = ()

    @property
    def lines(self) -> list[list[Choice]]:
        """The choices by line, each line with the books that have it."""
        by_line: dict[tuple[object, ...], list[Choice]] = {}
        for choice in self.choices:
            by_line.setdefault((choice.line.selection.pk, choice.line.point), []).append(choice)
        return list(by_line.values())[:MOST_LINES]

    @property
    def only(self) -> Choice | None:
        """The one line it means, if there is no other and nothing was left unread."""
        return self.choices[0] if len(self.choices) == 1 and not self.problems else None


@dataclass(frozen=True, slots=True)
class Known:
    """The games that are still to come or have just begun, and the words by which each team is called."""

    games: Sequence[Game]
    words: Mapping[uuid.UUID, frozenset[str]] = field(default_factory=dict)


def book_names(books: Iterable[Bookmaker]) -> dict[str, str]:
    """Return the folded names of bookmakers, the short ones among them, with their keys."""
    names: dict[str, str] = {}
    for book in sorted(books, key=lambda book: (book.active, -book.pk)):
        for name in (book.short, book.key, book.title, book.title.partition(" (")[0]):
            if name:
                names[folded(name)] = book.key
    return names


def read_known(now: dt.datetime) -> Known:
    """Return the matches that an entry can be about; two statements."""
    games = list(
        Game.objects.filter(
            kind=GameKind.MATCH, commence_time__gt=now - BEFORE, commence_time__lt=now + AHEAD
        )
        .exclude(status__in=(GameStatus.FINAL, GameStatus.CANCELLED, GameStatus.ABANDONED))
        .select_related("sport", "home_team", "away_team")
        .order_by("commence_time", "id")
    )
    teams = {team.pk: team for game in games for team in (game.home_team, game.away_team) if team}
    words = {pk: set(folded(f"{team.name} {team.abbr}").split()) for pk, team in teams.items()}
    for team_id, alias in TeamAlias.objects.filter(team__in=teams).values_list("team_id", "name"):
        words[team_id] |= set(folded(alias).split())
    return Known(games, {pk: frozenset(said) for pk, said in words.items()})


def find(
    entry: Entry,
    known: Known,
    *,
    books: Mapping[str, Bookmaker],
    default_book: Bookmaker | None,
    odds_format: str,
    now: dt.datetime,
) -> Found:
    """Return the lines an entry may mean. A book that is not named is the default one, else each that offers it."""
    names = (*entry.names, *opponent_of(entry))
    problems = [f"Not understood: {text}." for text in entry.unread]
    if not names:
        return Found(entry, (), [*problems, "Name a team or a player."])
    book = books.get(entry.book) if entry.book else default_book
    sought, left, started = sides_meant(entry, known, now)
    if not sought:
        sought, left = players_meant(entry, names, now)
    problems += [f"“{word}” is no team, player or book that is known." for word in sorted(left)]
    if not sought and started:
        problems.append(f"{started[0]} has started; bets on it are closed.")
    elif not sought:
        problems.append("No game to come fits.")
    offers = read_offers([one for one in sought if one.pk])
    choices = [
        choice
        for selection in sought
        for choice in choices_of(entry, selection, offers.get(selection.pk, []), book, odds_format)
    ]
    if sought and not choices:
        problems.append(why_none(entry, sought, book))
    return Found(entry, narrowed(choices), problems)


def sides_meant(
    entry: Entry, known: Known, now: dt.datetime
) -> tuple[list[Selection], frozenset[str], list[str]]:
    """Return the selections of matches whose teams the words fit best, the words left, and games already begun."""
    names, opponent = frozenset(entry.names), frozenset(opponent_of(entry))
    scored: list[tuple[int, Game]] = []
    for game in known.games:
        if game.home_team and game.away_team:
            both = known.words[game.home_team.pk] | known.words[game.away_team.pk]
            if (not names or names & both) and (not opponent or opponent & both):
                scored.append((len((names | opponent) & both), game))
    most = max((score for score, _ in scored), default=0)
    if most == 0 or (entry.side and most < len(names | opponent) and entry.market != "team_totals"):
        return [], frozenset(), []
    fitting = [game for score, game in scored if score == most]
    left = frozenset.intersection(*((names | opponent) - words_of(game, known) for game in fitting))
    begun = [
        game_name(game)
        for game in fitting
        if game.commence_time <= now or game.status != GameStatus.SCHEDULED
    ]
    coming = [game for game in fitting if game.commence_time > now and game.status == GameStatus.SCHEDULED]
    wanted = {game.pk: sides_of(entry, names, game, known) for game in coming[:MOST_GAMES]}
    return selections_of(entry, coming[:MOST_GAMES], wanted), left, begun


def words_of(game: Game, known: Known) -> frozenset[str]:
    teams = [team.pk for team in (game.home_team, game.away_team) if team]
    return frozenset().union(*(known.words[pk] for pk in teams))


def sides_of(entry: Entry, names: frozenset[str], game: Game, known: Known) -> list[tuple[str, str]]:
    """Return the participant and side of the game that are backed; both teams' where the words fit both."""
    if entry.side == "draw":
        return [("", "draw")]
    home, away = game.home_team, game.away_team
    if home is None or away is None:
        return []
    fit = {"home": len(names & known.words[home.pk]), "away": len(names & known.words[away.pk])}
    best = [side for side, score in fit.items() if score == max(fit.values())]
    if entry.market == "team_totals":
        title = {"home": home.name, "away": away.name}
        return [(title[side], entry.side or "over") for side in best]
    if entry.side:
        return [("", entry.side)]
    return [("", side) for side in best]


def selections_of(
    entry: Entry, games: Sequence[Game], wanted: Mapping[uuid.UUID, Sequence[tuple[str, str]]]
) -> list[Selection]:
    """Return what is backed in each game; a main line that no book has offered yet is made when it is added."""
    base = entry.market or "h2h"
    if entry.side == "draw":
        base = "h2h"
    period = f"_{entry.period}" if entry.period else ""
    family = [f"{base}{period}", f"alternate_{base}{period}"]
    found = list(
        Selection.objects.filter(game__in=games, market__in=family).select_related(
            "game__sport", "game__home_team", "game__away_team"
        )
    )
    return [
        selection
        for game in games
        for selection in found
        if selection.game_id == game.pk and (selection.participant, selection.side) in wanted[game.pk]
    ]


def players_meant(
    entry: Entry, names: Sequence[str], now: dt.datetime
) -> tuple[list[Selection], frozenset[str]]:
    """Return the selections of players and runners whose names, with the market's, the words fit best."""
    long = [word for word in names if len(word) > 2]
    if not long:
        return [], frozenset()
    named = Q()
    for word in long:
        named |= Q(participant__icontains=word)
    rows = Selection.objects.filter(
        named, game__commence_time__gt=now, game__status=GameStatus.SCHEDULED
    ).exclude(participant="")
    rows = rows.filter(side__in=[entry.side] if entry.side else ["win", "yes"])
    rows = rows.select_related("game__sport", "game__home_team", "game__away_team").order_by("id")
    wanted = frozenset(names)
    scored = []
    for row in rows[:1000]:
        player = frozenset(folded(row.participant).replace(".", "").split())
        market = frozenset(folded(markets.title(row.market)).split())
        if player & wanted:
            scored.append(
                (len(player & wanted), len(market & wanted - player), wanted - player - market, row)
            )
    if not scored:
        return [], frozenset()
    most = max((player, market) for player, market, _, _ in scored)
    best = [(left, row) for player, market, left, row in scored if (player, market) == most]
    return [row for _, row in best][:MOST_GAMES], frozenset.intersection(*(left for left, _ in best))


def read_offers(selections: Sequence[Selection]) -> dict[int, list[CurrentOdds]]:
    """Return what every book offers for these selections now."""
    found: dict[int, list[CurrentOdds]] = {}
    games = {selection.game_id for selection in selections}
    offers = CurrentOdds.objects.filter(game__in=games, selection__in=selections)
    for offer in offers.select_related("bookmaker"):
        found.setdefault(offer.selection_id, []).append(offer)
    return found


def choices_of(
    entry: Entry,
    selection: Selection,
    offers: Sequence[CurrentOdds],
    book: Bookmaker | None,
    odds_format: str,
) -> list[Choice]:
    """Return the lines of one selection that fit: at the book named, or at each that offers the point."""
    has_point = markets.bet_type(selection.market) in HAS_POINT or bool(entry.side and selection.participant)
    point = entry.point if has_point else None
    fitting = [
        offer
        for offer in offers
        if (book is None or offer.bookmaker_id == book.pk) and (point is None or offer.point == point)
    ]
    found = [at_offer(entry, selection, offer, odds_format) for offer in fitting]
    is_main = not selection.market.startswith("alternate_")
    if found or book is None or entry.price is None or not is_main or (has_point and point is None):
        return found
    line = Clicked(
        selection=selection, bookmaker=book, price=entry.price, point=point, own=True, stake=entry.stake
    )
    note = f"{book.title} does not show this line; it is recorded at your own price."
    return [choice_of(line, note, odds_format)]


def at_offer(entry: Entry, selection: Selection, offer: CurrentOdds, odds_format: str) -> Choice:
    """Return the line of an offer at the price typed, else at the book's."""
    price = entry.price if entry.price is not None else offer.price
    same = abs(price - offer.price) < Decimal("0.000001") or shown_alike(price, offer.price)
    line = Clicked(
        selection=selection,
        bookmaker=offer.bookmaker,
        price=offer.price if same else price,
        point=offer.point,
        own=not same,
        stake=entry.stake,
    )
    note = "" if same else f"{offer.bookmaker.title} shows {format_odds(offer.price, odds_format)} now."
    return replace(choice_of(line, note, odds_format), is_exact=same and entry.price is not None)


def shown_alike(price: Decimal, offered: Decimal) -> bool:
    """Tell whether two prices read the same to two decimals, as 1.91 and −110 do."""
    return format_odds(price, "decimal") == format_odds(offered, "decimal")


def choice_of(line: Clicked, note: str, odds_format: str) -> Choice:
    game = line.selection.game
    name = selection_name(line.selection, line.point)
    price = format_odds(line.price, odds_format)
    return Choice(
        line=line,
        label=f"{name} {price}, {line.bookmaker.title}",
        name=name,
        offer=f"{line.bookmaker.title} {price}",
        detail=f"{markets.title(line.selection.market)}, {game_name(game)}",
        starts=game.commence_time,
        note=note,
    )


def narrowed(choices: Sequence[Choice]) -> list[Choice]:
    """Return the choices that fit to the price where some do, the game next to start first."""
    exact = [choice for choice in choices if choice.is_exact]
    kept = sorted(exact or choices, key=lambda choice: (choice.starts, choice.name, -choice.line.price))
    return kept[:MOST_CHOICES]


def why_none(entry: Entry, sought: Sequence[Selection], book: Bookmaker | None) -> str:
    """Say why none of the selections found can be put into the slip."""
    if book is None:
        return "No book offers that line now. Name the book and the price you got."
    if entry.price is None:
        return f"{book.title} does not offer that line now. Write the price you got."
    return f"Write the point, such as −3.5; {selection_name(sought[0], None)} has one."
