"""Pages that a signed link opens without signing in: the receipt, stopping, and paying what failed.

Opening one changes nothing that a person would have to decide; every act takes a press on the page.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import add_never_cache_headers
from django.views.generic import TemplateView

from funding.errors import Unavailable
from funding.web.forms import Confirm
from funding.web.views import ActionView
from sponsors.billing import links, services
from sponsors.invoices import selectors as payments
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship
from sponsors.sponsorships.words import next_step

REFRESH_SECONDS = 4


def private(response: HttpResponseBase) -> HttpResponseBase:
    """Not kept by caches, not found by search engines."""
    add_never_cache_headers(response)
    response["X-Robots-Tag"] = "noindex"
    return response


class Private:
    """A page that is `private`."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return private(super().dispatch(request, *args, **kwargs))  # type: ignore[misc]


class Paid(Private, TemplateView):
    """Where the card page sends people back to, and what the mail links to: pending, then the receipt."""

    template_name = "sponsors/billing/paid.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        ref = links.read(links.PAID, kwargs["token"])
        payment = get_object_or_404(Payment, ref=ref)
        unreachable = False
        try:
            services.settle(payment_id=payment.pk)
        except Unavailable:
            unreachable = True
        self.payment = get_object_or_404(payments.payments(), pk=payment.pk)
        response = super().get(request, *args, unreachable=unreachable, **kwargs)
        if self.payment.state in Payment.OPEN:
            # A header, so that nothing moves under a reader once the payment is settled.
            response["Refresh"] = str(REFRESH_SECONDS)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        payment, sponsorship = self.payment, self.payment.invoice.sponsorship
        again = links.card(sponsorship) if sponsorship.paid_through else links.back(sponsorship)
        return super().get_context_data(**receipt_context(payment), again_url=again, **kwargs)


class OfSponsorship(Private, ActionView):
    """A signed page about one sponsorship."""

    form_class = Confirm
    purpose = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        ref = links.read(self.purpose, kwargs["token"])
        self.sponsorship = get_object_or_404(Sponsorship.objects.select_related("project", "party"), ref=ref)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.sponsorship
        facts = [("Project", it.project.name), ("Tier", it.tier_name), ("Reference", it.ref)]
        page = {"sponsorship": it, "next_step": next_step(it), "facts": facts, "total": (f"You pay, {it.period_words}", it.price)}
        return super().get_context_data(**{**page, **kwargs})


class Stop(OfSponsorship):
    """The first press is on the link, the second on this page. Afterwards the same link shows how things stand."""

    purpose = links.STOP
    template_name = "sponsors/billing/stop.html"
    submit = "Stop this sponsorship"

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Stop sponsoring {self.sponsorship.project}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.sponsorship
        over = it.state == Sponsorship.State.ENDED or it.stopped_at is not None or not it.recurring
        return super().get_context_data(over=over, danger=True, cancel_url=f"/projects/{it.project.slug}/", **kwargs)

    def act(self, form: Confirm) -> str:
        services.stop(actor=self.request.user, sponsorship=self.sponsorship)
        return self.request.path


class Card(OfSponsorship):
    """What is owed after a payment failed, and one button to the card page."""

    purpose = links.CARD
    template_name = "sponsors/billing/card.html"

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Pay for {self.sponsorship.project}"

    @property
    def submit(self) -> str:  # type: ignore[override]
        return f"Pay {self.sponsorship.price.format()} now"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        invoice = Invoice.objects.filter(sponsorship=self.sponsorship, state=Invoice.State.OPEN).order_by("period_start").first()
        newest = payments.newest(self.sponsorship)
        return super().get_context_data(invoice=invoice, newest=newest, **kwargs)

    def act(self, form: Confirm) -> str:
        return services.pay(actor=self.request.user, sponsorship=self.sponsorship)


def receipt_context(payment: Payment) -> dict[str, Any]:
    """What the receipt's template needs, for its signed page and for the signed-in one."""
    sponsorship = payment.invoice.sponsorship
    return {
        "payment": payment,
        "invoice": payment.invoice,
        "sponsorship": sponsorship,
        "lines": payments.lines(payment),
        "entry_url": links.entry(payment.entry.number) if payment.entry else "",
        "next_step": next_step(sponsorship),
        "stop_url": links.stop(sponsorship),
    }
