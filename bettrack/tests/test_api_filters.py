"""Every list of the description has pages and filters; filters keep what they say, and refuse what they cannot read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from django.conf import settings as site
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import resolve
from jsonschema import Draft202012Validator, FormatChecker

from accounts.tests.factories import UserFactory
from bets.history.paging import ORDERS
from bets.imports.drafts import keep_draft
from bets.models import Bankroll, ImportBatch
from bettrack.api_pages import api_description
from bettrack.tests.api_callers import described, signed_in
from bettrack.tests.api_world import ids_of_world
from bettrack.tests.test_api_lists import more
from bettrack.tests.test_api_permissions import ROUTES, concrete
from games.models import Placing
from games.tests.factories import PlacingFactory, ScoreReadingFactory
from rest.bodies import SOME_TEXT
from rest.pages import LARGEST_PAGE, PAGE_SIZE, KeysetPages, write_cursor

pytestmark = pytest.mark.django_db
BY_NUMBER = {"odds-board"}
"""Its games come in pages of 50 by number, as on the page of the board: their order depends on what is shown."""
OF_PAGES = {"cursor", "limit", "fields", "expand"}
FILE = b"""date,book,selection,stake,odds,result
2026-11-01,draftkings,Celtics,25,-110,won
2026-11-02,fanduel,Lakers,10,+120,lost
2026-11-03,draftkings,Bulls,x,+120,lost
"""


class World(NamedTuple):
    """Several of everything, and its owner, who is staff, signed in."""

    ids: dict[str, Any]
    client: Client


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    rates = site.API_RATES
    with django_db_blocker.unblock(), transaction.atomic():
        cache.clear()
        site.API_RATES = dict.fromkeys(rates, (10**6, 60))
        try:
            owner = UserFactory(staff=True)
            ids = ids_of_world(owner)
            ids["outright"] = ids["futures"]
            more(ids, owner, 2)
            ids["imports"] = keep_draft(owner, "bets.csv", FILE, "auto").pk
            ImportBatch.objects.filter(pk=ids["imports"]).update(file_name="Autumn.csv")
            Bankroll.objects.filter(pk=ids["bankrolls"]).update(name="Main")
            PlacingFactory(game_id=ids["futures"], position=None)
            ScoreReadingFactory(game_id=ids["games"], source="staff")
            yield World(ids, signed_in(owner))
        finally:
            site.API_RATES = rates
            transaction.set_rollback(True)


def answer_schema(operation: dict[str, Any]) -> dict[str, Any]:
    """What a 200 of the operation holds; nothing where it is no JSON."""
    content = operation["responses"]["200"].get("content", {})
    schema: dict[str, Any] = content.get("application/json", {}).get("schema", {})
    if "$ref" in schema:
        found: dict[str, Any] = api_description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


READS = {name: path for name, method, path in ROUTES if method == "GET"}
OPERATIONS = {name: api_description()["paths"][described(path)]["get"] for name, path in READS.items()}
LISTS = sorted(
    name for name, each in OPERATIONS.items() if "results" in answer_schema(each).get("properties", ())
)


def parameters(name: str) -> dict[str, dict[str, Any]]:
    found = OPERATIONS[name].get("parameters", [])
    return {each["name"]: each for each in found if each["in"] == "query"}


def test_no_answer_is_a_list_without_pages() -> None:
    assert len(LISTS) >= 41
    bare = {name for name, each in OPERATIONS.items() if answer_schema(each).get("type") == "array"}
    assert not bare, "Lists come in pages: {results, next, previous}."


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_capped_pages_and_a_filter_set(world: World, name: str) -> None:
    known = parameters(name)
    assert set(known) - OF_PAGES, f"{name} has no filters"
    for each in set(known):
        is_plain = known[each]["schema"].get("type") == "boolean" or "enum" in str(known[each]["schema"])
        assert is_plain or known[each].get("description"), f"{name}: {each} is not described"
    if name in BY_NUMBER:
        assert "page" in known
        return
    assert known["limit"]["schema"] == {
        "type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE,
        "examples": [PAGE_SIZE],
    }  # fmt: skip
    callback = resolve(concrete(name, "GET", READS[name], world.ids).partition("?")[0]).func
    view = callback.cls(**callback.initkwargs)
    view.action = callback.actions["get"]
    assert view.pagination_class is KeysetPages
    assert view.filters(), (
        f"Give {name} a filter set: filterset_class, and its action among filtered_actions."
    )
    assert view.filters().keys() <= known.keys()


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_parameter_has_an_example_that_it_takes(name: str) -> None:
    for known in parameters(name).values():
        (example,) = known["schema"]["examples"]
        faults = Draft202012Validator(known["schema"], format_checker=FormatChecker()).iter_errors(example)
        assert not list(faults), f"{name}: {known['name']}"
        assert not {"example", "examples"} & known.keys(), "the page that tries it out would fill it in"


@pytest.mark.parametrize("name", sorted(set(LISTS) - BY_NUMBER))
def test_pages_of_a_list_hold_every_row_once_there_and_back(world: World, name: str) -> None:
    every = asked(world, name, limit=200).json()["results"]
    size = max(1, (len(every) + 2) // 3)
    answers = [asked(world, name, limit=size).json()]
    while answers[-1]["next"]:
        answers.append(world.client.get(answers[-1]["next"]).json())
    assert [row for answer in answers for row in answer["results"]] == every
    back = [answers[-1]]
    while back[-1]["previous"]:
        back.append(world.client.get(back[-1]["previous"]).json())
    assert [row for answer in reversed(back) for row in answer["results"]] == every


def asked(world: World, name: str, **values: Any) -> Any:
    """The answer of a list to these parameters, and to those that it needs."""
    ids = world.ids | ({"games": world.ids["futures"]} if name == "game-placings" else {})
    address, _, needed = concrete(name, "GET", READS[name], ids).partition("?")
    query = dict(pair.split("=") for pair in needed.split("&") if pair) | values
    return world.client.get(address, query)


@pytest.mark.parametrize("name", LISTS)
def test_a_filter_takes_its_example(world: World, name: str) -> None:
    for each, known in parameters(name).items():
        if each != "cursor":
            (example,) = known["schema"]["examples"]
            value = ",".join(map(str, example)) if isinstance(example, list) else example
            answer = asked(world, name, **{each: str(value).lower() if value is True else value})
            assert answer.status_code in (200, 404, 422), f"{name} {each}={value}: {answer.content!r}"


@pytest.mark.parametrize("name", LISTS)
def test_a_bad_value_of_a_filter_is_a_400_that_names_it(world: World, name: str) -> None:
    for each in set(parameters(name)) - {"cursor"}:
        schema = parameters(name)[each]["schema"]
        is_text = schema.get("items", schema).get("pattern") == SOME_TEXT
        for value in ["", "\0"] if is_text else ["", "nonsense\0"]:
            answer = asked(world, name, **{each: value})
            assert answer.status_code == 400, f"{name} {each}={value[:9]!r}: {answer.content!r}"
            assert answer.json()["errors"][0]["field"] == each, f"{name} {each}={value[:9]!r}"


@pytest.mark.parametrize("name", LISTS)
def test_a_strange_value_of_a_filter_is_no_fault_of_ours(world: World, name: str) -> None:
    strange = ["nonsense", "' OR 1=1 --%\\", "٣" * 400]
    for each in set(parameters(name)) - {"cursor"}:
        for value in strange:
            answer = asked(world, name, **{each: value})
            assert answer.status_code in (200, 400, 404, 422), f"{name} {each}={value!r}: {answer.content!r}"


@pytest.mark.parametrize("name", LISTS)
def test_a_parameter_that_is_read_once_is_given_once(world: World, name: str) -> None:
    for each, known in parameters(name).items():
        (example,) = known["schema"]["examples"]
        example = example[0] if isinstance(example, list) else example
        twice = [str(example).lower() if example is True else str(example)] * 2
        answer = asked(world, name, **{each: twice})
        if known.get("explode"):
            assert answer.status_code in (200, 422), f"{name} {each}: {answer.content!r}"
        else:
            assert answer.status_code == 400, f"{name} {each}"
            error = answer.json()["errors"][0]
            assert (error["field"], error["code"]) == (each, "repeated"), f"{name} {each}"


Keeps = Callable[[dict[str, Any]], bool]
KEPT: list[tuple[str, dict[str, Any], Keeps]] = [
    ("bankroll-ledger", {"kind": "deposit"}, lambda row: row["kind"] == "deposit"),
    ("bankroll-list", {"search": "MAIN"}, lambda row: "main" in row["name"].lower()),
    ("bet-events", {"kind": "settled"}, lambda row: row["kind"] == "settled"),
    ("bet-ledger", {"kind": ["payout", "bonus"]}, lambda row: row["kind"] == "payout"),
    ("bookmaker-list", {"search": "ook0"}, lambda row: "ook0" in row["title"].lower()),
    ("bookmaker-report", {"bookmaker": "book0,book2"}, lambda row: row["bookmaker"] in ("book0", "book2")),
    ("closing-line-list", {"side": "away"}, lambda row: row["side"] == "away"),
    ("closing-line-list", {"market": "spreads"}, lambda row: row["market_type"] == "spreads"),
    ("closing-line-list", {"bookmaker": "book0"}, lambda row: row["bookmaker"] == "book0"),
    ("edge-list", {"game": "{games}"}, lambda row: row["game_id"] == "{games}"),
    ("fair-price-list", {"side": ["home", "over"]}, lambda row: row["side"] in ("home", "over")),
    ("feed-list", {"provider": "espn"}, lambda row: row["provider"] == "espn"),
    ("filter-list", {"search": "won"}, lambda row: "won" in row["name"].lower()),
    ("future-runners", {"participant": "celt"}, lambda row: row["participant"] == "Celtics"),
    ("game-placings", {"took_part": "false"}, lambda row: row["position"] is None),
    ("game-readings", {"source": "staff"}, lambda row: row["source"] == "staff"),
    ("import-list", {"search": "autumn"}, lambda row: row["file_name"] == "Autumn.csv"),
    ("import-list", {"state": "draft"}, lambda row: row["state"] == "draft"),
    ("import-rows", {"fate": "refuse"}, lambda row: row["fate"] == "refuse"),
    ("import-rows", {"status": "won"}, lambda row: row["status"] == "won"),
    ("import-rows", {"search": "lak"}, lambda row: "Lak" in row["description"]),
    ("import-rows", {"since": "2026-11-02T00:00:00Z"}, lambda row: row["description"] == "Lakers"),
    ("ledger-list", {"bankroll": "{bankrolls}"}, lambda row: row["bankroll_id"] == "{bankrolls}"),
    ("ledger-list", {"bet": "{bets}"}, lambda row: row["bet_id"] == "{bets}"),
    ("limit-list", {"in_force": "false"}, lambda row: row["in_force"] is False),
    ("odds-best", {"market": "h2h", "side": "home"}, lambda row: (row["market_type"], row["side"]) == ("h2h", "home")),
    ("odds-upcoming", {"team": "{teams}"}, lambda row: "{teams}" in (row["home_team_id"], row["away_team_id"])),
    ("review-list", {"until": "2020-01-01T00:00:00Z"}, lambda row: False),
    ("sport-list", {"search": "sport 1"}, lambda row: row["title"] == "Sport 1"),
    ("tag-edit-list", {"tag": "nba"}, lambda row: "nba" in row["added"]),
    ("tag-list", {"search": "TAG"}, lambda row: "tag" in row["tag"]),
    ("tag-list", {"least": 2}, lambda row: row["bets"] >= 2),
    ("webhook-list", {"search": "nowhere"}, lambda row: "nowhere" in row["url"]),
]  # fmt: skip


NOTHING = {("review-list", "until"), ("webhook-list", "search")}


@pytest.mark.parametrize(
    ("name", "query", "keeps"), KEPT, ids=[f"{name} {' '.join(query)}" for name, query, _ in KEPT]
)
def test_a_filter_keeps_what_it_says_and_no_more(
    world: World, name: str, query: dict[str, Any], keeps: Keeps
) -> None:
    def filled(row: Any) -> Any:
        text = {str(value): f"{{{word}}}" for word, value in world.ids.items() if len(str(value)) == 36}
        return {
            key: text.get(value, value) if isinstance(value, str) else value for key, value in row.items()
        }

    values = {
        key: value.format(**world.ids) if isinstance(value, str) else value for key, value in query.items()
    }
    every = asked(world, name, limit=200).json()["results"]
    found = asked(world, name, limit=200, **values).json()["results"]
    assert found == [row for row in every if keeps(filled(row))]
    assert len(found) < len(every)
    assert found or (name, *query) in NOTHING


def test_the_books_named_are_those_whose_upcoming_odds_are_told(world: World) -> None:
    rows = asked(world, "odds-upcoming", bookmaker="book1", market="h2h").json()["results"]
    assert {book["bookmaker"] for row in rows for book in row["bookmakers"]} == {"book1"}
    odds = [odd for row in rows for book in row["bookmakers"] for odd in book["odds"]]
    assert {odd["market_type"] for odd in odds} == {"h2h"}


def test_futures_are_found_by_runner_book_and_sport(world: World) -> None:
    every = asked(world, "future-list").json()["results"]
    assert asked(world, "future-list", participant="bulls").json()["results"] == every
    assert asked(world, "future-list", bookmaker="book1,nowhere").json()["results"] == every
    for query in ({"participant": "Heat"}, {"bookmaker": "nowhere"}, {"sport": "nowhere"}):
        assert asked(world, "future-list", **query).json()["results"] == []
    one = asked(world, "future-list", sport=every[0]["sport_key"]).json()["results"]
    assert one == [row for row in every if row["sport_key"] == every[0]["sport_key"]]


def test_placings_up_to_a_position(world: World) -> None:
    Placing.objects.filter(game=world.ids["futures"], position__isnull=False).update(position=4, tied_with=1)
    assert asked(world, "game-placings", top=3).json()["results"] == []
    assert len(asked(world, "game-placings", top=4).json()["results"]) == 2


@pytest.mark.parametrize(
    "path", ["bets/{open}/", "bankrolls/{bankrolls}/", "filters/{filters}/", "imports/{imports}/"]
)
def test_a_change_that_names_nothing_is_refused(world: World, path: str) -> None:
    answer = world.client.patch(f"/api/v1/{path.format(**world.ids)}", {}, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_change_of_a_bet_that_sets_nothing_right_is_refused(world: World) -> None:
    path = f"/api/v1/bets/{world.ids['open']}/"
    answer = world.client.patch(path, {"reason": "None.", "revision": 7}, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "refused")


@pytest.mark.parametrize(
    "query", ["fields=,,", "fields=id,", "expand=,", "fields=id&fields=title", "fields="]
)
def test_fields_without_a_name_and_fields_twice_are_refused(world: World, query: str) -> None:
    answer = world.client.get(f"/api/v1/games/?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


def test_a_write_refuses_parameters_that_it_does_not_know(world: World) -> None:
    answer = world.client.post("/api/v1/filters/?colour=red", {"name": "x"}, "application/json")
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["field"], error["code"]) == (400, "colour", "unknown_parameter")


def test_evidence_is_in_the_legs_and_nowhere_else(world: World) -> None:
    address = f"/api/v1/bets/{world.ids['bets']}/"
    whole = world.client.get(address, {"expand": "evidence"}).json()
    assert "evidence" not in whole
    assert whole["legs"][0]["evidence"]
    assert "evidence" not in world.client.get(address).json()["legs"][0]
    alone = world.client.get(address, {"fields": "id", "expand": "evidence"}).json()
    assert alone.keys() == {"id", "legs"}
    assert world.client.get(address, {"fields": "evidence"}).status_code == 400


@pytest.mark.parametrize("value", ["NaN", "1e400", "-Infinity", None, [], {}, "\0", 10**30, "x"])
@pytest.mark.parametrize("order", ["placed", "-settled", "stake", "-profit"])
def test_a_cursor_of_the_right_order_with_a_strange_value_does_no_harm(order: str, value: object) -> None:
    sign, name = ("-", order[1:]) if order.startswith("-") else ("", order)
    column = ORDERS[name].column
    cursor = write_cursor(f"{sign}{column},{sign}id", [value, str(UserFactory().pk)])
    response = signed_in(UserFactory()).get("/api/v1/bets/", {"order": order, "cursor": cursor})
    is_place = value is None and name in ("settled", "profit")
    assert response.status_code == (200 if is_place else 404), response.content
