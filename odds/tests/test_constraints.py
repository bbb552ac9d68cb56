"""Every constraint of the odds models and tables, broken once by its name."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model, ProtectedError
from factory.django import DjangoModelFactory

from games.tests.factories import GameFactory
from odds import models
from odds.tests import factories as f

pytestmark = pytest.mark.django_db

BROKEN_ROWS: list[tuple[str, type[DjangoModelFactory], dict[str, Any]]] = [
    ("bookmaker_key_is_not_empty", f.BookmakerFactory, {"key": "", "title": "?"}),
    ("commission_is_a_share", f.BookmakerFactory, {"commission": Decimal(1)}),
    ("commission_is_a_share", f.BookmakerFactory, {"commission": Decimal("-0.01")}),
    ("sharpness_is_not_negative", f.BookmakerFactory, {"sharpness": Decimal("-0.01")}),
    ("selection_side_is_known", f.SelectionFactory, {"side": "left"}),
    ("selection_market_is_not_empty", f.SelectionFactory, {"market": ""}),
    ("snapshot_price_is_american_odds", f.SnapshotFactory, {"price": Decimal("99.999999")}),
    ("snapshot_price_is_american_odds", f.SnapshotFactory, {"price": Decimal("-99.999999")}),
    (
        "snapshot_is_not_from_the_future",
        f.SnapshotFactory,
        {"captured_at": f.NOON - timedelta(microseconds=1)},
    ),
    ("current_price_is_american_odds", f.CurrentOddsFactory, {"price": Decimal(0)}),
    ("heartbeat_polled_not_before_seen", f.HeartbeatFactory, {"polled_at": f.NOON - timedelta(seconds=1)}),
    ("heartbeats_missed_check", f.HeartbeatFactory, {"missed": -1}),
]

REPEATED_ROWS: list[tuple[str, type[DjangoModelFactory], tuple[str, ...], dict[str, Any]]] = [
    ("selection_is_unique", f.SelectionFactory, ("game", "market", "participant", "side"), {}),
    ("one_heartbeat_per_game_book_and_scope", f.HeartbeatFactory, ("game", "bookmaker", "scope"), {}),
    ("one_price_per_line_and_book", f.CurrentOddsFactory, ("selection", "bookmaker", "point"), {}),
    (
        "one_price_per_line_and_book",
        f.CurrentOddsFactory,
        ("selection", "bookmaker", "point"),
        {"point": Decimal("-3.5")},
    ),
]

TESTED_OTHERWISE = {"selection_belongs_to_its_game"}


@pytest.mark.parametrize(("name", "factory", "values"), BROKEN_ROWS)
def test_check_refuses_a_row_that_breaks_it(
    name: str, factory: type[DjangoModelFactory], values: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        factory(**values)


@pytest.mark.parametrize(("name", "factory", "fields", "values"), REPEATED_ROWS)
def test_unique_key_refuses_a_second_row(
    name: str, factory: type[DjangoModelFactory], fields: tuple[str, ...], values: dict[str, Any]
) -> None:
    first = factory(**values)
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        factory(**values | {field: getattr(first, field) for field in fields})


def test_a_bookmakers_key_is_unique() -> None:
    models.Bookmaker.objects.create(key="fanduel", title="FanDuel")
    with pytest.raises(IntegrityError, match="bookmakers_key"), transaction.atomic():
        models.Bookmaker.objects.create(key="fanduel", title="Another")


def test_every_named_constraint_is_broken_here() -> None:
    named = {
        constraint.name
        for model in (
            models.Bookmaker,
            models.Selection,
            models.OddSnapshot,
            models.CurrentOdds,
            models.Heartbeat,
        )
        for constraint in model._meta.constraints
    }
    broken = {row[0] for row in BROKEN_ROWS} | {row[0] for row in REPEATED_ROWS} | TESTED_OTHERWISE
    assert named <= broken


def insert(table: str, row: Model, **changed: Any) -> None:
    values = {
        field.column: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name != "id"
    } | changed
    columns = ", ".join(f'"{column}"' for column in values)
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(values.values()))  # noqa: S608


@pytest.mark.parametrize(
    ("table", "factory", "name"),
    [
        ("odd_snapshots", f.SnapshotFactory, "snapshot_selection_is_of_its_game"),
        ("current_odds", f.CurrentOddsFactory, "current_odds_selection_is_of_its_game"),
    ],
)
def test_a_price_belongs_to_the_game_of_its_selection(
    table: str, factory: type[DjangoModelFactory], name: str
) -> None:
    row: Any = factory()
    for game in (GameFactory().pk, uuid.uuid4()):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            insert(table, row, game_id=game)


@pytest.mark.parametrize(
    ("table", "factory", "name"),
    [
        ("odd_snapshots", f.SnapshotFactory, "snapshot_has_a_bookmaker"),
        ("current_odds", f.CurrentOddsFactory, "current_odds_have_a_bookmaker"),
    ],
)
def test_a_price_has_a_bookmaker(table: str, factory: type[DjangoModelFactory], name: str) -> None:
    row: Any = factory()
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        insert(table, row, bookmaker_id=32_000)


@pytest.mark.parametrize("column", ["game_id", "selection_id", "bookmaker_id", "timestamp", "captured_at"])
def test_a_snapshot_lacks_nothing_but_price_and_point(column: str) -> None:
    row = f.SnapshotFactory()
    with pytest.raises(IntegrityError, match=f'"{column}"'), transaction.atomic():
        insert("odd_snapshots", row, **{column: None})
    insert("odd_snapshots", row, price=None, point=None)


def test_a_primary_key_is_not_given_twice() -> None:
    row: Any = f.SnapshotFactory()
    with pytest.raises(IntegrityError, match="pkey"), transaction.atomic():
        insert("odd_snapshots", row, id=row.pk)


def test_an_offer_does_not_move_to_another_game() -> None:
    offer = f.CurrentOddsFactory()
    other = f.CurrentOddsFactory()
    for field in ("game_id", "selection_id", "bookmaker_id"):
        with (
            pytest.raises(IntegrityError, match="keep their game, selection and bookmaker"),
            transaction.atomic(),
        ):
            models.CurrentOdds.objects.filter(pk=offer.pk).update(**{field: getattr(other, field)})
    offer.save()


def test_one_stranger_among_many_offers_is_refused() -> None:
    offers = [
        f.CurrentOddsFactory.build(selection=f.SelectionFactory(), bookmaker=f.BookmakerFactory())
        for _ in range(3)
    ]
    for offer in offers:
        offer.game = offer.selection.game
    offers[1].game = offers[0].game
    with pytest.raises(IntegrityError, match="selection_is_of_its_game"), transaction.atomic():
        models.CurrentOdds.objects.bulk_create(offers)
    offers[1].game = offers[1].selection.game
    assert len(models.CurrentOdds.objects.bulk_create(offers)) == 3


def test_an_offer_goes_with_its_selection_and_holds_its_bookmaker() -> None:
    offer = f.CurrentOddsFactory()
    kept = f.CurrentOddsFactory()
    with connection.cursor() as cursor:
        with pytest.raises(IntegrityError, match="current_odds_have_a_bookmaker"), transaction.atomic():
            cursor.execute("DELETE FROM bookmakers WHERE id = %s", [offer.bookmaker_id])
        cursor.execute("DELETE FROM selections WHERE id = %s", [offer.selection_id])
        assert list(models.CurrentOdds.objects.all()) == [kept]
        cursor.execute("DELETE FROM bookmakers WHERE id = %s", [offer.bookmaker_id])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE odd_snapshots SET price = 200",
        "UPDATE odd_snapshots SET timestamp = timestamp + interval '2 months'",
        "DELETE FROM odd_snapshots",
    ],
)
def test_a_snapshot_is_never_changed_nor_deleted(statement: str) -> None:
    f.SnapshotFactory()
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_snapshots_go_with_their_game_only_when_it_is_purged() -> None:
    snapshot = f.SnapshotFactory()
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM games WHERE id = %s", [snapshot.game_id])
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('bettrack.purge', 'on', true)")
        cursor.execute("DELETE FROM games WHERE id = %s", [snapshot.game_id])
        cursor.execute("SELECT set_config('bettrack.purge', '', true)")
    assert not models.OddSnapshot.objects.exists()
    assert not models.Selection.objects.exists()


def test_a_bookmaker_with_prices_cannot_be_deleted() -> None:
    snapshot = f.SnapshotFactory()
    with pytest.raises(ProtectedError):
        snapshot.bookmaker.delete()
    with (
        pytest.raises(IntegrityError, match="snapshot_has_a_bookmaker"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM bookmakers WHERE id = %s", [snapshot.bookmaker_id])


def test_offers_selections_and_heartbeats_go_with_their_game() -> None:
    offer = f.CurrentOddsFactory()
    f.HeartbeatFactory(game=offer.game)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM games WHERE id = %s", [offer.game_id])
    assert not models.CurrentOdds.objects.exists()
    assert not models.Heartbeat.objects.exists()
    assert not models.Selection.objects.exists()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("UPDATE selections SET id = id + 1000", "selection_keeps_its_key"),
        (
            "UPDATE selections SET game_id = (SELECT id FROM games WHERE id <> game_id)",
            "selection_keeps_its_key",
        ),
        ("UPDATE bookmakers SET id = id + 1000", "bookmaker_keeps_its_key"),
    ],
)
def test_an_offer_does_not_lose_what_it_points_to(change: str, rule: str) -> None:
    f.CurrentOddsFactory()
    GameFactory()
    with (
        pytest.raises(IntegrityError, match="keep their key: prices point to it") as refusal,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
    assert isinstance(refusal.value.__cause__, psycopg.Error)
    assert refusal.value.__cause__.diag.constraint_name == rule
    with connection.cursor() as cursor:
        cursor.execute(change.split(" SET ")[0] + " SET id = id")
