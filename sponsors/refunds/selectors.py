"""Reads of refunds and disputes for pages and mails: what went back of a payment, who bore it, and what waits."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.components import formats
from funding.components.parts import FeeLine
from funding.funds.models import Fund
from funding.money import Money
from funding.web.attention import Found, Item
from sponsors.invoices.models import Payment
from sponsors.refunds import planning
from sponsors.refunds.models import Dispute, Refund
from sponsors.refunds.planning import Plan

R, D = Refund.State, Dispute.State
SHOWN_STATES = (R.SENT, R.SUCCEEDED)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who bears a part of a refund or dispute, and why."""

    name: str
    why: str
    amount: Money


SHOWN_WITH = (
    "payment__invoice__sponsorship__project",
    "payment__invoice__sponsorship__party",
    "taking__entry",
    "taking__paid_entry",
    "taking__given_back_entry",
)


def refunds() -> QuerySet[Refund]:
    """Refunds with all that their pages show."""
    return Refund.objects.select_related(*SHOWN_WITH, "asked_by", "decided_by")


def disputes() -> QuerySet[Dispute]:
    return Dispute.objects.select_related(*SHOWN_WITH)


def of_payment(payment: Payment) -> list[Refund]:
    """Refunds that have left, for the sponsor: the oldest first."""
    return list(Refund.objects.filter(payment=payment, state__in=SHOWN_STATES).order_by("paid_on", "pk"))


def arithmetic(payment: Payment) -> list[FeeLine]:
    """The payment, each sum that went back with its date, and what is left of it; empty when nothing went back."""
    found = of_payment(payment)
    if not found:
        return []
    lines = [FeeLine(_("You paid"), payment.money)]
    lines += [FeeLine(_("Refunded, {credit_note}").format(credit_note=refund.credit_note), -refund.money) for refund in found]
    left = payment.money - sum((refund.money for refund in found), Money.zero(payment.currency))
    return [*lines, FeeLine(_("Stays with the project and the host"), left)]


WHY = {
    planning.GIVEN_BACK: gettext_lazy("the sponsor's own money, unspent"),
    planning.COVER: gettext_lazy("puts as much into a fund whose money is reserved for agreed work"),
    planning.CARRIED: gettext_lazy("carries what was spent already"),
    planning.LOST: gettext_lazy("bears the fee that the processor keeps"),
}


def bearers(plan: Plan, currency: str) -> list[Bearer]:
    """Who would bear what of a plan, in words."""
    return _bearers([(step.debit, step.kind, step.amount) for step in plan.steps], currency)


def posted_bearers(it: Refund | Dispute) -> list[Bearer]:
    """Who bore what, from the entry."""
    if it.taking is None:
        return []
    rows = it.taking.entry.transfers.order_by("line").values_list("debit_account", "kind", "amount")
    return _bearers([row for row in rows if row[1] in WHY], it.currency)


def _bearers(rows: list[tuple[int, str, int]], currency: str) -> list[Bearer]:
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for account, kind, amount in rows:
        sums[account, kind] += amount
    funds = {fund.account_id: fund for fund in Fund.objects.filter(account__in={account for account, kind in sums})}
    found = []
    for (account, kind), amount in sums.items():
        fund = funds.get(account)
        found.append(Bearer(fund.name if fund else _("The shortfall"), str(WHY[kind]), Money(amount, currency)))
    return found


def waiting() -> QuerySet[Refund]:
    return refunds().filter(state=R.REQUESTED)


def attention(limit: int) -> Found:
    """What of this waits for a person, the oldest first: refunds to approve, disputes to answer, and disputes
    that were won and whose money is not all back."""
    asked = refunds().filter(state=R.REQUESTED).order_by("pk")
    answer = disputes().filter(Q(status__endswith="needs_response") | Q(status="won"), state__in=Dispute.UNDER_WAY).order_by("pk")
    items = [
        Item(
            _("{ref}, {money} of {payment}").format(ref=row.ref, money=row.money, payment=row.payment.ref),
            row.asked_at,
            _("Waits for a second person."),
            url=row.get_absolute_url(),
        )
        for row in asked[:limit]
    ]
    items += [
        Item(
            _("{ref}, {money} of {payment}").format(ref=row.ref, money=row.money, payment=row.payment.ref),
            row.opened_on,
            _answer_by(row),
            url=row.get_absolute_url(),
        )
        for row in answer[:limit]
    ]
    return Found(items[:limit], asked.count() + answer.count())


def _answer_by(dispute: Dispute) -> str:
    if dispute.status == "won":
        return _("The bank has decided for the host, and not all of the money is back.")
    if not dispute.evidence_due:
        return _("The bank wants an answer: {reason}.").format(reason=dispute.reason_words)
    due = formats.date(dispute.evidence_due.date())
    return _("The bank wants an answer by {day}: {reason}.").format(day=due, reason=dispute.reason_words)
