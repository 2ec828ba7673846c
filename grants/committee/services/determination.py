"""The determination: the votes are counted, and when they carry, the money is reserved in the same transaction or nothing happens."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.funds import needs
from funding.funds.models import BudgetLine, Fund
from funding.ledger import services as ledger
from funding.ledger.models import Reservation
from funding.people.models import User
from grants.committee import counting, emails, obstacles, planning, policies, public_record, signals
from grants.committee.counting import Sheet
from grants.committee.models import Determination, DeterminationFund, DeterminationRecusal, Panel
from grants.committee.services.seating import excluded_now, lock_open, refresh
from grants.proposals import services as proposals
from grants.proposals.models import Proposal

FUNDED, APPROVED = Determination.Outcome.FUNDED, Determination.Outcome.APPROVED
Reserved = list[tuple[Fund, Reservation]]


def determine(*, actor: User, panel: Panel, reasons: str, seen: str, lines: Sequence[BudgetLine] = (), wait: bool = False) -> Determination:
    """Apply the rules to every seat once more, and then decide (`_determine` says how, and what it raises).

    The look is kept even when the decision is refused, because somebody who is tied by now does not get their seat back by
    that; the count then differs from what the actor saw, and they look again.
    """
    refresh(panel=panel)
    return _determine(actor=actor, panel=panel, reasons=reasons, seen=seen, lines=lines, wait=wait)


@audited("committee.determine", subject="panel")
def _determine(*, actor: User, panel: Panel, reasons: str, seen: str, lines: Sequence[BudgetLine], wait: bool) -> Determination:
    """Count the votes and publish what follows from them. The outcome is computed; only the public `reasons` are written.

    `seen` is the mark of the count (`counting.Sheet.mark`) that the actor looked at. When funded, the asked sum is reserved
    down the call's funds, restricted ones first, and `determination_published` is sent; all in this transaction. `lines` names
    the budget line of each fund that has a budget and is to pay. Where the money cannot be had and `wait` says so, it is
    published as approved, and a Need is opened instead.

    Raises Refused: rules seat, recused, undeclared, chair, and those of the independence gate for who may; minimum-reviews or
    quorum for what is missing; claim while a relation that the applicant declared with somebody who counts is open; sole when the
    only vote that carries it is the actor's own; approver when nobody independent could approve the work (sent by engagements);
    unless `wait`, funds-short naming the missing sum and what each fund has, or purpose, line, period, closeout where such a rule
    keeps money that would be enough, with nothing recorded and the panel still open. Conflict when the count changed since it was
    seen; Invalid (field reasons).
    """
    panel = lock_open(panel)
    policies.require_clear(actor, panel, _("decide this proposal"))
    sheet = counting.sheet(panel, also_recused=excluded_now(panel))
    policies.require_decider(actor, sheet)
    _require_complete(sheet)
    if said := obstacles.open_claims(sheet):
        raise Refused(" ".join(said), rule="claim")
    if sheet.mark != seen:
        raise Conflict(_("The count has changed since you opened the page. Look at it again before you publish."))
    if not reasons.strip():
        raise Invalid(_("Give the public the reasons."), field="reasons")
    proposal, outcome = panel.proposal, str(sheet.tally.outcome)
    reserved: Reserved = []
    if outcome == FUNDED:
        _require_second(sheet, actor)
        outcome, reserved = _find_money(proposal, lines, wait=wait)
    proposals.settle(proposal=proposal, outcome=outcome)
    determination = _record(sheet, actor, reasons.strip(), outcome, reserved)
    signals.determination_published.send(
        sender=Determination, proposal=proposal, determination=determination, reservations=[reservation for __, reservation in reserved]
    )
    emails.tell_applicant(determination, proposal)
    if outcome == APPROVED:
        emails.tell_money_wanted(determination, proposal)
    return determination


def _find_money(proposal: Proposal, lines: Sequence[BudgetLine], *, wait: bool) -> tuple[str, Reserved]:
    """Hold the whole sum, or, where that cannot be on any line and it may wait, open a Need for it."""
    raised = needs.lock_raised(proposal.project)
    try:
        reserved = planning.reserve(proposal, lines)
    except Refused:
        if not wait or not planning.plan(proposal).missing:
            raise
        needs.want(about=proposal.subject, project=proposal.project, half_days=proposal.half_days or 0, rate=proposal.rate)
        return APPROVED, []
    needs.settle_raised(raised)
    return FUNDED, reserved


def _require_complete(sheet: Sheet) -> None:
    tally = sheet.tally
    if tally.missing:
        rule = "minimum-reviews" if tally.eligible and tally.reviews < tally.reviews_needed else "quorum"
        raise Refused(" ".join([_("This cannot be decided yet."), *tally.missing]), rule=rule)


def _require_second(sheet: Sheet, actor: User) -> None:
    if obstacles.alone(sheet, actor):
        raise Refused(obstacles.nobody_alone(), rule="sole")


def _record(sheet: Sheet, actor: User, reasons: str, outcome: str, reserved: Reserved) -> Determination:
    tally, proposal = sheet.tally, sheet.panel.proposal
    funded = outcome in (FUNDED, APPROVED)
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
    ledger.seal_document(public_record.SOURCE, public_record.reference(determination), public_record.digest(determination))
    return determination
