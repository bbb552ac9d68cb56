"""What surrounds the API's views: no cookies for keys, problem details for what fails before them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from rest.problems import ApiProblem, answer, problem_of

API: Final = "/api/"


class KeyRequestMiddleware:
    """A request with a key neither reads cookies nor gets any, so that no session can come between."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not (request.path_info.startswith(API) and "Authorization" in request.headers):
            return self.get_response(request)
        request.COOKIES = {}
        response = self.get_response(request)
        response.cookies.clear()
        return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path_info.startswith(API):
        return answer(request, ApiProblem("malformed"))
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path_info.startswith(API):
        return answer(request, ApiProblem("forbidden"))
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path_info.startswith(API):
        return answer(request, ApiProblem("not_found", "There is no such address."))
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith(API):
        error = sys.exc_info()[1]
        return answer(
            request, problem_of(error) if isinstance(error, Exception) else ApiProblem("server_error")
        )
    return defaults.server_error(request)
