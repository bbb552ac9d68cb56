from __future__ import annotations

from django.urls import URLPattern, path

from bets.limits import views

app_name = "limits"
urlpatterns: list[URLPattern] = [
    path("", views.show, name="show"),
    path("set/", views.change, name="set"),
    path("time-out/", views.time_out, name="time_out"),
    path("cancel/<uuid:change_id>/", views.cancel, name="cancel"),
]
