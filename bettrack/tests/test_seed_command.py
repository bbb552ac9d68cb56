"""``manage.py seed`` as its user sees it."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from games.models import Sport, Team
from games.team_directory import TeamDirectory
from odds.models import Bookmaker
from odds.seeding import SEEDS as BOOK_SEEDS
from odds.seeding import seed_bookmakers

pytestmark = pytest.mark.django_db


def seed() -> dict[str, tuple[int, int, int]]:
    out = io.StringIO()
    call_command("seed", stdout=out)
    counts = {}
    for line in out.getvalue().splitlines():
        kind, created, _, updated, _, unchanged, _ = line.rsplit(maxsplit=6)
        counts[kind] = (int(created), int(updated), int(unchanged))
    return counts


def test_counts_are_printed_and_the_second_run_changes_nothing() -> None:
    first = seed()
    assert list(first) == ["sports", "teams", "team aliases", "bookmakers", "house rules"]
    assert first["teams"] == (Team.objects.count(), 0, 0)
    assert first["bookmakers"] == (Bookmaker.objects.count(), 0, 0)
    assert seed() == {kind: (0, 0, created) for kind, (created, _, _) in first.items()}


def test_failure_in_the_last_file_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = (BOOK_SEEDS / "bookmakers.csv").read_text(encoding="utf-8")
    broken = text.replace("pinnacle,Pinnacle,PIN,eu,no,0,", "pinnacle,Pinnacle,PIN,eu,no,much,")
    assert broken != text
    (tmp_path / "bookmakers.csv").write_text(broken, encoding="utf-8")
    monkeypatch.setattr(
        "bettrack.management.commands.seed.seed_bookmakers", lambda: seed_bookmakers(folder=tmp_path)
    )
    with pytest.raises(
        CommandError, match=r"Nothing was seeded\. bookmakers\.csv, row \d+: commission is 'much'"
    ):
        seed()
    assert not Sport.objects.exists()
    assert not Bookmaker.objects.exists()


def test_commission_and_sharpness_that_staff_set_are_left_alone() -> None:
    seed()
    Bookmaker.objects.filter(key="smarkets").update(
        commission="0.01", sharpness=5, active=False, title="Wrong"
    )
    assert seed()["bookmakers"][1] == 1
    book = Bookmaker.objects.get(key="smarkets")
    assert (book.title, book.commission, book.sharpness) == ("Smarkets", Decimal("0.01"), Decimal(5))
    assert not book.active


def test_every_known_exchange_is_marked_as_one() -> None:
    seed()
    exchanges = set(Bookmaker.objects.filter(is_exchange=True).values_list("key", flat=True))
    assert exchanges == {
        "betfair_ex_au",
        "betfair_ex_eu",
        "betfair_ex_uk",
        "betopenly",
        "kalshi",
        "matchbook",
        "novig",
        "polymarket",
        "prophetx",
        "smarkets",
    }
    assert not Bookmaker.objects.filter(is_exchange=False, commission__gt=0).exists()


def test_bookmakers_have_short_names_of_their_own() -> None:
    seed()
    shorts = list(Bookmaker.objects.values_list("short", flat=True))
    assert "" not in shorts
    assert len(set(shorts)) == len(shorts) == 87


def test_every_team_of_the_sandbox_is_seeded_under_its_name_and_id() -> None:
    seed()
    roster = Path(settings.BASE_DIR, "feeds", "sandbox", "teams.csv")
    with roster.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    directory = TeamDirectory.of_sports({row["sport_key"] for row in rows})
    ids = {(team.sport_id, team.espn_id): team.id for team in Team.objects.all()}
    assert len(rows) > 100
    for row in rows:
        assert directory.find(row["sport_key"], row["name"]) == ids[row["sport_key"], row["espn_id"]], row
