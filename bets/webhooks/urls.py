from __future__ import annotations

from django.urls import URLPattern, path

from bets.webhooks import views

app_name = "webhooks"
urlpatterns: list[URLPattern] = [
    path("", views.webhooks, name="list"),
    path("<uuid:hook_id>/", views.webhook, name="show"),
    path("<uuid:hook_id>/rotate/", views.rotate, name="rotate"),
    path("<uuid:hook_id>/test/", views.test, name="test"),
    path("<uuid:hook_id>/switch/", views.switch, name="switch"),
    path("<uuid:hook_id>/delete/", views.delete, name="delete"),
    path("<uuid:hook_id>/again/<uuid:delivery_id>/", views.again, name="again"),
]
