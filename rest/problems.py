"""Every error of the API in one shape: problem details (RFC 9457) with a stable ``code``.

``errors`` lists what is wrong with the request, one entry per fault: ``field`` is the parameter, header or the path
into the body (``legs.0.odds``; '' for the whole), ``code`` a word, ``detail`` a sentence.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelInvalid
from django.core.signals import got_request_exception
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions, status
from rest_framework.response import Response

from rest.renderers import dumps

MEDIA_TYPE: Final = "application/problem+json"
PAGE: Final = "/api/problems/"
logger = logging.getLogger("django.request")

CODES: Final[dict[str, tuple[int, str]]] = {
    "invalid": (400, "Something in the request is missing or wrong; errors says what and where."),
    "malformed": (
        400,
        "The request cannot be read: its body is not JSON or names something twice, or its address or text is broken.",
    ),
    "not_authenticated": (401, "Sign in, or send a key: Authorization: Bearer bt_…"),
    "key_unknown": (401, "There is no such API key."),
    "key_expired": (401, "The API key has expired. Make another one."),
    "key_revoked": (401, "The API key has been revoked."),
    "account_suspended": (401, "The account of the API key is suspended."),
    "forbidden": (403, "You may not do this."),
    "access_refused": (403, "This account or address may not use this site."),
    "scope_missing": (403, "The API key lacks the scope that this needs."),
    "staff_only": (403, "Only staff may do this."),
    "csrf_failed": (403, "A request of a browser session lacks its CSRF token."),
    "not_found": (404, "There is no such thing, or it is not yours."),
    "method_not_allowed": (405, "This address does not know the method; Allow says which it knows."),
    "not_acceptable": (406, "The answer comes as JSON only."),
    "conflict": (409, "The request does not fit the state of things."),
    "not_possible": (409, "The bet, bankroll or operation is in a state that does not allow this."),
    "game_closed": (409, "The game has started, has ended or will not be played."),
    "bet_decided": (409, "The bet is settled, void or cashed out already."),
    "bet_changed": (409, "The bet has changed since the revision that you saw; revision is that of now."),
    "price_moved": (
        409,
        "The book's price is another one now; legs says of each that moved what was asked for and what there is.",
    ),
    "price_gone": (409, "The book does not offer this line any more."),
    "insufficient_funds": (409, "The bankroll does not hold what is needed; available says what it holds."),
    "limit_reached": (
        409,
        "The bet is beyond a limit of yours; left may still be staked, until says how long.",
    ),
    "file_unreadable": (
        409,
        "The file cannot be read so; errors names the option to choose, if one would help.",
    ),
    "jobs_full": (409, "As many of your jobs wait or run as may. Wait for one of them, or cancel it."),
    "no_file": (409, "The job has no file: it is not done, it did not succeed, or its file has expired."),
    "idempotency_mismatch": (409, "The Idempotency-Key was used for another request."),
    "idempotency_in_progress": (409, "A request with this Idempotency-Key is still being worked on."),
    "refused": (422, "The request is well formed, but what it says cannot be; errors says what and why."),
    "too_large": (413, "The body of the request is too large."),
    "unsupported_media_type": (415, "Send JSON: Content-Type: application/json."),
    "throttled": (429, "Too many requests. Retry-After says when to come back."),
    "server_error": (500, "A fault of ours. It has been recorded."),
    "job_stopped": (
        500,
        "Workers ended, or ran out of time, before the job was done. It is told in jobs alone.",
    ),
    "unavailable": (503, "The database does not answer. Try again later."),
    "streams_full": (503, "As many streams are open as the server holds. Poll, or come back later."),
    "stream_unavailable": (503, "Changes cannot be told just now. Poll, or come back later."),
    "throttles_unavailable": (
        503,
        "Requests cannot be counted just now, so nothing is written. Reads go on.",
    ),
}
"""Code → status and meaning. A code never changes its meaning."""


class ApiProblem(exceptions.APIException):
    """A refusal with one of the ``CODES``."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        status_code, meaning = CODES[code]
        super().__init__(detail or meaning, code)
        self.status_code = status_code
        self.code = code
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.more = dict(more or {})


BEYOND_SHAPE: Final = frozenset({"unknown", "unfit"})
"""Codes of faults that no description of a field can tell: it names nothing there is, or fits nothing beside it."""


def invalid(field: str, detail: str, code: str = "invalid") -> ApiProblem:
    """The refusal of one parameter or field that is not of the shape that is described for it."""
    return ApiProblem("invalid", errors=[{"field": field, "code": code, "detail": detail}])


def unfit(field: str, detail: str, code: str = "unfit") -> ApiProblem:
    """The refusal of one parameter or field of the right shape: "unknown" or "unfit"."""
    return ApiProblem("refused", errors=[{"field": field, "code": code, "detail": detail}])


def refusal_of(faults: Sequence[Mapping[str, str]]) -> ApiProblem:
    """The refusal for these faults: 422 where each of them is beyond what a description tells, else 400."""
    is_shaped = all(fault["code"] in BEYOND_SHAPE for fault in faults)
    return ApiProblem("refused" if faults and is_shaped else "invalid", errors=faults)


def handle(exc: Exception, context: dict[str, Any]) -> Response:
    """The answer to an exception of a view; no exception leaves the API in another shape."""
    from rest_framework.views import set_rollback  # which reads our settings, and they name this module

    set_rollback()
    problem = problem_of(exc)
    if problem.code in ("server_error", "unavailable"):
        request = context.get("request")
        logger.error("%s: %s", problem.code, getattr(request, "path", ""), exc_info=exc)
        if problem.code == "server_error":
            got_request_exception.send(sender=None, request=getattr(request, "_request", None))
    response = Response(
        body_of(problem), status=problem.status_code, headers=problem.headers, content_type=MEDIA_TYPE
    )
    response.exception = True
    return response


def problem_of(exc: Exception) -> ApiProblem:
    """What the API says of an exception."""
    if isinstance(exc, ApiProblem):
        return exc
    if isinstance(exc, exceptions.ValidationError):
        return refusal_of(list(faults_of(exc.detail)))
    if isinstance(exc, ModelInvalid):
        return ApiProblem("refused", errors=list(model_faults(exc)))
    if isinstance(exc, exceptions.APIException):
        return _of_framework(exc)
    if isinstance(exc, Http404):
        said = str(exc) if exc.args and isinstance(exc.args[0], str) else ""
        return ApiProblem("not_found", "" if said.endswith(OF_DJANGO) else said)
    if isinstance(exc, PermissionDenied):
        return ApiProblem("forbidden")
    if isinstance(exc, RequestDataTooBig):
        return ApiProblem("too_large")
    if isinstance(exc, SuspiciousOperation | BadRequest):
        return ApiProblem("malformed")
    if isinstance(exc, OperationalError | InterfaceError):
        return ApiProblem("unavailable", headers={"Retry-After": "5"})
    if isinstance(exc, DataError):
        return ApiProblem("refused", "A value of the request is out of range.")
    return ApiProblem("server_error")


OF_DJANGO: Final = "matches the given query."
BY_STATUS: Final = {
    status.HTTP_400_BAD_REQUEST: "malformed",
    status.HTTP_401_UNAUTHORIZED: "not_authenticated",
    status.HTTP_404_NOT_FOUND: "not_found",
    status.HTTP_405_METHOD_NOT_ALLOWED: "method_not_allowed",
    status.HTTP_406_NOT_ACCEPTABLE: "not_acceptable",
    status.HTTP_409_CONFLICT: "conflict",
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    status.HTTP_429_TOO_MANY_REQUESTS: "throttled",
}


def _of_framework(exc: exceptions.APIException) -> ApiProblem:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait))
    detail = str(exc.detail)
    if isinstance(exc, exceptions.PermissionDenied):
        code = "csrf_failed" if detail.startswith("CSRF Failed") else "forbidden"
        return ApiProblem(code, headers=headers)
    code = BY_STATUS.get(exc.status_code, "server_error")
    return ApiProblem(code, detail if isinstance(exc, exceptions.ParseError) else "", headers=headers)


def faults_of(detail: Any, path: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
    """The faults of a validation, however deep they lie."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = () if name == "non_field_errors" else (str(name),)
            yield from faults_of(inner, (*path, *own))
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            deeper = isinstance(inner, Mapping | list)
            yield from faults_of(inner, (*path, str(place)) if deeper else path)
    else:
        yield {
            "field": ".".join(path),
            "code": getattr(detail, "code", None) or "invalid",
            "detail": str(detail),
        }


def model_faults(exc: ModelInvalid) -> Iterator[dict[str, str]]:
    """The faults that a model found."""
    return form_faults(exc.error_dict if hasattr(exc, "error_dict") else {"": exc.error_list})


def form_faults(found: Mapping[str, Iterable[ModelInvalid]]) -> Iterator[dict[str, str]]:
    """The faults of a form or a model by their fields."""
    for name, errors in found.items():
        for error in errors:
            for text in error.messages:
                field = "" if name == "__all__" else str(name)
                yield {"field": field, "code": str(error.code or "invalid"), "detail": text}


def body_of(problem: ApiProblem) -> dict[str, Any]:
    return {
        "type": f"{PAGE}#{problem.code}",
        "title": HTTPStatus(problem.status_code).phrase,
        "status": problem.status_code,
        "code": problem.code,
        "detail": str(problem.detail),
        "errors": problem.errors,
        **problem.more,
    }


def answer(request: HttpRequest, problem: ApiProblem) -> HttpResponse:
    """A problem as a plain response, for what fails before or outside the API's views."""
    return HttpResponse(
        dumps(body_of(problem)),
        status=problem.status_code,
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **problem.headers},
    )
