"""Jobs and pieces of files that break each of their constraints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bets.models import ImportState
from bets.tests.factories import PLACED, ImportBatchFactory
from bets.tests.job_factories import JobChunkFactory, JobFactory


def running(**fields: Any) -> Any:
    return JobFactory(state="running", started_at=PLACED, **fields)


def two_run() -> None:
    running(user=running().user)


def two_import() -> None:
    batch = ImportBatchFactory(state=ImportState.DRAFT, content=b"x")
    for _ in range(2):
        JobFactory(kind="import", format="", batch=batch)


def twice_there() -> None:
    JobChunkFactory(job=JobChunkFactory().job)


JOBS: dict[str, list[Callable[[], object]]] = {
    "one_job_of_a_person_runs": [two_run],
    "one_job_imports_a_file": [two_import],
    "job_kind_is_known": [lambda: JobFactory(kind="print")],
    "job_state_is_known": [lambda: JobFactory(state="lost", finished_at=PLACED)],
    "job_is_an_export_or_an_import": [
        lambda: JobFactory(format=""),
        lambda: JobFactory(batch=ImportBatchFactory()),
        lambda: JobFactory(kind="import", format="json"),
        lambda: JobFactory(kind="import", format="", query="status=won"),
    ],
    "job_is_finished_at_a_time": [
        lambda: JobFactory(finished_at=PLACED),
        lambda: JobFactory(state="cancelled"),
    ],
    "job_runs_since_a_moment": [lambda: JobFactory(state="running")],
    "job_fails_for_a_reason": [
        lambda: JobFactory(state="failed", finished_at=PLACED),
        lambda: JobFactory(problem={"code": "unavailable"}),
    ],
    "job_tells_all_of_its_file": [
        lambda: JobFactory(rows=1),
        lambda: JobFactory(done=True, checksum=""),
        lambda: JobFactory(done=True, state="cancelled"),
        lambda: JobFactory(done=True, expires_at=None),
    ],
    "one_job_chunk_per_position": [twice_there],
}
