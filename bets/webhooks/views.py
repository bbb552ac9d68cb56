"""The pages on which people register webhooks, try them, and see what was sent."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest, signed_in
from bets.exceptions import NotPossible
from bets.models import Webhook
from bets.webhooks import registering
from bets.webhooks.delivering import MOST_ATTEMPTS
from bets.webhooks.forms import NewWebhookForm

A_PAGE = 50


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: SignedInRequest) -> HttpResponse:
    """The person's webhooks; POST registers one and shows its secret this once."""
    form = NewWebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = registering.register(user=request.user, **form.cleaned_data, now=timezone.now())
        except NotPossible as problem:
            form.add_error(None, str(problem))
        except ValidationError as problem:
            form.add_error(None, problem.messages)
        else:
            return listed(request, NewWebhookForm(), made, secret, status=201)
    return listed(request, form, status=422 if form.is_bound else 200)


def listed(
    request: SignedInRequest,
    form: NewWebhookForm,
    made: Webhook | None = None,
    secret: str = "",
    *,
    status: int,
) -> HttpResponse:
    hooks = list(Webhook.objects.owned_by(request.user))
    context = {"form": form, "hooks": hooks, "made": made, "secret": secret}
    return render(request, "webhooks/list.html", context, status=status)


@signed_in
@never_cache
@require_safe
def webhook(request: SignedInRequest, hook_id: uuid.UUID) -> HttpResponse:
    """One webhook with the log of what was sent."""
    return detail(request, owned(request, hook_id))


@signed_in
@never_cache
@require_POST
def rotate(request: SignedInRequest, hook_id: uuid.UUID) -> HttpResponse:
    """Make a new secret and show it this once."""
    hook = owned(request, hook_id)
    return detail(request, hook, registering.rotate_secret(hook=hook), status=201)


@signed_in
@require_POST
def test(request: SignedInRequest, hook_id: uuid.UUID) -> HttpResponse:
    """Send a test."""
    hook = owned(request, hook_id)
    try:
        registering.send_test(hook=hook, now=timezone.now())
    except NotPossible as problem:
        messages.error(request, str(problem))
    else:
        messages.success(
            request, "The test is on its way. Load this page again in some seconds to see the answer."
        )
    return redirect("webhooks:show", hook.pk)


@signed_in
@require_POST
def switch(request: SignedInRequest, hook_id: uuid.UUID) -> HttpResponse:
    """On where ``on`` is sent, else off."""
    hook = owned(request, hook_id)
    if "on" in request.POST:
        registering.switch_on(hook=hook, now=timezone.now())
        messages.success(request, "The webhook is on.")
    else:
        registering.switch_off(hook=hook, now=timezone.now())
        messages.success(request, "The webhook is off. What still waits is kept until it is on again.")
    return redirect("webhooks:show", hook.pk)


@signed_in
@require_POST
def delete(request: SignedInRequest, hook_id: uuid.UUID) -> HttpResponse:
    hook = owned(request, hook_id)
    registering.delete(hook=hook)
    messages.success(request, f"The webhook to {hook.url} is deleted with its log.")
    return redirect("webhooks:list")


@signed_in
@require_POST
def again(request: SignedInRequest, hook_id: uuid.UUID, delivery_id: uuid.UUID) -> HttpResponse:
    """Send an event that was given up once more."""
    hook = owned(request, hook_id)
    delivery = get_object_or_404(hook.deliveries, pk=delivery_id)
    if registering.send_again(delivery=delivery, now=timezone.now()):
        messages.success(request, "It is sent again.")
    else:
        messages.error(request, "Only what was given up can be sent again.")
    return redirect("webhooks:show", hook.pk)


def owned(request: SignedInRequest, hook_id: uuid.UUID) -> Webhook:
    return get_object_or_404(Webhook.objects.owned_by(request.user), pk=hook_id)


def detail(request: SignedInRequest, hook: Webhook, secret: str = "", *, status: int = 200) -> HttpResponse:
    page = Paginator(hook.deliveries.all(), A_PAGE).get_page(request.GET.get("page"))
    context = {"hook": hook, "page": page, "secret": secret, "most": MOST_ATTEMPTS}
    return render(request, "webhooks/detail.html", context, status=status)
