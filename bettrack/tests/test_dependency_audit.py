"""What the audit of dependencies makes of a report; the report itself comes from the network and only in CI."""

from __future__ import annotations

import datetime as dt
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings

TODAY = dt.date(2026, 11, 21)
SCRIPT = Path(settings.BASE_DIR, ".ci", "audit_dependencies.py")


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit_dependencies", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def report(*fixes: str, name: str = "django") -> dict[str, Any]:
    flaw = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": list(fixes)}
    return {
        "dependencies": [
            {"name": name, "version": "5.2.8", "vulns": [flaw]},
            {"name": "httpx", "version": "0.28.1", "vulns": []},
        ]
    }


def test_a_flaw_with_a_fix_is_red_and_names_the_fix(audit: ModuleType) -> None:
    verdict = audit.judge(report("5.2.9"), {}, TODAY)
    assert verdict.red == ["django 5.2.8: PYSEC-2026-1 is fixed in 5.2.9"]


def test_a_flaw_without_a_fix_is_said_and_not_red(audit: ModuleType) -> None:
    verdict = audit.judge(report(), {}, TODAY)
    assert not verdict.red
    assert verdict.notes[0] == "KNOWN, NOT FIXED YET: django 5.2.8: PYSEC-2026-1"


def test_an_excuse_holds_by_any_name_of_the_flaw_until_its_day_and_for_its_package(audit: ModuleType) -> None:
    excuse = {("django", "CVE-2026-1"): TODAY}
    assert not audit.judge(report("5.2.9"), excuse, TODAY).red
    late = audit.judge(report("5.2.9"), excuse, TODAY + dt.timedelta(days=1)).red
    assert late == ["django 5.2.8: PYSEC-2026-1 is fixed in 5.2.9; its excuse has expired"]
    assert audit.judge(report("5.2.9", name="celery"), excuse, TODAY).red


def test_an_excuse_that_nothing_needs_is_said(audit: ModuleType) -> None:
    verdict = audit.judge(report(), {("celery", "CVE-2020-9"): TODAY}, TODAY)
    assert "excuse no longer needed: CVE-2020-9 of celery" in verdict.notes


def test_packages_that_could_not_be_asked_about_are_counted_aloud(audit: ModuleType) -> None:
    unknown = {"dependencies": [{"name": "django", "skip_reason": "not found"}]}
    verdict = audit.judge(unknown, {}, TODAY)
    assert not verdict.red
    assert verdict.notes == ["NOT AUDITED: 1 of 1 packages are not known to the advisory service"]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ('id = "X"\npackage = "p"\nexpires = 2026-12-01', "entry 1: reason is missing"),
        ('id = "X"\npackage = "p"\nreason = "r"', "entry 1: expires is missing"),
        ('id = "X"\npackage = "p"\nreason = "r"\nexpires = "soon"', "expires is a day"),
        ('id = "X"\npackage = "p"\nreason = "r"\nexpires = 2030-01-01', "an excuse lasts 180 days at most"),
        ("id = ", "is not TOML"),
    ],
)
def test_excuses_need_reason_and_end(audit: ModuleType, entry: str, says: str) -> None:
    with pytest.raises(audit.BadIgnores, match=says):
        audit.read_ignores(f"[[ignore]]\n{entry}\n", TODAY)


def test_the_excuses_at_hand_can_be_read(audit: ModuleType) -> None:
    audit.read_ignores(audit.IGNORES.read_text(), dt.datetime.now(dt.UTC).date())


def test_a_service_that_does_not_answer_is_said_and_not_red(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def silent(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("pip-audit", 60)

    monkeypatch.setattr(audit.subprocess, "run", silent)
    assert audit.main() == 0
    assert "NOT AUDITED: the advisory service cannot be asked" in capsys.readouterr().err


def test_red_ends_with_status_one(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "ask", lambda: report("5.2.9"))
    assert audit.main() == 1
    assert "VULNERABLE: django 5.2.8" in capsys.readouterr().err
