"""API keys: shown once, kept as a digest, refused the moment they end; the page on which people keep them."""

from __future__ import annotations

import datetime as dt
import re
from unittest import mock

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.api import keys
from accounts.api.keys import KeyRefused, TooManyKeys, create_key, find_key, note_use, revoke_key, rotate_key
from accounts.models import ApiKey, User
from accounts.suspension import suspend
from accounts.tests.factories import ApiKeyFactory, UserFactory, text_of

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
SCOPES = ["bets:read", "odds:read"]


@pytest.fixture
def user() -> User:
    cache.clear()
    return UserFactory()


def status(text: str, path: str = "/api/v1/sports/") -> tuple[int, str]:
    response = Client().get(path, headers={"Authorization": f"Bearer {text}"})
    return response.status_code, response.json().get("code", "")


class TestService:
    def test_the_text_is_not_kept_but_its_digest(self, user: User) -> None:
        key, text = create_key(user=user, name="sheet", scopes=SCOPES, expires_at=None, now=NOW)
        assert re.fullmatch(r"bt_[A-Za-z0-9]{10}_[A-Za-z0-9]{43}", text)
        row = " ".join(str(value) for value in ApiKey.objects.filter(pk=key.pk).values_list()[0])
        assert text not in row
        assert text.rsplit("_", 1)[1] not in row
        assert key.scopes == ["odds:read", "bets:read"]
        assert find_key(text, now=NOW) == key

    def test_every_letter_counts(self, user: User) -> None:
        _, text = create_key(user=user, name="sheet", scopes=SCOPES, expires_at=None, now=NOW)
        for wrong in (
            text[:-1] + ("a" if text[-1] != "a" else "b"),
            text + "a",
            text[:-1],
            "",
            "bt_",
            text.upper(),
        ):
            with pytest.raises(KeyRefused) as refused:
                find_key(wrong, now=NOW)
            assert refused.value.code == "key_unknown"

    def test_digests_are_compared_in_constant_time_known_prefix_or_not(self, user: User) -> None:
        _, text = create_key(user=user, name="sheet", scopes=SCOPES, expires_at=None, now=NOW)
        for wrong in (text[:-1] + "!", "bt_0000000000_" + "a" * 43, "nonsense"):
            with mock.patch.object(keys.hmac, "compare_digest", return_value=False) as compared:
                with pytest.raises(KeyRefused):
                    find_key(wrong, now=NOW)
                assert compared.call_count == 1

    def test_an_unknown_scope_or_none_is_refused(self, user: User) -> None:
        for scopes in (["root"], []):
            with pytest.raises(ValidationError):
                create_key(user=user, name="sheet", scopes=scopes, expires_at=None, now=NOW)

    def test_nobody_has_more_than_fifty(self, user: User) -> None:
        for _ in range(keys.MOST_KEYS):
            ApiKeyFactory(user=user)
        with pytest.raises(TooManyKeys):
            create_key(user=user, name="one more", scopes=SCOPES, expires_at=None, now=NOW)

    def test_use_is_noted_once_a_minute_at_most(self, user: User, django_assert_num_queries: object) -> None:
        key = ApiKeyFactory(user=user)
        note_use(key=key, now=NOW)
        key.refresh_from_db()
        assert key.last_used_at == NOW
        with django_assert_num_queries(0):  # type: ignore[operator]
            note_use(key=key, now=NOW + dt.timedelta(seconds=59))
        note_use(key=key, now=NOW + dt.timedelta(seconds=60))
        key.refresh_from_db()
        assert key.last_used_at == NOW + dt.timedelta(seconds=60)

    def test_rotating_ends_the_old_one_and_keeps_what_it_may_and_how_long(self, user: User) -> None:
        old = ApiKeyFactory(user=user, expires_at=NOW + dt.timedelta(days=30))
        later = NOW + dt.timedelta(days=10)
        new, text = rotate_key(key=old, now=later)
        old.refresh_from_db()
        assert old.revoked_at == later
        assert (new.name, new.scopes, new.expires_at) == (old.name, old.scopes, later + dt.timedelta(days=30))
        assert find_key(text, now=later) == new
        with pytest.raises(KeyRefused):
            rotate_key(key=old, now=later)


class TestRequests:
    def test_a_working_key_is_let_in(self, user: User) -> None:
        assert status(text_of(ApiKeyFactory(user=user))) == (200, "")

    def test_a_revoked_one_is_refused_at_once(self, user: User) -> None:
        key = ApiKeyFactory(user=user)
        revoke_key(key=key, now=timezone.now())
        assert status(text_of(key)) == (401, "key_revoked")

    def test_an_expired_one_is_refused(self, user: User) -> None:
        key = ApiKeyFactory(user=user, expires_at=timezone.now() - dt.timedelta(seconds=1))
        assert status(text_of(key)) == (401, "key_expired")

    def test_that_of_a_person_who_may_not_sign_in_is_refused_at_once(self, user: User) -> None:
        key = ApiKeyFactory(user=user)
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert status(text_of(key)) == (401, "account_suspended")

    def test_that_of_a_suspended_person_is_refused_and_stays_so(self, user: User) -> None:
        key = ApiKeyFactory(user=user)
        suspend(user=user, reason="Spam.", by=UserFactory(staff=True), now=timezone.now())
        assert status(text_of(key))[0] == 401

    @pytest.mark.parametrize("header", ["Basic eDp5", "Bearer", "Bearer ü", "bt_x", "Token bt_x"])
    def test_what_is_no_bearer_token_is_refused_even_where_none_is_needed(self, header: str) -> None:
        response = Client().get("/api/v1/sports/", headers={"Authorization": header})
        assert response.status_code == 401

    def test_a_key_beside_a_session_counts_alone(self, user: User) -> None:
        client = Client()
        client.force_login(UserFactory(staff=True))
        bearer = f"Bearer {text_of(ApiKeyFactory(user=user))}"
        response = client.get("/api/v1/review/", headers={"Authorization": bearer})
        assert response.status_code == 403
        assert not response.cookies

    def test_a_session_needs_its_csrf_token_to_write(self, user: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(user)
        assert client.get("/api/v1/bets/").status_code == 200
        response = client.post("/account/keys/", {"name": "x"})
        assert response.status_code == 403


class TestPage:
    def make(self, client: Client, **fields: object) -> str:
        data = {"name": "sheet", "scopes": SCOPES, "life": "90", **fields}
        return client.post("/account/keys/", data).content.decode()

    def test_a_key_is_shown_once(self, client: Client, user: User) -> None:
        client.force_login(user)
        found = re.search(r"bt_\w{10}_\w{43}", self.make(client))
        assert found
        assert status(found[0]) == (200, "")
        again = client.get("/account/keys/").content.decode()
        assert found[0] not in again
        assert found[0][:13] in again

    def test_it_works_as_long_as_was_chosen(self, client: Client, user: User) -> None:
        client.force_login(user)
        self.make(client, life="30")
        self.make(client, life="0", name="for ever")
        ends = {key.name: key.expires_at and key.expires_at - key.created_at for key in ApiKey.objects.all()}
        assert ends == {"sheet": dt.timedelta(days=30), "for ever": None}

    def test_a_form_that_is_wrong_says_so_and_makes_nothing(self, client: Client, user: User) -> None:
        client.force_login(user)
        response = client.post("/account/keys/", {"name": "", "scopes": [], "life": "7"})
        assert response.status_code == 422
        assert "Choose one at least." in response.content.decode()
        assert not ApiKey.objects.exists()

    def test_only_staff_may_make_a_key_for_staff(self, client: Client, user: User) -> None:
        client.force_login(user)
        assert "Staff: review queue" not in client.get("/account/keys/").content.decode()
        self.make(client, scopes=["admin"])
        assert not ApiKey.objects.exists()
        client.force_login(UserFactory(staff=True))
        self.make(client, scopes=["admin"])
        assert ApiKey.objects.get().scopes == ["admin"]

    def test_revoking_and_replacing_are_their_owners(self, client: Client, user: User) -> None:
        key = ApiKeyFactory(user=user)
        client.force_login(UserFactory())
        for action in ("revoke", "rotate"):
            assert client.post(f"/account/keys/{key.pk}/{action}/").status_code == 404
        client.force_login(user)
        assert client.get(f"/account/keys/{key.pk}/revoke/").status_code == 405
        answer = client.post(f"/account/keys/{key.pk}/rotate/").content.decode()
        assert re.search(r"bt_\w{10}_\w{43}", answer)
        assert status(text_of(key)) == (401, "key_revoked")
        new = ApiKey.objects.working(timezone.now()).get()
        assert client.post(f"/account/keys/{new.pk}/revoke/").status_code == 302
        assert not ApiKey.objects.working(timezone.now()).exists()

    def test_a_key_page_is_kept_by_no_cache(self, client: Client, user: User) -> None:
        client.force_login(user)
        assert "no-store" in client.get("/account/keys/").headers["Cache-Control"]

    def test_a_name_is_shown_as_text(self, client: Client, user: User) -> None:
        client.force_login(user)
        assert "<script>x" not in self.make(client, name="<script>x</script>")
