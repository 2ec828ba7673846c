"""Tax that a host has to keep back from a payee and hand to an authority. Net and withheld are the payout (I9).

A treasurer says how much of a payout in a prepared run; somebody else releases the run. The work stays paid in full: what is withheld
is owed to the authority instead of the payee, and leaves as tax (`funds.entries.bank.book_tax_paid`). A payout that is given up gives
back what was withheld of it (`debts`). Source: docs/payouts.md.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.money import Money
from funding.people import independence, roles
from funding.people.models import User
from grants.payouts.models import Payout, PayoutRun, Withholding
from grants.payouts.services import beneficiaries, subjects


@audited("payouts.withhold", subject="payout")
def withhold(*, actor: User, payout: Payout, amount: Money, reason: str) -> Payout:
    """Withhold `amount` of a payout that nobody has released; zero withholds nothing any more. `reason` names the rule of tax.

    A treasurer whom the payout does not benefit, and who cannot release its run afterwards, also where another one changes it again.
    Raises Refused (role, benefits, employer, relation, recused), Invalid (all of it or more, another currency, no reason, zero of
    nothing), Conflict (released, held or cancelled). Saying it again writes nothing.
    """
    roles.require(actor, roles.Role.TREASURER)
    if not reason.strip():
        raise Invalid(_("Say by which rule tax is withheld."), field="reason")
    run = PayoutRun.objects.select_for_update().get(pk=payout.run_id)
    locked = Payout.objects.select_for_update(of=("self",)).select_related("payee").get(pk=payout.pk)
    independence.require(actor, _("withhold tax"), beneficiaries=beneficiaries(run, locked), subjects=subjects(run))
    if run.state != PayoutRun.State.PREPARED or locked.state != Payout.State.READY:
        raise Conflict(_("Tax is withheld before a run is released."))
    if amount.currency != locked.currency or not 0 <= amount.amount < locked.amount:
        raise Invalid(_("Withhold a part of {money}, and not all of it.").format(money=locked.money), field="amount")
    last, because = locked.withholdings.last(), reason.strip()[:300]
    if last and (last.amount, last.by_id, last.reason) == (amount.amount, actor.pk, because):
        return locked
    if amount.amount == locked.withheld == 0:
        raise Invalid(_("Nothing is withheld of it. Enter an amount above zero."), field="amount")
    Withholding.objects.create(payout=locked, amount=amount.amount, reason=because, by=actor, at=clock.now())
    locked.withheld = amount.amount
    locked.save(update_fields=["withheld"])
    return locked
