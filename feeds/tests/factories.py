from __future__ import annotations

import datetime as dt

import factory

from feeds.models import (
    Alert,
    AlertChannel,
    AlertKind,
    ApiCall,
    Flip,
    Incident,
    IncidentNote,
    Monitor,
    Provider,
    Pulse,
    Quota,
)

NOW = dt.datetime(2026, 11, 20, 18, 0, tzinfo=dt.UTC)


class ApiCallFactory(factory.django.DjangoModelFactory):
    provider = Provider.THE_ODDS_API
    endpoint = "/v4/sports/basketball_nba/odds"
    params = factory.LazyFunction(lambda: {"regions": "us"})
    cost = 3
    status = 200
    duration_ms = 120
    used = 3
    remaining = 497
    at = NOW

    class Meta:
        model = ApiCall


class QuotaFactory(factory.django.DjangoModelFactory):
    provider = Provider.THE_ODDS_API
    key_fingerprint = factory.Sequence(lambda n: f"{n:012x}")
    period_start = NOW
    limit = 500
    used = 0

    class Meta:
        model = Quota


class PulseFactory(factory.django.DjangoModelFactory):
    name = factory.Sequence(lambda n: f"work{n}")
    at = NOW
    since = NOW

    class Meta:
        model = Pulse


class MonitorFactory(factory.django.DjangoModelFactory):
    key = factory.Sequence(lambda n: f"test:{n}")
    group = "Tests"
    name = factory.Sequence(lambda n: f"Thing {n}")
    source = "test"
    created_at = NOW
    checked_at = NOW

    class Meta:
        model = Monitor


class FlipFactory(factory.django.DjangoModelFactory):
    monitor = factory.SubFactory(MonitorFactory)
    at = NOW
    noticed_at = factory.SelfAttribute("at")
    old = "unknown"
    new = "up"

    class Meta:
        model = Flip


class IncidentFactory(factory.django.DjangoModelFactory):
    monitor = factory.SubFactory(MonitorFactory)
    started_at = NOW
    reason = "it does not answer"

    class Meta:
        model = Incident


class IncidentNoteFactory(factory.django.DjangoModelFactory):
    incident = factory.SubFactory(IncidentFactory)
    at = NOW
    text = "We are looking into it."

    class Meta:
        model = IncidentNote


class AlertFactory(factory.django.DjangoModelFactory):
    incident = factory.SubFactory(IncidentFactory)
    kind = AlertKind.DOWN
    channel = AlertChannel.EMAIL
    recipient = "ops@example.org"
    created_at = NOW
    due_at = NOW

    class Meta:
        model = Alert
