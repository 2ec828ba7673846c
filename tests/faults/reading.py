"""How things stand, read from the database: what is still open, and a summary that two runs of one flow can be compared by.

Numbers, references and instants are left out, because a fault may cost a sign-up that nobody paid, or an hour.
"""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.db.models import Count, F, QuerySet, Sum

from funding.audit.models import Record
from funding.funds.models import FundMove, Need
from funding.ledger.models import Account, AccountTotal, Entry, Reservation
from funding.mail.models import Message
from funding.payments import reconciliation
from funding.payments.models import Difference, InboxEvent, TopUp
from grants.awards.models import Tranche
from grants.committee.models import Determination
from grants.engagements.models import Engagement
from grants.payouts.models import Payout, PayoutRun
from grants.proposals.models import Proposal
from sponsors.billing.models import CardChange, ForgottenCard
from sponsors.goals.models import Goal, Pledge
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship

CASH = "cash:stripe"
SPONSORS, MONTHS, PAYEES, TRANCHES = 3, 2, 3, 3
GOALS: dict[str, Callable[[], bool]] = {
    "a fourth sponsor": lambda: sponsors().count() == SPONSORS + 1,
    "a second month": lambda: Payment.objects.filter(state__in=Payment.TAKEN).count() == SPONSORS * MONTHS,
    "a decision": lambda: Determination.objects.filter(outcome=Determination.Outcome.FUNDED).exists(),
    "three payouts": lambda: Payout.objects.filter(state=Payout.State.CONFIRMED).count() == PAYEES,
    "a goal met, and its work begun": lambda: Goal.objects.get().state == Goal.State.MET and Need.objects.get().state == Need.State.MET,
    "a goal not met, and no card kept": lambda: (
        Goal.objects.get().state == Goal.State.FAILED and not pledges().filter(state__in=Pledge.OPEN).exists() and not kept_cards()
    ),
    "a goal met without a pledge that was dropped": lambda: (
        Goal.objects.get().state == Goal.State.MET and pledges().filter(state=Pledge.State.DROPPED).count() == 1 and not kept_cards()
    ),
    "a grant's instalments": lambda: Tranche.objects.filter(state=Tranche.State.RECEIVED).count() == TRANCHES,
    "money in another fund": lambda: FundMove.objects.filter(state=FundMove.State.DONE).exists(),
    "cash at the processor": lambda: TopUp.objects.filter(state=TopUp.State.ARRIVED).exists(),
}
"""What each flow is there for."""


def open_work(goal: str = "") -> list[str]:
    """Everything that somebody or something still has to do, in words. Empty when the goal is reached and nothing is stuck."""
    left = [goal] if goal and not GOALS[goal]() else []
    waiting: list[Any] = [
        *mails().exclude(state=Message.State.SENT),
        *InboxEvent.objects.filter(state__in=[InboxEvent.State.RECEIVED, InboxEvent.State.PARKED]).defer("payload"),
        *Payment.objects.filter(state__in=Payment.OPEN),
        *Sponsorship.objects.filter(state=Sponsorship.State.PENDING, tier__isnull=False),
        *CardChange.objects.filter(state__in=CardChange.UNDECIDED),
        *Goal.objects.filter(state=Goal.State.COLLECTING),
        *TopUp.objects.filter(state__in=TopUp.UNDER_WAY),
        *PayoutRun.objects.filter(state=PayoutRun.State.RELEASED),
        *Payout.objects.filter(run__state=PayoutRun.State.RELEASED).exclude(state__in=[Payout.State.CONFIRMED, Payout.State.HELD]),
    ]
    return left + [f"{type(row).__name__} {getattr(row, 'ref', '') or getattr(row, 'key', '') or row} {row.state}" for row in waiting]


def summary() -> dict[str, Any]:
    return {
        "books": _counted(
            _entry(entry) for entry in Entry.objects.prefetch_related("transfers__debit_account", "transfers__credit_account")
        ),
        "accounts": {row.code: [row.debits, row.credits, row.reserved] for row in Account.objects.order_by("code")},
        "reservations": _counted(f"{row.holder_kind} {row.reserved} {row.drawn} {row.released}" for row in Reservation.objects.all()),
        "invoices": _states(Invoice.objects.exclude(state=Invoice.State.VOID)),
        "payments": _states(Payment.objects.filter(state__in=Payment.TAKEN)),
        "sponsorships": _counted(f"{row.contact_email} {row.state} {row.paid_through}" for row in sponsors()),
        "goals": _states(Goal.objects.all()),
        "pledges": _counted(f"{row.sponsorship.contact_email} {row.state}" for row in pledges()),
        "needs": _counted(f"{row.about} {row.half_days} {row.state}" for row in Need.objects.all()),
        "tranches": _counted(f"{row.award} {row.number} {row.state}" for row in Tranche.objects.select_related("award")),
        "moves": _counted(f"{row.amount} {row.state}" for row in FundMove.objects.all()),
        "top-ups": _counted(f"{row.amount} {row.state}" for row in TopUp.objects.all()),
        "decisions": _counted(f"{row.outcome} {row.amount}" for row in Determination.objects.all()),
        "proposals": _states(Proposal.objects.all()),
        "engagements": _states(Engagement.objects.all()),
        "runs": _states(PayoutRun.objects.all()),
        "payouts": _counted(f"{row.payee} {row.amount} {row.state}" for row in Payout.objects.select_related("payee")),
        "mails": _counted(f"{row.kind} {row.to} {row.state}" for row in mails()),
        "reconciliation": _counted(
            f"{row.reason} {row.at_processor} {row.in_books}" for row in Difference.objects.filter(state=Difference.State.OPEN)
        ),
        "inbox": {"left": InboxEvent.objects.exclude(state__in=[InboxEvent.State.DONE, InboxEvent.State.IGNORED]).count()},
        "acts": _counted(f"{row.actor_label} {row.act} {row.outcome}" for row in Record.objects.exclude(act__in=BEGUN).order_by("id")),
    }


def sponsors() -> QuerySet[Sponsorship]:
    """Those that paid, without pledges."""
    return Sponsorship.objects.filter(tier__isnull=False).exclude(paid_through=None)


def pledges() -> QuerySet[Pledge]:
    """Those for which a card was saved, and those that may still get one."""
    return Pledge.objects.exclude(state=Pledge.State.LAPSED).select_related("sponsorship")


def kept_cards() -> bool:
    """Whether a card that we said is not kept is still at the processor."""
    return ForgottenCard.objects.exists()


def raised() -> list[str]:
    """How the goal stands, and each of its pledges; one that is owed is refused once its pledger was told so."""
    told = [row.state if row.state != Pledge.State.OWED else "told" if row.reminded == row.reminders else "owed" for row in pledges()]
    return [Goal.objects.get().state, *sorted(told)]


BEGUN = ("sponsorships.sign_up", "goals.pledge", "sponsorships.change_card")
"""Acts that an abandoned attempt leaves behind."""
ALARMS = ("task_silent", "waiting")


def mails() -> QuerySet[Message]:
    """All but the alarms: while a case lets time pass no schedule runs."""
    return Message.objects.exclude(kind__in=ALARMS)


def compare() -> None:
    """Reconcile with the processor, and miss also what has happened just now."""
    reconciliation.reconcile(grace=dt.timedelta())


def verified() -> str:
    """What `verify_books` says. Fails when the books do not hold."""
    said = io.StringIO()
    call_command("verify_books", stdout=said, stderr=said)
    return said.getvalue()


def arrived() -> dict[str, int]:
    """The Message-IDs that a mailbox should hold."""
    return {f"<daybook-{row.pk}@127.0.0.1>": row.pk for row in mails()}


def processor() -> dict[str, Any]:
    """Count and sum of what was taken and paid, and the cash, to be compared with what the processor says."""
    taken = Payment.objects.filter(state__in=Payment.TAKEN).aggregate(count=Count("pk"), sum=Sum("gross", default=0))
    paid = Payout.objects.filter(state=Payout.State.CONFIRMED).aggregate(count=Count("pk"), sum=Sum("amount", default=0))
    cash = AccountTotal.objects.filter(account__code__startswith=CASH).aggregate(sum=Sum(F("debits") - F("credits"), default=0))
    return {"taken": list(taken.values()), "paid": list(paid.values()), "cash": cash["sum"]}


def _states(rows: Any) -> dict[str, int]:
    return _counted(row.state for row in rows)


def _counted(words: Any) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def _entry(entry: Entry) -> str:
    rows = entry.transfers.select_related("debit_account", "credit_account").order_by("line")
    lines = [f"{row.kind} {row.debit_account.code}>{row.credit_account.code} {row.amount}" for row in rows]
    return f"{entry.kind}: {'; '.join(lines)}"
