"""What is answered when a page breaks; on the status page a database that is away is said in plain words."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rest.middleware import server_error as usual


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for status 500; for ``/status/`` without a database a page for 503 that needs none."""
    fault = sys.exc_info()[1]
    if request.path_info.startswith("/status/") and isinstance(fault, OperationalError | InterfaceError):
        return without_database()
    return usual(request)


def without_database() -> HttpResponse:
    """Made without a request, so that nothing asks the database for who is signed in."""
    response = render(None, "status/no_database.html", status=503)
    response.headers["Retry-After"] = "30"
    response.headers["Cache-Control"] = "no-store"
    return response
