"""Payouts to those you act for and of your own half days; runs for the host's desk."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rest_framework import serializers

from funding.api.fields import Address, DaysField, Minor, MoneyField, Out
from funding.api.views import Resource, Route
from funding.errors import Refused
from grants.engagements import refs
from grants.payouts import accounts, policies, selectors, taxes
from grants.payouts.models import Payout, PayoutLine, PayoutRun


class PaidLineOut(Out):
    day = serializers.CharField(source="work_entry.ref")
    date = serializers.DateField(source="work_entry.date")
    slot = serializers.CharField(source="work_entry.slot")
    worker = serializers.CharField(source="work_entry.worker.name")
    project = serializers.CharField(source="work_entry.engagement.project.slug")
    note = serializers.CharField(source="work_entry.note")
    amount = MoneyField(source="money")


class PayoutOut(Out):
    ref = serializers.CharField()
    run = serializers.IntegerField(source="run_id")
    payee = serializers.CharField(source="payee.name")
    amount = MoneyField(source="money")
    days = DaysField(source="half_days")
    state = serializers.ChoiceField(choices=Payout.State.choices)
    prepared_at = serializers.DateTimeField(source="run.prepared_at")
    sent_at = serializers.DateTimeField(allow_null=True)
    confirmed_at = serializers.DateTimeField(allow_null=True)
    sent_entry = serializers.IntegerField(source="sent_entry_id", allow_null=True, help_text="Its number in the books.")
    confirmed_entry = serializers.IntegerField(source="confirmed_entry_id", allow_null=True)
    withheld = MoneyField(
        source="shown_tax", allow_null=True, help_text="What of the amount is kept back for tax; null for who does not act for the payee."
    )
    tax_owed = MoneyField(allow_null=True, help_text="What of it no tax authority has yet; null where withheld is.")
    withheld_entry = serializers.IntegerField(source="shown_tax_entry", allow_null=True)
    partial = serializers.BooleanField(help_text="Whether it pays half days of others, which you do not see.")
    lines = PaidLineOut(many=True, source="shown")
    url = Address("api:payout-detail", "ref")
    page = Address("payouts:payout", "ref")


class Payouts(Resource):
    """What was paid, or is on its way, to those you act for and for your own half days; every payout for the host's desk."""

    title = gettext_noop("Payouts")
    signed_in = True
    serializer_class = PayoutOut
    lookup_field = "ref"
    filters = {"state": "state"}

    def get_queryset(self) -> QuerySet[Any]:
        return policies.visible(self.request.user).select_related("payee", "run")

    def find(self, key: str) -> Any:
        found = self.get_queryset().filter(pk=refs.number(key, "PO") or 0).first()
        if found is None:
            raise Http404
        return self.prepare([found])[0]

    def prepare(self, rows: list[Any]) -> list[Any]:
        user, lines = self.request.user, lines_of(rows)
        all_of, own = policies.sees_runs(user), set(accounts.parties_of(user))
        owed = taxes.still_owed(rows)
        for payout in rows:
            found = lines.get(payout.pk, [])
            whole = all_of or payout.payee in own
            payout.shown = found if whole else [line for line in found if line.work_entry.worker_id == user.pk]
            payout.partial = len(payout.shown) < len(found)
            payout.shown_tax, payout.tax_owed = (payout.tax, owed[payout.pk]) if whole else (None, None)
            payout.shown_tax_entry = payout.withheld_entry_id if whole else None
        return rows


def lines_of(payouts: list[Any]) -> dict[int, list[PayoutLine]]:
    found: dict[int, list[PayoutLine]] = {}
    rows = PayoutLine.objects.filter(payout__in=payouts).select_related("payout", "work_entry__worker", "work_entry__engagement__project")
    for line in rows.order_by("pk"):
        found.setdefault(line.payout_id, []).append(line)
    return found


class RunOut(Out):
    number = serializers.IntegerField()
    currency = serializers.CharField()
    up_to = serializers.DateField()
    state = serializers.ChoiceField(choices=PayoutRun.State.choices)
    control_total = Minor("control_total")
    payees = serializers.IntegerField(source="count")
    prepared_by = serializers.CharField(source="prepared_by.name")
    prepared_at = serializers.DateTimeField()
    released_by = serializers.CharField(source="released_by.name", allow_null=True, default=None)
    released_at = serializers.DateTimeField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)
    url = Address("api:run-detail", "number")
    page = Address("payouts:run", "number")


class Runs(Resource):
    """Payout runs, for treasurers, administrators and auditors. They are prepared and released on their pages."""

    title = gettext_noop("Payout runs")
    signed_in = True
    serializer_class = RunOut
    lookup_field = "number"
    numbered = True
    filters = {"state": "state", "currency": "currency"}

    def get_queryset(self) -> QuerySet[Any]:
        if not policies.sees_runs(self.request.user):
            raise Refused(_("Payout runs are read by treasurers, administrators and auditors."), rule="role")
        return selectors.runs()


routes = [Route("payouts", Payouts, "payout"), Route("runs", Runs, "run")]
