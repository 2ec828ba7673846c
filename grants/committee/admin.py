"""Of a panel staff see who sits and what happened when, and nothing of what was written, scored or voted."""

from functools import partial

from funding.web.admin import at, inspect
from grants.committee import models

PANEL = "panel__proposal__ref"

about_a_panel = partial(inspect, search=PANEL, desk=at("committee:panel", "panel.proposal.ref"), joins="panel__proposal",
                        closed_by=PANEL, closed_as="proposal:")  # fmt: skip
about_a_seat = partial(inspect, search=f"seat__{PANEL} seat__user__name", desk=at("committee:panel", "seat.panel.proposal.ref"),
                       joins="seat__panel__proposal seat__user", closed_by=f"seat__{PANEL}", closed_as="proposal:")  # fmt: skip
about_a_decision = partial(inspect, search=f"determination__{PANEL}", desk=at("committee:decision", "determination.panel.proposal.ref"),
                           joins="determination__panel__proposal", closed_by=f"determination__{PANEL}", closed_as="proposal:")  # fmt: skip

inspect(
    models.Committee, "name slug quorum_percent majority_percent minimum_reviews tie", search="name slug",
    desk=at("committee:committee", "slug"),
)  # fmt: skip
inspect(
    models.Panel, "proposal committee opened_at", search="proposal__ref committee__name", desk=at("committee:panel", "proposal.ref"),
    closed_by="proposal__ref", closed_as="proposal:",
)  # fmt: skip
about_a_panel(models.Seat, "panel user is_chair is_alternate state seated_at declared_at", hidden="reason", filters="state")
about_a_panel(models.Opening, "panel revision opened_at", hidden="because")
about_a_panel(models.Determination, "panel outcome votes_for votes_against votes_abstained published_at", filters="outcome")
about_a_seat(models.Review, "seat revision submitted_at withdrawn_at", hidden="recommendation reasons notes")
about_a_seat(models.Excuse, "seat revision ground excused_at", hidden="reason")
about_a_seat(models.Vote, "seat revision cast_at", hidden="choice")
inspect(
    models.Score, "review criterion", search=f"review__seat__{PANEL}", desk=at("committee:panel", "review.seat.panel.proposal.ref"),
    joins="review__seat__panel__proposal review__seat__user criterion", hidden="points skipped comment",
    closed_by=f"review__seat__{PANEL}", closed_as="proposal:",
)  # fmt: skip
about_a_decision(models.DeterminationFund, "determination fund amount position")
about_a_decision(models.DeterminationRecusal, "determination name ground")
about_a_decision(models.Letter, "determination sent_by sent_at", hidden="body")
about_a_decision(models.Ending, "determination ended_by ended_at", hidden="reason")
inspect(
    models.Funding, "share half_days available funded_at", search=f"determination__{PANEL}",
    desk=at("committee:decision", "determination.panel.proposal.ref"),
    joins="determination__panel__proposal share__determination__panel__proposal",
    closed_by=f"determination__{PANEL}", closed_as="proposal:",
)  # fmt: skip
