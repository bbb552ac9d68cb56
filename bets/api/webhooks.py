"""A person's webhooks for programs: registering, trying, switching, and the log of what was sent."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import owner_of
from accounts.api.idempotency import once
from bets.api.bets import BetsView
from bets.api.filters import WebhookFilter
from bets.api.refusals import refusals
from bets.models import DeliveryState, Webhook, WebhookDelivery, WebhookTopic
from bets.webhooks import registering
from rest.bodies import Body, ExactIn, TextIn
from rest.fields import NumberField, UtcField
from rest.filters import InstantFilter
from rest.problems import ApiProblem, model_faults
from rest.shaping import ModelRow, Row
from rest.views import ListMixin, RetrieveMixin, lists

HOOK_ID = "0195f1a0-0000-7000-8000-000000000131"
LEAST_EDGE = r"^(0\.[5-9][0-9]?|([1-9]|[1-4][0-9])(\.[0-9]{1,2})?|50(\.00?)?)$"


class WebhookRow(ModelRow):
    """An address of yours that is told what happens. Its secret is never shown again."""

    topics = serializers.ListField(child=serializers.ChoiceField(choices=WebhookTopic.choices))
    least_edge = NumberField(help_text="Per cent; smaller edges are not told.")
    off_at = UtcField(allow_null=True, help_text="null: it is on.")

    class Meta:
        model = Webhook
        fields = (
            "id", "url", "topics", "least_edge", "created_at", "failures", "failing_since", "off_at", "off_reason",
        )  # fmt: skip
        example: ClassVar = {
            "id": HOOK_ID, "url": "https://example.org/hook", "topics": ["bet.settled", "edge.found"],
            "least_edge": "2", "created_at": "2026-11-20T18:22:00Z", "failures": 0, "failing_since": None,
            "off_at": None, "off_reason": "",
        }  # fmt: skip


class SecretRow(Row):
    """A webhook with its secret, which is shown this once."""

    id = serializers.UUIDField()
    secret = serializers.CharField(help_text="What X-BetTrack-Signature is made with.")
    webhook = WebhookRow()

    class Meta:
        example: ClassVar = {"id": HOOK_ID, "secret": "whsec_…", "webhook": WebhookRow.Meta.example}


class DeliveryRow(ModelRow):
    """An event for a webhook, and what became of it. `id` is the event's."""

    data = serializers.DictField()  # type: ignore[assignment] # a field, not what a serializer makes

    class Meta:
        model = WebhookDelivery
        fields = (
            "id", "topic", "data", "created_at", "state", "attempts", "due_at", "last_at", "status_code",
            "took_ms", "note",
        )  # fmt: skip
        example: ClassVar = {
            "id": "0195f1a0-0000-7000-8000-000000000141", "topic": "test",
            "data": {"message": "This is a test of your webhook."}, "created_at": "2026-11-20T18:22:00Z",
            "state": "delivered", "attempts": 1, "due_at": None, "last_at": "2026-11-20T18:22:03Z",
            "status_code": 204, "took_ms": 118, "note": "",
        }  # fmt: skip


class DeliveryFilter(filters.FilterSet):
    state = filters.MultipleChoiceFilter(choices=DeliveryState.choices)
    topic = filters.MultipleChoiceFilter(choices=WebhookDelivery._meta.get_field("topic").choices)
    since = InstantFilter(field_name="created_at", lookup_expr="gte")
    until = InstantFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = WebhookDelivery
        fields: list[str] = []


@extend_schema_field({"type": "string", "pattern": LEAST_EDGE, "example": "2.50"})
class LeastEdgeIn(ExactIn):
    """An edge in per cent from 0.5 to 50."""

    pattern, example = LEAST_EDGE, "2.50"
    words = "Write a percentage from 0.5 to 50 as text, such as"


class WebhookIn(Body):
    """An address to be told what happens."""

    url = TextIn(max_length=500, help_text="A public address on port 80, 443, 8080 or 8443.")
    topics = serializers.ListField(
        child=serializers.ChoiceField(choices=WebhookTopic.choices), min_length=1, max_length=8
    )
    least_edge = LeastEdgeIn(required=False, default=Decimal(2), help_text="Per cent, of edge.found.")

    class Meta:
        example: ClassVar = {"url": "https://example.org/hook", "topics": ["bet.settled", "bet.regraded"]}


class WebhookViewSet(ListMixin, RetrieveMixin, BetsView):
    """Your webhooks. Secrets are shown once, so registering and rotating keep no answer for an Idempotency-Key."""

    serializer_class = WebhookRow
    filterset_class = WebhookFilter
    row_classes: ClassVar = {
        "create": SecretRow, "rotate": SecretRow, "test": DeliveryRow, "deliveries": DeliveryRow, "again": DeliveryRow,
    }  # fmt: skip
    body_classes: ClassVar = {"create": WebhookIn}
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return WebhookDelivery.objects.none() if self.action == "deliveries" else Webhook.objects.none()
        return Webhook.objects.owned_by(owner_of(self.request)).order_by("created_at", "id")

    def create(self, request: Request) -> Response:
        """Register an address. Its secret is in this answer and in no other; an address is registered once."""
        body = self.body()
        try:
            with refusals():
                made, secret = registering.register(user=owner_of(request), **body, now=timezone.now())
        except ValidationError as problem:
            raise ApiProblem("refused", errors=list(model_faults(problem))) from None
        where = {"Location": reverse("api:webhook-detail", args=[made.pk])}
        return Response(self._with_secret(made, secret), status=201, headers=where)

    @once
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Forget a webhook and its log."""
        registering.delete(hook=self.get_object())
        return Response(status=204)

    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate(self, request: Request, pk: Any = None) -> Response:
        """Replace the secret; what is sent from now on is signed with the one in this answer."""
        hook: Webhook = self.get_object()
        return Response(self._with_secret(hook, registering.rotate_secret(hook=hook)))

    @action(detail=True, methods=["post"], url_path="switch-off")
    @once
    def switch_off(self, request: Request, pk: Any = None) -> Response:
        """Stop; what waits is kept until it is on again."""
        registering.switch_off(hook=self.get_object(), now=timezone.now())
        return self._answer()

    @action(detail=True, methods=["post"], url_path="switch-on")
    @once
    def switch_on(self, request: Request, pk: Any = None) -> Response:
        """Begin again, with what waits first."""
        registering.switch_on(hook=self.get_object(), now=timezone.now())
        return self._answer()

    @action(detail=True, methods=["post"])
    @once
    def test(self, request: Request, pk: Any = None) -> Response:
        """Send a test, at most one in ten seconds; what became of it is in the log."""
        hook: Webhook = self.get_object()
        with refusals():
            sent = registering.send_test(hook=hook, now=timezone.now())
        return Response(DeliveryRow(sent).data)

    @lists
    @action(detail=True, filterset_class=DeliveryFilter, filtered_actions=("deliveries",))
    def deliveries(self, request: Request, pk: Any = None) -> Response:
        """What was sent to the webhook in the last 30 days and what became of it, the newest first."""
        rows = WebhookDelivery.objects.filter(webhook=self.get_object()).order_by("-created_at", "-id")
        return self.listed(self.filter_queryset(rows))

    @action(detail=True, methods=["post"], url_path="deliveries/<uuid:delivery>/again")
    @once
    def again(self, request: Request, pk: Any = None, delivery: uuid.UUID | None = None) -> Response:
        """Send an event that was given up once more, under the same id."""
        hook: Webhook = self.get_object()
        sent = get_object_or_404(WebhookDelivery.objects.filter(webhook=hook), pk=delivery)
        if not registering.send_again(delivery=sent, now=timezone.now()):
            raise ApiProblem("not_possible", "Only what was given up can be sent again.")
        sent.refresh_from_db()
        return Response(DeliveryRow(sent).data)

    def _answer(self) -> Response:
        return Response(WebhookRow(self.get_object()).data)

    def _with_secret(self, hook: Webhook, secret: str) -> dict[str, Any]:
        return {"id": hook.pk, "secret": secret, "webhook": WebhookRow(hook).data}
