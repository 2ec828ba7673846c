"""Issue invoices, open attempts to collect them, and book what was collected. No network here.

Every function runs inside the caller's transaction, which has locked the sponsorship first.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from funding import clock
from funding.errors import DaybookError
from funding.funds import reserve
from funding.funds import services as funds
from funding.ledger import services as ledger
from funding.ledger.models import Account, Entry
from funding.money import Money
from funding.payments import cash as processor_cash
from sponsors.invoices.models import INVOICE, PAYMENT, Invoice, Payment
from sponsors.sponsorships import calendar, numbers
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.fees import Shares, shares

CLEARING = "clearing"
UNIDENTIFIED = "owed:unidentified"
"""Money that nobody asked for, item by item, until it is returned."""


def issue(*, sponsorship: Sponsorship, period_start: dt.date, due_on: dt.date) -> Invoice:
    """The invoice of one period; a repeat returns the first. `period_end` is the first day that it does not cover."""
    existing = Invoice.objects.filter(sponsorship=sponsorship, period_start=period_start).first()
    if existing is not None:
        return existing
    pk, number = numbers.take(Invoice, "INV")
    return Invoice.objects.create(
        pk=pk,
        number=number,
        sponsorship=sponsorship,
        period_start=period_start,
        period_end=calendar.after(sponsorship.anchor_on, period_start, sponsorship.interval),
        amount=sponsorship.amount,
        currency=sponsorship.currency,
        billed_name=sponsorship.payer_name,
        billed_country=sponsorship.payer_country,
        due_on=due_on,
        created_at=clock.now(),
    )


def live_payment(invoice: Invoice) -> Payment | None:
    """The attempt that may still succeed, or that did."""
    return invoice.payments.filter(state__in=Payment.LIVE, surplus=False).first()


def attempt(*, invoice: Invoice, method: str) -> Payment:
    """A new attempt with a key of its own, stored now, before anybody calls the processor. There must be no live one."""
    pk, ref = numbers.take(Payment, "PAY")
    sponsorship, now = invoice.sponsorship, timezone.now()
    return Payment.objects.create(
        pk=pk,
        ref=ref,
        invoice=invoice,
        attempt=invoice.payments.count() + 1,
        method=method,
        idempotency_key=new_key(ref),
        key_at=now,
        description=f"{sponsorship.project.name}: {sponsorship.tier_name}, {invoice.number}",
        payment_method=sponsorship.payment_method if method == Payment.Method.SAVED_CARD else "",
        currency=invoice.currency,
        gross=invoice.amount,
        created_at=clock.now(),
        next_look_at=now + dt.timedelta(minutes=1),
    )


def new_key(ref: str) -> str:
    """Unique for ever, also when a test database or a demo starts again at PAY-0001 on the same processor account."""
    return f"{ref}-{uuid.uuid4().hex}"


def mark_paid(*, payment: Payment, paid_on: dt.date) -> None:
    """The processor took the money. The card fee may not be known yet."""
    _taken(payment, paid_on)
    INVOICE.check(payment.invoice.state, Invoice.State.PAID)
    payment.save()
    payment.invoice.state = Invoice.State.PAID
    payment.invoice.save(update_fields=["state"])


def mark_surplus(*, payment: Payment, paid_on: dt.date) -> None:
    """The processor took money for an invoice that is paid already. It extends nothing; it is owed back."""
    _taken(payment, paid_on)
    payment.surplus = True
    payment.save()


def _taken(payment: Payment, paid_on: dt.date) -> None:
    PAYMENT.check(payment.state, Payment.State.PAID)
    payment.state, payment.paid_on, payment.paid_at = Payment.State.PAID, paid_on, timezone.now()
    payment.failure_code = payment.failure_message = payment.trouble = ""
    payment.looks, payment.next_look_at = 0, timezone.now()


def book(*, payment: Payment, fee: Money, balance_transaction: str = "") -> None:
    """Post the entry of a paid payment and keep its four shares. Source of the entry: docs/ledger.md, contribution; for a
    surplus, docs/sponsors.md, two payments for one invoice.

    `fee` is what the processor kept, `balance_transaction` (`txn_…`) its movement, by which reconciliation finds this payment.
    Safe to repeat: the ledger returns the first entry. Raises Conflict for a fee that does not fit, LedgerError.
    """
    fact, divided = _fact(payment, fee)
    # A repayment locks every account of the currency in order, so it has to begin before the entry locks some of them.
    owing = bool(reserve.shortfall(divided.host_fee.currency))
    if owing:
        ledger.hold(currency=divided.host_fee.currency)
    entry = ledger.post_fact(fact)
    # What the host earns repays its shortfall before it is the host's to spend; an entry of its own, so that this one never varies.
    if owing:
        reserve.repay(up_to=divided.host_fee, reference=payment.ref, effective_on=fact.effective_on)
    _booked(payment, entry, divided, balance_transaction)


@dataclass(frozen=True, slots=True)
class Taken:
    """A payment whose money the processor has, with its fee and its movement: what `book` takes."""

    payment: Payment
    fee: Money
    balance_transaction: str = ""


def book_each(taken: Sequence[Taken]) -> list[DaybookError | None]:
    """`book` for several payments in one call to the books, each by itself: for every one None, or the error by which it was refused.

    Not while the host is short in one of their currencies: what it earns then repays that, payment by payment.
    """
    errors: dict[int, DaybookError] = {}
    facts: dict[int, tuple[ledger.Fact, Shares]] = {}
    for number, it in enumerate(taken):
        try:
            facts[number] = _fact(it.payment, it.fee)
        except DaybookError as error:
            errors[number] = error
    outcomes = ledger.post_each([fact for fact, _divided in facts.values()]) if facts else []
    for (number, (_posted, divided)), outcome in zip(facts.items(), outcomes, strict=True):
        if isinstance(outcome, DaybookError):
            errors[number] = outcome
        else:
            _booked(taken[number].payment, outcome, divided, taken[number].balance_transaction)
    return [errors.get(number) for number in range(len(taken))]


def _fact(payment: Payment, fee: Money) -> tuple[ledger.Fact, Shares]:
    """What is posted of a payment, and how it is divided."""
    PAYMENT.check(payment.state, Payment.State.BOOKED)
    if payment.paid_on is None:
        raise ValueError(f"{payment.ref} is paid and has no date")
    divided = shares(payment.money, fee, 0 if payment.surplus else payment.invoice.sponsorship.host_fee_basis_points)
    lines = [line for line in _lines(payment, divided) if line.amount]
    kind = "surplus" if payment.surplus else "contribution"
    return ledger.Fact(kind, "payment", payment.ref, lines, clock.now(), payment.paid_on), divided


def _booked(payment: Payment, entry: Entry, divided: Shares, balance_transaction: str) -> None:
    payment.entry = entry
    payment.fee, payment.host_fee, payment.net = divided.card_fee.amount, divided.host_fee.amount, divided.net.amount
    payment.state, payment.trouble, payment.balance_transaction = Payment.State.BOOKED, "", balance_transaction
    payment.save()


def _lines(payment: Payment, divided: Shares) -> list[ledger.Line]:
    """Into clearing and out of it, to nothing. A surplus goes to nobody's fund."""
    sponsorship, currency = payment.invoice.sponsorship, payment.currency
    cash = processor_cash.account(currency)
    clearing = ledger.open_account(code=f"{CLEARING}:{currency}", klass=Account.Klass.CLEARING, currency=currency)
    about, party = ("payment", payment.pk), sponsorship.party_id
    taken = [
        ledger.Line(cash, clearing, divided.gross.amount, "surplus" if payment.surplus else "contribution", party_id=party, about=about),
        ledger.Line(clearing, cash, divided.card_fee.amount, "processor_fee", about=about),
    ]
    if payment.surplus:
        owed = ledger.open_account(code=f"{UNIDENTIFIED}:{currency}", klass=Account.Klass.OWED, currency=currency)
        return [*taken, ledger.Line(clearing, owed, divided.net.amount, "owed_back", party_id=party, about=about)]
    return [
        *taken,
        ledger.Line(clearing, funds.host_fund(currency).account, divided.host_fee.amount, "host_fee", about=about),
        ledger.Line(clearing, sponsorship.fund.account, divided.net.amount, "allocation", party_id=party, about=about),
    ]


def mark_failed(*, payment: Payment, code: str, message: str) -> None:
    """This attempt took nothing and never will."""
    PAYMENT.check(payment.state, Payment.State.FAILED)
    payment.state, payment.failure_code, payment.failure_message = Payment.State.FAILED, code[:60], message[:300]
    payment.save()


def abandon(*, payment: Payment) -> None:
    """Nobody paid on the card page, and nobody can any more."""
    PAYMENT.check(payment.state, Payment.State.ABANDONED)
    payment.state = Payment.State.ABANDONED
    payment.save()


def void(*, invoice: Invoice) -> None:
    """Nobody owes it any more."""
    INVOICE.check(invoice.state, Invoice.State.VOID)
    invoice.state = Invoice.State.VOID
    invoice.save(update_fields=["state"])
