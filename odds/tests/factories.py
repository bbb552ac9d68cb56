"""Rows of bookmakers, selections and prices for tests."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from games.tests.factories import GameFactory
from odds.models import (
    Bookmaker,
    CurrentOdds,
    Heartbeat,
    ImportSource,
    OddSnapshot,
    PriceImport,
    Selection,
    Side,
)

NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


class BookmakerFactory(DjangoModelFactory[Bookmaker]):
    class Meta:
        model = Bookmaker
        django_get_or_create = ("key",)

    key = factory.Sequence(lambda n: f"book{n}")
    title = factory.LazyAttribute(lambda book: book.key.replace("_", " ").title())


class SelectionFactory(DjangoModelFactory[Selection]):
    class Meta:
        model = Selection

    game = factory.SubFactory(GameFactory)
    market = "h2h"
    participant = ""
    side = Side.HOME


class SnapshotFactory(DjangoModelFactory[OddSnapshot]):
    """A price change; its game is its selection's unless told otherwise."""

    class Meta:
        model = OddSnapshot

    selection = factory.SubFactory(SelectionFactory)
    game = factory.SelfAttribute("selection.game")
    bookmaker = factory.SubFactory(BookmakerFactory)
    price = Decimal(-110)
    point = None
    timestamp = NOON
    captured_at = factory.SelfAttribute("timestamp")


class CurrentOddsFactory(DjangoModelFactory[CurrentOdds]):
    """What a book offers now; its game is its selection's unless told otherwise."""

    class Meta:
        model = CurrentOdds

    selection = factory.SubFactory(SelectionFactory)
    game = factory.SelfAttribute("selection.game")
    bookmaker = factory.SubFactory(BookmakerFactory)
    point = None
    price = Decimal(-110)
    timestamp = NOON
    changed_at = factory.SelfAttribute("timestamp")
    updated_at = factory.SelfAttribute("changed_at")


class HeartbeatFactory(DjangoModelFactory[Heartbeat]):
    class Meta:
        model = Heartbeat

    game = factory.SubFactory(GameFactory)
    bookmaker = factory.SubFactory(BookmakerFactory)
    seen_at = NOON
    polled_at = factory.SelfAttribute("seen_at")


class PriceImportFactory(DjangoModelFactory[PriceImport]):
    class Meta:
        model = PriceImport

    game = factory.SubFactory(GameFactory)
    bookmaker = factory.SubFactory(BookmakerFactory)
    source = ImportSource.FOOTBALL_DATA
    file_name = "E0.csv"
    file_sha256 = "0" * 64
    imported_at = NOON
