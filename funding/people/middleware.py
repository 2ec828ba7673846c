"""Two doors that no page can forget: the second factor before an act, and the end of a session that was left open.

Both fail closed: an address is free of the second factor only where it is named here, or where its view says that the signature in its
address is the right to act.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from funding.audit.models import Record
from funding.audit.services import record
from funding.errors import Refused
from funding.people import factors, sessions
from funding.people.models import User
from funding.web.views import error_page

SAFE = {"GET", "HEAD", "OPTIONS"}
DOORS = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_request_login_code",
    "account_confirm_login_code",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_reset_password",
    "account_reset_password_from_key",
    "account_confirm_password_reset_code",
    "account_reauthenticate",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
}
"""Signing in, signing out and showing that it is you."""
OWN = {
    "account_email",
    "account_change_password",
    "account_set_password",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_add_webauthn",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "mfa_generate_recovery_codes",
    "people:sessions-end",
}
"""How somebody signs in. Whoever has a second factor shows it again, so that a password alone adds or removes none; whoever has none
is asked for the password by allauth, and sets up the first here."""
KEYS = {"mfa_activate_totp", "mfa_add_webauthn", "account_set_password", "account_email"}
"""What opens the account from then on. Whoever has neither factor nor password is known by the mailed code alone, so that takes a code
from just now: a session that somebody left open, or stole, sets up no way in of its own."""
SECRETS = {"mfa_view_recovery_codes", "mfa_download_recovery_codes"}
"""The same, and reading is enough."""

Wanted = Literal["", "passed", "fresh", "code"]


def wanted(request: HttpRequest, view: Any) -> Wanted:
    """What this request takes of whoever is signed in: nothing, a second factor in this session, one shown just now, or a new code."""
    match = request.resolver_match
    assert match is not None
    name, safe = match.view_name, request.method in SAFE
    if name in KEYS and not (safe and name == "account_email") and _by_code_alone(request):
        return "code"
    if name in SECRETS or (name in OWN and not safe):
        return "fresh" if factors.has(request.user) else ""
    if name in DOORS or name in OWN:
        return ""
    if "admin" in match.namespaces:
        return "passed"
    page = getattr(view, "view_class", None)
    if safe or getattr(page, "by_link", False) or not factors.needed(request.user):
        return ""
    return "fresh" if getattr(page, "fresh", False) else "passed"


def _by_code_alone(request: HttpRequest) -> bool:
    user = request.user
    if settings.DEMO or not isinstance(user, User) or user.has_usable_password():
        return False
    return not factors.has(user) and not factors.just_signed_in(request)


class SecondFactor:
    """Middleware, after sign-in and the error pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not request.user.is_authenticated:
            return None
        what = wanted(request, view)
        if what == "code":
            return error_page(request, "funding/people/code_again.html", 403, minutes=factors.minutes())
        if not what or (factors.fresh(request) if what == "fresh" else factors.passed(request)):
            return None
        return ask(request, what)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """allauth's pages are not audited services; that somebody tried to do without a second factor is a fact all the same."""
        if isinstance(exception, Refused) and exception.rule == "last-factor":
            who = request.user
            record(
                actor=who, act="people.remove_factor", subject=who, outcome=Record.REFUSED, rule=exception.rule, reason=exception.message
            )


def ask(request: HttpRequest, what: Wanted) -> HttpResponse:
    """To the page where the factor is shown or set up, and back. An act is not done; what was typed waits on the page that says so."""
    set_up = factors.has(request.user)
    where = get_adapter().get_reauthentication_methods(request.user)[0]["url"] if set_up else reverse("mfa_index")
    if request.method in SAFE:
        return HttpResponseRedirect(f"{where}?{urlencode({'next': request.get_full_path()})}")
    match = request.resolver_match
    ours = match is not None and not match.view_name.startswith(("account_", "mfa_"))
    typed = [
        (name, value) for name, values in request.POST.lists() if ours and name != "csrfmiddlewaretoken" for value in values
    ]  # a password is never written into a page
    context = {"set_up": set_up, "where": where, "typed": typed, "again": ours, "just_now": what == "fresh", "minutes": factors.minutes()}
    return error_page(request, "funding/people/factor.html", 403, **context)


class SessionLimits:
    """Middleware, after sign-in: a session that is too old or was left alone for too long goes on as a visitor's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            if self.is_over(request):
                logout(request)
                words = _("You were signed out, because this browser was signed in for long or left alone.")
                messages.info(request, words if request.method in SAFE else f"{words} {_('What you sent was not done.')}")
            else:
                sessions.note(request)
        return self.get_response(request)

    def is_over(self, request: HttpRequest) -> bool:
        if not sessions.is_over(request, with_role=True):
            return False  # within the shorter limits, so nobody's role is looked up
        return sessions.is_over(request, with_role=False) or factors.needed(request.user)
