"""Pages that a signed link opens without signing in: the receipt, stopping, changing the card, and paying what failed.

Opening one changes nothing that a person would have to decide; every act takes a press on the page.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from funding.components.formats import date
from funding.errors import Unavailable
from funding.ledger.sealing import proof
from funding.web.forms import Confirm
from funding.web.views import ActionView, Private, client_address, private
from sponsors.billing import links, services
from sponsors.billing.models import CardChange
from sponsors.dunning.models import Course
from sponsors.dunning.selectors import open_courses, outlook
from sponsors.invoices import selectors as payments
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship
from sponsors.sponsorships.words import next_step

REFRESH_SECONDS = 4


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
        return super().get_context_data(**receipt_context(payment), again_url=links.again(sponsorship), **kwargs)


class Proof(Private, View):
    """The proof of a receipt whose day is sealed, as a file. 404 before that, and after its reference was erased."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        payment = get_object_or_404(Payment, ref=links.read(links.PAID, token), entry__isnull=False)
        found = proof.of(payment.entry)
        if found is None:
            raise Http404
        saved = {"Content-Disposition": f'attachment; filename="{payment.ref}-proof.json"'}
        return JsonResponse(found, headers=saved, json_dumps_params={"indent": 1, "ensure_ascii": False})


class OfSponsorship(Private, ActionView):
    """A signed page about one sponsorship."""

    by_link = True
    form_class = Confirm
    purpose = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        ref = links.read(self.purpose, kwargs["token"])
        self.sponsorship = get_object_or_404(Sponsorship.objects.select_related("project", "party"), ref=ref)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.sponsorship
        facts = [(_("Project"), it.project.name), (_("Tier") if it.tier_id else _("Goal"), it.tier_name), (_("Reference"), it.ref)]
        page = {
            "sponsorship": it,
            "next_step": plan_words(it),
            "facts": facts,
            "total": (_("You pay, {period}").format(period=it.period_words), it.price),
        }
        return super().get_context_data(**{**page, **kwargs})


class Stop(OfSponsorship):
    """The first press is on the link, the second on this page. Afterwards the same link shows how things stand."""

    purpose = links.STOP
    template_name = "sponsors/billing/stop.html"
    submit = gettext_lazy("Stop this sponsorship")

    @property
    def over(self) -> bool:
        """Whether there is nothing to stop any more."""
        it = self.sponsorship
        return it.over or it.stopped_at is not None or not it.recurring

    @property
    def title(self) -> str:
        it = self.sponsorship
        return f"{it.project}, {it.tier_name}" if self.over else _("Stop sponsoring {project}").format(project=it.project)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.sponsorship
        return super().get_context_data(over=self.over, owed=owed(it), danger=True, cancel_url=f"/projects/{it.project.slug}/", **kwargs)

    def act(self, form: Confirm) -> str:
        services.stop(actor=self.request.user, sponsorship=self.sponsorship)
        return self.request.path


class Expiring(OfSponsorship):
    """A page that takes a card. Its link is good for a while; an older one offers a fresh one to the address on file.

    The page of an old link says nothing else: whoever found it in an old mailbox learns no name, sum or state.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except links.TooOld as old:
            return private(self._offer_fresh(request, old.ref))

    def _offer_fresh(self, request: HttpRequest, ref: str) -> HttpResponse:
        sent = request.method == "POST" and Confirm(request.POST).is_valid()
        if sent:
            services.send_fresh_link(sponsorship=get_object_or_404(Sponsorship.objects.select_related("project"), ref=ref))
        return render(request, "sponsors/billing/old_link.html", {"form": Confirm(), "sent": sent}, status=200 if sent else 410)


class Card(Expiring):
    """Save another card. While something is owed it is charged to the new one at once."""

    purpose = links.CARD
    template_name = "sponsors/billing/card.html"
    submit = gettext_lazy("Go to the card page")

    @property
    def title(self) -> str:
        return _("Change the card for {project}").format(project=self.sponsorship.project)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.sponsorship
        invoice = owed(it)
        pay_url = links.pay(it) if invoice else ""
        return super().get_context_data(possible=services.chargeable(it), invoice=invoice, pay_url=pay_url, **kwargs)

    def act(self, form: Confirm) -> str:
        place = client_address(self.request)
        return services.change_card(actor=self.request.user, sponsorship=self.sponsorship, place=place)


class Pay(Expiring):
    """What is owed after a payment failed, and one button to the page that takes any card and asks what the bank asks."""

    purpose = links.PAY
    template_name = "sponsors/billing/pay.html"

    @property
    def title(self) -> str:
        return _("Pay for {project}").format(project=self.sponsorship.project)

    @property
    def submit(self) -> str:
        return _("Pay {price} now").format(price=self.sponsorship.price)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.sponsorship
        return super().get_context_data(invoice=owed(it), newest=payments.newest(it), card_url=links.card(it), **kwargs)

    def act(self, form: Confirm) -> str:
        place = client_address(self.request)
        return services.pay(actor=self.request.user, sponsorship=self.sponsorship, place=place)


class CardSaved(Private, TemplateView):
    """Where the page that saves a card leads back to: kept or not, and what became of what was owed."""

    template_name = "sponsors/billing/card_saved.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        ref = links.read(links.SAVED, kwargs["token"])
        change = get_object_or_404(CardChange, ref=ref)
        unreachable = False
        try:
            services.settle_card(change_id=change.pk)
        except Unavailable:
            unreachable = True
        found = CardChange.objects.select_related("sponsorship__project", "retried").get(pk=change.pk)
        response = super().get(request, *args, change=found, unreachable=unreachable, **kwargs)
        waits = found.state in CardChange.UNDECIDED or (found.retried is not None and found.retried.state in Payment.UNDECIDED)
        if waits:
            response["Refresh"] = str(REFRESH_SECONDS)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        change: CardChange = kwargs["change"]
        it, retried = change.sponsorship, change.retried
        page = {
            "sponsorship": it,
            "retried": retried,
            "paid_url": links.paid(retried) if retried is not None and retried.state in Payment.TAKEN else "",
            "pay_url": links.pay(it) if owed(it) else "",
            "card_url": links.card(it) if services.chargeable(it) else "",
            "next_step": plan_words(it),
        }
        return super().get_context_data(**page, **kwargs)


def owed(sponsorship: Sponsorship) -> Invoice | None:
    """The oldest open invoice of a sponsorship that began, or of a pledge: what a refused card left."""
    if not (sponsorship.unpaid or sponsorship.promised):
        return None
    return Invoice.objects.filter(sponsorship=sponsorship, state=Invoice.State.OPEN).order_by("period_start").first()


def plan_words(sponsorship: Sponsorship, course: Course | None = None) -> str:
    """`next_step`, with the dates of the steps while something is unpaid. `course` saves the query in lists."""
    words = next_step(sponsorship)
    if not sponsorship.unpaid:
        return words
    course = course or open_courses([sponsorship]).get(sponsorship.pk)
    if course is None:
        return words
    ahead = outlook(course, sponsorship)
    again = (
        _("We try the card again on {date}.").format(date=date(ahead.retry_on))
        if ahead.retry_on
        else _("We do not try this card again by ourselves.")
    )
    lapses = _("If nothing is paid, it lapses on {date} and nothing is owed.").format(date=date(ahead.lapse_on))
    return f"{words} {again} {lapses}"


def receipt_context(payment: Payment) -> dict[str, Any]:
    """What the receipt's template needs, for its signed page and for the signed-in one."""
    sponsorship = payment.invoice.sponsorship
    return {
        "payment": payment,
        "invoice": payment.invoice,
        "sponsorship": sponsorship,
        "lines": payments.lines(payment),
        "returned": payments.returned(payment),
        "entry_url": links.entry(payment.entry.number) if payment.entry else "",
        "sealing": proof.stand(payment.entry) if payment.entry else None,
        "proof_url": links.proof(payment),
        "next_step": plan_words(sponsorship),
        "stop_url": links.stop(sponsorship),
    }
