"""Read and vote. A submitted review is fixed, so that nobody follows the others'; a vote may change until the determination."""

from __future__ import annotations

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.people.models import User
from grants.committee import counting, emails, policies
from grants.committee.models import Panel, Review, Seat, Vote
from grants.committee.services.determination import excluded_now
from grants.committee.services.seating import lock_open


@audited("committee.act", subject="panel")
def check_in(*, actor: User, panel: Panel, act: str) -> Seat:
    """The gate that a page asks before it looks at what was sent, so that a refused attempt is on record.

    Raises Refused as policies.require_clear does.
    """
    return policies.require_clear(actor, panel, act)


@audited("committee.review", subject="panel")
def save_review(*, actor: User, panel: Panel, version: int, recommendation: str, reasons: str, notes: str, submit: bool = False) -> Review:
    """Keep a draft of one's own review, or with `submit` hand it in for good.

    `version` is the one that the form showed, 0 for a first save. `reasons` go to the applicant with the decision, without
    a name; `notes` stay with the panel. Raises Refused (policies.require_clear), Invalid (recommendation, reasons),
    Conflict when it was handed in already or changed in another window.
    """
    panel = lock_open(panel)
    seat = policies.require_clear(actor, panel, "review this proposal")
    revision = panel.proposal.revisions.count()
    review = Review.objects.select_for_update().filter(seat=seat, revision=revision).first()
    if review is None:
        review = Review(seat=seat, revision=revision, version=0)
    if review.submitted_at is not None:
        raise Conflict("Your review is in, and it stays as it is. You can still change your vote.")
    if review.version != version:
        raise Conflict("Your review was changed in another window since you opened the form.")
    if recommendation and recommendation not in Review.Recommendation.values:
        raise Invalid("Choose a recommendation from the list.", field="recommendation")
    if submit and not recommendation:
        raise Invalid("Say what you recommend.", field="recommendation")
    if submit and not reasons.strip():
        raise Invalid("Give the applicant your reasons.", field="reasons")
    review.recommendation, review.reasons, review.notes = recommendation, reasons, notes
    review.version += 1
    review.saved_at = clock.now()
    review.submitted_at = review.saved_at if submit else None
    review.save()
    if submit:
        _tell_when_ready(panel)
    return review


@audited("committee.vote", subject="panel")
def vote(*, actor: User, panel: Panel, choice: str) -> Vote:
    """Vote for, against or abstain. The last vote of a seat counts; earlier ones stay as history.

    Raises Refused (policies.require_clear), Invalid (field choice), Conflict when the proposal is decided or taken back.
    """
    panel = lock_open(panel)
    seat = policies.require_clear(actor, panel, "vote on this proposal")
    if choice not in Vote.Choice.values:
        raise Invalid("Choose for, against or abstain.", field="choice")
    cast = Vote.objects.create(seat=seat, revision=panel.proposal.revisions.count(), choice=choice, cast_at=clock.now())
    _tell_when_ready(panel)
    return cast


def _tell_when_ready(panel: Panel) -> None:
    sheet = counting.sheet(panel, also_recused=excluded_now(panel))
    if sheet.tally.ready:
        emails.tell_ready(sheet)
