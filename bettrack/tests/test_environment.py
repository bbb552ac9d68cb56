from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from bettrack.environment import Environment
from bettrack.environment.backups import backup_settings


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("bool", "maybe", "A_SETTING cannot be read: set it to true or false."),
        ("int", "lots", "A_SETTING cannot be read: set it to a whole number"),
        ("int", "1.5", "A_SETTING cannot be read: set it to a whole number"),
        ("positive", "fast", "A_SETTING cannot be read: set it to a number"),
        ("positive", "0", "A_SETTING must be above zero"),
        ("positive", "-5", "A_SETTING must be above zero"),
        ("time_zone", "Mars/Olympus", "A_SETTING is not a time zone"),
        ("time_zone", "../etc", "A_SETTING is not a time zone"),
        ("log_level", "loud", "A_SETTING is not a log level"),
        ("site", "bets.example.org", "A_SETTING is not an address"),
        ("site", "http://[", "A_SETTING is not an address"),
        ("site", "ftp://bets.example.org", "A_SETTING is not an address"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, kind: str, value: str, said: str
) -> None:
    monkeypatch.setenv("A_SETTING", value)
    with pytest.raises(ImproperlyConfigured, match=said):
        getattr(Environment(), kind)("A_SETTING", default=1)


@pytest.mark.parametrize(
    "url",
    [
        "garbage",
        "postgres://host",
        "postgres://me:hunter2@[/name",
        "postgres://me:hunter2@host:port/name",
        "mysql://me:hunter2@host/name",
    ],
)
def test_what_is_no_address_of_a_database_is_not_repeated(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("A_DATABASE", url)
    with pytest.raises(ImproperlyConfigured, match="A_DATABASE is not the address") as refused:
        Environment().postgres("A_DATABASE")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ODDS_API_MONTHLY_CREDITS", "lots"),
        ("DEFAULT_TIME_ZONE", "Mars/Olympus"),
        ("DATABASE_URL", "garbage"),
    ],
)
def test_the_start_stops_with_a_sentence(name: str, value: str) -> None:
    done = subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "check"],
        env={**os.environ, "SECRET_KEY": "a" * 50, name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(name)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("value", "read"), [("1", True), ("Yes", True), ("", False), ("off", False)])
def test_switches_are_read(monkeypatch: pytest.MonkeyPatch, value: str, read: bool) -> None:
    monkeypatch.setenv("A_SWITCH", value)
    assert Environment().bool("A_SWITCH", default=not read) is read


def test_the_address_of_a_database_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_DATABASE", "postgres://me:p%40ss@host:5433/name")
    found = Environment().postgres("A_DATABASE")
    assert (found["NAME"], found["PASSWORD"], found["PORT"]) == ("name", "p@ss", 5433)


def test_an_address_loses_its_last_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SITE", "https://bets.example.org/")
    assert Environment().site("A_SITE", default="http://127.0.0.1") == "https://bets.example.org"


@pytest.mark.parametrize(
    ("name", "missing"), [("GITHUB_CLIENT_ID", "SECRET"), ("GOOGLE_CLIENT_SECRET", "ID")]
)
def test_half_an_app_of_a_provider_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, missing: str
) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(ImproperlyConfigured, match=f"CLIENT_{missing} is not set: sign-in by"):
        Environment().sign_in_providers()


def test_an_app_of_a_provider_is_one_with_both_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_CLIENT_ID", "id")
    monkeypatch.setenv("GITHUB_CLIENT_SECRET", "secret")
    found = Environment().sign_in_providers()
    assert [len(found[name]["APPS"]) for name in ("google", "github")] == [0, 1]


def test_proxies_are_addresses_or_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SETTING", "10.0.0.5, 192.168.0.0/16")
    assert [str(one) for one in Environment().networks("A_SETTING", default=[])] == [
        "10.0.0.5/32",
        "192.168.0.0/16",
    ]
    monkeypatch.setenv("A_SETTING", "the proxy")
    with pytest.raises(
        ImproperlyConfigured, match="A_SETTING cannot be read: set it to addresses or networks"
    ):
        Environment().networks("A_SETTING", default=[])


def test_a_choice_is_one_of_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SETTING", " Optional ")
    assert Environment().choice("A_SETTING", ["mandatory", "optional"], default="mandatory") == "optional"
    monkeypatch.setenv("A_SETTING", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="A_SETTING is not known: set it to mandatory or optional"):
        Environment().choice("A_SETTING", ["mandatory", "optional"], default="mandatory")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BACKUP_TIME", "25:00", "BACKUP_TIME is not a time of day"),
        ("BACKUP_TIME", "soon", "BACKUP_TIME is not a time of day"),
        ("BACKUP_KEEP_DAYS", "0", "BACKUP_KEEP_DAYS must be 1 or more"),
        ("BACKUP_KEEP_MIN", "-1", "BACKUP_KEEP_MIN must be 1 or more"),
        ("BACKUP_KEEP_MIN", "few", "BACKUP_KEEP_MIN cannot be read"),
        ("BACKUP_OFFSITE", "ftp://host/x", "BACKUP_OFFSITE is neither a folder nor a bucket"),
        ("BACKUP_OFFSITE", "relative", "BACKUP_OFFSITE is neither a folder nor a bucket"),
        ("BACKUP_OFFSITE", "s3://me:hunter2@bucket", "BACKUP_OFFSITE is neither a folder nor a bucket"),
        ("BACKUP_S3_ENDPOINT", "s3.example.org", "BACKUP_S3_ENDPOINT is not an address"),
        ("BACKUP_S3_KEY_ID", "hunter2", "BACKUP_S3_SECRET is not set"),
        ("BACKUP_S3_SECRET", "hunter2", "BACKUP_S3_KEY_ID is not set"),
    ],
)
def test_settings_of_backups_that_cannot_be_read_are_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=said) as refused:
        backup_settings(Environment(), settings.HOME)
    assert "hunter2" not in str(refused.value)


def test_settings_of_backups_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    found = backup_settings(Environment(), settings.HOME)
    assert (found.folder, found.at) == (settings.HOME / "backups", (3, 30))
    assert (found.keep_days, found.keep_min, found.offsite) == (30, 7, "")
    monkeypatch.setenv("BACKUP_TIME", "OFF")
    monkeypatch.setenv("BACKUP_DIR", "/srv/backups")
    monkeypatch.setenv("BACKUP_OFFSITE", "s3://bucket/a/b/")
    found = backup_settings(Environment(), settings.HOME)
    assert (str(found.folder), found.at, found.offsite) == ("/srv/backups", None, "s3://bucket/a/b")
