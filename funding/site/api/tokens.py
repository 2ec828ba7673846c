"""A person's tokens, on pages below their profile. The secret is shown on the one page after it was made."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse, reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.api.permissions import SCOPES
from funding.components.parts import Column, Link, Pill, Table
from funding.people import factors
from funding.site.api import services
from funding.site.api.forms import TokenForm
from funding.site.api.models import Token
from funding.web.forms import Confirm
from funding.web.views import SignedIn, SignedInActionView, private

COOKIE, SALT, SECONDS = "token_made", "funding.site.api.token", 300
"""The secret goes to the next page in a cookie of its own, so that no server ever stores it."""


class TokenList(SignedIn):
    """What works first; what has expired or was revoked stays listed, so that a person can see what there was."""

    def get(self, request: HttpRequest) -> HttpResponse:
        tokens = Token.objects.filter(user=request.user.pk)
        secret = request.get_signed_cookie(COOKIE, default="", salt=f"{SALT}:{request.user.pk}", max_age=SECONDS)
        page = render(request, "site/api/token_list.html", {"table": table(list(tokens)), "secret": secret})
        if secret:
            page.delete_cookie(COOKIE, path=reverse("tokens:list"))
        return private(page)  # type: ignore[return-value]


def table(tokens: list[Token]) -> Table:
    columns = [Column(_("Token")), Column(_("Begins with")), Column(_("Scopes")), Column(_("Made"), "date"), Column(_("Expires"), "date"),
               Column(_("Last used"), "date"), Column(_("State"))]  # fmt: skip
    rows = [
        [
            Link(token.name, reverse("tokens:revoke", args=[token.token_key])) if token.works else token.name,
            token.token_key,
            ", ".join(token.scopes),
            token.created.date(),
            token.expiry and token.expiry.date(),
            token.used_on,
            Pill(_("Works"), "paid") if token.works else Pill(_("Revoked") if token.revoked_at else _("Expired"), "stop"),
        ]
        for token in tokens
    ]
    return Table(_("Your tokens"), columns, rows, empty=_("You have made none."))


class NewToken(SignedInActionView):
    fresh = True
    form_class = TokenForm
    title = gettext_lazy("Make a token")
    lead = gettext_lazy(
        "A program that sends it acts as you, within what you choose here. You see it once. Whoever has it can use it until it expires."
    )
    submit = gettext_lazy("Make the token")
    success_url = reverse_lazy("tokens:list")
    extra_context = {"cancel_url": reverse_lazy("tokens:list")}
    secret = ""

    def act(self, form: TokenForm) -> None:
        data, shown = form.cleaned_data, factors.fresh(self.request)
        made = services.make(actor=self.request.user, name=data["name"], scopes=data["scopes"], days=data["days"], factor_shown=shown)
        self.secret = made[1]

    def form_valid(self, form: TokenForm) -> HttpResponse:
        response = super().form_valid(form)
        if self.secret:
            response.set_signed_cookie(
                COOKIE, self.secret, salt=f"{SALT}:{self.request.user.pk}", max_age=SECONDS, path=reverse("tokens:list"),
                secure=self.request.is_secure(), httponly=True, samesite="Strict",
            )  # fmt: skip
        return response


class RevokeToken(SignedInActionView):
    form_class = Confirm
    template_name = "components/confirm.html"
    title = gettext_lazy("Revoke this token")
    lead = gettext_lazy("Programs that use it are refused from now on. Nothing that they did changes.")
    submit = gettext_lazy("Revoke the token")
    done = gettext_lazy("The token is revoked.")
    success_url = reverse_lazy("tokens:list")

    @cached_property
    def token(self) -> Token:
        return get_object_or_404(Token, user=self.request.user.pk, token_key=self.kwargs["key"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        facts = [(_("Token"), self.token.name), (_("Begins with"), self.token.token_key), (_("Made"), self.token.created)]
        facts.append((_("Scopes"), ", ".join(_(SCOPES.get(scope, scope)) for scope in self.token.scopes)))
        return super().get_context_data(facts=facts, danger=True, cancel_url=self.success_url, **kwargs)

    def act(self, form: Confirm) -> None:
        services.revoke(actor=self.request.user, token=self.token)
