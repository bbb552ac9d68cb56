from __future__ import annotations

from django.urls import URLPattern, path

from accounts import views

app_name = "accounts"
urlpatterns: list[URLPattern] = [
    path("", views.preferences, name="preferences"),
    path("theme/", views.theme, name="theme"),
]
