from __future__ import annotations

import datetime as dt

import factory

from feeds.models import ApiCall, Provider, Quota

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
