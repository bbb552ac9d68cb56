from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from accounts.tests.factories import UserFactory
from bettrack.version import VERSION

BASE = Path(settings.BASE_DIR)


def test_the_command_tells_it_before_any_package_is_there() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(BASE / "manage.py"), "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"BetTrack {VERSION}\n"


def test_the_changelog_begins_with_it() -> None:
    headings = re.findall(r"^## (\S+)", (BASE / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == VERSION


@pytest.mark.django_db
def test_people_see_it_and_strangers_do_not(client: Client) -> None:
    said = f"BetTrack {VERSION} records bets"
    assert said not in client.get("/").content.decode()
    client.force_login(UserFactory())
    assert said in client.get("/").content.decode()


@pytest.mark.django_db
def test_programs_find_it_in_the_description_of_the_api(client: Client) -> None:
    assert client.get("/api/v1/schema/?format=json").json()["info"]["x-bettrack-version"] == VERSION
