"""What is answered when a page breaks; on the status page a database that is away is said in plain words."""

from __future__ import annotations

import logging
import sys
from typing import Final

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rest.middleware import server_error as usual

BARE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Something broke on our side · BetTrack</title>
</head>
<body>
<p>Error 500</p>
<h1>Something broke on our side</h1>
<p>The fault has been written to the log. Nothing you entered was half saved; try again in a moment.</p>
<p><a href="/">To the board</a></p>
</body>
</html>
"""
"""The page for status 500 when not even that can be made, such as while collected static files are missing."""

logger = logging.getLogger(__name__)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for status 500; for ``/status/`` without a database a page for 503 that needs none."""
    fault = sys.exc_info()[1]
    if request.path_info.startswith("/status/") and isinstance(fault, OperationalError | InterfaceError):
        return without_database()
    try:
        return usual(request)
    except Exception as broken:  # noqa: BLE001 - whatever keeps templates from being rendered
        logger.error("the page for status 500 cannot be made either: %s", broken)
        return HttpResponse(BARE, status=500)


def without_database() -> HttpResponse:
    """Made without a request, so that nothing asks the database for who is signed in."""
    response = render(None, "status/no_database.html", status=503)
    response.headers["Retry-After"] = "30"
    response.headers["Cache-Control"] = "no-store"
    return response
