"""A passkey in a real browser, on an authenticator that Chromium plays."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
KEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def device(context: BrowserContext, screen: Page) -> Page:
    """A browser on a device that says yes to every passkey."""
    protocol = context.new_cdp_session(screen)
    protocol.send("WebAuthn.enable")
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    return screen


def sign_in_by_password(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("Username or email").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_passkey_is_added_signs_in_alone_and_beside_the_password(
    live_server: LiveServer, context: BrowserContext, device: Page
) -> None:
    url = live_server.url.replace("127.0.0.1", "localhost")  # browsers allow passkeys of a name only
    UserFactory(username="ada")
    sign_in_by_password(device, url)
    device.goto(f"{url}/accounts/second-factor/webauthn/add/")
    device.get_by_label("Password").fill(PASSWORD)
    device.get_by_role("button", name="Confirm").click()
    device.get_by_label("Name").fill("Phone")
    device.wait_for_load_state()  # the script that asks for the passkey is deferred
    device.get_by_role("button", name="Add it").click()
    expect(device.locator(".messages")).to_contain_text("The passkey is added.")
    device.goto(f"{url}/accounts/second-factor/webauthn/")
    expect(device.get_by_text("Signs in alone")).to_be_visible()

    context.clear_cookies()
    device.goto(f"{url}/accounts/login/")
    device.get_by_role("button", name="Sign in with a passkey").click()
    expect(device.locator(".messages")).to_contain_text("Signed in as ada.")

    context.clear_cookies()
    sign_in_by_password(device, url)
    expect(device.get_by_role("heading", name="Second factor")).to_be_visible()
    device.wait_for_load_state()
    device.get_by_role("button", name="Use a passkey").click()
    expect(device.locator(".messages")).to_contain_text("Signed in as ada.")

    device.goto(f"{url}/accounts/reauthenticate/")
    device.get_by_role("link", name="Use a passkey").click()
    expect(device.get_by_role("button", name="Use a passkey")).to_be_visible()


def test_a_device_that_says_no_is_told_in_words(live_server: LiveServer, screen: Page) -> None:
    url = live_server.url.replace("127.0.0.1", "localhost")
    screen.goto(f"{url}/accounts/login/")
    screen.evaluate(
        "() => { navigator.credentials.get = () => Promise.reject(new DOMException('', 'NotAllowedError')) }"
    )
    screen.get_by_role("button", name="Sign in with a passkey").click()
    expect(screen.get_by_role("alert")).to_contain_text("Nothing happened")
