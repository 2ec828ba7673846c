"""Give up a payout that failed for good: its money goes back into the funds that it came from.

One treasurer asks and says why, another decides; neither may gain from the payout. What was outstanding re-enters each fund
with its source, so a sponsor still sees which money it is. Tax is due on what a payee gets, so what was withheld of the part that is
given up goes back too, as far as the authority does not have it already. The half days stay in their payout, approved and written off,
so that no later run pays them; their reservation stays drawn. Whoever wants them paid after all needs a change order, which reserves
anew.
"""

from __future__ import annotations

from django.db.models import Sum
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.ledger import services as ledger
from funding.ledger.models import Entry
from funding.mail import services as mail
from funding.money import Money
from funding.people import independence, roles
from funding.people.models import User
from grants.payouts import books
from grants.payouts.closing import close_what_is_paid, lock_engagements
from grants.payouts.models import PAYOUT, DebtCancellation, Payout
from grants.payouts.services import beneficiaries, subjects

State = DebtCancellation.State


@audited("payouts.ask_to_cancel_debt", subject="payout")
def ask(*, actor: User, payout: Payout, reason: str) -> DebtCancellation:
    """Ask for the debt of a failed payout to be cancelled, all that is outstanding of it. Another treasurer decides.

    Raises Refused (role, benefits, employer, relation, recused), Invalid without a reason, Conflict when the payout has not
    failed or one waits already.
    """
    roles.require(actor, roles.Role.TREASURER)
    if not reason.strip():
        raise Invalid(_("Say why the debt is cancelled."), field="reason")
    locked = _locked(payout)
    independence.require(actor, _("ask for this"), beneficiaries=beneficiaries(locked.run, locked), subjects=subjects(locked.run))
    if locked.state != Payout.State.FAILED:
        raise Conflict(_("Only the debt of a failed payout is cancelled."))
    if locked.cancellations.filter(state=State.ASKED).exists():
        raise Conflict(_("Somebody has asked for this already. It waits for a second treasurer."))
    asked = DebtCancellation.objects.create(
        payout=locked, amount=locked.outstanding, reason=reason.strip(), asked_by=actor, asked_at=clock.now()
    )
    for user in roles.holders(roles.Role.TREASURER).exclude(pk=actor.pk):
        _tell("debt_asked", asked, user.email)
    return asked


@audited("payouts.cancel_debt", subject="payout")
def decide(*, actor: User, payout: Payout, agree: bool) -> DebtCancellation:
    """Agree that the debt is cancelled, or decline it; declined, the payout is failed as before and can be sent again.

    A treasurer other than who asked. Raises Refused (role, prepared, benefits, employer, relation, recused), Conflict when
    nothing waits, or when another sum is outstanding by now.
    """
    roles.require(actor, roles.Role.TREASURER)
    lock_engagements(payout.pk)
    locked = _locked(payout)
    asked = locked.cancellations.select_for_update(of=("self",)).select_related("asked_by").filter(state=State.ASKED).first()
    if asked is None:
        raise Conflict(_("Nobody has asked for this debt to be cancelled, or it is decided already."))
    independence.require(
        actor,
        _("decide this"),
        prepared_by=[asked.asked_by],
        beneficiaries=beneficiaries(locked.run, locked),
        subjects=subjects(locked.run),
    )
    asked.decided_by, asked.decided_at = actor, clock.now()
    if agree:
        asked.entry = _write_off(locked, asked)
    asked.state = State.DONE if agree else State.DECLINED
    asked.save()
    if agree:
        close_what_is_paid(locked)
        for email in {locked.payee.email, *(user.email for user in _workers(locked))}:
            _tell("debt_cancelled", asked, email)
    return asked


def _write_off(payout: Payout, asked: DebtCancellation) -> Entry:
    if payout.state != Payout.State.FAILED or payout.outstanding != asked.amount:
        raise Conflict(
            _("{asked} was asked for, and {owed} is outstanding now. Decline it and ask again.").format(asked=asked.money, owed=payout.owed)
        )
    PAYOUT.check(payout.state, Payout.State.WRITTEN_OFF)
    ledger.hold(currency=payout.currency)
    asked.withheld = tax_back(payout).amount
    entry = ledger.post(
        kind="payout_cancelled",
        source="payout",
        reference=f"{payout.ref}:cancelled:{asked.pk}",
        lines=books.reentries(payout, asked.withheld),
        at=clock.now(),
        effective_on=clock.today(),
    )
    payout.state, payout.outstanding, payout.next_try_at = Payout.State.WRITTEN_OFF, 0, None
    payout.save()
    return entry


def tax_back(payout: Payout) -> Money:
    """How much withheld tax goes back with what would be given up now: its part of the net sum, as far as it is not paid over.

    Counted together with what was given up before, so that parts of a unit never add up to more or less than was withheld.
    """
    done = payout.cancellations.filter(state=State.DONE).aggregate(sum=Sum("amount"), withheld=Sum("withheld"))
    given_up = payout.outstanding + (done["sum"] or 0)
    share = payout.withheld * given_up // payout.net.amount - (done["withheld"] or 0)
    return Money(min(share, sum(item.open for item in books.tax_items(payout))), payout.currency)


def waiting(payout: Payout) -> DebtCancellation | None:
    return payout.cancellations.select_related("asked_by", "payout").filter(state=State.ASKED).first()


def _locked(payout: Payout) -> Payout:
    return Payout.objects.select_for_update(of=("self",)).select_related("run", "payee").get(pk=payout.pk)


def _workers(payout: Payout) -> list[User]:
    return list(User.objects.filter(pk__in=payout.lines.values("work_entry__worker")))


def _tell(kind: str, asked: DebtCancellation, to: str) -> None:
    if to:
        mail.queue(
            kind=kind,
            to=to,
            key=f"{kind}:{asked.pk}:{to}",
            context={
                "asked": asked,
                "payout": asked.payout,
                "tax": Money(asked.withheld, asked.payout.currency) if asked.withheld and to == asked.payout.payee.email else None,
                "url": mail.absolute(asked.payout.get_absolute_url()),
            },
        )
