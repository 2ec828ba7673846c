"""The public record of decisions, and a member's own panels.

What a panel shows follows the pages: nothing of it for who stepped back, its reference alone before a declaration, reviews once they
are open. Declaring, reviewing and voting are done on the pages, beside the proposal.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from funding.api.fields import Address, DaysField, MoneyField, Out
from funding.api.views import Resource, Route
from funding.errors import Refused
from grants.committee import counting, policies, rules, selectors, services
from grants.committee.models import Determination, Panel, Review, Seat
from grants.committee.policies import Access

TASKS = (
    selectors.TO_DECLARE,
    selectors.TO_REVIEW,
    selectors.SEALED,
    selectors.TO_VOTE,
    selectors.DONE,
    selectors.BEING_CHANGED,
)


class ShareOut(Out):
    fund = serializers.CharField(source="fund.slug")
    amount = MoneyField(source="money")


class RecusalOut(Out):
    name = serializers.CharField()
    ground = serializers.ChoiceField(choices=Seat.Ground.choices)


class DecisionOut(Out):
    ref = serializers.CharField(source="panel.proposal.ref")
    title = serializers.CharField(source="panel.proposal.title")
    project = serializers.CharField(source="panel.proposal.project.slug")
    call = serializers.CharField(source="panel.proposal.call.slug")
    committee = serializers.CharField(source="panel.committee.slug")
    outcome = serializers.ChoiceField(choices=Determination.Outcome.choices)
    words = serializers.CharField(help_text="The outcome, with what became of it since.")
    days = DaysField(source="half_days")
    granted = MoneyField(source="money")
    reserved = MoneyField(source="held", allow_null=True)
    votes_for = serializers.IntegerField()
    votes_against = serializers.IntegerField()
    votes_abstained = serializers.IntegerField()
    seated = serializers.IntegerField()
    recused = serializers.IntegerField()
    quorum = serializers.IntegerField()
    reviews = serializers.IntegerField()
    funds = ShareOut(many=True, source="shares")
    recusals = RecusalOut(many=True)
    reasons = serializers.CharField()
    published_at = serializers.DateTimeField()
    url = Address("api:decision-detail", "panel.proposal.ref")
    page = Address("committee:decision", "panel.proposal.ref")


class Decisions(Resource):
    """What was decided, by how many, and why; who stepped back."""

    title = gettext_noop("Decisions")
    serializer_class = DecisionOut
    lookup_field = "ref"
    filters = {"project": "panel__proposal__project__slug", "call": "panel__proposal__call__slug", "outcome": "outcome"}

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.decisions().prefetch_related("shares__fund", "shares__determination", "recusals")

    def find(self, key: str) -> Any:
        found = self.get_queryset().filter(panel__proposal__ref=key).first()
        if found is None:
            raise Http404
        return found


class PanelRow(Out):
    ref = serializers.CharField()
    state = serializers.ChoiceField(choices=[(state, state) for state in TASKS], help_text="What waits for you.")
    title = serializers.CharField(help_text="Empty until you have declared.")
    project = serializers.CharField(help_text="Its name; empty until you have declared.")
    url = Address("api:panel-detail", "ref")
    page = Address("committee:panel", "ref")


class ReviewOut(Out):
    member = serializers.CharField(source="seat.user.name")
    recommendation = serializers.ChoiceField(choices=Review.Recommendation.choices)
    reasons = serializers.CharField()
    notes = serializers.CharField()
    submitted_at = serializers.DateTimeField()


class PanelOut(Out):
    ref = serializers.CharField()
    title = serializers.CharField()
    project = serializers.CharField(source="project.slug")
    applicant = serializers.CharField(source="applicant.name")
    payee = serializers.CharField(source="payee.name")
    days = DaysField(source="half_days")
    price = MoneyField()
    story = serializers.CharField()
    outcome = serializers.CharField()
    reviews_due_at = serializers.DateTimeField(source="sheet.due_at")
    opened_at = serializers.DateTimeField(
        source="sheet.opening.opened_at", allow_null=True, default=None, help_text="When the reviews did."
    )
    arithmetic = serializers.ListField(child=serializers.CharField())
    own_vote = serializers.CharField()
    own_review = ReviewOut(allow_null=True)
    reviews = ReviewOut(many=True, help_text="Empty while they are sealed.")
    page = Address("committee:panel", "ref")


class Panels(Resource):
    """The open panels on which you sit, and what waits for you there."""

    title = gettext_noop("Panels")
    signed_in = True
    serializer_class = PanelRow
    lookup_field = "ref"

    @extend_schema(responses=PanelRow(many=True), parameters=[])
    def list(self, request: Any) -> Response:
        """The open panels on which you sit, and what waits for you there."""
        shown = [task for task in selectors.queue(request.user) if task.state in TASKS]
        return Response({"next": None, "previous": None, "results": PanelRow(shown, many=True).data})

    @extend_schema(responses=PanelOut)
    def retrieve(self, request: Any, ref: str) -> Response:
        """One panel: the proposal, the count, your own review, and everybody's once they are open."""
        return Response(PanelOut(self.panel(request.user, ref)).data)

    def panel(self, user: Any, ref: str) -> Any:
        found = Panel.objects.select_related("committee", "proposal__call", "proposal__project", "proposal__applicant", "proposal__payee")
        panel = found.filter(proposal__ref=ref, determination=None, proposal__state__in=selectors.OPEN_STATES).first()
        reach = policies.access(policies.seat_of(user, panel), panel.proposal) if panel else Access.NONE
        if panel is None or reach in (Access.NONE, Access.RECUSED) or panel.proposal.state == panel.proposal.State.DRAFT:
            raise Http404
        if reach != Access.CLEAR:
            said = _("Declare on the panel's page whether you have a conflict. Nothing of the proposal opens before.")
            raise Refused(said, rule="undeclared")
        proposal, sheet = panel.proposal, counting.sheet(panel, also_recused=services.excluded_now(panel))
        own = sheet.member(user)
        proposal.sheet = sheet
        proposal.own_vote = own.choice if own else ""
        proposal.own_review = own.review if own else None
        proposal.reviews = [member.review for member in policies.opened_reviews(user, sheet)]
        shown = rules.vote_lines(sheet.tally) if policies.sees_votes(user, sheet) else []
        proposal.arithmetic = [*rules.base_lines(sheet.tally), *shown]
        return proposal


routes = [Route("decisions", Decisions, "decision"), Route("panels", Panels, "panel")]
