"""Payments that will not come right by themselves, for those who keep the books."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding.components.parts import Column, Table
from funding.payments import policies
from funding.payments.views import Keeper
from funding.web.forms import Confirm
from funding.web.views import SignedIn, SignedInActionView, private
from sponsors.billing import services
from sponsors.billing.views.giving import PILLS
from sponsors.invoices import selectors as payments
from sponsors.invoices.models import Payment

SHOWN = 100


def stuck_table(found: list[Payment]) -> Table:
    return Table(
        caption=_("Payments that need a person"),
        columns=[
            Column(_("Reference")),
            Column(_("Since"), "date"),
            Column(_("For")),
            Column(_("State")),
            Column(_("What is wrong")),
            Column(_("Next look"), "date", minor=True),
            Column(_("Sum"), "number"),
        ],
        rows=[
            [
                payment.ref,
                payment.created_at,
                f"{payment.invoice.sponsorship.project}, {payment.invoice.sponsorship}",
                PILLS[Payment.State(payment.state)],
                payments.why_stuck(payment),
                payment.next_look_at,
                payment.money,
            ]
            for payment in found
        ],
        empty=_("No payment needs a person."),
    )


class Stuck(SignedIn, TemplateView):
    """For administrators and treasurers, the longest stuck first. Each is looked at again by itself, at least once an hour."""

    template_name = "sponsors/billing/stuck.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            policies.require_keeper(request.user)
        return private(super().dispatch(request, *args, **kwargs))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = list(payments.stuck()[:SHOWN])
        return super().get_context_data(payments=stuck_table(found), shown=SHOWN, found=found, **kwargs)


class LookAgain(Keeper, SignedInActionView):
    form_class = Confirm
    template_name = "components/confirm.html"
    title = gettext_lazy("Look at this payment now")
    lead = gettext_lazy("The processor is asked what became of it. If nothing is new, nothing happens.")
    submit = gettext_lazy("Look now")
    done = gettext_lazy("It is looked at now. It leaves the list when it is booked or nothing was taken.")
    success_url = reverse_lazy("recovery:waiting")

    @property
    def payment(self) -> Payment:
        return get_object_or_404(payments.payments(), ref=self.kwargs["ref"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        payment = self.payment
        facts = [(_("Payment"), payment.ref), (_("Sum"), payment.money), (_("What is wrong"), payments.why_stuck(payment))]
        return super().get_context_data(facts=facts, cancel_url=self.success_url, **kwargs)

    def act(self, form: Confirm) -> None:
        services.look_again(actor=self.keeper, payment=self.payment)
