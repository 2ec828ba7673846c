"""What the host's desk reads: what waits, what went back, what banks claim, and who bears it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding.components.parts import Column, Link, Pill, Step, Table
from funding.funds import reserve
from funding.money import Money
from funding.people import independence
from funding.people.models import Host, User
from funding.people.roles import Role, has, has_any
from funding.web.views import SignedIn
from sponsors.billing.views.signed import private
from sponsors.invoices.models import Payment
from sponsors.refunds import policies, selectors
from sponsors.refunds.forms import FindForm
from sponsors.refunds.models import Dispute, Refund
from sponsors.refunds.selectors import Bearer

SHOWN = 50
R, D = Refund.State, Dispute.State
REFUND_PILLS = {
    R.REQUESTED: Pill(gettext_lazy("Waiting for approval"), "wait"),
    R.APPROVED: Pill(gettext_lazy("Being sent"), "wait"),
    R.SENT: Pill(gettext_lazy("On its way"), "wait"),
    R.SUCCEEDED: Pill(gettext_lazy("Refunded"), "paid"),
    R.FAILED: Pill(gettext_lazy("Failed"), "stop"),
    R.DECLINED: Pill(gettext_lazy("Not made")),
}
DISPUTE_PILLS = {
    D.WATCHED: Pill(gettext_lazy("The bank asks"), "wait"),
    D.OPEN: Pill(gettext_lazy("Open"), "stop"),
    D.WON: Pill(gettext_lazy("Won"), "paid"),
    D.LOST: Pill(gettext_lazy("Lost"), "stop"),
    D.CLOSED: Pill(gettext_lazy("Closed without a claim")),
}


class Desk(SignedIn):
    """A page for treasurers, auditors and administrators; never cached."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            policies.require_desk(request.user)
        return private(super().dispatch(request, *args, **kwargs))


def bearers_table(bearers: list[Bearer], caption: str, currency: str) -> Table:
    return Table(
        caption=caption,
        columns=[Column(_("Who")), Column(_("What")), Column(_("Sum"), "number")],
        rows=[[row.name, row.why, row.amount] for row in bearers],
        caption_shown=True,
        empty=_("Nothing is booked yet."),
    )


def refund_table(found: list[Refund], caption: str, empty: str) -> Table:
    return Table(
        caption=caption,
        columns=[
            Column(_("Refund")),
            Column(_("Asked"), "date"),
            Column(_("Payment")),
            Column(_("Project"), minor=True),
            Column(_("State")),
            Column(_("Sum"), "number"),
        ],
        rows=[
            [
                Link(row.ref, row.get_absolute_url()),
                row.asked_at,
                row.payment.ref,
                str(row.payment.invoice.sponsorship.project),
                REFUND_PILLS[R(row.state)],
                row.money,
            ]
            for row in found
        ],
        caption_shown=True,
        empty=empty,
    )


def dispute_table(found: list[Dispute]) -> Table:
    return Table(
        caption=_("Disputes"),
        columns=[
            Column(_("Dispute")),
            Column(_("Opened"), "date"),
            Column(_("Payment")),
            Column(_("The bank says"), minor=True),
            Column(_("Answer by"), "date"),
            Column(_("State")),
            Column(_("Sum"), "number"),
        ],
        rows=[
            [
                Link(row.ref, row.get_absolute_url()),
                row.opened_on,
                row.payment.ref,
                row.reason_words,
                row.evidence_due if row.state in Dispute.UNDER_WAY else None,
                DISPUTE_PILLS[D(row.state)],
                row.money,
            ]
            for row in found
        ],
        caption_shown=True,
        empty=_("No bank has disputed a payment."),
    )


class Index(Desk, TemplateView):
    template_name = "sponsors/refunds/index.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = FindForm(request.GET)
        if form.is_valid():
            ref = form.cleaned_data["payment"].strip().upper()
            if Payment.objects.filter(ref=ref, state__in=Payment.TAKEN).exists():
                return redirect("refunds:ask", ref)
            return self.render_to_response(self.get_context_data(sought=ref[:20]))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        waiting = list(selectors.waiting().order_by("pk")[:SHOWN])
        made = list(selectors.refunds().exclude(state=R.REQUESTED)[:SHOWN])
        host = Host.get()
        return super().get_context_data(
            waiting=refund_table(waiting, _("Waiting for approval"), _("Nothing waits.")) if waiting else None,
            made=refund_table(made, _("Refunds"), _("Nothing has been refunded.")),
            disputes=dispute_table(list(selectors.disputes()[:SHOWN])),
            shown=SHOWN,
            may_ask=has(self.request.user, Role.TREASURER),
            shortfall=reserve.shortfall(host.currency) if host else None,
            **kwargs,
        )


class RefundPage(Desk, TemplateView):
    template_name = "sponsors/refunds/refund.html"

    @cached_property
    def refund(self) -> Refund:
        return get_object_or_404(selectors.refunds(), ref=self.kwargs["ref"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.refund
        return super().get_context_data(
            it=it,
            pill=REFUND_PILLS[R(it.state)],
            steps=steps(it),
            bearers=bearers_table(selectors.posted_bearers(it), _("Who bears it"), it.currency) if it.taking else None,
            others=Money(it.from_others, it.currency),
            may_decide=policies.may_decide(self.request.user, it),
            hindrance=hindrance(self.request.user, it),
            trail=reverse_or_none("pages:payment-trail", it.payment.ref),
            entries=entries(it),
            **kwargs,
        )


class DisputePage(Desk, TemplateView):
    template_name = "sponsors/refunds/dispute.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = get_object_or_404(selectors.disputes(), ref=self.kwargs["ref"])
        return super().get_context_data(
            it=it,
            pill=DISPUTE_PILLS[D(it.state)],
            bearers=bearers_table(selectors.posted_bearers(it), _("Who bears it"), it.currency) if it.taking else None,
            fee=Money(it.fee, it.currency),
            fee_returned=Money(it.fee_returned, it.currency),
            short=Money(it.from_shortfall, it.currency),
            trail=reverse_or_none("pages:payment-trail", it.payment.ref),
            entries=entries(it),
            **kwargs,
        )


def steps(it: Refund) -> list[Step]:
    """Asked, approved, on its way, refunded; or where it ended."""
    done = {R.REQUESTED: 0, R.APPROVED: 1, R.SENT: 2, R.SUCCEEDED: 4}.get(R(it.state))
    if done is None:
        return []
    words = [
        (_("Asked"), _("by {name}").format(name=it.asked_by.name) if it.asked_by else _("at the processor"), it.asked_at),
        (_("Approved"), approved_by(it), it.decided_at),
        (_("On its way"), it.credit_note, it.paid_on),
        (_("Refunded"), "", it.paid_on if it.state == R.SUCCEEDED else None),
    ]
    return [Step(name, "done" if n <= done else "now" if n == done + 1 else "next", note, on) for n, (name, note, on) in enumerate(words)]


def approved_by(it: Refund) -> str:
    if it.decided_by is None:
        return ""
    alone = _("by {name}; no second person is needed while nobody else's money pays it")
    return (alone if it.decided_by == it.asked_by else _("by {name}")).format(name=it.decided_by.name)


def entries(it: Refund | Dispute) -> list[Link]:
    """The entries of the books that tell of it, in their order."""
    if it.taking is None:
        return []
    taken = it.taking
    numbers = [taken.entry_id, taken.paid_entry_id, taken.returned_entry_id, taken.given_back_entry_id]
    return [Link(_("Entry {number}").format(number=number), f"/books/entries/{number}/") for number in numbers if number]


def hindrance(user: Any, it: Refund) -> independence.Hindrance | None:
    """Why this person could not approve it, so that the page says it before they try."""
    if not isinstance(user, User) or it.state != R.REQUESTED or not has_any(user, {Role.TREASURER, Role.ADMIN}):
        return None
    asked_by = [it.asked_by] if it.asked_by else []
    return independence.hindrance(user, prepared_by=asked_by, beneficiaries=[it.payment.invoice.sponsorship.party])


def reverse_or_none(name: str, *args: Any) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
