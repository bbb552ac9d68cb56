"""Every error of the API has one shape, wherever it comes from; its description is complete and warns of nothing."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import DataError, OperationalError
from django.test import Client, override_settings
from jsonschema import Draft202012Validator

from accounts.tests.factories import UserFactory
from bettrack.api_pages import api_description
from bettrack.tests.api_callers import signed_in, with_key
from games.api import SportViewSet
from rest.problems import CODES

pytestmark = pytest.mark.django_db
MEMBERS = {"type", "title", "status", "code", "detail", "errors"}


@pytest.fixture(autouse=True)
def quiet() -> None:
    cache.clear()


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem document of a response, which has this status and code."""
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) == MEMBERS
    assert (body["status"], body["code"]) == (status, code)
    assert CODES[code][0] == status
    return body


class TestShape:
    def test_an_unknown_address_is_404(self, client: Client) -> None:
        for path in ("/api/v1/nothing/", "/api/v2/games/", "/api/v1/games/not-an-id/"):
            problem(client.get(path), 404, "not_found")
        problem(client.post("/api/v1/nothing/"), 404, "not_found")

    @pytest.mark.parametrize("debug", [True, False])
    def test_debugging_changes_no_shape(self, client: Client, debug: bool) -> None:
        with override_settings(DEBUG=debug):
            problem(client.get("/api/v1/nothing/"), 404, "not_found")

    def test_a_missing_slash_is_put_right_for_reads_alone(self, client: Client) -> None:
        response = client.get("/api/v1/games?limit=3")
        assert response.status_code == 301
        assert response.headers["Location"] == "/api/v1/games/?limit=3"
        problem(client.post("/api/v1/games"), 404, "not_found")

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
    def test_a_method_that_the_address_does_not_know_is_405(self, client: Client, method: str) -> None:
        response = getattr(client, method)("/api/v1/games/")
        problem(response, 405, "method_not_allowed")
        assert response.headers["Allow"] == "GET, HEAD"

    def test_another_type_than_json_is_406(self, client: Client) -> None:
        response = client.get("/api/v1/games/", headers={"Accept": "text/html"})
        problem(response, 406, "not_acceptable")

    def test_without_a_key_it_is_401_with_the_challenge(self, client: Client) -> None:
        response = client.get("/api/v1/bets/")
        problem(response, 401, "not_authenticated")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")

    def test_without_the_scope_it_is_403(self) -> None:
        program = with_key(UserFactory(), ["odds:read"])
        assert "bets:read" in problem(program.get("/api/v1/bets/"), 403, "scope_missing")["detail"]

    def test_for_staff_only_it_is_403(self) -> None:
        problem(signed_in(UserFactory()).get("/api/v1/review/"), 403, "staff_only")
        problem(with_key(UserFactory(), ["admin"]).get("/api/v1/review/"), 403, "staff_only")

    def test_each_fault_has_its_field(self, client: Client) -> None:
        body = problem(client.get("/api/v1/odds/board/?day=x&zone=Mars&page=0"), 400, "invalid")
        assert {fault["field"] for fault in body["errors"]} == {"day", "zone", "page"}
        assert all(set(fault) == {"field", "code", "detail"} for fault in body["errors"])

    @pytest.mark.parametrize(
        "query", ["team=x", "status=lost", "date=2026-13-01", "league=%00", "zone=M\0ars"]
    )
    def test_a_filter_that_cannot_be_read_is_400(self, client: Client, query: str) -> None:
        assert problem(client.get(f"/api/v1/games/?{query}"), 400, "invalid")["errors"]

    @pytest.mark.parametrize(
        "query", ["games/?zone=Mars&today=1", "odds/board/?zone=Mars", "odds/?at=2020-01-01T00:00:00Z"]
    )
    def test_what_is_written_well_but_cannot_be_is_422(self, client: Client, query: str) -> None:
        (fault,) = problem(client.get(f"/api/v1/{query}"), 422, "refused")["errors"]
        assert fault["field"] in ("zone", "game")

    def test_a_fault_that_quotes_a_percent_sign_is_told_as_it_is(self) -> None:
        response = signed_in(UserFactory()).get("/api/v1/bets/?odds_from=5%25%20z")
        (fault,) = problem(response, 422, "refused")["errors"]
        assert fault["field"] == "odds_from"

    @pytest.mark.parametrize(
        "body", ['{"name": "A", "name": "B"}', '{"name": "A", "of": [{"x": 1, "y": 2, "x": 3}]}']
    )
    def test_a_body_that_names_something_twice_is_400(self, body: str) -> None:
        program = signed_in(UserFactory())
        said = problem(program.post("/api/v1/bankrolls/", body, "application/json"), 400, "malformed")
        assert "twice in one object" in said["detail"]

    @pytest.mark.parametrize("body", ["null", "[]", "3"])
    def test_a_body_that_is_no_object_is_told_so(self, body: str) -> None:
        program = signed_in(UserFactory())
        said = problem(program.post("/api/v1/bankrolls/", body, "application/json"), 400, "invalid")
        assert [fault["detail"] for fault in said["errors"]] == ["Write an object: {…}."]

    def test_text_that_is_not_utf8_is_400(self, client: Client) -> None:
        response = client.get("/api/v1/games/", headers={"Content-Type": "text/plain; charset=latin-1"})
        assert response.status_code in (200, 400)
        problem(client.generic("GET", "/api/v1/sports/a%00b/"), 400, "malformed")


class TestFaultsOfOurs:
    def raising(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> Any:
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(SportViewSet, "list", fail)
        return Client(raise_request_exception=False).get("/api/v1/sports/")

    def test_a_fault_is_500_without_a_word_of_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        response = self.raising(monkeypatch, RuntimeError("the secret is 42"))
        problem(response, 500, "server_error")
        assert b"42" not in response.content

    def test_a_database_that_does_not_answer_is_503(self, monkeypatch: pytest.MonkeyPatch) -> None:
        response = self.raising(monkeypatch, OperationalError("connection refused"))
        problem(response, 503, "unavailable")
        assert response.headers["Retry-After"] == "5"

    def test_so_it_is_where_the_rules_of_access_cannot_be_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> None:
            raise OperationalError("too many clients already")

        monkeypatch.setattr("accounts.access.gate.rules_of", fail)
        response = Client(raise_request_exception=False).get("/api/v1/sports/")
        problem(response, 503, "unavailable")
        assert response.headers["Retry-After"] == "5"

    def test_a_value_out_of_range_is_400(self, monkeypatch: pytest.MonkeyPatch) -> None:
        problem(self.raising(monkeypatch, DataError("integer out of range")), 422, "refused")


class TestDescription:
    def test_it_is_made_without_a_warning(self) -> None:
        call_command("spectacular", validate=True, fail_on_warn=True, file=None, stdout=io.StringIO())

    def test_it_is_openapi_3_1_in_yaml_and_json(self, client: Client) -> None:
        yaml = client.get("/api/v1/schema/")
        assert yaml.headers["Content-Type"] == "application/yaml; charset=utf-8"
        assert yaml.content.startswith(b"openapi: 3.1")
        json = client.get("/api/v1/schema/?format=json")
        assert json.json()["openapi"].startswith("3.1")
        accepted = client.get("/api/v1/schema/", headers={"Accept": "application/json"})
        assert accepted.content == json.content
        held = client.get("/api/v1/schema/", headers={"If-None-Match": yaml.headers["ETag"]})
        assert held.status_code == 304
        problem(client.get("/api/v1/schema/?format=xml"), 400, "invalid")

    def test_every_operation_has_a_summary_a_tag_errors_and_an_example_that_fits(self) -> None:
        description = api_description()
        for path, methods in description["paths"].items():
            for method, operation in methods.items():
                place = f"{method.upper()} {path}"
                assert operation["summary"], place
                assert operation["tags"], place
                assert {"400", "401", "403", "404", "422", "429", "500", "503"} <= set(
                    operation["responses"]
                ), place
                status = "200" if method == "get" else next(iter(operation["responses"]))
                if status == "204":
                    assert "content" not in operation["responses"][status], place
                    continue
                contents = operation["responses"][status]["content"]
                content = contents.get("application/json") or contents["text/event-stream"]
                assert content.get("examples"), place
                schema = {**content["schema"], "components": description["components"]}
                for example in content["examples"].values():
                    faults = list(Draft202012Validator(schema).iter_errors(example["value"]))
                    assert not faults, f"{place}: {faults[0].json_path}: {faults[0].message}"

    def test_every_body_that_is_sent_has_an_example_that_fits(self) -> None:
        description = api_description()
        for path, methods in description["paths"].items():
            for method, operation in methods.items():
                if "requestBody" not in operation:
                    continue
                content = operation["requestBody"]["content"]["application/json"]
                schema = {**content["schema"], "components": description["components"]}
                assert content.get("examples"), f"{method.upper()} {path}"
                for example in content["examples"].values():
                    faults = list(Draft202012Validator(schema).iter_errors(example["value"]))
                    assert not faults, f"{method.upper()} {path}: {faults[0].message}"

    def test_operations_have_names_of_their_own(self) -> None:
        names = [
            operation["operationId"]
            for methods in api_description()["paths"].values()
            for operation in methods.values()
        ]
        assert len(names) == len(set(names))

    def test_every_code_is_explained(self, client: Client) -> None:
        page = client.get("/api/problems/").content.decode()
        assert all(f'id="{code}"' in page for code in CODES)


class TestOtherSites:
    def test_scripts_of_other_sites_are_not_answered_unless_configured(self, client: Client) -> None:
        response = client.get("/api/v1/sports/", headers={"Origin": "https://elsewhere.example"})
        assert not [name for name in response.headers if name.startswith("Access-Control-")]
