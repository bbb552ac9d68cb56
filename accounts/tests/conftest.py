from __future__ import annotations

import uuid

import pytest
from pytest_django.fixtures import Settings


@pytest.fixture(autouse=True)
def own_counts(settings: Settings) -> None:
    """Attempts are counted in the real Redis, under a prefix of the test's own."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": f"test-{uuid.uuid4().hex}"}}
