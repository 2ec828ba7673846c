"""Money of an award that was not spent goes back to its grantor: one person asks, another agrees, and it is booked out of the bank.

What goes back is pinned: exactly the units that tranches brought and that lie unspent in the award's fund, the newest tranche first
and of each its end first, so that what was paid for before keeps its trail. The entry: docs/awards.md.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.funds import whereabouts
from funding.funds.models import Fund
from funding.ledger import services as ledger
from funding.ledger.models import Transfer
from funding.money import Money
from funding.payments import cash
from funding.people import independence, roles
from funding.people.models import User
from funding.people.roles import Role
from grants.awards import emails, services, tranches
from grants.awards.models import Award, GivingBack

State = GivingBack.State


@audited("awards.ask_back", subject="award")
def ask(*, actor: User, award: Award, amount: Money, bank_reference: str, reason: str) -> GivingBack:
    """Ask that `amount` of the award's unspent money goes back to its grantor. Only a treasurer; somebody else decides.

    `bank_reference` is that of the bank's payment to the grantor. Raises Refused, Invalid (a field; amount: above what the fund has
    available), Conflict (not active, or asked already).
    """
    roles.require(actor, Role.TREASURER)
    locked = services.lock(award)
    fund = _fund(locked)
    if amount.amount <= 0 or amount.currency != locked.currency:
        raise Invalid(_("Enter an amount above zero."), field="amount")
    if amount > (most := available(fund)):
        raise Invalid(_("Its fund has {most} available.").format(most=most), field="amount")
    for field, text, missing in (
        ("bank_reference", bank_reference, _("Enter the reference of the bank's payment.")),
        ("reason", reason, _("Say why it goes back.")),
    ):
        if not text.strip():
            raise Invalid(missing, field=field)
    if locked.given_back.filter(state=State.ASKED).exists():
        raise Conflict(_("Money back to this grantor waits for a decision already."))
    try:
        with transaction.atomic():
            asked = GivingBack.objects.create(
                award=locked,
                amount=amount.amount,
                bank_reference=bank_reference.strip(),
                reason=reason.strip(),
                asked_by=actor,
                asked_at=clock.now(),
            )
    except IntegrityError:
        raise Invalid(_("This bank reference is that of another payment to a grantor."), field="bank_reference") from None
    emails.waits(asked, locked)
    return asked


@audited("awards.decide_back", subject="asked")
def decide(*, actor: User, asked: GivingBack, agreed: bool, words: str = "") -> GivingBack:
    """Agree, and the money is booked out of the bank; or do without it, and `words` say why.

    A treasurer or administrator; whoever asked can only do without it. Raises Refused (role, prepared), Invalid (field words),
    Conflict (decided, not active, or the fund has less available by now).
    """
    roles.require(actor, Role.TREASURER, Role.ADMIN)
    award = services.lock(asked.award)
    locked = GivingBack.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=asked.pk)
    locked.award = award
    if agreed:
        independence.require(actor, _("agree to this"), prepared_by=[locked.asked_by])
    elif not words.strip():
        raise Invalid(_("Say why it is not done."), field="words")
    GivingBack.LIFECYCLE.check(locked.state, State.DONE if agreed else State.REFUSED)
    if agreed:
        locked.entry = ledger.post(
            kind=tranches.UNSPENT,
            source=tranches.UNSPENT,
            reference=locked.ref,
            lines=_lines(locked, _fund(award)),
            at=clock.now(),
            effective_on=clock.today(),
        )
    locked.state, locked.decided_by, locked.decided_at = State.DONE if agreed else State.REFUSED, actor, clock.now()
    locked.answer = "" if agreed else words.strip()
    locked.save()
    emails.decided(locked, award)
    return locked


def available(fund: Fund) -> Money:
    """What of the fund is neither spent nor reserved, as of now."""
    return ledger.account(fund.account.code).available


def _fund(award: Award) -> Fund:
    if award.state != Award.State.ACTIVE or award.fund is None:
        raise Conflict(_("{award} is {state}, so no money of it goes back.").format(award=award, state=award.get_state_display().lower()))
    return award.fund


def _lines(asked: GivingBack, fund: Fund) -> list[ledger.Line]:
    """Pinned lines that make up the sum. Raises Conflict when less than that is available, or came from the grantor."""
    award, left, lines = asked.award, asked.amount, []
    bank = cash.bank(award.currency)
    ledger.hold(currency=award.currency)
    if (has := available(fund)) < asked.money:
        raise Conflict(_("{fund} has {has} available by now, which is less than {sum}.").format(fund=fund, has=has, sum=asked.money))
    brought = Transfer.objects.filter(credit_account=fund.account_id, about_kind=tranches.SOURCE, kind__in=(tranches.ARRIVED, tranches.MET))
    for inflow in brought.order_by("-pk"):
        for lying in reversed(whereabouts.of(inflow).unspent):
            if lying.account_id == fund.account_id and left:
                part = min(left, lying.amount)
                about = (tranches.SOURCE, inflow.about_id or 0)
                pin = (lying.end - part, lying.end)
                lines.append(ledger.Line(fund.account, bank, part, tranches.UNSPENT, party_id=award.grantor_id, about=about, pin=pin))
                left -= part
    if left:
        raise Conflict(
            _("Of what {fund} has, {missing} too little came from the grantor.").format(fund=fund, missing=Money(left, award.currency))
        )
    return lines
