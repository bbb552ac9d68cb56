"""Ask for known vulnerabilities of the packages of this environment (pip-audit), and say what follows.

Red: a vulnerability that a newer version fixes and that `audit-ignores.toml` beside this file does not excuse.
Not red: one without a fix, and an advisory service that cannot be reached; both are said loudly. An excuse names
the vulnerability, the package, the reason and the day on which it ends:

    [[ignore]]
    id = "GHSA-xxxx-xxxx-xxxx"
    package = "name"
    reason = "why it cannot hurt here"
    expires = 2027-01-31
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

IGNORES = Path(__file__).with_name("audit-ignores.toml")
LONGEST_EXCUSE = dt.timedelta(days=180)
PATIENCE = 60
"""Seconds for all questions together; a service that does not answer must not hold up what is checked next."""


class BadIgnores(Exception):
    """The list of excuses cannot be read; the text says why."""


@dataclass
class Verdict:
    """What is said, worst first, and whether it is red."""

    red: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_ignores(text: str, today: dt.date) -> dict[tuple[str, str], dt.date]:
    """Day on which each excuse ends, by package and id. Raises BadIgnores."""
    try:
        entries = tomllib.loads(text).get("ignore", [])
    except tomllib.TOMLDecodeError as error:
        raise BadIgnores(f"{IGNORES.name} is not TOML: {error}") from error
    found = {}
    for number, entry in enumerate(entries, 1):
        missing = [name for name in ("id", "package", "reason", "expires") if not entry.get(name)]
        if missing:
            raise BadIgnores(f"{IGNORES.name}, entry {number}: {' and '.join(missing)} is missing")
        if not isinstance(entry["expires"], dt.date) or isinstance(entry["expires"], dt.datetime):
            raise BadIgnores(f"{IGNORES.name}, entry {number}: expires is a day such as 2027-01-31")
        if entry["expires"] - today > LONGEST_EXCUSE:
            raise BadIgnores(
                f"{IGNORES.name}, entry {number}: an excuse lasts {LONGEST_EXCUSE.days} days at most"
            )
        found[(entry["package"].lower(), entry["id"].upper())] = entry["expires"]
    return found


def judge(report: dict[str, Any], ignores: dict[tuple[str, str], dt.date], today: dt.date) -> Verdict:
    """What a report of pip-audit means."""
    verdict, seen = Verdict(), set()
    packages = report["dependencies"]
    asked = [each for each in packages if "vulns" in each]
    if len(asked) < len(packages):
        verdict.notes.append(
            f"NOT AUDITED: {len(packages) - len(asked)} of {len(packages)} packages are not known to the "
            "advisory service"
        )
    for package in asked:
        for flaw in package["vulns"]:
            names = {flaw["id"].upper(), *(alias.upper() for alias in flaw.get("aliases", []))}
            excuses = {(package["name"].lower(), name) for name in names} & set(ignores)
            seen |= excuses
            text = f"{package['name']} {package['version']}: {flaw['id']}"
            if any(ignores[excuse] >= today for excuse in excuses):
                verdict.notes.append(f"excused until {max(ignores[e] for e in excuses)}: {text}")
            elif flaw.get("fix_versions"):
                late = "; its excuse has expired" if excuses else ""
                verdict.red.append(f"{text} is fixed in {', '.join(flaw['fix_versions'])}{late}")
            else:
                verdict.notes.append(f"KNOWN, NOT FIXED YET: {text}")
    verdict.notes += [
        f"excuse no longer needed: {name} of {package}" for package, name in sorted(set(ignores) - seen)
    ]
    if not verdict.red and asked:
        verdict.notes.append(f"{len(asked)} packages have no known vulnerability that a newer version fixes")
    return verdict


def ask() -> dict[str, Any] | str:
    """pip-audit's report, or why there is none."""
    command = [sys.executable, "-m", "pip_audit", "--local", "--progress-spinner", "off", "--format", "json"]
    try:
        done = subprocess.run(  # noqa: S603
            [*command, "--timeout", "5"], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return f"it did not answer within {PATIENCE} s"
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1][:300]
    return report


def main() -> int:
    today = dt.datetime.now(dt.UTC).date()
    try:
        ignores = read_ignores(IGNORES.read_text(), today) if IGNORES.exists() else {}
    except BadIgnores as error:
        print(error, file=sys.stderr)
        return 1
    report = ask()
    if isinstance(report, str):
        print(
            f"NOT AUDITED: the advisory service cannot be asked ({report}). Going on without.",
            file=sys.stderr,
        )
        return 0
    verdict = judge(report, ignores, today)
    for line in verdict.notes:
        print(line)
    for line in verdict.red:
        print(f"VULNERABLE: {line}", file=sys.stderr)
    return 1 if verdict.red else 0


if __name__ == "__main__":
    sys.exit(main())
