from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("address", "section"),
    [
        ("/", "Board"),
        ("/edges/", "Edges"),
        ("/futures/", "Futures"),
        ("/books/", "Books"),
        ("/books/closing-lines/", "Books"),
        ("/polling/", None),
    ],
)
def test_the_top_bar_marks_the_section_one_is_in(client: Client, address: str, section: str | None) -> None:
    client.force_login(UserFactory(is_staff=True))
    page = client.get(address).content.decode()
    bar = page[page.index('<nav class="nav"') :]
    marked = re.findall(r'aria-current="page">([^<]+)</a>', bar[: bar.index("</nav>")])
    assert marked == ([section] if section else [])
