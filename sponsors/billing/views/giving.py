"""A signed-in sponsor's own pages. Somebody else's sponsorship does not exist here."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView

from funding import clock
from funding.components import formats
from funding.components.parts import Chart, Column, Link, Pill, Series, Table
from funding.money import total
from funding.web.views import SignedIn
from sponsors.billing import links, services
from sponsors.billing.views.signed import Private, plan_words, receipt_context
from sponsors.dunning.models import Course
from sponsors.dunning.selectors import open_courses
from sponsors.invoices import selectors as payments
from sponsors.invoices.models import Payment
from sponsors.sponsorships import selectors
from sponsors.sponsorships.models import Sponsorship

SHOWN = 50
PILLS = {
    Payment.State.CREATED: Pill(gettext_lazy("Waiting"), "wait"),
    Payment.State.PROCESSING: Pill(gettext_lazy("Waiting"), "wait"),
    Payment.State.PAID: Pill(gettext_lazy("Paid, being booked"), "wait"),
    Payment.State.BOOKED: Pill(gettext_lazy("Paid"), "paid"),
    Payment.State.FAILED: Pill(gettext_lazy("Failed"), "stop"),
    Payment.State.ABANDONED: Pill(gettext_lazy("Not completed")),
}
PAID_TWICE = Pill(gettext_lazy("Paid twice, owed back to you"), "wait")
PLAN_PILLS = {
    Sponsorship.State.PENDING: Pill(gettext_lazy("Waiting for the first payment"), "wait"),
    Sponsorship.State.ACTIVE: Pill(gettext_lazy("Active"), "paid"),
    Sponsorship.State.GRACE: Pill(gettext_lazy("Payment failed, perks go on"), "wait"),
    Sponsorship.State.PAST_DUE: Pill(gettext_lazy("Payment failed, perks have ended"), "stop"),
    Sponsorship.State.LAPSED: Pill(gettext_lazy("Lapsed")),
    Sponsorship.State.ENDED: Pill(gettext_lazy("Ended")),
}


def plan(sponsorship: Sponsorship, course: Course | None = None) -> dict[str, Any]:
    """One plan as a page draws it. `course` is that of its unpaid invoice, if the caller has it."""
    running_out = sponsorship.state == Sponsorship.State.ACTIVE and sponsorship.stopped_at is not None
    may_stop = sponsorship.recurring and sponsorship.stopped_at is None and not sponsorship.over
    return {
        "it": sponsorship,
        "pill": Pill(_("Stopped"), "wait") if running_out else PLAN_PILLS[Sponsorship.State(sponsorship.state)],
        "next_step": plan_words(sponsorship, course),
        "stop_url": links.stop(sponsorship) if may_stop else "",
        "pay_url": links.pay(sponsorship) if sponsorship.unpaid else "",
        "card_url": links.card(sponsorship) if services.chargeable(sponsorship) else "",
    }


def pill(payment: Payment) -> Pill:
    if payment.returned:
        return Pill(_("Refunded") if payment.returned == payment.gross else _("Partly refunded"))
    return PAID_TWICE if payment.surplus else PILLS[Payment.State(payment.state)]


def payment_table(found: list[Payment], caption: str) -> Table:
    def shown(payment: Payment) -> bool:
        return payment.state in Payment.TAKEN and not payment.surplus

    def receipt(payment: Payment) -> Link | str:
        sponsorship = payment.invoice.sponsorship
        return Link(payment.ref, f"/giving/{sponsorship.ref}/receipts/{payment.ref}/") if shown(payment) else payment.ref

    return Table(
        caption=caption,
        columns=[
            Column(_("Reference")),
            Column(_("Date"), "date"),
            Column(_("For")),
            Column(_("State")),
            Column(_("Note"), minor=True),
            Column(_("Sum"), "number"),
        ],
        rows=[
            [
                receipt(payment),
                payment.paid_on or payment.created_at.date(),
                f"{payment.invoice.sponsorship.project}: {payment.invoice.sponsorship.tier_name}",
                pill(payment),
                payment.failure_message or payment.card_label,
                payment.money,
            ]
            for payment in found
        ],
        empty=_("No payments yet."),
    )


def year(own: list[Sponsorship]) -> Chart | None:
    """The payments of a year as bars, from the first one on; None while one month says it all, or where currencies meet."""
    sums = payments.kept_by_month(own, clock.today())
    if not sums or len(sums) < 2:
        return None
    together = total(sums.values(), next(iter(sums.values())).currency)
    return Chart(
        key="giving",
        title=ngettext("{sum} in {n} month.", "{sum} in {n} months.", len(sums)).format(sum=together, n=len(sums)),
        caption=_("Your payments by month, less what went back"),
        head=_("Month"),
        names=[formats.month(month) for month in sums],
        short=[formats.short_month(month) for month in sums],
        series=[Series(_("Paid"), list(sums.values()))],
    )


class Giving(SignedIn, TemplateView):
    template_name = "sponsors/billing/giving.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = list(selectors.own(self.request.user))
        courses = open_courses(own)
        paid = list(payments.payments().filter(invoice__sponsorship__in=own).order_by("-pk")[:SHOWN])
        return super().get_context_data(
            plans=[plan(sponsorship, courses.get(sponsorship.pk)) for sponsorship in own],
            payments=payment_table(paid, _("Your payments")),
            shown=SHOWN,
            paid=paid,
            year=year(own),
            **kwargs,
        )


class OfOwnPlan(Private, SignedIn, TemplateView):
    def own(self) -> Sponsorship:
        return get_object_or_404(selectors.own(self.request.user), ref=self.kwargs["ref"])


class Plan(OfOwnPlan):
    template_name = "sponsors/billing/plan.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sponsorship = self.own()
        table = payment_table(payments.of_sponsorship(sponsorship), _("Payments of this plan"))
        return super().get_context_data(plan=plan(sponsorship), payments=table, **kwargs)


class Receipt(OfOwnPlan):
    template_name = "sponsors/billing/receipt.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        taken = payments.payments().filter(invoice__sponsorship=self.own(), state__in=Payment.TAKEN, surplus=False)
        payment = get_object_or_404(taken, ref=self.kwargs["payment"])
        return super().get_context_data(**{**kwargs, **receipt_context(payment)})
