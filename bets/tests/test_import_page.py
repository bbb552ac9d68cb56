"""The import pages: upload, preview, commit, undo; and files that mean harm."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.imports.rows import MAX_BYTES
from bets.jobs.asking import ask_import
from bets.models import Bet, ImportBatch, ImportState
from bets.tests.test_imports import ANALYTIX, PIKKIT

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> User:
    user = UserFactory(username="ada", time_zone="UTC")
    client.force_login(user)
    return user


def uploaded(client: Client, content: bytes, name: str = "transactions.csv") -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("bets:imports"), {"file": file, "format": "auto"})


def draft_of(user: User) -> ImportBatch:
    return ImportBatch.objects.get(user=user, state=ImportState.DRAFT)


def test_a_file_is_previewed_imported_and_undone(client: Client, ada: User) -> None:
    assert uploaded(client, PIKKIT.encode()).status_code == 302
    draft = draft_of(ada)
    page = client.get(reverse("bets:import", args=[draft.pk])).content.decode()
    assert "Import 5 bets" in page
    assert "SETTLED_MAYBE" in page
    assert not Bet.objects.exists()
    client.post(reverse("bets:import_commit", args=[draft.pk]))
    assert Bet.objects.owned_by(ada).count() == 5
    history = client.get(reverse("bets:history")).content.decode()
    assert "Curry Over 26.5 Points" in history
    bet = Bet.objects.get(stake=100)
    assert "the imported file" in client.get(reverse("bets:bet", args=[bet.pk])).content.decode()
    client.post(reverse("bets:import_undo", args=[draft.pk]))
    assert not Bet.objects.owned_by(ada).exists()
    assert "Undone" in client.get(reverse("bets:imports")).content.decode()


def test_a_file_that_a_job_is_to_import_is_not_replaced(client: Client, ada: User) -> None:
    uploaded(client, PIKKIT.encode())
    draft = draft_of(ada)
    ask_import(batch=draft, by=ada, now=timezone.now())
    refused = uploaded(client, ANALYTIX.encode())
    assert refused.status_code == 422
    assert "Your last file is being imported" in refused.content.decode()
    assert draft_of(ada) == draft


def test_a_double_click_imports_once(client: Client, ada: User) -> None:
    uploaded(client, PIKKIT.encode())
    address = reverse("bets:import_commit", args=[draft_of(ada).pk])
    client.post(address)
    client.post(address)
    assert Bet.objects.count() == 5


def test_a_doubtful_date_is_asked_and_answered(client: Client, ada: User) -> None:
    uploaded(client, b"date,stake,odds,result,bet\n03/04/2026,10,1.91,won,Ajax\n")
    draft = draft_of(ada)
    address = reverse("bets:import", args=[draft.pk])
    assert "day or the month first" in client.get(address).content.decode()
    answer = {"format": "auto", "dates": "dmy", "time_zone": "UTC"}
    answer |= {
        "column_date": "date",
        "column_stake": "stake",
        "column_odds": "odds",
        "column_result": "result",
    }
    assert client.post(address, answer | {"column_selection": "bet"}).status_code == 302
    client.post(reverse("bets:import_commit", args=[draft.pk]))
    assert Bet.objects.get().placed_at.month == 4


def test_columns_with_names_of_their_own_are_mapped(client: Client, ada: User) -> None:
    uploaded(client, "Quand;Combien;Prix;Issue\n2025-05-13;12,50;EVEN;gagné\n".encode("cp1252"))
    draft = draft_of(ada)
    address = reverse("bets:import", args=[draft.pk])
    assert "No column was found" in client.get(address).content.decode()
    columns = {"date": "Quand", "stake": "Combien", "odds": "Prix", "result": "Issue"}
    answer = {f"column_{name}": header for name, header in columns.items()}
    client.post(address, answer | {"format": "generic", "time_zone": "UTC"})
    client.post(reverse("bets:import_commit", args=[draft.pk]))
    bet = Bet.objects.get()
    assert (str(bet.stake), str(bet.payout), bet.odds) == ("12.50", "25.00", 100)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + b"\x00" * 50, "spreadsheet"),
        (bytes(range(256)) * 8, "no text file"),
        (b"\xff\xfe\x00", "UTF-16"),
        (b"a,b\n" + b"x" * MAX_BYTES, "larger than"),
    ],
)
def test_what_is_no_file_of_bets_is_refused_with_the_reason(
    client: Client, ada: User, content: bytes, reason: str
) -> None:
    response = uploaded(client, content)
    assert response.status_code == 422
    assert reason in response.content.decode()
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize("content", [b"hello\n", b"a;b\n", b"{", b'{"bets": []}', b"[1]", b'a,"b\n"x'])
def test_a_text_that_is_no_table_is_refused_on_the_preview(client: Client, ada: User, content: bytes) -> None:
    uploaded(client, content)
    draft = draft_of(ada)
    assert "cannot be imported" in client.get(reverse("bets:import", args=[draft.pk])).content.decode()
    client.post(reverse("bets:import_commit", args=[draft.pk]))
    assert draft_of(ada) == draft


def test_a_stranger_finds_nothing(client: Client, ada: User) -> None:
    uploaded(client, ANALYTIX.encode())
    draft = draft_of(ada)
    client.force_login(UserFactory())
    assert client.get(reverse("bets:import", args=[draft.pk])).status_code == 404
    for name in ("import_commit", "import_undo"):
        assert client.post(reverse(f"bets:{name}", args=[draft.pk])).status_code == 404
    client.post(reverse("bets:import_discard", args=[draft.pk]))
    assert draft_of(ada) == draft


def test_an_export_is_the_persons_own_and_no_other_format_is_known(client: Client, ada: User) -> None:
    uploaded(client, PIKKIT.encode())
    client.post(reverse("bets:import_commit", args=[draft_of(ada).pk]))
    response = client.get(reverse("bets:export"), {"format": "json"})
    assert len(response.json()["bets"]) == 5
    assert "attachment" in response["Content-Disposition"]
    assert client.get(reverse("bets:export"), {"format": "xml"}).status_code == 400
    client.force_login(UserFactory())
    assert client.get(reverse("bets:export")).json()["bets"] == []


def test_a_far_too_large_upload_is_refused_before_it_is_read(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the upload was parsed")

    monkeypatch.setattr("django.http.multipartparser.MultiPartParser.parse", never)
    file = SimpleUploadedFile("bets.csv", b"x" * (50 * 1024 * 1024))
    response = client.post(reverse("bets:imports"), {"file": file, "format": "auto"})
    assert response.status_code == 413
    assert "larger than 10 MB" in response.content.decode()
    assert not ImportBatch.objects.exists()
    stranger = Client().post(
        reverse("bets:imports"), {"file": SimpleUploadedFile("b.csv", b"x" * 11_000_000)}
    )
    assert stranger.status_code == 302


def test_an_upload_needs_the_token_of_its_form(ada: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada)
    assert uploaded(browser, PIKKIT.encode()).status_code == 403
    assert not ImportBatch.objects.exists()
