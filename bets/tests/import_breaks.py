"""Imports and imported bets that break each of their constraints."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from bets.models import BetStatus, ImportState
from bets.tests.factories import PLACED, BetFactory, ImportBatchFactory, ImportedLegFactory
from odds.tests.factories import BookmakerFactory

VOID = {"status": BetStatus.VOID, "settled_at": PLACED, "payout": Decimal(100)}


def leg_twice() -> None:
    first = ImportedLegFactory()
    ImportedLegFactory(bet=first.bet)


IMPORTS: dict[str, list[Callable[[], object]]] = {
    "only_imported_bets_are_withdrawn": [
        lambda: BetFactory(withdrawn_at=PLACED, **VOID),
        lambda: BetFactory(withdrawn_at=PLACED, batch=ImportBatchFactory()),
    ],
    "only_imported_bets_name_other_books": [
        lambda: BetFactory(book_name="Winamax"),
        lambda: BetFactory(book_name="Winamax", batch=ImportBatchFactory(), bookmaker=BookmakerFactory()),
    ],
    "import_state_is_known": [lambda: ImportBatchFactory(state="lost")],
    "import_format_is_known": [lambda: ImportBatchFactory(format="telegram")],
    "import_keeps_its_file_until_it_is_done": [
        lambda: ImportBatchFactory(state=ImportState.DRAFT),
        lambda: ImportBatchFactory(content=b"x"),
    ],
    "import_is_undone_at_a_time": [
        lambda: ImportBatchFactory(state=ImportState.UNDONE),
        lambda: ImportBatchFactory(undone_at=PLACED),
    ],
    "one_imported_leg_per_position": [leg_twice],
    "imported_odds_are_american": [lambda: ImportedLegFactory(odds=Decimal("1.91"))],
    "imported_closing_odds_are_american": [lambda: ImportedLegFactory(closing_odds=Decimal(-99))],
    "imported_bet_type_is_known": [lambda: ImportedLegFactory(bet_type="lottery")],
    "imported_leg_status_is_known": [lambda: ImportedLegFactory(status="lucky")],
}
