"""Book a tranche when it arrives, and let two people say that its condition is met. Entries: docs/awards.md.

Money whose condition is open is owed (`owed:advances`), item by item, and no fund has it. What arrived is in the entries only.
"""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.ledger import services as ledger
from funding.ledger.models import Account, Entry, Transfer
from funding.money import Money
from funding.payments import cash
from funding.people import independence, roles
from funding.people.models import User
from funding.people.roles import Role
from grants.awards import emails, needing
from grants.awards.models import Award, Correction, Tranche

SOURCE = "award"
"""In the ledger's entries, and as the kind of what a transfer is about; its id is the tranche's."""
ARRIVED, ADVANCE, MET, BACK = "award_received", "award_advance", "condition_met", "award_returned"
UNSPENT = "award_unspent"
SUFFIXES = {MET: ":met", BACK: ":returned"}
State = Tranche.State


def advances(currency: str) -> Account:
    """What arrived before its condition was met: held and not ours to spend."""
    return ledger.open_account(code=f"owed:advances:{currency}", klass=Account.Klass.OWED, currency=currency)


@audited("awards.book", subject="tranche")
def book(*, actor: User, tranche: Tranche, amount: Money, arrived_on: dt.date, bank_reference: str, evidence: str) -> Tranche:
    """Book what the bank's statement says: into the award's fund, or as owed while the tranche's condition is open.

    Only a treasurer; the award is active. `amount` is what arrived, which may differ from what was promised. Raises Refused,
    Invalid (a field, such as a bank reference that was booked before), IllegalTransition, Conflict.
    """
    roles.require(actor, Role.TREASURER)
    locked = lock(tranche)
    award = locked.award
    if award.state != Award.State.ACTIVE or award.fund is None:
        raise Conflict(_("{award} is {state}, so nothing of it is booked.").format(award=award, state=award.get_state_display().lower()))
    to = State.HELD if locked.is_open else State.RECEIVED
    Tranche.LIFECYCLE.check(locked.state, to)
    check_arrival(amount, promised_still(award), arrived_on, bank_reference, evidence)
    locked.entry = _arrive(locked, amount.amount, arrived_on, ADVANCE if locked.is_open else ARRIVED)
    locked.state, locked.arrived_on, locked.booked_by = to, arrived_on, actor
    locked.bank_reference, locked.evidence = bank_reference.strip(), evidence.strip()
    save_booked(locked)
    needing.offer(award)
    return locked


def check_arrival(amount: Money, rest: Money, arrived_on: dt.date, bank_reference: str, evidence: str) -> None:
    """Raise Invalid, naming the field, unless a bank's statement can say this of an award that promises `rest` more."""
    if amount.amount <= 0:
        raise Invalid(_("Enter an amount above zero."), field="amount")
    if amount > rest:
        raise Invalid(
            _("The award promises {rest} more. Ask the grantor for a change of the agreement, or what the rest is for.").format(rest=rest),
            field="amount",
        )
    if arrived_on > max(clock.today(), timezone.localdate(clock.now())):
        raise Invalid(_("That day is still to come. It is booked when it has arrived."), field="arrived_on")
    if not bank_reference.strip():
        raise Invalid(_("Enter the reference on the bank's statement."), field="bank_reference")
    if not evidence.strip():
        raise Invalid(_("Say where the evidence is."), field="evidence")


def save_booked(tranche: Tranche) -> None:
    """Raises Invalid when another tranche was booked with its bank reference."""
    try:
        with transaction.atomic():
            tranche.save()
    except IntegrityError:
        raise Invalid(_("This bank reference was booked already, so this money is in the books."), field="bank_reference") from None


def book_anew(tranche: Tranche, right: Correction) -> Entry:
    """Mirror everything that was booked of a locked tranche, and book it again as it is right. Returns the fresh entry.

    The mirrors carry the days of what they mirror, so that no report up to a day counts both. Raises LedgerError, in whose
    transaction nothing is written, when some of the money was spent, reserved or given back since.
    """
    first, met = tranche.entry, tranche.met_entry
    if first is None:
        raise Conflict(_("{tranche} has not arrived.").format(tranche=tranche))
    held = _mirror(met, settles=None).transfers.get().pk if met else None
    _mirror(first, settles=held)
    kind = first.transfers.get().kind
    tranche.entry = _arrive(tranche, right.amount, right.arrived_on, kind, revision=first.revision + 1)
    if met is not None:
        tranche.met_entry = _release(tranche, max(met.effective_on, right.arrived_on), revision=met.revision + 1)
    return tranche.entry


def promised_still(award: Award) -> Money:
    """What was promised and has not arrived, by the books. What went back unspent had arrived."""
    about = award.tranches.values("pk")
    rows = Transfer.objects.filter(about_kind=SOURCE, about_id__in=about).exclude(kind=UNSPENT)
    into = rows.filter(debit_account__klass="cash").aggregate(sum=Sum("amount"))["sum"] or 0
    back = rows.filter(credit_account__klass="cash").aggregate(sum=Sum("amount"))["sum"] or 0
    return Money(max(0, award.amount - into + back), award.currency)


@audited("awards.claim", subject="tranche")
def claim(*, actor: User, tranche: Tranche, words: str, back: bool = False) -> Tranche:
    """Say that a tranche's condition is met, and what shows it; or, `back`, that it will not be and the money goes back.

    Another person decides. Only a treasurer. Raises Refused, Invalid (no evidence, or field `back` when nothing has arrived that
    could go back), Conflict (no condition, or one that is claimed or met already).
    """
    roles.require(actor, Role.TREASURER)
    if not words.strip():
        raise Invalid(_("Say what shows that it is met."), field="words")
    locked = lock(tranche)
    if not locked.is_open or locked.claimed_by_id or locked.award.state != Award.State.ACTIVE:
        raise Conflict(_("No condition of this tranche waits for somebody to say that it is met."))
    if back and locked.state != State.HELD:
        raise Invalid(_("Nothing of this tranche has arrived, so nothing goes back. Withhold it instead."), field="back")
    locked.claimed_by, locked.claimed_at, locked.claim, locked.claims_back = actor, clock.now(), words.strip(), back
    locked.save()
    emails.condition_waits(locked, actor)
    return locked


@audited("awards.decide_condition", subject="tranche")
def decide(*, actor: User, tranche: Tranche, met: bool, words: str = "") -> Tranche:
    """Agree to what is claimed: that the condition is met, so that what arrived is the fund's, or that it goes back to the
    grantor, which is then booked out of the bank. `met` False: not so, with a reason.

    A treasurer or administrator other than whoever said so. Raises Refused (role, prepared), Invalid (no reason), Conflict.
    """
    roles.require(actor, Role.TREASURER, Role.ADMIN)
    locked = lock(tranche)
    if locked.claimed_by is None or not locked.is_open:
        raise Conflict(_("Nobody says that this condition is met, or it was decided already."))
    independence.require(actor, _("decide about this condition"), prepared_by=[locked.claimed_by])
    if not met:
        if not words.strip():
            raise Invalid(_("Say why it is not met."), field="words")
        emails.condition_decided(locked, actor, words.strip(), agreed=False)
        locked.claimed_by, locked.claimed_at, locked.claims_back = None, None, False
        locked.claim, locked.words = "", words.strip()
        locked.save()
        return locked
    if locked.claims_back:
        Tranche.LIFECYCLE.check(locked.state, State.RETURNED)
        locked.returned_entry, locked.returned_by, locked.state = _give_back(locked), actor, State.RETURNED
        locked.save()
        emails.condition_decided(locked, actor, "", agreed=True)
        needing.offer(locked.award)
        return locked
    locked.met_by, locked.met_at = actor, clock.now()
    if locked.state == State.HELD:
        Tranche.LIFECYCLE.check(locked.state, State.RECEIVED)
        locked.met_entry, locked.state = _release(locked, clock.today()), State.RECEIVED
    locked.save()
    emails.condition_decided(locked, actor, "", agreed=True)
    needing.offer(locked.award)
    return locked


@audited("awards.withhold", subject="tranche")
def withhold(*, actor: User, tranche: Tranche, words: str) -> Tranche:
    """The grantor will not pay it, or will after all: a tranche that is withheld is expected again. Only a treasurer.

    Raises Refused, Invalid (no reason), IllegalTransition.
    """
    roles.require(actor, Role.TREASURER)
    if not words.strip():
        raise Invalid(_("Say why."), field="words")
    locked = lock(tranche)
    to = State.SCHEDULED if locked.state == State.WITHHELD else State.WITHHELD
    Tranche.LIFECYCLE.check(locked.state, to)
    locked.state, locked.words = to, words.strip()
    locked.save()
    needing.offer(locked.award)
    return locked


def lock(tranche: Tranche) -> Tranche:
    """The row under lock, its award with it, so that no award is closed under a booking, and what the award is raised for."""
    award = Award.objects.select_for_update().get(pk=tranche.award_id)
    rows = Tranche.objects.select_for_update(of=("self",))
    found = rows.select_related("award__fund__account", "award__grantor", "claimed_by", "entry", "met_entry").get(pk=tranche.pk)
    needing.lock(award)
    return found


def _arrive(tranche: Tranche, amount: int, on: dt.date, kind: str, *, revision: int = 1) -> Entry:
    """What the bank's statement says: the fund's, or owed where the kind is an advance."""
    award = tranche.award
    if award.fund is None:
        raise Conflict(_("{award} has no fund.").format(award=award))
    account = advances(award.currency) if kind == ADVANCE else award.fund.account
    line = ledger.Line(cash.bank(award.currency), account, amount, kind, party_id=award.grantor_id, about=(SOURCE, tranche.pk))
    return _post(tranche, kind, line, on, revision=revision)


def _mirror(entry: Entry, *, settles: int | None) -> Entry:
    """The mirror of an entry. `settles`: what it made owed was released and taken back, so that it is owed as this row now."""
    if settles is None:
        return ledger.reverse(entry=entry, at=clock.now(), effective_on=entry.effective_on)
    row = entry.transfers.select_related("debit_account", "credit_account").get()
    line = ledger.Line(
        row.credit_account, row.debit_account, row.amount, row.kind,
        party_id=row.party_id, about=(row.about_kind or SOURCE, row.about_id or 0), settles=settles,
    )  # fmt: skip
    return ledger.post(
        kind="reversal",
        source="reversal",
        reference=str(entry.pk),
        lines=[line],
        at=clock.now(),
        effective_on=entry.effective_on,
        reverses=entry,
    )


def _release(tranche: Tranche, on: dt.date, *, revision: int = 1) -> Entry:
    """What arrived and was owed is the fund's now."""
    award = tranche.award
    if award.fund is None or tranche.entry is None:
        raise Conflict(_("{tranche} has not arrived.").format(tranche=tranche))
    item = tranche.entry.transfers.get()
    line = ledger.Line(
        advances(award.currency), award.fund.account, item.amount, MET,
        party_id=award.grantor_id, about=(SOURCE, tranche.pk), settles=item.pk,
    )  # fmt: skip
    return _post(tranche, MET, line, on, revision=revision)


def _give_back(tranche: Tranche) -> Entry:
    """What arrived and was owed leaves the bank for the grantor."""
    award = tranche.award
    if tranche.entry is None:
        raise Conflict(_("{tranche} has not arrived.").format(tranche=tranche))
    item = tranche.entry.transfers.get()
    line = ledger.Line(
        advances(award.currency), cash.bank(award.currency), item.amount, BACK,
        party_id=award.grantor_id, about=(SOURCE, tranche.pk), settles=item.pk,
    )  # fmt: skip
    return _post(tranche, BACK, line, clock.today())


def _post(tranche: Tranche, kind: str, line: ledger.Line, on: dt.date, *, revision: int = 1) -> Entry:
    reference = f"{tranche.award.slug}:{tranche.number}"
    return ledger.post(
        kind=kind,
        source=SOURCE,
        reference=f"{reference}{SUFFIXES.get(kind, '')}",
        lines=[line],
        at=clock.now(),
        effective_on=on,
        revision=revision,
    )
