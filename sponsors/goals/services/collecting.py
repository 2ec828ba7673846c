"""After the decision, pledge by pledge: charge, remind, drop or let go; then finish. Each step is found again by a query.

A step is one transaction that locks sponsorship and pledge; the card is charged outside it, with the key that the step stored.
So a killed worker leaves either nothing or a payment that any later run, or the sweeper of payments, brings to its end.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from funding import clock, days
from funding.errors import Conflict
from funding.funds import needs
from funding.funds.models import Fund, Need
from funding.ledger import services as ledger
from funding.payments import gateway
from sponsors.billing import services as billing
from sponsors.billing.services import recording
from sponsors.dunning import services as dunning
from sponsors.goals import emails
from sponsors.goals.models import GOAL, PLEDGE, Goal, Pledge
from sponsors.goals.services import plan, pledging, writing
from sponsors.invoices import services as invoices
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship

State = Pledge.State


def advance(*, pledge_id: int) -> Pledge:
    """Take whatever step of a decided goal's pledge is due now. Call it outside a transaction. Raises gateway.Unavailable, Rejected."""
    pledge = Pledge.objects.select_related("goal", "sponsorship").get(pk=pledge_id)
    if not pledge.goal.decided:
        return pledge
    if pledge.goal.state == Goal.State.FAILED or pledge.state == State.STARTED:
        return let_go(pledge_id=pledge_id)
    if pledge.state == State.PLEDGED:
        payment = begin(pledge_id=pledge_id)
    else:
        _hear(pledge)
        payment = next_step(pledge_id=pledge_id)
    if payment is not None:
        billing.collect(payment_id=payment.pk)
    return tell(pledge_id=pledge_id)


@transaction.atomic
def begin(*, pledge_id: int) -> Payment | None:
    """The invoice of a pledge whose goal was reached, with an attempt to collect it; None when there is nothing to begin. No network."""
    pledge = pledging.locked_pledge(pledge_id)
    if pledge.state != State.PLEDGED or pledge.goal.state != Goal.State.COLLECTING:
        return None
    PLEDGE.check(pledge.state, State.OWED)
    today = clock.today()
    pledge.sponsorship.anchor_on = today
    pledge.sponsorship.save(update_fields=["anchor_on"])
    invoice = invoices.issue(sponsorship=pledge.sponsorship, period_start=today, due_on=today)
    pledge.state, pledge.reminders = State.OWED, 1
    pledge.save(update_fields=["state", "reminders"])
    return invoices.attempt(invoice=invoice, method=Payment.Method.SAVED_CARD)


@transaction.atomic
def next_step(*, pledge_id: int) -> Payment | None:
    """What a pledge that is not paid meets today: another attempt, a reminder, or its end. No network.

    Returns an attempt that is to be charged: a new card at once, and once more when the grace is over; a refused one on its days.
    While one is under way, or its card page is open, nothing is tried beside it.
    """
    pledge = pledging.locked_pledge(pledge_id)
    goal = pledge.goal
    if pledge.state != State.OWED or goal.decided_at is None or goal.collect_until is None:
        return None
    invoice = _invoice(pledge)
    live = invoices.live_payment(invoice)
    if live is not None and live.method == Payment.Method.SAVED_CARD:
        return live if live.state == Payment.State.CREATED else None
    if live is None and _untried(pledge.sponsorship):
        return invoices.attempt(invoice=invoice, method=Payment.Method.SAVED_CARD)
    if clock.now() >= goal.collect_until:
        _drop(pledge)
        return None
    due = plan.steps_due(goal.decided_at, clock.now())
    if due <= pledge.reminders:
        return None
    pledge.reminders = due
    pledge.save(update_fields=["reminders"])
    return invoices.attempt(invoice=invoice, method=Payment.Method.SAVED_CARD) if live is None and _may_try(invoice) else None


@transaction.atomic
def tell(*, pledge_id: int) -> Pledge:
    """Mail the pledger whose card was refused, once at the refusal and once for each reminder; nobody whose payment is under way."""
    pledge = pledging.locked_pledge(pledge_id)
    if pledge.state != State.OWED:
        return pledge
    invoice = _invoice(pledge)
    live = invoices.live_payment(invoice)
    if live is not None and live.method == Payment.Method.SAVED_CARD:
        return pledge
    newest = invoice.payments.filter(method=Payment.Method.SAVED_CARD).order_by("-pk").first()
    emails.refused(pledge, newest)
    if pledge.reminded != pledge.reminders:
        pledge.reminded = pledge.reminders
        pledge.save(update_fields=["reminded"])
    return pledge


@transaction.atomic
def let_go(*, pledge_id: int) -> Pledge:
    """A pledge of a goal that is not met, or one that never had a card: nobody is charged, and no card is kept."""
    pledge = pledging.locked_pledge(pledge_id)
    if pledge.state == State.STARTED:
        pledging.end(pledge, State.LAPSED)
    elif pledge.state == State.PLEDGED and pledge.goal.state == Goal.State.FAILED:
        pledging.end(pledge, State.RELEASED)
        emails.released(pledge)
    return pledge


@transaction.atomic
def finish(*, goal_id: int) -> Goal:
    """Collecting → met, once every pledge is collected or dropped and booked; then its Need hears of the money."""
    goal = writing.lock(goal_id)
    if goal.state != Goal.State.COLLECTING or unfinished(goal):
        return goal
    GOAL.check(goal.state, Goal.State.MET)
    goal.state, goal.finished_at = Goal.State.MET, clock.now()
    goal.save(update_fields=["state", "finished_at"])
    _hand_over(goal)
    emails.finished(goal)
    return goal


@transaction.atomic
def hand_over_late(*, goal_id: int) -> Goal:
    """Money arrived after the goal was met: what it is for hears of it now. Safe to repeat."""
    goal = writing.lock(goal_id)
    if goal.state == Goal.State.MET and not unfinished(goal):
        _hand_over(goal)
    return goal


def late() -> list[int]:
    """Goals that were met before the last of their money came, and have no Need of their own although it buys half a day."""
    own = Need.objects.filter(about=Concat(Value("goal:"), OuterRef("slug")))
    after = Pledge.objects.filter(goal=OuterRef("pk"), state=State.COLLECTED, ended_at__gte=OuterRef("finished_at"))
    found = Goal.objects.filter(Exists(after), ~Exists(own), state=Goal.State.MET).select_related("fund__account").order_by("pk")
    return [goal.pk for goal in found if goal.fund and days.affordable(goal.fund.account.available, goal.rate)]


def unfinished(goal: Goal) -> bool:
    """Whether a pledge is still to be collected, or its money to be booked."""
    if Pledge.objects.filter(goal=goal, state__in=Pledge.OPEN).exists():
        return True
    return Payment.objects.filter(invoice__sponsorship__in=goal.pledges.values("sponsorship"), state=Payment.State.PAID).exists()


def on_money_taken(sender: object, payment: Payment, **kwargs: object) -> None:
    """The processor took the money of an invoice; if it is a pledge's, that is collected. The sponsorship is locked."""
    pledge = Pledge.objects.select_for_update(no_key=True).filter(sponsorship=payment.invoice.sponsorship_id).first()
    if pledge is not None and pledge.state != State.COLLECTED:
        PLEDGE.check(pledge.state, State.COLLECTED)
        pledge.state, pledge.ended_at = State.COLLECTED, clock.now()
        pledge.save(update_fields=["state", "ended_at"])


def _hand_over(goal: Goal) -> None:
    """What it was raised for gets the fund. What is more than that, or was raised for nothing in particular, waits for work in the open."""
    if goal.fund is None or not Pledge.objects.filter(goal=goal, state=State.COLLECTED).exists():
        return
    offered = goal.need is not None and _offer(goal.need, goal.fund)
    left = ledger.account(goal.fund.account.code).available
    if goal.need is not None and offered and Need.objects.filter(pk=goal.need.pk, state=Need.State.WANTED).exists():
        left = left - goal.need.price
    if not offered or days.affordable(left, goal.rate):
        needs.have(about=goal.ref, project=goal.project, fund=goal.fund, rate=goal.rate)


def _offer(need: Need, fund: Fund) -> bool:
    """False when it was met, dropped or found its money meanwhile: a goal's money is never refused a use."""
    try:
        needs.offer(need=need, fund=fund)
    except Conflict:
        return False
    return True


def _hear(pledge: Pledge) -> None:
    """Close the page on which its owner may pay, and hear whether they did: before it is dropped, and before a new card is charged."""
    over = pledge.goal.collect_until is not None and clock.now() >= pledge.goal.collect_until
    if not over and not _untried(pledge.sponsorship):
        return
    pages = Payment.objects.filter(invoice__sponsorship=pledge.sponsorship_id, method=Payment.Method.CHECKOUT)
    for payment in pages.filter(state__in=Payment.UNDECIDED).exclude(checkout_id=""):
        gateway.expire_checkout(payment.checkout_id)
        billing.settle(payment_id=payment.pk)


def due(goal: Goal) -> QuerySet[Pledge]:
    """Pledges of a decided goal that a step waits for: those untouched, and of the owed ones those whose day or new card has come."""
    pledges = Pledge.objects.filter(goal=goal)
    untouched = Q(state__in=[State.STARTED, State.PLEDGED])
    if goal.decided_at is None or goal.collect_until is None:
        return pledges.filter(untouched)
    if clock.now() >= goal.collect_until:
        return pledges.filter(state__in=Pledge.OPEN)
    tried = Payment.objects.filter(invoice__sponsorship=OuterRef("sponsorship"), payment_method=OuterRef("sponsorship__payment_method"))
    step = Q(reminders__lt=plan.steps_due(goal.decided_at, clock.now())) | Q(reminded__lt=F("reminders"))
    return pledges.filter(untouched | Q(state=State.OWED) & (step | ~Exists(tried)))


def _untried(sponsorship: Sponsorship) -> bool:
    """Whether a card was saved that was never charged."""
    tried = Payment.objects.filter(invoice__sponsorship=sponsorship, payment_method=sponsorship.payment_method)
    return bool(sponsorship.payment_method) and not tried.exists()


def _drop(pledge: Pledge) -> None:
    """Seven days have passed. Nothing is owed any more; an open card page of it is closed by the next look at its payment."""
    recording.void_open(pledge.sponsorship)
    pledging.end(pledge, State.DROPPED)
    emails.dropped(pledge)


def _invoice(pledge: Pledge) -> Invoice:
    invoice = Invoice.objects.select_for_update(no_key=True).get(sponsorship=pledge.sponsorship)
    invoice.sponsorship = pledge.sponsorship
    return invoice


def _may_try(invoice: Invoice) -> bool:
    """Whether the saved card may be tried again without its owner: not after an answer of its bank that is final."""
    if not invoice.sponsorship.payment_method:
        return False
    of_card = invoice.payments.filter(payment_method=invoice.sponsorship.payment_method, state=Payment.State.FAILED)
    newest = of_card.order_by("-pk").first()
    return newest is None or dunning.in_force()[1].may_retry(newest.failure_code)
