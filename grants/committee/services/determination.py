"""The determination: the votes are counted, and when they carry, the money is reserved in the same transaction or nothing happens."""

from __future__ import annotations

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.funds.models import Fund
from funding.ledger.models import Reservation
from funding.people.independence import Hindrance
from funding.people.models import User
from grants.committee import counting, emails, planning, policies, signals
from grants.committee.counting import Sheet
from grants.committee.models import Determination, DeterminationFund, DeterminationRecusal, Panel, Seat
from grants.committee.services.seating import lock_open, recuse
from grants.proposals import services as proposals

FUNDED = Determination.Outcome.FUNDED
Reserved = list[tuple[Fund, Reservation]]


@audited("committee.determine", subject="panel")
def determine(*, actor: User, panel: Panel, reasons: str, seen: str) -> Determination:
    """Count the votes and publish what follows from them. The outcome is computed; only the public `reasons` are written.

    `seen` is the mark of the count (`counting.Sheet.mark`) that the actor looked at. When funded, the asked sum is reserved
    down the call's funds, restricted ones first, and `determination_published` is sent; all in this transaction.

    Raises Refused: rules seat, recused, undeclared, chair, and those of the independence gate for who may;
    minimum-reviews or quorum for what is missing; funds-short naming the missing sum and what each fund has, with nothing
    recorded and the panel still open. Conflict when the count changed since it was seen; Invalid (field reasons).
    """
    panel = lock_open(panel)
    policies.require_clear(actor, panel, "decide this proposal")
    sheet = _recheck(panel)
    policies.require_decider(actor, sheet)
    _require_complete(sheet)
    if sheet.mark != seen:
        raise Conflict("The count has changed since you opened the page. Look at it again before you publish.")
    if not reasons.strip():
        raise Invalid("Give the public the reasons.", field="reasons")
    proposal, outcome = panel.proposal, sheet.tally.outcome
    reserved = planning.reserve(proposal) if outcome == FUNDED else []
    proposals.settle(proposal=proposal, outcome=outcome)
    determination = _record(sheet, actor, reasons.strip(), outcome, reserved)
    signals.determination_published.send(
        sender=Determination, proposal=proposal, determination=determination, reservations=[reservation for _, reservation in reserved]
    )
    emails.tell_applicant(determination, proposal)
    return determination


def excluded_now(panel: Panel) -> dict[int, Hindrance]:
    """User id → why, for members whose seat is not recused although a rule excludes them by now: a tie declared since."""
    seats = panel.seats.exclude(state=Seat.State.RECUSED).select_related("user")
    return policies.hindrances([seat.user for seat in seats], panel.proposal)


def _recheck(panel: Panel) -> Sheet:
    """Apply the independence rule once more, at the count: a vote of somebody who is tied by now does not count."""
    excluded = excluded_now(panel)
    for seat in panel.seats.filter(user__in=excluded).select_related("user"):
        hindrance = excluded[seat.user_id]
        recuse(seat, panel.proposal, ground=hindrance.rule, reason=hindrance.sentence, automatic=True)
    return counting.sheet(panel)


def _require_complete(sheet: Sheet) -> None:
    tally = sheet.tally
    if tally.missing:
        rule = "minimum-reviews" if tally.eligible and tally.reviews < tally.reviews_needed else "quorum"
        raise Refused(f"This cannot be decided yet. {' '.join(tally.missing)}", rule=rule)


def _record(sheet: Sheet, actor: User, reasons: str, outcome: str, reserved: Reserved) -> Determination:
    tally, proposal = sheet.tally, sheet.panel.proposal
    funded = outcome == FUNDED
    determination = Determination.objects.create(
        panel=sheet.panel,
        revision=sheet.revision,
        outcome=outcome,
        votes_for=tally.votes_for,
        votes_against=tally.votes_against,
        votes_abstained=tally.abstained,
        seated=tally.seated,
        recused=tally.recused,
        eligible=tally.eligible,
        quorum=tally.quorum,
        reviews=tally.reviews,
        reasons=reasons,
        amount=proposal.price.amount if funded else 0,
        currency=proposal.rate.currency,
        half_days=(proposal.half_days or 0) if funded else 0,
        decided_by=actor,
        published_at=clock.now(),
    )
    DeterminationFund.objects.bulk_create(
        DeterminationFund(determination=determination, fund=fund, reservation=reservation, amount=reservation.reserved, position=position)
        for position, (fund, reservation) in enumerate(reserved)
    )
    DeterminationRecusal.objects.bulk_create(
        DeterminationRecusal(determination=determination, user=member.user, name=member.user.name, ground=member.seat.ground)
        for member in sheet.members
        if member.sits and member.recused
    )
    return determination
