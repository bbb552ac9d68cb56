from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest, ValidationError
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from redis.exceptions import RedisError

from bets.imports.rows import MAX_BYTES
from rest.middleware import API
from rest.problems import ApiProblem, answer

NO_NUMBER = "expected a number but got"
"""What Django says of a text that is compared with a number."""

logger = logging.getLogger("django.request")


class ReadableRequestMiddleware:
    """Answer 400 to what no browser sends and what would otherwise fail deep inside.

    That is a NUL character (PostgreSQL has no place for one), a text encoding other than UTF-8, an address
    to go back to that is none, and in the admin an id that cannot be one. Forms come first: what they check
    is answered by them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        problem = problem_of(request)
        if problem:
            raise BadRequest(problem)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Tell a malformed request, and one that Redis is needed for, from a fault of ours; None: status 500."""
        if isinstance(exception, RedisError):
            logger.error("Redis does not answer: %s", request.path, exc_info=exception)
            gone = render(request, "503.html", status=503)
            gone.headers["Retry-After"] = "60"
            return gone
        if isinstance(exception, DataError) and any("\0" in text for text in texts_of(request)):
            problems = ["The request contains a NUL character."]
        elif isinstance(exception, ValidationError) and request.path.startswith("/admin/"):
            problems = exception.messages
        elif (
            isinstance(exception, ValueError)
            and request.path.startswith("/admin/")
            and NO_NUMBER in str(exception)
        ):
            problems = ["An id in the request is not a number."]
        else:
            return None
        logger.warning("Bad Request: %s", request.path, exc_info=exception)
        return render(request, "400.html", {"problems": problems}, status=400)


class BodySizeMiddleware:
    """Refuse a body that is larger than anything asked for, before any of it is read or kept in a file.

    Checking the token of a form reads all of the form, whoever sends it and wherever to.
    """

    ROOMY: Final = {"/bets/import/": math.inf, "/api/v1/imports/": 2 * MAX_BYTES}
    """Bytes where files are sent; the first counts for itself and shows its own page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        most = self.ROOMY.get(request.path_info, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        if length.isdecimal() and int(length[:20]) <= most:
            return self.get_response(request)
        logger.warning("Too large: %s", request.path)
        if request.path_info.startswith(API):
            return answer(request, ApiProblem("too_large"))
        text = f"At most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 2**20:g} MB can be sent here."
        return render(request, "400.html", {"problems": [text]}, status=413)


class PrivateByDefaultMiddleware:
    """Keep pages out of caches that people share, unless a view says what else may be done with them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        return response


def problem_of(request: HttpRequest) -> str:
    """What keeps the request from being read; '' for nothing."""
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        return "The request is not encoded in UTF-8."
    if any("\0" in text for text in (request.path, *request.COOKIES.values())):
        return "The request contains a NUL character."
    places = [request.GET.get("next", ""), request.headers.get("HX-Current-URL", "")]
    if not all(is_splittable(place) for place in places):
        return "The request names a page by an address that is none."
    return ""


def texts_of(request: HttpRequest) -> Iterator[str]:
    """Every name and value that the request sends."""
    for sent in (request.GET, request.POST):
        for name, values in sent.lists():
            yield from (name, *map(str, values))


def is_splittable(url: str) -> bool:
    try:
        urlsplit(url)
        urlsplit(unquote(url))
    except ValueError:
        return False
    return True
