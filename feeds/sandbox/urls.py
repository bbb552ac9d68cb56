from __future__ import annotations

from django.urls import URLPattern, path

from .views import sandbox

app_name = "sandbox"
urlpatterns: list[URLPattern] = [path("<path:path>", sandbox, name="answer")]
