"""Your own sponsorships, and what was owed and paid for them. Somebody else's do not exist here, whatever your role."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_noop
from rest_framework import serializers

from funding.api.fields import Address, Minor, MoneyField, Out
from funding.api.views import Resource, Route
from sponsors.invoices import selectors
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships import selectors as sponsorships
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.models import Interval


class SponsorshipOut(Out):
    ref = serializers.CharField()
    project = serializers.CharField(source="project.slug")
    tier = serializers.CharField(source="tier_name")
    price = MoneyField()
    interval = serializers.ChoiceField(choices=Interval.choices)
    state = serializers.ChoiceField(choices=Sponsorship.State.choices)
    paid_through = serializers.DateField(allow_null=True)
    next_charge_on = serializers.DateField(allow_null=True)
    shown_name = serializers.CharField(help_text="What the public reads.")
    payer = serializers.CharField(source="payer_name")
    card = serializers.CharField(source="card_label")
    created_at = serializers.DateTimeField()
    stopped_at = serializers.DateTimeField(allow_null=True)
    url = Address("api:sponsorship-detail", "ref")
    page = Address("billing:plan", "ref")


class Sponsorships(Resource):
    """The sponsorships of those you act for."""

    title = gettext_noop("Sponsorships")
    signed_in = True
    serializer_class = SponsorshipOut
    lookup_field = "ref"
    filters = {"project": "project__slug", "state": "state"}

    def get_queryset(self) -> QuerySet[Any]:
        return sponsorships.own(self.request.user)


class InvoiceOut(Out):
    number = serializers.CharField()
    sponsorship = serializers.CharField(source="sponsorship.ref")
    total = MoneyField()
    state = serializers.ChoiceField(choices=Invoice.State.choices)
    period_start = serializers.DateField()
    last_day = serializers.DateField()
    due_on = serializers.DateField()
    billed_name = serializers.CharField()
    url = Address("api:invoice-detail", "number")


class OfOwn(Resource):
    signed_in = True

    def own(self) -> QuerySet[Any]:
        return sponsorships.own(self.request.user)


class Invoices(OfOwn):
    """What is owed for each period of your sponsorships."""

    title = gettext_noop("Invoices")
    serializer_class = InvoiceOut
    lookup_field = "number"
    filters = {"sponsorship": "sponsorship__ref", "state": "state"}

    def get_queryset(self) -> QuerySet[Any]:
        return Invoice.objects.filter(sponsorship__in=self.own()).select_related("sponsorship")


class PaymentOut(Out):
    ref = serializers.CharField()
    invoice = serializers.CharField(source="invoice.number")
    sponsorship = serializers.CharField(source="invoice.sponsorship.ref")
    amount = MoneyField(source="money")
    state = serializers.ChoiceField(choices=Payment.State.choices)
    paid_on = serializers.DateField(allow_null=True)
    returned = Minor("returned", help_text="What was refunded of it, or taken back by a bank.")
    card = serializers.CharField(source="card_label")
    failure = serializers.CharField(source="bank_reason")
    url = Address("api:payment-detail", "ref")


class Payments(OfOwn):
    """Each attempt to collect one of your invoices."""

    title = gettext_noop("Payments")
    serializer_class = PaymentOut
    lookup_field = "ref"
    filters = {"invoice": "invoice__number", "state": "state"}

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.payments().filter(invoice__sponsorship__in=self.own())


class ReceiptOut(Out):
    ref = serializers.CharField()
    billed_name = serializers.CharField(source="invoice.billed_name")
    paid_on = serializers.DateField()
    gross = MoneyField(source="money")
    card_fee = MoneyField(source="shares.card_fee", allow_null=True, default=None)
    host_fee = MoneyField(source="shares.host_fee", allow_null=True, default=None)
    net = MoneyField(source="shares.net", allow_null=True, default=None, help_text="What reached the fund; null until it is booked.")
    entry = serializers.IntegerField(source="entry_id", allow_null=True, help_text="Its number in the books.")
    period_start = serializers.DateField(source="invoice.period_start")
    last_day = serializers.DateField(source="invoice.last_day")
    url = Address("api:receipt-detail", "ref")


class Receipts(OfOwn):
    """What you paid, with where it went: gross = card fee + host + what reached the fund."""

    title = gettext_noop("Receipts")
    serializer_class = ReceiptOut
    lookup_field = "ref"

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.payments().filter(invoice__sponsorship__in=self.own(), state__in=Payment.TAKEN, surplus=False)


routes = [
    Route("sponsorships", Sponsorships, "sponsorship"),
    Route("invoices", Invoices, "invoice"),
    Route("payments", Payments, "payment"),
    Route("receipts", Receipts, "receipt"),
]
