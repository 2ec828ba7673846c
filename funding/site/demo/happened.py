"""What happened between two instants of business time, in words: the answer to “Next month”."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Q

from funding.mail.models import Message
from grants.awards.models import Tranche
from grants.committee.models import Opening
from grants.payouts.models import Payout
from sponsors.goals.models import Goal
from sponsors.invoices.models import Payment
from sponsors.refunds.models import Dispute, Refund
from sponsors.sponsorships.models import Sponsorship


def between(since: dt.datetime, until: dt.datetime) -> list[str]:
    """Phrases such as “12 cards charged”, “1 card refused”; empty when nothing did."""
    days = (since.date() + dt.timedelta(days=1), until.date())
    instants = (since, until)
    due = Payment.objects.filter(method=Payment.Method.SAVED_CARD, invoice__due_on__range=days)
    renewals = due.aggregate(paid=Count("pk", filter=Q(state__in=Payment.TAKEN)), refused=Count("pk", filter=Q(state=Payment.State.FAILED)))
    goals = Goal.objects.filter(decided_at__range=instants).aggregate(
        reached=Count("pk", filter=~Q(state=Goal.State.FAILED)), missed=Count("pk", filter=Q(state=Goal.State.FAILED))
    )
    counted = [
        (renewals["paid"], "card charged", "cards charged"),
        (renewals["refused"], "card refused", "cards refused"),
        (Sponsorship.objects.filter(ended_at__range=instants).count(), "sponsorship ended", "sponsorships ended"),
        (goals["reached"], "goal reached", "goals reached"),
        (goals["missed"], "goal not met", "goals not met"),
        (Refund.objects.filter(paid_on__range=days).count(), "refund paid", "refunds paid"),
        (Dispute.objects.filter(closed_on__range=days).count(), "dispute closed", "disputes closed"),
        (Payout.objects.filter(confirmed_at__range=instants).count(), "payout confirmed", "payouts confirmed"),
        (Tranche.objects.filter(arrived_on__range=days).count(), "tranche received", "tranches received"),
        (Opening.objects.filter(opened_at__range=instants).count(), "panel’s reviews opened", "panels’ reviews opened"),
        (Message.objects.filter(created_at__range=instants).count(), "mail written", "mails written"),
    ]
    return [f"{number} {one if number == 1 else many}" for number, one, many in counted if number]
