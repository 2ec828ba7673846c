"""What happened between two instants of business time, in words: the answer to “Next month”."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Q
from django.utils.translation import ngettext_lazy

from funding.mail.models import Message
from grants.awards.models import Tranche
from grants.committee.models import Opening
from grants.payouts.models import Payout
from sponsors.goals.models import Goal
from sponsors.invoices.models import Payment
from sponsors.refunds.models import Dispute, Refund
from sponsors.sponsorships.models import Sponsorship

WORDS = {
    "charged": ngettext_lazy("{count} card charged", "{count} cards charged", "count"),
    "refused": ngettext_lazy("{count} card refused", "{count} cards refused", "count"),
    "ended": ngettext_lazy("{count} sponsorship ended", "{count} sponsorships ended", "count"),
    "reached": ngettext_lazy("{count} goal reached", "{count} goals reached", "count"),
    "missed": ngettext_lazy("{count} goal not met", "{count} goals not met", "count"),
    "refunds": ngettext_lazy("{count} refund paid", "{count} refunds paid", "count"),
    "disputes": ngettext_lazy("{count} dispute closed", "{count} disputes closed", "count"),
    "payouts": ngettext_lazy("{count} payout confirmed", "{count} payouts confirmed", "count"),
    "tranches": ngettext_lazy("{count} tranche received", "{count} tranches received", "count"),
    "reviews": ngettext_lazy("{count} panel's reviews opened", "{count} panels' reviews opened", "count"),
    "mails": ngettext_lazy("{count} mail written", "{count} mails written", "count"),
}


def between(since: dt.datetime, until: dt.datetime) -> list[str]:
    """Phrases such as “12 cards charged”, “1 card refused”; empty when nothing did."""
    days = (since.date() + dt.timedelta(days=1), until.date())
    instants = (since, until)
    due = Payment.objects.filter(method=Payment.Method.SAVED_CARD, invoice__due_on__range=days)
    renewals = due.aggregate(paid=Count("pk", filter=Q(state__in=Payment.TAKEN)), refused=Count("pk", filter=Q(state=Payment.State.FAILED)))
    goals = Goal.objects.filter(decided_at__range=instants).aggregate(
        reached=Count("pk", filter=~Q(state=Goal.State.FAILED)), missed=Count("pk", filter=Q(state=Goal.State.FAILED))
    )
    counted: dict[str, int] = {
        "charged": renewals["paid"],
        "refused": renewals["refused"],
        "ended": Sponsorship.objects.filter(ended_at__range=instants, tier__isnull=False).count(),  # a pledge is one without
        "reached": goals["reached"],
        "missed": goals["missed"],
        "refunds": Refund.objects.filter(paid_on__range=days).count(),
        "disputes": Dispute.objects.filter(closed_on__range=days).count(),
        "payouts": Payout.objects.filter(confirmed_at__range=instants).count(),
        "tranches": Tranche.objects.filter(arrived_on__range=days).count(),
        "reviews": Opening.objects.filter(opened_at__range=instants).count(),
        "mails": Message.objects.filter(created_at__range=instants).count(),
    }
    return [WORDS[name].format(count=count) for name, count in counted.items() if count]
