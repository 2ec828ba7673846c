"""Write a review, seal it, take it back, or say that one writes none. Nobody reads another's before the panel opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.people.models import User
from grants.committee import policies
from grants.committee.models import Excuse, Opening, Panel, Review, Score, Seat
from grants.committee.scoring import MOST
from grants.committee.services.opening import open_if_due
from grants.committee.services.seating import lock_open
from grants.proposals.models import Criterion


@dataclass(frozen=True, slots=True)
class Mark:
    """What one criterion gets: 0 to 5 points, None while open or when `skipped` because it does not apply."""

    points: int | None = None
    skipped: bool = False
    comment: str = ""


@audited("committee.act", subject="panel")
def check_in(*, actor: User, panel: Panel, act: str) -> Seat:
    """The gate that a page asks before it looks at what was sent, so that a refused attempt is on record.

    Raises Refused as policies.require_clear does.
    """
    return policies.require_clear(actor, panel, act)


@audited("committee.review", subject="panel")
def save_review(
    *,
    actor: User,
    panel: Panel,
    version: int,
    recommendation: str,
    reasons: str,
    notes: str,
    marks: Mapping[int, Mark] | None = None,
    submit: bool = False,
) -> Review:
    """Keep a draft of one's own review, or with `submit` seal it and hand it in.

    `version` is the one that the form showed, 0 for a first save. `marks` are by criterion id. `reasons` and the marks'
    comments go to the applicant with the decision, without a name; `notes` stay with the panel. When it was the last one
    that was asked for, the reviews open to the panel. Raises Refused (policies.require_clear), Invalid (recommendation,
    reasons, score_<id>, comment_<id>), Conflict when it was handed in already or changed in another window.
    """
    panel = lock_open(panel)
    seat = policies.require_clear(actor, panel, _("review this proposal"))
    review = _own_open(seat, panel, version)
    if recommendation and recommendation not in Review.Recommendation.values:
        raise Invalid(_("Choose a recommendation from the list."), field="recommendation")
    criteria = list(panel.proposal.call.criteria.all())
    found = {criterion.pk: (marks or {}).get(criterion.pk, Mark()) for criterion in criteria}
    for criterion in criteria:
        _check_mark(criterion, found[criterion.pk])
    for problem in lacking(criteria, found, recommendation, reasons) if submit else ():
        raise problem
    review.recommendation, review.reasons, review.notes = recommendation, reasons, notes
    review.version += 1
    review.saved_at = clock.now()
    review.submitted_at = review.saved_at if submit else None
    review.save()
    _keep_scores(review, found)
    if submit:
        open_if_due(panel)
    return review


@audited("committee.unseal", subject="panel")
def unseal_review(*, actor: User, panel: Panel) -> Review:
    """Take one's own review back to change it, while nobody has read it. It counts again once it is handed in again.

    Raises Refused (policies.require_clear), Conflict when the reviews are open to the panel or none is in.
    """
    panel = lock_open(panel)
    seat = policies.require_clear(actor, panel, _("change this review"))
    revision = panel.proposal.revisions.count()
    if Opening.objects.filter(panel=panel, revision=revision).exists():
        raise Conflict(_("The reviews are open to the panel, so yours stays as it is. You can still change your vote."))
    review = Review.objects.select_for_update().filter(seat=seat, revision=revision).first()
    if review is None or review.submitted_at is None:
        raise Conflict(_("You have handed in no review of this proposal."))
    review.submitted_at = None
    review.version += 1
    review.save(update_fields=["submitted_at", "version"])
    return review


@audited("committee.excuse", subject="panel")
def excuse(*, actor: User, panel: Panel, ground: str, reason: str) -> Excuse:
    """Say that one writes no review of this revision, so that nobody waits for it. Seat and vote stay.

    A conflict is declared instead (seating.declare). Handing in a review later undoes it. Raises Refused
    (policies.require_clear), Invalid (ground, reason), Conflict when a review or an excuse is in already.
    """
    panel = lock_open(panel)
    seat = policies.require_clear(actor, panel, _("decline this review"))
    revision = panel.proposal.revisions.count()
    if ground not in Excuse.Ground.values:
        raise Invalid(_("Choose why you write none."), field="ground")
    if not reason.strip():
        raise Invalid(_("Say in a few words why, so that the chair can plan."), field="reason")
    if Review.objects.filter(seat=seat, revision=revision, submitted_at__isnull=False).exists():
        raise Conflict(_("Your review is in already."))
    made, fresh = Excuse.objects.get_or_create(
        seat=seat, revision=revision, defaults={"ground": ground, "reason": reason.strip()[:300], "excused_at": clock.now()}
    )
    if not fresh:
        raise Conflict(_("You have said already that you write no review of this proposal."))
    open_if_due(panel)
    return made


def _own_open(seat: Seat, panel: Panel, version: int) -> Review:
    """The member's review of the present revision under lock, or a new one; raises Conflict unless it may be changed."""
    revision = panel.proposal.revisions.count()
    review = Review.objects.select_for_update().filter(seat=seat, revision=revision).first()
    if review is None:
        review = Review(seat=seat, revision=revision, version=0)
    if review.submitted_at is not None:
        raise Conflict(_("Your review is in. Take it back first, while the reviews are sealed; afterwards it stays as it is."))
    if review.version != version:
        raise Conflict(_("Your review was changed in another window since you opened the form."))
    return review


def lacking(criteria: Iterable[Criterion], marks: Mapping[int, Mark], recommendation: str, reasons: str) -> list[Invalid]:
    """Everything that a review lacks before it can be handed in, in the order of the page; `marks` are by criterion id."""
    found = []
    for criterion in criteria:
        mark = marks.get(criterion.pk, Mark())
        if mark.skipped and not mark.comment.strip():
            found.append(Invalid(_("Say why “{name}” does not apply.").format(name=criterion.name), field=f"comment_{criterion.pk}"))
        if mark.points is None and not mark.skipped:
            found.append(Invalid(_("“{name}” is not scored yet.").format(name=criterion.name), field=f"score_{criterion.pk}"))
    if not recommendation:
        found.append(Invalid(_("Say what you recommend."), field="recommendation"))
    if not reasons.strip():
        found.append(Invalid(_("Give the applicant your reasons."), field="reasons"))
    return found


def _check_mark(criterion: Criterion, mark: Mark) -> None:
    score = f"score_{criterion.pk}"
    if mark.points is not None and (mark.skipped or not 0 <= mark.points <= MOST):
        raise Invalid(_("Choose 0 to {most} points.").format(most=MOST), field=score)
    if mark.skipped and not criterion.may_skip:
        raise Invalid(_("“{name}” applies to every proposal of this call.").format(name=criterion.name), field=score)


def _keep_scores(review: Review, marks: Mapping[int, Mark]) -> None:
    Score.objects.bulk_create(
        [Score(review=review, criterion_id=pk, points=it.points, skipped=it.skipped, comment=it.comment) for pk, it in marks.items()],
        update_conflicts=True,
        unique_fields=["review", "criterion"],
        update_fields=["points", "skipped", "comment"],
    )
