"""Pages about the API: its description, the documentation made of it, and what each error code means."""

from __future__ import annotations

import contextlib
import hashlib
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from rest.problems import CODES, ApiProblem, answer
from rest.renderers import dumps

FORMATS = {"yaml": "application/yaml", "json": "application/json"}


@require_safe
@cache_control(public=True, no_cache=True)
def schema(request: HttpRequest) -> HttpResponseBase:
    """The description of the API (OpenAPI 3.1): YAML, or JSON with ``?format=json`` or where that is accepted."""
    wanted = request.GET.get("format", "")
    if wanted not in ("", *FORMATS):
        fault = {"field": "format", "code": "invalid_choice", "detail": "Choose json or yaml."}
        return answer(request, ApiProblem("invalid", errors=[fault]))
    if not wanted:
        wanted = "json" if request.get_preferred_type(list(FORMATS.values())) == FORMATS["json"] else "yaml"
    body, etag = written_schema(wanted)
    response = HttpResponse(body, content_type=f"{FORMATS[wanted]}; charset=utf-8", headers={"ETag": etag})
    response.headers["Vary"] = "Accept"
    return get_conditional_response(request, etag=etag, response=response) or response


@lru_cache(maxsize=1)
def api_description() -> dict[str, Any]:
    """The description of the API as data; it depends on the code alone."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


@lru_cache(maxsize=2)
def written_schema(wanted: str) -> tuple[bytes, str]:
    """The description in a format, with its ETag."""
    description = api_description()
    body = dumps(description) if wanted == "json" else OpenApiYamlRenderer().render(description)
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The documentation, to be tried out with the session of the browser or with a key."""
    return render(request, "api/docs.html")


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """What each error code means."""
    rows = [(code, status, meaning) for code, (status, meaning) in CODES.items()]
    return render(request, "api/problems.html", {"problems": rows})


@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponseBase:
    """The answer to an address that the API does not know; a missing slash at its end is put right for reads."""
    if request.method in ("GET", "HEAD") and not request.path_info.endswith("/"):
        with contextlib.suppress(Resolver404):
            if resolve(f"{request.path_info}/").func is not nowhere:
                return redirect(request.get_full_path(force_append_slash=True), permanent=True)
    return answer(request, ApiProblem("not_found", "There is no such address. All end with a slash."))
