from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from .factories import (
    NOW,
    AlertFactory,
    ApiCallFactory,
    FlipFactory,
    IncidentFactory,
    IncidentNoteFactory,
    MonitorFactory,
    PulseFactory,
    QuotaFactory,
)

pytestmark = pytest.mark.django_db

CALL_RULES: list[tuple[str, dict[str, Any]]] = [
    ("api_calls_provider_is_known", {"provider": "nobody"}),
    ("api_calls_status_is_http", {"status": 99}),
    ("api_calls_status_is_http", {"status": 600}),
    ("api_calls_endpoint_is_a_bare_path", {"endpoint": "/v4/sports?apiKey=x"}),
    ("api_calls_endpoint_is_a_bare_path", {"endpoint": "https://host/v4"}),
    ("api_calls_params_hold_no_key", {"params": {"apiKey": "x"}}),
    ("api_calls_params_hold_no_key", {"params": {"api_key": "x"}}),
    ("api_calls_used_with_remaining", {"used": None}),
    ("api_calls_used_with_remaining", {"remaining": None}),
    ("api_calls_cost_check", {"cost": -1}),
    ("api_calls_duration_ms_check", {"duration_ms": -1}),
]
QUOTA_RULES: list[tuple[str, dict[str, Any]]] = [
    ("quotas_provider_is_known", {"provider": "nobody"}),
    ("quotas_block_is_known", {"block": "tired", "blocked_at": NOW}),
    ("quotas_blocked_with_its_time", {"block": "bad_key"}),
    ("quotas_blocked_with_its_time", {"blocked_at": NOW}),
    ("quotas_breaker_only_out_of_credits", {"block": "out_of_credits", "blocked_at": NOW}),
    ("quotas_breaker_only_out_of_credits", {"block": "bad_key", "blocked_at": NOW, "breaker_until": NOW}),
    ("quotas_reserved_with_its_time", {"reserved": 1}),
    ("quotas_remaining_with_its_time", {"remaining": 1}),
    ("quotas_used_check", {"used": -1}),
]


@pytest.mark.parametrize(("rule", "broken"), CALL_RULES)
def test_a_broken_call_is_refused_by_the_database(rule: str, broken: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        ApiCallFactory(**broken)


@pytest.mark.parametrize(("rule", "broken"), QUOTA_RULES)
def test_a_broken_quota_is_refused_by_the_database(rule: str, broken: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        QuotaFactory(**broken)


def test_a_key_has_one_quota_per_period() -> None:
    QuotaFactory(key_fingerprint="f")
    with pytest.raises(IntegrityError, match="quotas_one_per_key_and_period"), transaction.atomic():
        QuotaFactory(key_fingerprint="f")


def test_a_call_without_an_answer_has_neither_status_nor_counters() -> None:
    call = ApiCallFactory(status=None, used=None, remaining=None, cost=0)
    assert str(call) == "The Odds API /v4/sports/basketball_nba/odds no answer"


MONITOR_RULES: list[tuple[Any, str, dict[str, Any]]] = [
    (PulseFactory, "pulse_has_a_name", {"name": ""}),
    (PulseFactory, "pulse_succeeded_or_failed", {"at": None}),
    (MonitorFactory, "monitor_is_named", {"name": ""}),
    (MonitorFactory, "monitor_is_named", {"key": ""}),
    (MonitorFactory, "monitor_is_named", {"group": ""}),
    (MonitorFactory, "monitor_status_is_known", {"status": "tired"}),
    (MonitorFactory, "monitor_fails_since_a_moment", {"failures": 1}),
    (MonitorFactory, "monitor_fails_since_a_moment", {"failing_since": NOW}),
    (MonitorFactory, "monitor_succeeds_since_a_moment", {"successes": 1}),
    (
        MonitorFactory,
        "monitor_fails_or_succeeds",
        {"failures": 1, "failing_since": NOW, "successes": 1, "succeeding_since": NOW},
    ),
    (FlipFactory, "flip_changes_a_known_status", {"new": "unknown"}),
    (FlipFactory, "flip_changes_a_known_status", {"new": "tired"}),
    (FlipFactory, "flip_noticed_not_before_it_was", {"noticed_at": NOW - dt.timedelta(seconds=1)}),
    (IncidentFactory, "incident_ends_after_it_began", {"resolved_at": NOW}),
    (IncidentNoteFactory, "incident_note_says_something", {"text": ""}),
    (AlertFactory, "alert_kind_is_known", {"kind": "maybe"}),
    (AlertFactory, "alert_(channel_is_known|by_email)", {"channel": "pigeon", "recipient": ""}),
    (AlertFactory, "alert_state_is_known", {"state": "lost", "due_at": None}),
    (AlertFactory, "alert_is_due_while_it_waits", {"due_at": None}),
    (AlertFactory, "alert_is_due_while_it_waits", {"state": "sent"}),
    (AlertFactory, "alert_by_email_has_an_address", {"recipient": ""}),
    (AlertFactory, "alert_by_email_has_an_address", {"channel": "webhook"}),
]


@pytest.mark.parametrize(("factory", "rule", "broken"), MONITOR_RULES)
def test_a_broken_row_of_monitoring_is_refused_by_the_database(
    factory: Any, rule: str, broken: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        factory(**broken)


def test_an_alert_is_written_once_and_a_flip_is_one_at_a_time() -> None:
    alert, flip = AlertFactory(), FlipFactory()
    with pytest.raises(IntegrityError, match="alert_is_written_once"), transaction.atomic():
        AlertFactory(incident=alert.incident)
    with pytest.raises(IntegrityError, match="one_flip_at_a_time"), transaction.atomic():
        FlipFactory(monitor=flip.monitor)
