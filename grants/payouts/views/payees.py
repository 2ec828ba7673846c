"""The payees with their accounts, for the desk; and the link by which somebody says of a change that it was not them."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding import clock
from funding.components.parts import Column, Table
from funding.payments.models import ConnectedAccount
from funding.people import roles
from funding.people.models import Party
from funding.web.forms import Confirm
from funding.web.views import ActionView, Private, SignedIn
from grants.engagements.models import Engagement
from grants.payouts import accounts, changes, holding, signers
from grants.payouts.forms import LiftForm
from grants.payouts.models import Freeze, PayeeChange
from grants.payouts.views.gate import TreasurerForm
from grants.payouts.views.runs import require_desk

PAGE = 50


class PayeesView(SignedIn):
    """Everybody whom an engagement pays: whether they can be paid, where to, what changed, and who is frozen."""

    def get(self, request: HttpRequest) -> HttpResponse:
        require_desk(request.user)
        found = Party.objects.filter(pk__in=Engagement.objects.values("payee")).order_by("name", "pk")
        page = Paginator(found, PAGE).get_page(request.GET.get("page"))
        parties = list(page)
        freezes = Freeze.objects.filter(lifted_at=None).select_related("party", "change").order_by("party__name", "pk")
        return render(request, "grants/payouts/payee_list.html", {"page": page, "table": payees_table(parties), "freezes": freezes})


class SignersView(SignedIn):
    """Who prepares and releases at this host, and what is missing while one person is alone."""

    def get(self, request: HttpRequest) -> HttpResponse:
        require_desk(request.user)
        context = {
            "treasurers": roles.holders(roles.Role.TREASURER),
            "cosigners": roles.holders(roles.Role.COSIGNER),
            "one_signer": signers.ONE_SIGNER if signers.one_signer() else "",
            "may_give": roles.has(request.user, roles.Role.ADMIN),
        }
        return render(request, "grants/payouts/signers.html", context)


def payees_table(parties: list[Party]) -> Table:
    """Four queries, whatever the number of payees."""
    known = {row.party_id: row for row in ConnectedAccount.objects.filter(party__in=parties)}
    holds = holding.of(parties)
    latest = {change.party_id: change for change in PayeeChange.objects.filter(party__in=parties).order_by("pk")}
    columns = [
        Column(_("Payee")),
        Column(_("Account")),
        Column(_("Paid to")),
        Column(_("Last change"), "date"),
        Column(_("Why nothing is paid now")),
    ]
    rows = []
    for party in parties:
        state, change, hold = accounts.state_of(known.get(party.pk)), latest.get(party.pk), holds.get(party.pk)
        why = hold.reason if hold else "" if state.code == "able" else " ".join([state.sentence, *_needed(state)])
        destination = known[party.pk].destination if party.pk in known else ""
        rows.append([party.name, state.pill, destination, change and change.at.date(), why])
    return Table(_("Payees"), columns, rows, empty=_("Nobody is paid yet."))


def _needed(state: accounts.State) -> list[str]:
    return [_("Missing: {details}.").format(details=", ".join(state.missing))] if state.missing else []


class LiftView(TreasurerForm):
    """A treasurer found out what happened; payouts to the payee go on."""

    template_name = "components/confirm.html"
    form_class = LiftForm
    fresh = True
    submit = gettext_lazy("Let payouts go on")
    done = gettext_lazy("Payouts to this payee go on.")

    @cached_property
    def freeze(self) -> Freeze:
        require_desk(self.request.user)
        return get_object_or_404(Freeze.objects.select_related("party", "change__by"), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        freeze = self.freeze
        facts = [
            (_("Payee"), freeze.party.name),
            (_("What changed"), str(freeze.change)),
            (_("Changed by"), str(freeze.change.by or _("Somebody on the processor's pages"))),
            (_("“This was not me”"), freeze.at),
        ]
        return super().get_context_data(
            title=_("Let payouts to {name} go on").format(name=freeze.party.name),
            lead=_("Speak to the payee first, on a number that you knew before the change."),
            facts=facts,
            cancel_url=reverse("payouts:payees"),
            **kwargs,
        )

    def act(self, form: LiftForm) -> str:
        changes.lift(actor=self.request.user, freeze=self.freeze, reason=form.cleaned_data["reason"])
        return reverse("payouts:payees")


class FreezeView(Private, ActionView):
    """Behind the mailed link, without sign-in: one page that says what changed, one press that stops payouts."""

    template_name = "components/confirm.html"
    form_class = Confirm
    by_link = True
    submit = gettext_lazy("This was not me: stop payouts")
    done = gettext_lazy("Payouts are stopped. A treasurer looks into it.")

    @cached_property
    def change(self) -> PayeeChange:
        return changes.of_token(self.kwargs["token"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        change = self.change
        frozen = Freeze.objects.filter(change=change).first()
        lead = _("Nothing more is paid until a treasurer has spoken with the payee. You cannot undo this yourself.")
        if frozen is not None:
            lead = (
                _("A treasurer has looked into this.") if frozen.lifted_at else _("Payouts are stopped already. A treasurer looks into it.")
            )
        facts = [
            (_("Payee"), change.party.name),
            (_("What changed"), change.get_what_display()),
            (_("Before"), change.before or _("Nothing")),
            (_("Now"), change.after or _("Nothing")),
            (_("When"), change.at),
        ]
        if not change.first and change.holds_until > clock.now():
            facts.append((_("Nothing is paid there before"), change.holds_until))
        return super().get_context_data(title=_("Was this not you?"), lead=lead, facts=facts, danger=True, **kwargs)

    def act(self, form: Confirm) -> str:
        changes.freeze(change=self.change)
        return self.request.path
