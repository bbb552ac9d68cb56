"""What statistics read of settled bets: one narrow row each, derived from bet, legs and games.

Triggers note every bet whose settled state changes in ``changed_bets``; ``bets.stats.facts`` derives those rows
anew before it reads. Amounts are hundredths of the bankroll's currency, so that sums are exact and quick.
"""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models

from bets.models.bankrolls import Bankroll
from odds.models import Bookmaker

note_inserted = pgtrigger.Trigger(
    name="note_settled_inserts",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    referencing=pgtrigger.Referencing(new="fresh"),  # type: ignore[no-untyped-call] # pgtrigger leaves it untyped
    func="INSERT INTO changed_bets (bet_id, user_id) SELECT id, user_id FROM fresh WHERE payout IS NOT NULL; RETURN NULL;",
)
note_updated = pgtrigger.Trigger(
    name="note_settled_updates",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    referencing=pgtrigger.Referencing(old="was", new="fresh"),  # type: ignore[no-untyped-call]
    func="""
        INSERT INTO changed_bets (bet_id, user_id)
        SELECT fresh.id, fresh.user_id FROM fresh JOIN was ON was.id = fresh.id
        WHERE fresh.payout IS NOT NULL OR was.payout IS NOT NULL;
        RETURN NULL;
    """,
)
note_closing = pgtrigger.Trigger(
    name="note_closing_updates",
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    condition=pgtrigger.AnyChange("closing_odds", "closing_fair"),
    func="""
        INSERT INTO changed_bets (bet_id, user_id)
        SELECT b.id, b.user_id FROM bets b WHERE b.id = NEW.bet_id AND b.payout IS NOT NULL;
        RETURN NULL;
    """,
)


class SettledBet(models.Model):
    """A settled bet in figures; ``staked`` and ``net`` are hundredths of the currency."""

    bet = models.OneToOneField("bets.Bet", on_delete=models.CASCADE, primary_key=True, related_name="facts")
    bankroll = models.ForeignKey(Bankroll, on_delete=models.CASCADE, related_name="+", db_index=False)
    bookmaker = models.ForeignKey(
        Bookmaker,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    status = models.CharField(max_length=12)
    kind = models.CharField(max_length=16)
    placed_at = models.DateTimeField()
    settled_at = models.DateTimeField()
    sport = models.CharField(max_length=64, help_text="The legs' sport; * for several, empty without legs.")
    said_sport = models.CharField(
        max_length=64, blank=True, default="", help_text="Of an imported bet in a league that we do not know."
    )
    said_book = models.CharField(
        max_length=64, blank=True, default="", help_text="Of an imported bet at a book that we do not know."
    )
    market = models.CharField(max_length=64, help_text="The legs' market; * for several, empty without legs.")
    bet_type = models.CharField(
        max_length=16, help_text="Of a straight bet its leg's, else the ticket's kind."
    )
    side = models.CharField(max_length=9, help_text="favourite, underdog, or empty for neither.")
    is_live = models.BooleanField(help_text="Placed after a game of it had begun.")
    is_verified = models.BooleanField(help_text="The archive saw every leg's price at that book.")
    is_bonus = models.BooleanField()
    tags = ArrayField(models.CharField(max_length=40), default=list)
    staked = models.BigIntegerField(help_text="Without bonus stakes and what a void refunded.")
    net = models.BigIntegerField(help_text="Profit; of a bonus bet all that it paid.")
    band = models.SmallIntegerField(help_text="Of the odds: see bets.stats.facts.")
    odds_micro = models.BigIntegerField(help_text="Decimal odds in millionths.")
    clv_ppm = models.BigIntegerField(null=True, help_text="Price over closing price − 1, in millionths.")
    fair_clv_ppm = models.BigIntegerField(
        null=True, help_text="Price × fair closing chance − 1, in millionths."
    )
    file_clv_ppm = models.BigIntegerField(
        null=True, help_text="Price over the imported file's closing price − 1, in millionths."
    )
    chance_ppb = models.BigIntegerField(null=True, help_text="Fair closing chance, in billionths.")
    if_won = models.BigIntegerField(null=True, help_text="Profit if it wins, in hundredths.")
    if_lost = models.BigIntegerField(null=True, help_text="Profit if it loses, in hundredths.")

    class Meta:
        db_table = "settled_bets"
        ordering = ["bankroll", "settled_at", "bet"]
        indexes = [
            models.Index(fields=["bankroll", "settled_at", "bet"], name="settled_in_order")  # every statistic
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.settled_at:%Y-%m-%d %H:%M:%SZ}"


class ChangedBet(models.Model):
    """A bet whose figures have to be derived anew; written by triggers alone. Without keys, so nobody waits."""

    id = models.BigAutoField(primary_key=True)
    bet_id = models.UUIDField()
    user_id = models.UUIDField()

    class Meta:
        db_table = "changed_bets"
        ordering = ["id"]
        indexes = [models.Index(fields=["user_id"], name="changed_bet_user")]  # has this person any?

    def __str__(self) -> str:
        return str(self.bet_id)
