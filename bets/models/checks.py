"""Which games have been looked at again since their legs were graded."""

from __future__ import annotations

from django.db import models

from games.models import Game


class ResultCheck(models.Model):
    """The state of a game's row up to which every graded leg has been held against it.

    A game whose ``updated_at`` is another one may have had its result corrected. The row spares the search
    for such games a look at every leg ever graded.
    """

    game = models.OneToOneField(Game, on_delete=models.CASCADE, primary_key=True, related_name="result_check")
    version = models.DateTimeField(help_text="The game's updated_at as of the last look.")

    class Meta:
        db_table = "result_checks"
        ordering = ["game"]

    def __str__(self) -> str:
        return f"{self.version:%Y-%m-%d %H:%M:%SZ}"
