"""Payments that will not come right by themselves, for those who keep the books."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.views.generic import TemplateView

from funding.components.parts import Column, Table
from funding.payments import policies
from funding.web.views import SignedIn
from sponsors.billing.views.giving import PILLS
from sponsors.billing.views.signed import private
from sponsors.invoices import selectors as payments
from sponsors.invoices.models import Payment

SHOWN = 100


def stuck_table(found: list[Payment]) -> Table:
    return Table(
        caption="Payments that need a person",
        columns=[
            Column("Reference"),
            Column("Since", "date"),
            Column("For"),
            Column("State"),
            Column("What is wrong"),
            Column("Next look", "date", minor=True),
            Column("Sum", "number"),
        ],
        rows=[
            [
                payment.ref,
                payment.created_at,
                f"{payment.invoice.sponsorship.project}, {payment.invoice.sponsorship}",
                PILLS[Payment.State(payment.state)],
                payment.trouble or f"No outcome after {payment.looks} looks.",
                payment.next_look_at,
                payment.money,
            ]
            for payment in found
        ],
        empty="No payment needs a person.",
        mixed_currencies=len({payment.currency for payment in found}) > 1,
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
