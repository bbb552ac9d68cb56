"""Importing an uploaded file, as the page does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bets.exceptions import NotPossible
from bets.imports.committing import commit_import
from bets.imports.drafts import read_draft
from bets.imports.rows import BadFile, Unclear
from bets.models import Job
from rest.problems import ApiProblem


def import_file(job: Job, watch: Callable[[int, int], None]) -> dict[str, Any]:
    """Import the job's file: all that can be, in one batch that can be undone. Raises ApiProblem, Refused."""
    draft = job.batch
    if draft is None:
        raise NotPossible("The file has been discarded.")
    try:
        reading, bankroll = read_draft(draft, job.user)
    except BadFile as problem:
        raise unreadable(problem) from None
    commit_import(
        reading=reading,
        user=job.user,
        file_name=draft.file_name,
        content=bytes(draft.content or b""),
        bankroll=bankroll,
        draft=draft,
        progress=watch,
    )
    return {}


def unreadable(problem: BadFile) -> ApiProblem:
    """Why a file cannot be read so, and the choice that would help."""
    faults = []
    if isinstance(problem, Unclear):
        choices = ", ".join(problem.choices)
        faults = [{"field": problem.option, "code": "unclear", "detail": f"Choose one of: {choices}."}]
    return ApiProblem("file_unreadable", str(problem), errors=faults)
