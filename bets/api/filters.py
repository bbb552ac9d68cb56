"""What lists of a person's bankrolls, money, imports and whatever else belongs to bets can be asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from bets.models import (
    Bankroll,
    BankrollKind,
    Bet,
    BetEvent,
    BetEventKind,
    BetStatus,
    Currency,
    ImportBatch,
    ImportFormat,
    ImportState,
    LedgerEntry,
    LedgerKind,
    LimitKind,
    SavedFilter,
    TagEdit,
    Webhook,
    WebhookTopic,
)
from bets.placement.asked import MAX_TAG
from rest.filters import CountFilter, InstantFilter, RowFilters, TrueFalseFilter, WordsFilter

FATES = [("add", "New"), ("settle", "Settles one"), ("known", "Known"), ("refuse", "Refused")]


class BankrollFilter(filters.FilterSet):
    search = filters.CharFilter(
        field_name="name", lookup_expr="icontains", max_length=60, help_text="Part of the name."
    )
    currency = filters.ChoiceFilter(choices=Currency.choices)
    kind = filters.ChoiceFilter(choices=BankrollKind.choices, help_text="Real or paper money.")
    archived = TrueFalseFilter(
        field_name="archived_at", lookup_expr="isnull", exclude=True, help_text="Put away."
    )

    class Meta:
        model = Bankroll
        fields: list[str] = []


class LedgerFilter(filters.FilterSet):
    kind = filters.MultipleChoiceFilter(choices=LedgerKind.choices)
    since = InstantFilter(field_name="at", lookup_expr="gte")
    until = InstantFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = LedgerEntry
        fields: list[str] = []


class RollLedgerFilter(LedgerFilter):
    bet = filters.UUIDFilter(field_name="bet_id", help_text="The lines of one bet.")


class WholeLedgerFilter(RollLedgerFilter):
    bankroll = filters.UUIDFilter(field_name="bankroll_id", help_text="The lines of one bankroll.")


class EventFilter(filters.FilterSet):
    kind = filters.MultipleChoiceFilter(choices=BetEventKind.choices)
    since = InstantFilter(field_name="at", lookup_expr="gte")
    until = InstantFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = BetEvent
        fields: list[str] = []


class ReviewFilter(filters.FilterSet):
    """What programs may ask of the review queue beside what its page offers."""

    person = filters.CharFilter(field_name="user__username", max_length=150, help_text="The bettor's name.")
    bookmaker = WordsFilter(field_name="bookmaker__key", help_text="Keys of books, separated by commas.")
    since = InstantFilter(field_name="placed_at", lookup_expr="gte", help_text="Placed from then on.")
    until = InstantFilter(field_name="placed_at", lookup_expr="lt", help_text="Placed before.")

    class Meta:
        model = Bet
        fields: list[str] = []


class ImportFilter(filters.FilterSet):
    state = filters.MultipleChoiceFilter(choices=ImportState.choices)
    format = filters.MultipleChoiceFilter(choices=ImportFormat.choices)
    search = filters.CharFilter(
        field_name="file_name", lookup_expr="icontains", max_length=120, help_text="Part of the file's name."
    )
    since = InstantFilter(field_name="created_at", lookup_expr="gte")
    until = InstantFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = ImportBatch
        fields: list[str] = []


class StepFilter(RowFilters):
    """Of rows as the API writes them."""

    fate = filters.MultipleChoiceFilter(field_name="fate", choices=FATES)
    status = filters.MultipleChoiceFilter(field_name="status", choices=BetStatus.choices)
    book = WordsFilter(
        field_name="book", help_text="Keys of books, or names in the file, separated by commas."
    )
    search = filters.CharFilter(
        field_name="description", lookup_expr="icontains", max_length=200, help_text="In the description."
    )
    doubtful = TrueFalseFilter(method="only_doubtful", help_text="Rows that were read with doubts.")
    since = InstantFilter(field_name="placed_at", lookup_expr="gte", help_text="Placed from then on.")
    until = InstantFilter(field_name="placed_at", lookup_expr="lt", help_text="Placed before.")

    def only_doubtful(self, rows: Iterable[dict[str, Any]], name: str, value: bool) -> list[dict[str, Any]]:
        return [row for row in rows if bool(row["doubts"]) is value]


class TagFilter(RowFilters):
    """Of rows as the API writes them."""

    search = filters.CharFilter(
        field_name="tag", lookup_expr="icontains", max_length=MAX_TAG, help_text="Part of the tag."
    )
    least = CountFilter(field_name="bets", lookup_expr="gte", help_text="On so many bets at least.")


class TagEditFilter(filters.FilterSet):
    tag = filters.CharFilter(method="with_tag", max_length=MAX_TAG, help_text="Put on or taken off.")
    undone = TrueFalseFilter(
        field_name="undone_at", lookup_expr="isnull", exclude=True, help_text="Taken back."
    )
    since = InstantFilter(field_name="at", lookup_expr="gte")
    until = InstantFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = TagEdit
        fields: list[str] = []

    def with_tag(self, edits: QuerySet[TagEdit], name: str, value: str) -> QuerySet[TagEdit]:
        return edits.filter(Q(added__contains=[value]) | Q(removed__contains=[value]))


class LimitFilter(RowFilters):
    """Of rows as the API writes them."""

    kind = filters.MultipleChoiceFilter(field_name="kind", choices=LimitKind.choices)
    currency = filters.MultipleChoiceFilter(field_name="currency", choices=Currency.choices)
    money = filters.ChoiceFilter(field_name="money", choices=BankrollKind.choices, help_text="Real or paper.")
    in_force = TrueFalseFilter(field_name="in_force", help_text="false: those that wait for their day.")


class SavedFilterFilter(filters.FilterSet):
    search = filters.CharFilter(
        field_name="name", lookup_expr="icontains", max_length=60, help_text="Part of the name."
    )
    since = InstantFilter(field_name="created_at", lookup_expr="gte")
    until = InstantFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = SavedFilter
        fields: list[str] = []


class WebhookFilter(filters.FilterSet):
    topic = filters.MultipleChoiceFilter(
        method="of_topics", choices=WebhookTopic.choices, help_text="Told one of these."
    )
    search = filters.CharFilter(
        field_name="url", lookup_expr="icontains", max_length=500, help_text="Part of the address."
    )
    on = TrueFalseFilter(field_name="off_at", lookup_expr="isnull", help_text="false: those switched off.")
    failing = TrueFalseFilter(
        field_name="failing_since",
        lookup_expr="isnull",
        exclude=True,
        help_text="The last attempt failed.",
    )

    class Meta:
        model = Webhook
        fields: list[str] = []

    def of_topics(self, hooks: QuerySet[Webhook], name: str, value: list[str]) -> QuerySet[Webhook]:
        return hooks.filter(topics__overlap=value)
