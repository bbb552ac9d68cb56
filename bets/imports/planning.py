"""What importing a file would do: each bet is new, known, settles a pending one, or is refused."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, Literal
from zoneinfo import ZoneInfo

from accounts.models import User
from bets.clock import EARLIEST
from bets.imports.rows import ReadBankroll, ReadBet, Reading, ReadMovement
from bets.imports.values import plain
from bets.models import Bankroll, BankrollKind, Bet, Currency, ImportFormat
from bets.money import is_whole_minor_units
from odds.models import Bookmaker
from odds.pricing import decimal_odds

Fate = Literal["add", "known", "settle", "refuse"]
PREFIX: Final = "import:"
DEFAULT_BANKROLL: Final = "Imported bets"
PLACED_HERE: Final = "You placed this bet here; BetTrack settles it by the game's result."
CENT = Decimal("0.01")
CLOCKS_APART: Final = dt.timedelta(days=1)
"""A file without a zone may be this far ahead."""


@dataclass(frozen=True, slots=True)
class Known:
    """A bet that the person already has."""

    id: uuid.UUID
    key: str
    account: tuple[object, ...]
    is_pending: bool
    is_imported: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one bet of the file, and why; ``bet_id`` is the known one."""

    bet: ReadBet
    fate: Fate
    reason: str = ""
    key: str = ""
    bet_id: uuid.UUID | None = None
    book: Bookmaker | None = None
    bankroll: Bankroll | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    reading: Reading
    steps: list[Step] = field(default_factory=list)
    restored: list[tuple[Bankroll, tuple[ReadMovement, ...]]] = field(default_factory=list)
    """Bankrolls that the import makes anew, each with the money outside bets that the file has for it."""

    @property
    def counts(self) -> dict[str, int]:
        """How many bets are added, settled, known and refused; ``rows`` is all of them."""
        fates = Counter(step.fate for step in self.steps)
        refused = fates["refuse"] + len(self.reading.errors)
        found = {"add": fates["add"], "settle": fates["settle"], "known": fates["known"], "refuse": refused}
        return {"rows": len(self.steps) + len(self.reading.errors), **found}


def plan_for(reading: Reading, *, user: User, now: dt.datetime, bankroll: Bankroll | None = None) -> Plan:
    """Compare what was read with the person's bets; writes nothing.

    Without ``bankroll`` each bet goes to the one its file names, else to "Imported bets"; those that do not
    exist yet are unsaved. A known bet is found by the file's own number or every word of it, else by day, book, stake
    and price; each is claimed by one row at most.
    """
    finder = Finder(user)
    books = Books()
    rolls = Bankrolls(user, bankroll, reading.bankrolls)
    plan = Plan(reading, restored=rolls.restored)
    keys = list(signatures(reading))
    exact = [finder.claim_exact(bet, key) for bet, key in zip(reading.bets, keys, strict=True)]
    for bet, key, known in zip(reading.bets, keys, exact, strict=True):
        book = books.named(bet.book)
        found = known
        if known is None and (bet.source_id or not reading.by_hand):
            found = finder.claim_account(bet, book, has_number=bool(bet.source_id), format_=reading.format)
        step = Step(bet, "add", key=finder.unused(key), book=book)
        if found is not None:
            step = fate_of(bet, found)
        elif reason := refusal(bet, now):
            step = Step(bet, "refuse", reason)
        else:
            step = rolls.place(step)
        plan.steps.append(step)
    return plan


def fate_of(bet: ReadBet, known: Known) -> Step:
    """Say what happens to a bet that is known: only an imported one that is pending is settled."""
    if not known.is_pending:
        return Step(bet, "known", "You have this bet already.", bet_id=known.id)
    if bet.payout is None:
        return Step(bet, "known", "You have this bet already; it is pending.", bet_id=known.id)
    if not known.is_imported:
        return Step(bet, "known", PLACED_HERE, bet_id=known.id)
    return Step(bet, "settle", "Settles a pending bet that you have.", bet_id=known.id)


def refusal(bet: ReadBet, now: dt.datetime) -> str:
    """Say why a bet cannot be recorded: it is of a time that cannot be; '' if it can."""
    if bet.placed_at > now:
        return f"date: {bet.placed_at:%Y-%m-%d %H:%M} UTC is still to come."
    if bet.settled_at is not None and bet.settled_at > now + CLOCKS_APART:
        return f"settled: {bet.settled_at:%Y-%m-%d %H:%M} UTC is still to come."
    if min(bet.placed_at, bet.settled_at or bet.placed_at) < EARLIEST:
        return f"date: before {EARLIEST.year} no bet can be recorded."
    return ""


def signatures(reading: Reading) -> Iterable[str]:
    """Yield the key of each bet: the file's number of it, else all that was agreed; the n-th equal row is its own."""
    seen: Counter[str] = Counter()
    for bet in reading.bets:
        if bet.source_id:
            parts = [reading.format, bet.source_id]
        else:
            legs = [leg.description for leg in bet.legs]
            parts = [
                bet.placed_at.isoformat(),
                plain(bet.book),
                bet.kind,
                str(bet.stake),
                str(bet.odds),
                *legs,
            ]
        text = "\x1f".join(parts)
        seen[text] += 0 if bet.source_id else 1
        digest = hashlib.sha256(f"{text}\x1f{seen[text]}".encode()).hexdigest()[:32]
        yield f"{PREFIX}{reading.format}:{'n' if bet.source_id else 's'}:{digest}"


class Finder:
    """The person's bets by their keys, each of which one row may claim."""

    def __init__(self, user: User) -> None:
        self.zone = ZoneInfo(user.time_zone)
        self.by_key: dict[str, Known] = {}
        self.by_id: dict[str, Known] = {}
        self.by_account: dict[tuple[object, ...], list[Known]] = defaultdict(list)
        self.claimed: set[uuid.UUID] = set()
        self.keys = set(
            Bet.objects.filter(user=user, idempotency_key__startswith=PREFIX).values_list(
                "idempotency_key", flat=True
            )
        )
        rows = Bet.objects.owned_by(user).order_by("placed_at", "id")
        columns = (
            "id",
            "idempotency_key",
            "placed_at",
            "bookmaker__title",
            "book_name",
            "stake",
            "odds",
            "payout",
        )
        for pk, key, placed, title, name, stake, odds, payout, batch in rows.values_list(*columns, "batch"):
            account = self.account(placed, title or name, stake, odds)
            known = Known(pk, key, account, payout is None, batch is not None)
            self.by_key[key.split("~")[0]] = self.by_id[str(pk)] = known
            self.by_account[account].append(known)

    def account(self, placed: dt.datetime, book: str, stake: Decimal, odds: Decimal) -> tuple[object, ...]:
        """Day in the person's zone, book, stake, and price to the cent."""
        price = round(decimal_odds(odds) * 100)
        return placed.astimezone(self.zone).date(), plain(book).removesuffix("sportsbook"), stake, price

    def claim_exact(self, bet: ReadBet, key: str) -> Known | None:
        return self.claim([known for known in (self.by_id.get(bet.source_id), self.by_key.get(key)) if known])

    def claim_account(
        self, bet: ReadBet, book: Bookmaker | None, *, has_number: bool, format_: str
    ) -> Known | None:
        """Claim a bet of the same account; not one that the same source knows by another number."""
        account = self.account(bet.placed_at, book.title if book else bet.book, bet.stake, bet.odds)
        same_source = f"{PREFIX}{format_}:n:"
        found = [
            known
            for known in self.by_account.get(account, ())
            if not (has_number and (known.key.startswith(same_source) or format_ == ImportFormat.BETTRACK))
        ]
        return self.claim(found)

    def claim(self, candidates: Sequence[Known]) -> Known | None:
        for known in candidates:
            if known.id not in self.claimed:
                self.claimed.add(known.id)
                return known
        return None

    def unused(self, key: str) -> str:
        """Return the key under which the bet is written: a withdrawn one keeps its own."""
        found, generation = key, 1
        while found in self.keys:
            generation += 1
            found = f"{key}~{generation}"
        self.keys.add(found)
        return found


class Books:
    """Bookmakers by the names files give them."""

    def __init__(self) -> None:
        self.by_name: dict[str, Bookmaker] = {}
        for book in Bookmaker.objects.order_by("active", "id"):
            for name in (book.key, book.title):
                self.by_name[plain(name)] = book

    def named(self, name: str) -> Bookmaker | None:
        wanted = plain(name)
        return self.by_name.get(wanted) or self.by_name.get(wanted.removesuffix("sportsbook"))


class Bankrolls:
    """Where imported bets go."""

    def __init__(self, user: User, chosen: Bankroll | None, described: Sequence[ReadBankroll]) -> None:
        self.user, self.chosen = user, chosen
        self.described = {one.name.casefold(): one for one in described}
        self.restored: list[tuple[Bankroll, tuple[ReadMovement, ...]]] = []
        self.by_name = {bankroll.name.casefold(): bankroll for bankroll in Bankroll.objects.owned_by(user)}

    def place(self, step: Step) -> Step:
        """Return the step with its bankroll, or as a refusal."""
        bet = step.bet
        if bet.currency and bet.currency not in Currency.values:
            return Step(bet, "refuse", f"currency: {bet.currency[:10]} is not one that BetTrack keeps.")
        bankroll = self.chosen or self.named(bet.bankroll, bet.currency, bet.money)
        if bankroll.archived_at is not None:
            return Step(bet, "refuse", f"bankroll: “{bankroll.name}” is archived. Restore it first.")
        if bet.currency and bet.currency != bankroll.currency:
            return Step(
                bet,
                "refuse",
                f"currency: the bet is in {bet.currency}, the bankroll “{bankroll.name}” in {bankroll.currency}.",
            )
        for what, amount in (("stake", bet.stake), ("payout", bet.payout)):
            if amount is not None and not is_whole_minor_units(amount, bankroll.currency):
                return Step(bet, "refuse", f"{what}: {amount} is no amount of {bankroll.currency}.")
        return replace(step, bankroll=bankroll)

    def named(self, name: str, currency: str, money: str = "") -> Bankroll:
        """Return the bankroll of that name, else "Imported bets"; a new one may go below zero and is unsaved."""
        wanted = name or DEFAULT_BANKROLL
        found = self.by_name.get(wanted.casefold())
        if not name and found is not None and currency and found.currency != currency:
            wanted = f"{DEFAULT_BANKROLL} ({currency})"
            found = self.by_name.get(wanted.casefold())
        if found is None:
            found = Bankroll(
                user=self.user,
                name=wanted,
                currency=currency or Currency.USD,
                kind=money or BankrollKind.REAL,
                may_go_negative=True,
            )
            self.by_name[wanted.casefold()] = found
            described = self.described.get(wanted.casefold())
            if described is not None and described.currency == found.currency:
                found.kind = described.kind
                self.restored.append((found, described.movements))
        return found
