"""Rows of jobs and of their files for tests."""

from __future__ import annotations

import datetime as dt
import hashlib

import factory
from factory.django import DjangoModelFactory

from accounts.tests.factories import UserFactory
from bets.models import Job, JobChunk

PLACED = dt.datetime(2026, 11, 19, 18, 0, tzinfo=dt.UTC)


class JobFactory(DjangoModelFactory[Job]):
    """An export that waits; ``done`` is one with an empty file that has expired."""

    class Meta:
        model = Job

    class Params:
        done = factory.Trait(
            state="done",
            started_at=PLACED,
            finished_at=PLACED,
            expires_at=PLACED,
            rows=0,
            size=0,
            checksum=hashlib.sha256(b"").hexdigest(),
        )

    user = factory.SubFactory(UserFactory)
    kind = "export"
    format = "json"
    created_at = PLACED


class JobChunkFactory(DjangoModelFactory[JobChunk]):
    class Meta:
        model = JobChunk

    job = factory.SubFactory(JobFactory)
    position = 0
    content = b"x"
