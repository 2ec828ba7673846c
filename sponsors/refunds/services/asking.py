"""Ask for a refund, approve or decline it. Approving takes the money out of the funds and stores the key of the call.

A refund that the sponsor's own unspent money and the host's fee pay for needs one treasurer. One that uses the fund's
other money or the reserve needs a second person who agrees to exactly that sum. None may use the shortfall.
"""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.ledger.models import Entry
from funding.money import Money
from funding.people import independence, roles
from funding.people.models import User
from funding.web.queue import enqueue_on_commit
from sponsors.billing import services as billing
from sponsors.billing.services import recording
from sponsors.invoices.models import Payment
from sponsors.refunds import emails, taking
from sponsors.refunds.models import REFUND, Dispute, Refund
from sponsors.refunds.services import accounts
from sponsors.sponsorships import numbers

Role = roles.Role
State = Refund.State
SEND = "sponsors.refunds.tasks.send_refund"


def forecast(*, payment: Payment, amount: Money) -> taking.Quote:
    """What a refund of that much would do now; nothing is kept. Raises Conflict and Invalid as `ask` does."""
    contribution = _check(payment, amount)
    with transaction.atomic():
        return taking.quote(contribution=contribution, amount=amount.amount)


@audited("refunds.ask", subject="payment")
def ask(*, actor: User, payment: Payment, amount: Money, category: str, reason: str, stop: bool = False) -> Refund:
    """Ask for `amount` of a payment to go back to its sponsor; `stop` ends the sponsorship with it.

    Only a treasurer whom it does not benefit. Where nobody else's money is needed it is approved at once and sent;
    otherwise another treasurer or an administrator decides. Raises Refused (role, benefits, employer, relation; shortfall: not
    even the reserve could bear it), Invalid (amount, reason), Conflict (not booked, disputed, or another refund waits).
    """
    roles.require(actor, Role.TREASURER)
    if not reason.strip():
        raise Invalid(_("Say why the money goes back. The other treasurers and the auditors read it."), field="reason")
    if category not in Refund.Category.values:
        raise Invalid(_("Choose a reason from the list."), field="category")
    locked = recording.lock(payment.pk)
    independence.require(actor, _("ask for this refund"), beneficiaries=[locked.invoice.sponsorship.party])
    contribution = _check(locked, amount)
    if Refund.objects.filter(payment=locked, state=State.REQUESTED).exists():
        raise Conflict(_("A refund of this payment waits for its approval already. Decide that one first."))
    done = taking.quote(contribution=contribution, amount=amount.amount)
    _require_no_shortfall(done, amount.currency)
    pk, ref = numbers.take(Refund, "RF")
    refund = Refund.objects.create(
        pk=pk,
        ref=ref,
        payment=locked,
        amount=amount.amount,
        currency=amount.currency,
        category=category,
        reason=reason.strip(),
        stop=stop,
        asked_by=actor,
        asked_at=clock.now(),
        from_others=done.plan.from_others,
        from_reserve=done.plan.from_reserve,
        idempotency_key=f"{ref}-{uuid.uuid4().hex}",
        next_look_at=timezone.now(),
    )
    if done.plan.from_others:
        emails.waits(refund)
    else:
        _begin(refund, actor)
    return refund


@audited("refunds.approve", subject="refund")
def approve(*, actor: User, refund: Refund, from_others: int) -> Refund:
    """Let a refund go that needs somebody else's money. `from_others` is the sum, in minor units, that the approver agreed to.

    Another treasurer or an administrator, independent of the sponsor and of whoever asked. Raises Refused (role, prepared,
    benefits, employer, relation, shortfall), Conflict (decided already, or it would now take more than was agreed to).
    """
    roles.require(actor, Role.TREASURER, Role.ADMIN)
    locked = lock(refund.pk)
    asked_by = [locked.asked_by] if locked.asked_by else []
    independence.require(actor, _("approve this refund"), prepared_by=asked_by, beneficiaries=[locked.payment.invoice.sponsorship.party])
    if from_others < locked.from_others:
        raise Conflict(_("The sums of this refund are not the ones that you agreed to. Look at it again."))
    return _begin(locked, actor)


@audited("refunds.decline", subject="refund")
def decline(*, actor: User, refund: Refund, reason: str) -> Refund:
    """Do without the refund: another treasurer or an administrator, or whoever asked for it. Raises Refused, Invalid, Conflict."""
    roles.require(actor, Role.TREASURER, Role.ADMIN)
    if not reason.strip():
        raise Invalid(_("Say why it is not made."), field="reason")
    locked = lock(refund.pk)
    REFUND.check(locked.state, State.DECLINED)
    locked.state, locked.decided_by, locked.decided_at, locked.failure = State.DECLINED, actor, clock.now(), reason.strip()[:300]
    locked.save()
    return locked


def lock(refund_id: int) -> Refund:
    """The refund with its payment, invoice and sponsorship, all locked in the order that billing keeps."""
    payment = recording.lock(Refund.objects.values_list("payment_id", flat=True).get(pk=refund_id))
    refund = (
        Refund.objects.select_for_update(no_key=True, of=("self",)).select_related("asked_by", "decided_by", "taking").get(pk=refund_id)
    )
    refund.payment = payment
    return refund


def _begin(refund: Refund, actor: User) -> Refund:
    """Take the money and ask for the call. The rows are locked."""
    REFUND.check(refund.state, State.APPROVED)
    agreed = refund.from_others
    contribution = _check(refund.payment, refund.money)
    refund.taking, done = taking.take(
        contribution=contribution,
        amount=refund.amount,
        holding=accounts.owed_refunds(refund.currency),
        fact=accounts.fact(refund, "refund_owed", clock.today()),
    )
    _require_no_shortfall(done, refund.currency)
    if done.plan.from_others > agreed:
        more = Money(done.plan.from_others, refund.currency)
        raise Conflict(
            _("It would now take {more} of other money, which is more than was agreed to. Decline it and ask again.").format(more=more)
        )
    refund.from_others, refund.from_reserve = done.plan.from_others, done.plan.from_reserve
    refund.state, refund.decided_by, refund.decided_at = State.APPROVED, actor, clock.now()
    refund.next_look_at = timezone.now()
    refund.save()
    if refund.stop:
        billing.stop(actor=actor, sponsorship=refund.payment.invoice.sponsorship)
        refund.payment.invoice.sponsorship.refresh_from_db()
    enqueue_on_commit(SEND, refund.pk)
    return refund


def _check(payment: Payment, amount: Money) -> Entry:
    """The entry of a payment of which `amount` can go back. Raises Conflict, Invalid."""
    if payment.entry is None:
        raise Conflict(_("This payment is not booked yet, so what it brought is not known. It is refunded once it is."))
    if Dispute.objects.filter(payment=payment, state=Dispute.State.OPEN).exists():
        raise Conflict(_("The sponsor's bank disputes this payment. A disputed charge is never refunded: the bank decides."))
    left = Money(taking.left(payment.entry), payment.currency)
    if amount.currency != payment.currency or not 0 < amount.amount <= left.amount:
        said = (
            _("At most {left} of this payment can still go back.").format(left=left)
            if left
            else _("All of this payment has gone back already.")
        )
        raise Invalid(said, field="amount")
    return payment.entry


def _require_no_shortfall(done: taking.Quote, currency: str) -> None:
    if done.plan.from_shortfall:
        missing = Money(done.plan.from_shortfall, currency)
        raise Refused(
            _(
                "The money is spent, or reserved for agreed work, and neither the fund nor the reserve can bear the "
                "refund: {missing} is missing. Set that much aside in the reserve first."
            ).format(missing=missing),
            rule="shortfall",
        )
