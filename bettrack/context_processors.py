from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """What pages show of the installation: whether prices are the sandbox's, mail is sent and accounts can be made."""
    return {
        "demo": settings.DEMO,
        "version": settings.VERSION,
        "mail_is_sent": settings.MAIL_IS_SENT,
        "signup_open": settings.SIGNUP_OPEN,
        "sign_in_providers": settings.SIGN_IN_PAGES,
    }
