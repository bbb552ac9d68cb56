"""The status page for programs."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feeds.models import Monitor
from feeds.monitoring.page import IncidentRow, MonitorRow, StatusPage, status_page
from feeds.monitoring.transitions import Status
from feeds.monitoring.uptime import BEFORE, MIXED, Sums
from rest.fields import NumberField, UtcField, plain
from rest.shaping import Row
from rest.views import ApiView

STATUSES = [(str(one), one.words) for one in Status]
STATES = [*STATUSES, (MIXED, "Down for a part"), (BEFORE, "Not watched yet")]


class PeriodPart(Row):
    period = serializers.CharField(help_text="Back from now: 24 hours, 7 days, 30 days or 90 days.")
    uptime = NumberField(allow_null=True, help_text="Up ÷ (up + down), cut off; null where nothing is known.")
    coverage = NumberField(help_text="The share of the period in which the status was known.")
    up_seconds = serializers.IntegerField()
    down_seconds = serializers.IntegerField()
    maintenance_seconds = serializers.IntegerField()


class DayPart(Row):
    day = serializers.DateField(help_text="In UTC.")
    state = serializers.ChoiceField(choices=STATES)
    up_seconds = serializers.IntegerField()
    down_seconds = serializers.IntegerField()


class MonitorPart(Row):
    key = serializers.CharField()
    group = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    since = UtcField(allow_null=True, help_text="Since when, within 90 days.")
    reason = serializers.CharField(allow_blank=True)
    periods = PeriodPart(many=True)
    days = DayPart(many=True)


class NotePart(Row):
    at = UtcField()
    text = serializers.CharField()


class IncidentPart(Row):
    id = serializers.UUIDField()
    monitor = serializers.CharField()
    started_at = UtcField()
    resolved_at = UtcField(allow_null=True)
    reason = serializers.CharField()
    notes = NotePart(many=True)


class StatusRow(Row):
    """How the installation does: everything watched, now and over 90 days."""

    status = serializers.ChoiceField(choices=STATUSES, help_text="The worst of all.")
    at = UtcField(help_text="When this was put together; at most half a minute ago.")
    watched_at = UtcField(allow_null=True, help_text="When the watcher last looked.")
    monitors = MonitorPart(many=True)
    incidents = IncidentPart(many=True)

    class Meta:
        identity = "status"
        example: ClassVar = {
            "status": "up", "at": "2026-11-20T18:22:00Z", "watched_at": "2026-11-20T18:21:51Z",
            "monitors": [
                {
                    "key": "work:settle", "group": "Background work", "name": "Settling bets", "status": "up",
                    "since": "2026-11-02T04:11:00Z", "reason": "",
                    "periods": [
                        {
                            "period": "24 hours", "uptime": "1", "coverage": "0.998611", "up_seconds": 86280,
                            "down_seconds": 0, "maintenance_seconds": 0,
                        }
                    ],
                    "days": [{"day": "2026-11-20", "state": "up", "up_seconds": 66120, "down_seconds": 0}],
                }
            ],
            "incidents": [],
        }  # fmt: skip


class StatusViewSet(ApiView):
    """How this installation does."""

    queryset = Monitor.objects.none()
    serializer_class = StatusRow
    tag = "status"

    def is_listing(self) -> bool:
        return False

    def list(self, request: Request) -> Response:
        """What `/status/` shows: every monitor with its uptime and days, and the incidents of 90 days with notes."""
        return self.one(as_row(status_page()))


def as_row(page: StatusPage) -> dict[str, Any]:
    return {
        "status": page.status,
        "at": page.at,
        "watched_at": page.watched_at,
        "monitors": [monitor_row(row) for row in page.monitors],
        "incidents": [incident_row(row) for row in page.incidents],
    }


def monitor_row(row: MonitorRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "group": row.group,
        "name": row.name,
        "status": row.status,
        "since": row.since,
        "reason": row.reason,
        "periods": [period_row(name, sums) for name, sums in row.periods.items()],
        "days": [
            {
                "day": bar.day,
                "state": bar.state,
                "up_seconds": seconds(bar.sums.up),
                "down_seconds": seconds(bar.sums.down),
            }
            for bar in row.bars
        ],
    }


def period_row(name: str, sums: Sums) -> dict[str, Any]:
    return {
        "period": name,
        "uptime": cut(sums.uptime),
        "coverage": cut(sums.coverage),
        "up_seconds": seconds(sums.up),
        "down_seconds": seconds(sums.down),
        "maintenance_seconds": seconds(sums.maintenance),
    }


def incident_row(row: IncidentRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "monitor": row.monitor,
        "started_at": row.started_at,
        "resolved_at": row.resolved_at,
        "reason": row.reason,
        "notes": [{"at": note.at, "text": note.text} for note in row.notes],
    }


def seconds(time: Any) -> int:
    return int(time.total_seconds())


def cut(share: Fraction | None) -> str | None:
    """Six digits at most, not rounded up: only what is whole reads 1."""
    return None if share is None else plain(Decimal(share * 1_000_000 // 1).scaleb(-6))
