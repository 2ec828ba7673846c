"""What goes wrong in eight months: a refund, a payment that its bank takes back, and a payout that comes back."""

from __future__ import annotations

from functools import partial

from funding import clock
from funding.site.demo.story import giving, hosted
from funding.site.demo.story.cast import user
from funding.site.demo.story.founding import EMPLOYER
from funding.site.demo.story.giving import Joining
from funding.site.demo.story.scene import Scene
from funding.site.demo.story.sponsors import LEFT, rows
from funding.site.demo.story.when import on
from grants.payouts import executing
from grants.payouts import services as payouts
from grants.payouts.models import Payout, PayoutTransfer
from sponsors.invoices.models import Payment
from sponsors.refunds import services as refunds
from sponsors.refunds.models import Dispute, Refund

DISPUTED, _, REFUNDED = rows(LEFT, "Company seat")
"""Who left, in the order of the table."""


def scenes() -> list[Scene]:
    return [
        Scene(on(5, 20), f"The bank of {DISPUTED.name} takes a payment back", partial(dispute, DISPUTED)),
        Scene(on(4, 14), "The dispute is lost", partial(lose, DISPUTED)),
        Scene(on(3, 11), f"{REFUNDED.name} gets its last payment back", partial(refund, REFUNDED)),
        Scene(on(2, 2), f"The bank of {EMPLOYER} returns a payout", bounce),
        Scene(on(2, 6), "Solveig sends it again", send_again),
    ]


def _last_payment(plan: Joining) -> Payment:
    sponsorship = giving.of(plan)
    return Payment.objects.filter(invoice__sponsorship=sponsorship, state=Payment.State.BOOKED).latest("paid_on", "pk")


def dispute(plan: Joining) -> None:
    payment = _last_payment(plan)
    if not Dispute.objects.filter(payment=payment).exists():
        found = hosted.command(f"charges/{payment.charge_id}/dispute", reason="subscription_canceled")
        refunds.learn(processor_id=str(found["id"]))


def lose(plan: Joining) -> None:
    found = Dispute.objects.get(payment=_last_payment(plan))
    if found.state == Dispute.State.OPEN:
        hosted.command(f"disputes/{found.processor_id}/close", outcome="lost")
        refunds.learn(processor_id=found.processor_id)


def refund(plan: Joining) -> None:
    """One treasurer asks; where other sponsors' money would be used, a second one agrees to that. The schedule then sends it."""
    payment = _last_payment(plan)
    made = Refund.objects.filter(payment=payment).first() or refunds.ask(
        actor=user("solveig"),
        payment=payment,
        amount=payment.money,
        category=Refund.Category.REQUESTED,
        reason="Stopped a week after the renewal, and asked for it back.",
    )
    if made.state == Refund.State.REQUESTED:
        refunds.approve(actor=user("mateus"), refund=made, from_others=made.from_others)


def bounce() -> None:
    """The newest payout of the employer comes back, whole."""
    payout = Payout.objects.filter(payee__name=EMPLOYER, state=Payout.State.CONFIRMED).latest("pk")
    if Payout.objects.filter(payee__name=EMPLOYER, attempt__gt=1).exists() or payout.run.prepared_at.date() >= clock.today():
        return
    made = PayoutTransfer.objects.filter(payout=payout).latest("pk")
    hosted.command(f"transfers/{made.transfer_id}/reverse")
    executing.on_news(payout.ref_at_processor, made.transfer_id, "transfer.reversed")


def send_again() -> None:
    failed = Payout.objects.filter(payee__name=EMPLOYER, state=Payout.State.FAILED).first()
    if failed is not None:
        payouts.retry(actor=user("solveig"), payout=failed)
