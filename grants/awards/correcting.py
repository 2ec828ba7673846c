"""A tranche that was booked wrongly: one person says what is right, another agrees, and the books get the mirror and a fresh entry.

The day and the sum are in the books; the bank's reference and where the evidence is stand beside them only, so that a slip of the pen
there is put right although the money was spent. The rules: docs/awards.md.
"""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.ledger.errors import LedgerError
from funding.ledger.models import Entry
from funding.money import Money
from funding.people import independence, roles
from funding.people.models import User
from funding.people.roles import Role
from grants.awards import emails, needing, tranches
from grants.awards.models import Award, Correction, Tranche

State = Correction.State


@audited("awards.ask_correction", subject="tranche")
def ask(
    *, actor: User, tranche: Tranche, amount: Money, arrived_on: dt.date, bank_reference: str, evidence: str, reason: str
) -> Correction:
    """Say what the bank's statement really says of a tranche that was booked. Only a treasurer; somebody else decides.

    Raises Refused, Invalid (a field, or nothing that differs), Conflict (not booked, its award not active, or asked already).
    """
    roles.require(actor, Role.TREASURER)
    locked = tranches.lock(tranche)
    was = _booked(locked)
    tranches.check_arrival(amount, tranches.promised_still(locked.award) + was, arrived_on, bank_reference, evidence)
    if not reason.strip():
        raise Invalid(_("Say what was wrong."), field="reason")
    right = (amount, arrived_on, bank_reference.strip(), evidence.strip())
    if right == (was, locked.arrived_on, locked.bank_reference, locked.evidence):
        raise Invalid(_("This is what is booked already."))
    if locked.arrived_on is None:
        raise Conflict(_("Nothing is booked of {tranche} that could be corrected.").format(tranche=locked))
    if locked.corrections.filter(state=State.ASKED).exists():
        raise Conflict(_("A correction of this tranche waits for a decision already."))
    if Tranche.objects.filter(bank_reference=right[2]).exclude(pk=locked.pk).exists():
        raise Invalid(_("This bank reference was booked already, so this money is in the books."), field="bank_reference")
    asked = Correction.objects.create(
        tranche=locked,
        amount=amount.amount,
        arrived_on=arrived_on,
        bank_reference=right[2],
        evidence=right[3],
        was_amount=was.amount,
        was_arrived_on=locked.arrived_on,
        was_bank_reference=locked.bank_reference,
        was_evidence=locked.evidence,
        reason=reason.strip(),
        asked_by=actor,
        asked_at=clock.now(),
    )
    emails.waits(asked, locked.award)
    return asked


@audited("awards.decide_correction", subject="asked")
def decide(*, actor: User, asked: Correction, agreed: bool, words: str = "") -> Correction:
    """Agree, and the tranche is booked as it is right; or do without it, and `words` say why.

    A treasurer or administrator; whoever asked can only do without it. Raises Refused (role, prepared; spent: some of the money was
    spent, reserved or given back since), Invalid (field words), Conflict (decided, or the tranche is not as it was).
    """
    roles.require(actor, Role.TREASURER, Role.ADMIN)
    tranche = tranches.lock(asked.tranche)
    locked = Correction.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=asked.pk)
    locked.tranche = tranche
    if agreed:
        independence.require(actor, _("agree to this correction"), prepared_by=[locked.asked_by])
    elif not words.strip():
        raise Invalid(_("Say why it is not done."), field="words")
    Correction.LIFECYCLE.check(locked.state, State.DONE if agreed else State.REFUSED)
    if agreed:
        locked.entry = _correct(tranche, locked)
    locked.state, locked.decided_by, locked.decided_at = State.DONE if agreed else State.REFUSED, actor, clock.now()
    locked.answer = "" if agreed else words.strip()
    locked.save()
    if agreed:
        tranche.arrived_on, tranche.bank_reference, tranche.evidence = locked.arrived_on, locked.bank_reference, locked.evidence
        tranches.save_booked(tranche)
        needing.offer(tranche.award)
    emails.decided(locked, tranche.award)
    return locked


def _booked(tranche: Tranche) -> Money:
    """What the books say that arrived. Raises Conflict unless it is there and can be corrected."""
    award = tranche.award
    if award.state != Award.State.ACTIVE or tranche.entry is None or tranche.state == Tranche.State.RETURNED:
        raise Conflict(_("Nothing is booked of {tranche} that could be corrected.").format(tranche=tranche))
    return Money(tranche.entry.transfers.get().amount, award.currency)


def _correct(tranche: Tranche, right: Correction) -> Entry | None:
    """The fresh entry; None where the books were right."""
    was = _booked(tranche)
    stands = (was.amount, tranche.arrived_on, tranche.bank_reference, tranche.evidence)
    if stands != (right.was_amount, right.was_arrived_on, right.was_bank_reference, right.was_evidence):
        raise Conflict(_("{tranche} was booked otherwise since. Ask again.").format(tranche=tranche))
    if right.money > tranches.promised_still(tranche.award) + was:
        raise Conflict(_("Another tranche was booked since, and the award does not promise that much more. Ask again."))
    if (right.amount, right.arrived_on) == (right.was_amount, right.was_arrived_on):
        return None
    try:
        return tranches.book_anew(tranche, right)
    except LedgerError as error:
        raise Refused(
            _(
                "Some of this money was spent, reserved or given back since it was booked, so its entry cannot be taken back. "
                "What is missing has to be found in the books in another way: move money, or give some of it back."
            ),
            rule="spent",
        ) from error
