"""Nothing in the repository looks like a secret: keys, tokens and passwords come from the environment."""

from __future__ import annotations

import math
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings

BASE = Path(settings.BASE_DIR)
SHAPES: Final = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "a key of Amazon": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{40,})",
    "a key of Google": r"\bAIza[0-9A-Za-z_-]{35}\b|\bGOCSPX-[\w-]{20,}",
    "a token of Slack": r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    "a key of Stripe": r"\b[rs]k_live_[0-9A-Za-z]{16,}",
    "a web token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    "a password in an address": r"\b[a-z][a-z0-9+]*://[^\s/:@{}$<>\"']+:(?!password@|secret@|\$|\{|\[)[^\s/@{}$<>\"']{8,}@",
}
NAMED: Final = re.compile(
    r"(?i)\b\w*(?:secret|token|passw(?:or)?d|api_?key|access_?key)\w*[\"']?\s*[:=]\s*[\"']([^\"'\s]{16,})[\"']"
)
RANDOM_BITS: Final = 3.7
"""Bits a character, from which on a text of 16 and more is more likely random than words."""
SKIPPED: Final = (".svg", ".png", ".gz", ".ico", ".woff2", ".lock", ".min.js", ".min.css", ".csv")


def bits(text: str) -> float:
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def secrets_in(text: str, *, is_test: bool) -> Iterator[str]:
    """What looks like a secret. In tests names give nothing away: they make keys of their own."""
    for what, shape in SHAPES.items():
        for match in re.finditer(shape, text):
            if not (is_test and what == "a password in an address"):
                yield f"{what}: {match[0][:12]}…"
    for match in NAMED.finditer(text) if not is_test else ():
        value = match[1]
        if (
            re.fullmatch(r"[A-Za-z0-9_+/=.-]+", value)
            and re.search(r"\d", value)
            and bits(value) > RANDOM_BITS
        ):
            yield f"a value behind a telling name: {value[:4]}…"


def files() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], capture_output=True, cwd=BASE, check=False)
    names = done.stdout.decode().split("\0") if done.returncode == 0 else []
    listed = [BASE / name for name in names if name] or [
        path for path in BASE.rglob("*") if ".venv" not in path.parts
    ]
    return [
        path
        for path in listed
        if path.is_file()
        and not path.name.endswith(SKIPPED)
        and "vendor" not in path.parts
        and path != Path(__file__)
    ]


def test_no_file_holds_a_secret() -> None:
    listed = files()
    assert len(listed) > 500
    found = {}
    for path in listed:
        text = path.read_text(errors="replace")
        is_test = "tests" in path.parts or path.name == "conftest.py"
        if seen := list(secrets_in(text, is_test=is_test)):
            found[str(path.relative_to(BASE))] = seen
    assert not found


def test_no_file_of_settings_is_kept_with_the_code() -> None:
    names = [path.name for path in files()]
    assert not [name for name in names if name == ".env" or name.endswith((".pem", ".key", ".p12", ".pfx"))]


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN OPENSSH PRIVATE " + "KEY-----",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + "a1" * 18,
        'ODDS_API_KEY = "' + '4f8a1c0e9b7d2635fa0c81e4b79d3260"',
        "postgres://bettrack:" + "correcthorse@db/x",
    ],
)
def test_the_search_finds_what_it_is_for(text: str) -> None:
    assert list(secrets_in(text, is_test=False))


@pytest.mark.parametrize(
    "text",
    ['token = "csrfmiddlewaretoken"', "postgres://user:password@host/x", 'PASSWORD = "see-the-page-below"'],
)
def test_words_are_no_secrets(text: str) -> None:
    assert not list(secrets_in(text, is_test=False))
