from __future__ import annotations

from django.urls import URLPattern, path

from accounts import deletion_views, sessions_views, views
from accounts.api import views as api_views

app_name = "accounts"
urlpatterns: list[URLPattern] = [
    path("", views.preferences, name="preferences"),
    path("keys/", api_views.keys, name="keys"),
    path("keys/<uuid:key_id>/revoke/", api_views.revoke, name="key_revoke"),
    path("keys/<uuid:key_id>/rotate/", api_views.rotate, name="key_rotate"),
    path("theme/", views.theme, name="theme"),
    path("data/", views.data, name="data"),
    path("delete/", deletion_views.delete, name="delete"),
    path("sessions/end-others/", sessions_views.end_others, name="end_other_sessions"),
    path("sessions/<int:session_id>/end/", sessions_views.end_one, name="end_session"),
]
