"""What the documents say of files, settings and commands is so."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandParser

BASE = Path(settings.BASE_DIR)
PAGES = sorted([BASE / "README.md", *(BASE / "docs").rglob("*.md")])
NAMES = [str(page.relative_to(BASE)) for page in PAGES]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
NOT_FOR_OPERATORS = {
    "BETTRACK_TESTING", "BETTRACK_TEST_DATA", "PYTEST_XDIST_WORKER",  # of tests
    "BETTRACK_BENCHMARK_DATABASE", "BETTRACK_BENCHMARK_PREFIX",  # from one process of ours to another
    "BETTRACK_ROLE",
    "DJANGO_SETTINGS_MODULE", "XDG_RUNTIME_DIR", "SSL_CERT_FILE",  # of Django, the system and OpenSSL
}  # fmt: skip
ASK = """
import json
from bettrack.environment import Environment
read, asked = Environment.get_value, []
def noting(self, var, *rest, **named):
    asked.append(var)
    return read(self, var, *rest, **named)
Environment.get_value = noting
import bettrack.settings
print(json.dumps(asked))
"""


def anchor_of(heading: str) -> str:
    """As GitHub makes it."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


@cache
def anchors(page: Path) -> set[str]:
    return {anchor_of(match[1]) for match in re.finditer(r"^#+ (.+)$", page.read_text(), re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for target in LINK.findall(page.read_text()):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        place, _, anchor = target.partition("#")
        found = (page.parent / place).resolve() if place else page
        if not found.exists() or (anchor and found.suffix == ".md" and anchor not in anchors(found)):
            dead.append(target)
    assert not dead


def test_every_page_can_be_found_from_the_index() -> None:
    folder = BASE / "docs"
    listed = (folder / "README.md").read_text() + (folder / "operating.md").read_text()
    assert not [
        page.name
        for page in folder.glob("*.md")
        if page.name != "README.md" and f"({page.name})" not in listed
    ]


def test_paths_in_the_developers_guide_exist() -> None:
    named = re.findall(r"`((?:[a-z_]+/)+[\w.]*)`", (BASE / "docs" / "developing.md").read_text())
    assert named
    assert not [path for path in named if not (BASE / path).exists()]


def test_tests_that_the_threat_model_names_exist() -> None:
    named = re.findall(r"`([\w/.]*test_\w+\.py)`", (BASE / "docs" / "security.md").read_text())
    tests = [
        str(path.relative_to(BASE))
        for app in ("accounts", "bets", "bettrack", "feeds", "odds")
        for path in (BASE / app).rglob("test_*.py")
    ]
    assert len(named) > 10
    assert not [name for name in named if not any(path.endswith(name) for path in tests)]


@pytest.fixture(scope="module")
def told() -> set[str]:
    """Settings in the operator's table."""
    page = (BASE / "docs" / "operating.md").read_text()
    table = page[page.index("| setting |") : page.index("## When something fails")]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("|")]
    return {name for cell in cells for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", cell)}


def test_every_setting_that_is_read_is_told_and_no_other(told: set[str]) -> None:
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True, cwd=BASE)
    asked = set(json.loads(done.stdout.splitlines()[-1]))
    looked_up = set(looked_up_in(SOURCES))
    assert len(looked_up) > 10
    assert told == (asked | looked_up) - NOT_FOR_OPERATORS
    assert not NOT_FOR_OPERATORS - asked - looked_up


def test_no_lookup_of_the_environment_is_missed() -> None:
    example = """
NAME: Final = "NAMED_BY_A_CONSTANT"
os.environ["A"], os.environ.get("B", ""), os.getenv("C"), environ.get(NAME), "D" in os.environ, os.environ.pop("E")
"""
    assert set(lookups(example, constants(example))) == {"A", "B", "C", "NAMED_BY_A_CONSTANT", "D", "E"}
    with pytest.raises(KeyError, match="UNKNOWN"):
        list(lookups("os.environ[UNKNOWN]", {}))
    with pytest.raises(TypeError, match="line 1"):
        list(lookups("os.environ[f'BETTRACK_{name}']", {}))


APPS = ("accounts", "bets", "bettrack", "feeds", "games", "odds", "rest")
SOURCES = [BASE / "manage.py", *(path for app in APPS for path in sorted((BASE / app).rglob("*.py")))]
READER = BASE / "bettrack" / "environment" / "__init__.py"
READERS = {"get", "pop", "setdefault", "getenv"}
NAMED = re.compile(r"^([A-Z_]+)(?:: Final)? = \"(\w+)\"", re.MULTILINE)


def looked_up_in(paths: list[Path]) -> Iterator[str]:
    """Names of variables that are looked up past the settings' reader."""
    texts = [path.read_text() for path in paths if "tests" not in path.parts and path != READER]
    everywhere = {name: value for text in texts for name, value in constants(text).items()}
    for text in texts:
        if "environ" in text or "getenv" in text:
            yield from lookups(text, everywhere | constants(text))


def constants(text: str) -> dict[str, str]:
    """Words that a module gives names to."""
    return dict(NAMED.findall(text))


def lookups(text: str, known: dict[str, str]) -> Iterator[str]:
    """Raises KeyError and TypeError where a name cannot be told."""
    for node in ast.walk(ast.parse(text)):
        name: ast.expr | None = None
        if isinstance(node, ast.Subscript) and is_environment(node.value):
            name = node.slice
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READERS
        ):
            if is_environment(node.func.value) or node.func.attr == "getenv":
                name = node.args[0]
        elif isinstance(node, ast.Compare) and is_environment(node.comparators[0]):
            name = node.left
        if isinstance(name, ast.Name):
            yield known[name.id]
        elif isinstance(name, ast.Constant):
            yield str(name.value)
        elif name is not None:
            raise TypeError(f"line {name.lineno}: the name of a variable is made up while it runs")


def is_environment(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "environ") or (
        isinstance(node, ast.Name) and node.id == "environ"
    )


def test_compose_passes_on_only_settings_that_are_told(told: set[str]) -> None:
    text = (BASE / "docker-compose.yml").read_text()
    passed = set(re.findall(r"\$\{([A-Z0-9_]+)", text)) - {
        "POSTGRES_PASSWORD",
        "BETTRACK_PORT",
        "PGBOUNCER_POOL_SIZE",
    }
    assert passed
    assert not passed - told


def commands_in(text: str) -> Iterator[list[str]]:
    """What is run with manage.py in code of a page, as words."""
    spans = [match[1] for match in re.finditer(r"`([^`\n]*manage\.py [^`\n]*)`", text)]
    spans += [line for line in text.splitlines() if line.startswith("    ") and "manage.py " in line]
    spans += [
        f"manage.py {match[1]}"
        for match in re.finditer(r"`((?:up|migrate|seed|backup|restore) [^`\n]*)`", text)
    ]
    for span in spans:
        call = re.split(r"[;&|>]| #|…", span.partition("manage.py ")[2].replace("\\|", "-"))[0]
        words = shlex.split(re.sub(r"[\[\]]", " ", call), posix=False)
        if words:
            yield words


def options_of(command: BaseCommand) -> set[str]:
    return options_in(command.create_parser("manage.py", "command"))


def options_in(parser: CommandParser) -> set[str]:
    found = {option for action in parser._actions for option in action.option_strings}
    for action in parser._actions:
        for inner in (action.choices or {}).values() if isinstance(action.choices, dict) else ():
            found |= options_in(inner)
    return found


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_and_their_options_exist(page: Path) -> None:
    known, wrong = get_commands(), []
    for name, *words in commands_in(page.read_text()):
        if name.startswith("-") or not re.fullmatch(r"[a-z_]+", name):
            continue
        if name not in known:
            wrong.append(name)
            continue
        app = known[name]
        command = app if isinstance(app, BaseCommand) else load_command_class(app, name)
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        wrong += [f"{name} {option}" for option in given - options_of(command) if name != "test"]
    assert not wrong
