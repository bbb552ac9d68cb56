from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.core.mail import send_mail
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import deletion
from accounts.addresses import shown_address
from accounts.exceptions import AccountRefused
from accounts.forms import DeletionForm
from accounts.http import SignedInRequest, signed_in


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
def delete(request: SignedInRequest) -> HttpResponse:
    """Show what would go, and on confirmation delete the account; the password is asked for first."""
    user = request.user
    form = DeletionForm(request.POST or None, username=user.get_username())
    if request.method == "POST" and form.is_valid():
        address = shown_address(user)
        try:
            deletion.delete_account(user=user, now=timezone.now())
        except AccountRefused as refused:
            form.add_error(None, str(refused))
        else:
            logout(request)
            if address is not None:
                text = render_to_string("accounts/email/deleted_message.txt")
                send_mail(
                    "BetTrack: your account is deleted", text, None, [address.email], fail_silently=True
                )
            messages.success(request, "Your account is deleted, with everything that was in it.")
            return redirect("account_login")
    context = {"form": form, "goes": deletion.what_goes(user), "stays": deletion.what_stays(user)}
    return render(request, "accounts/delete.html", context, status=422 if form.errors else 200)
