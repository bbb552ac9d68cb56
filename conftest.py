"""What every test shares: the recorded data, where there are any, and quiet defaults."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of recorded feeds and results; the test is skipped, and says so, where it is absent."""
    folder = Path(os.environ.get("BETTRACK_TEST_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "odds_api").is_dir():
        pytest.skip(f"no recorded data: {folder} is not there (BETTRACK_TEST_DATA names the folder)")
    return folder
