"""Why legs were graded as they were, each reason stored once."""

from __future__ import annotations

from django.db import models

from accounts.audit.guards import never_emptied
from bets.models.kinds import append_only


class Grade(models.Model):
    """The evidence of a grade (see ``bets.evidence``), shared by every leg that it fits word for word.

    The key is made from the content (see ``bets.grades``) and rows are never changed or deleted, so a grade that was
    replaced stays readable and a leg cannot point at nothing.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    evidence = models.JSONField()

    class Meta:
        db_table = "grades"
        ordering = ["id"]
        triggers = [append_only, never_emptied]

    def __str__(self) -> str:
        return str(self.evidence.get("summary", self.pk))
