from __future__ import annotations

import datetime as dt
from typing import Self

import pgtrigger
from django.db import models
from django.db.models import F, Q

from accounts.audit.guards import never_emptied
from accounts.audit.tracking import audited
from games.models import Game

APPEND_ONLY = """
    IF TG_OP = 'DELETE' AND current_setting('bettrack.purge', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only: % of a row is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
"""
"""Body of the guard on append-only tables; only the audited game deletion sets ``bettrack.purge``."""


def is_american_odds(field: str) -> Q:
    """Condition: the named column holds American odds, at most −100 or at least +100."""
    return Q(**{f"{field}__lte": -100}) | Q(**{f"{field}__gte": 100})


class Bookmaker(models.Model):
    id = models.SmallAutoField(primary_key=True)
    key = models.CharField(max_length=32, unique=True, help_text="The odds feed's key, such as draftkings.")
    title = models.CharField(max_length=64)
    short = models.CharField(max_length=4, blank=True, help_text="Two letters for the board, such as DK.")
    regions = models.CharField(max_length=64, blank=True, help_text="Feed regions, comma-separated: us,us2.")
    is_exchange = models.BooleanField(default=False)
    commission = models.DecimalField(
        max_digits=5, decimal_places=4, default=0, help_text="Share of net winnings: 0.0200 is 2 %."
    )
    sharpness = models.DecimalField(
        max_digits=4, decimal_places=2, default=1, help_text="Weight in the consensus price; 0 leaves it out."
    )
    active = models.BooleanField(default=True)
    url = models.URLField(max_length=200, blank=True)

    class Meta:
        db_table = "bookmakers"
        ordering = ["title", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(key=""),
                name="bookmaker_key_is_not_empty",
                violation_error_message="A bookmaker needs the feed's key.",
            ),
            models.CheckConstraint(
                condition=Q(commission__gte=0, commission__lt=1),
                name="commission_is_a_share",
                violation_error_message="Commission is a share from 0 up to, not including, 1.",
            ),
            models.CheckConstraint(
                condition=Q(sharpness__gte=0),
                name="sharpness_is_not_negative",
                violation_error_message="Sharpness is zero or more.",
            ),
        ]
        triggers = audited()

    def __str__(self) -> str:
        return self.title


class Side(models.TextChoices):
    HOME = "home", "Home"
    AWAY = "away", "Away"
    DRAW = "draw", "Draw"
    OVER = "over", "Over"
    UNDER = "under", "Under"
    YES = "yes", "Yes"
    NO = "no", "No"
    WIN = "win", "Win"


class Selection(models.Model):
    """What can be backed: one outcome of one market of one game, whatever its point and price."""

    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="selections", db_index=False)
    market = models.CharField(max_length=64, help_text="The feed's market key: h2h, spreads, player_points.")
    participant = models.CharField(
        max_length=160, blank=True, help_text="Team, player or runner; empty for the sides of a match."
    )
    side = models.CharField(max_length=5, choices=Side)

    class Meta:
        db_table = "selections"
        ordering = ["game", "market", "participant", "side"]
        constraints = [
            models.UniqueConstraint(
                fields=["game", "market", "participant", "side"],
                name="selection_is_unique",
                violation_error_message="This selection exists already.",
            ),
            models.UniqueConstraint(
                fields=["game", "id"],
                name="selection_belongs_to_its_game",  # target of composite foreign keys
            ),
            models.CheckConstraint(
                condition=Q(side__in=Side.values),
                name="selection_side_is_known",
                violation_error_message="Choose a known side.",
            ),
            models.CheckConstraint(
                condition=~Q(market=""),
                name="selection_market_is_not_empty",
                violation_error_message="A selection needs a market.",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.market, self.participant, self.side)))


class OddSnapshotQuerySet(models.QuerySet["OddSnapshot"]):
    def as_known_at(self, instant: dt.datetime) -> Self:
        """Only what had been received by then."""
        return self.filter(captured_at__lte=instant)


class OddSnapshot(models.Model):
    """One price change of one line at one book, kept for ever. A withdrawn line has price NULL.

    The table is partitioned by month on ``timestamp``; its primary key, which is its only index, is (game_id,
    selection_id, bookmaker_id, timestamp, id), of which Django is told the part that identifies a row. Line
    movement, as-of reads and closing lines go by it, so whoever reads names the game.
    """

    id = models.BigAutoField(primary_key=True)
    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="snapshots", db_index=False)
    selection = models.ForeignKey(
        Selection, on_delete=models.CASCADE, related_name="snapshots", db_index=False
    )
    bookmaker = models.ForeignKey(
        Bookmaker, on_delete=models.PROTECT, related_name="snapshots", db_index=False
    )
    price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    point = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    timestamp = models.DateTimeField(help_text="When the book last updated the market, says the feed.")
    captured_at = models.DateTimeField(help_text="When the response that brought it was received.")

    objects = models.Manager.from_queryset(OddSnapshotQuerySet)()

    class Meta:
        db_table = "odd_snapshots"
        ordering = ["timestamp", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(price__isnull=True) | is_american_odds("price"),
                name="snapshot_price_is_american_odds",
                violation_error_message="American odds are at most −100 or at least +100.",
            ),
            models.CheckConstraint(
                condition=Q(timestamp__lte=F("captured_at")),
                name="snapshot_is_not_from_the_future",
                violation_error_message="A book cannot have changed a price after it was received.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="append_only",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=APPEND_ONLY,
            ),
            never_emptied,
        ]

    def __str__(self) -> str:
        return f"{self.price} at {self.timestamp:%Y-%m-%d %H:%M:%SZ}"


class CurrentOdds(models.Model):
    """The board's table: what each book offers now. A row leaves when its book withdraws the line.

    Only the ingest writes it. Whoever else removes or alters rows sets the ``mark`` of their heartbeats
    to NULL, or the next response takes them for unchanged.

    Its one index is the primary key (game_id, selection_id, bookmaker_id, line), where ``line`` is the point or
    NaN for none, so whoever reads names the game. That selection and bookmaker exist is checked once a statement by
    triggers of the database, which are quicker than foreign keys and hold the same.
    """

    id = models.BigAutoField(primary_key=True)
    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="current_odds", db_index=False)
    selection = models.ForeignKey(
        Selection, on_delete=models.CASCADE, related_name="current_odds", db_index=False
    )
    bookmaker = models.ForeignKey(
        Bookmaker, on_delete=models.PROTECT, related_name="current_odds", db_index=False
    )
    point = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    price = models.DecimalField(max_digits=12, decimal_places=6)
    previous_price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    timestamp = models.DateTimeField(help_text="When the book last updated the market, says the feed.")
    changed_at = models.DateTimeField(help_text="When the response that brought this price was received.")
    updated_at = models.DateTimeField(help_text="When this row was last written.")

    class Meta:
        db_table = "current_odds"
        ordering = ["game", "selection", "bookmaker", "point"]
        verbose_name_plural = "current odds"
        constraints = [
            models.UniqueConstraint(
                fields=["game", "selection", "bookmaker", "point"],
                name="one_price_per_line_and_book",
                nulls_distinct=False,
                violation_error_message="This book already has a price for that line.",
            ),
            models.CheckConstraint(
                condition=is_american_odds("price"),
                name="current_price_is_american_odds",
                violation_error_message="American odds are at most −100 or at least +100.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.price)


class Heartbeat(models.Model):
    """When a book was last seen to quote a game: one row a (game, book, scope), not one per price.

    ``scope`` is ``featured`` for the markets of the bulk endpoint and the market key for the others,
    which are polled one by one.
    """

    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="heartbeats", db_index=False)
    bookmaker = models.ForeignKey(
        Bookmaker, on_delete=models.CASCADE, related_name="heartbeats", db_index=False
    )
    scope = models.CharField(max_length=64, default="featured")
    seen_at = models.DateTimeField(help_text="When the last response with this book was received.")
    polled_at = models.DateTimeField(help_text="When the last response that could have held it was received.")
    missed = models.PositiveSmallIntegerField(default=0, help_text="Polls without the book since then.")
    mark = models.BigIntegerField(
        null=True,
        editable=False,
        help_text="Stands for all that the book quoted when seen last; NULL: not known, compare line by line.",
    )

    class Meta:
        db_table = "heartbeats"
        ordering = ["game", "bookmaker", "scope"]
        constraints = [
            models.UniqueConstraint(
                fields=["game", "bookmaker", "scope"],
                name="one_heartbeat_per_game_book_and_scope",
            ),
            models.CheckConstraint(
                condition=Q(polled_at__gte=models.F("seen_at")),
                name="heartbeat_polled_not_before_seen",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} seen {self.seen_at:%Y-%m-%d %H:%M:%SZ}"


class ImportSource(models.TextChoices):
    FOOTBALL_DATA = "football_data", "football-data.co.uk"
    NFLVERSE = "nflverse", "nflverse"
    ARCHIVE = "archive", "Archive of another installation"


class PriceImport(models.Model):
    """The mark of a book's prices of a game that were not seen by this installation but came in a file."""

    id = models.BigAutoField(primary_key=True)
    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="price_imports", db_index=False)
    bookmaker = models.ForeignKey(Bookmaker, on_delete=models.CASCADE, related_name="price_imports")
    source = models.CharField(max_length=16, choices=ImportSource)
    file_name = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64)
    imported_at = models.DateTimeField()

    class Meta:
        db_table = "price_imports"
        ordering = ["game", "bookmaker", "source"]
        constraints = [
            models.UniqueConstraint(
                fields=["game", "bookmaker", "source"],
                name="one_import_per_game_book_and_source",
                violation_error_message="This book's prices of the game are marked already.",
            ),
            models.CheckConstraint(
                condition=Q(source__in=ImportSource.values),
                name="import_source_is_known",
                violation_error_message="Choose a known source.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_source_display()}, {self.file_name}"
