"""Calls, and proposals: your own whole, and everybody's once they are funded or approved. Panels have their own door."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from funding import days
from funding.api.fields import Address, DaysField, Line, MoneyField, Out, Words
from funding.api.views import Resource, Route, writes
from grants.proposals import policies, selectors, services
from grants.proposals.models import Call, Proposal


class CriterionOut(Out):
    name = serializers.CharField()
    asks = serializers.CharField()
    weight = serializers.IntegerField(help_text="Percent.")
    anchors = serializers.ListField(child=serializers.CharField(), help_text="What 0 to 5 points mean.")


class CallOut(Out):
    slug = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=Call.Kind.choices)
    state = serializers.ChoiceField(choices=Call.State.choices)
    takes_proposals = serializers.SerializerMethodField()
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField(allow_null=True)
    committee = serializers.CharField()
    most_days = DaysField(source="max_half_days")
    highest_day_rate = MoneyField(source="rate_cap")
    funds = serializers.SerializerMethodField()
    brief = serializers.CharField()
    criteria = CriterionOut(many=True)
    url = Address("api:call-detail", "slug")
    page = Address("proposals:call", "slug")

    def get_takes_proposals(self, row: Any) -> bool:
        return policies.takes_proposals(row)

    def get_funds(self, row: Any) -> list[str]:
        return [named.fund.slug for named in row.call_funds.all()]


class Calls(Resource):
    """What committees ask for, with the rubric by which they judge. Drafts are there for administrators."""

    title = gettext_noop("Calls")
    serializer_class = CallOut
    lookup_field = "slug"
    filters = {"state": "state"}

    def get_queryset(self) -> QuerySet[Any]:
        found = selectors.calls(drafts=policies.may_manage_calls(self.request.user))
        return found.prefetch_related("criteria", "call_funds__fund")


class ProposalOut(Out):
    ref = serializers.CharField()
    call = serializers.CharField(source="call.slug")
    project = serializers.CharField(source="project.slug")
    applicant = serializers.CharField(source="shown_applicant", help_text="Some are unnamed in public.")
    payee = serializers.CharField(source="shown_payee")
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=Proposal.State.choices)
    days = DaysField(source="half_days", allow_null=True)
    price = MoneyField(source="sum", allow_null=True, help_text="At the rate that was agreed at submission; null before.")
    story = serializers.CharField()
    outcome = serializers.CharField()
    version = serializers.IntegerField(help_text="Send it back when you change a draft.")
    submitted_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    url = Address("api:proposal-detail", "ref")
    page = Address("proposals:proposal", "ref")


class DraftIn(serializers.Serializer):
    """What even a draft has. Words may be added until it is submitted."""

    project = serializers.SlugField(max_length=40)
    title = Line(max_length=120)
    story = Words(max_length=10_000, required=False, default="", allow_blank=True)
    outcome = Words(max_length=2_000, required=False, default="", allow_blank=True)
    days = serializers.CharField(max_length=10, required=False, default="", allow_blank=True, help_text="Such as 4.5.")
    payee = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="Empty for yourself, or the name of your organisation."
    )


class StartIn(DraftIn):
    call = serializers.SlugField(max_length=40)


class ChangeIn(DraftIn):
    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1, help_text="The one that you read.")


class Proposals(Resource):
    """Your own proposals whole, and everybody's once they are funded or approved."""

    title = gettext_noop("Proposals")
    serializer_class = ProposalOut
    lookup_field = "ref"
    sent_as = {"half_days": "days"}
    filters = {"project": "project__slug", "call": "call__slug", "state": "state"}

    def get_queryset(self) -> QuerySet[Any]:
        public = Q(state__in=[Proposal.State.FUNDED, Proposal.State.APPROVED])
        own = Q(applicant=self.request.user.pk) if self.request.user.pk else Q()
        return Proposal.objects.filter(public | own).select_related("call", "project", "applicant", "payee")

    def prepare(self, rows: list[Any]) -> list[Any]:
        for row in rows:
            row.sum = row.price if row.rate_amount is not None and row.half_days else None
            mine = row.applicant_id == self.request.user.pk
            row.shown_applicant = row.applicant.name if mine else row.applicant.public_name
            row.shown_payee = row.payee.name if mine else row.public_payee
        return rows

    @extend_schema(request=StartIn, responses={201: ProposalOut})
    @writes("proposals:write")
    def create(self, request: Any) -> Response:
        """Begin an answer to an open call. It is a draft that only you see."""
        data = self.sent(StartIn)
        call = Calls(request=request).get_queryset().filter(slug=data["call"]).first()
        if call is None:
            raise serializers.ValidationError({"call": [_("There is no call with this address.")]})
        proposal = services.start_draft(actor=request.user, call=call, content=self.content(data, call))
        return self.read(self.find(proposal.ref), status=201)

    @extend_schema(request=ChangeIn, responses={200: ProposalOut})
    @writes("proposals:write")
    def update(self, request: Any, ref: str) -> Response:
        """Change a draft of yours."""
        proposal, data = self.own(ref), self.sent(ChangeIn)
        services.save_draft(actor=request.user, proposal=proposal, version=data["version"], content=self.content(data, proposal.call))
        return self.read(self.find(ref))

    @extend_schema(request=None, responses={200: ProposalOut})
    @action(detail=True, methods=["post"])
    @writes("proposals:write")
    def submit(self, request: Any, ref: str) -> Response:
        """Hand a draft to the committee, at your approved day rate of today."""
        proposal = self.own(ref)
        policies.HANDING_IN.hit(str(request.user.pk))
        services.submit(actor=request.user, proposal=proposal)
        return self.read(self.find(ref))

    @extend_schema(request=None, responses={200: ProposalOut})
    @action(detail=True, methods=["post"])
    @writes("proposals:write")
    def reopen(self, request: Any, ref: str) -> Response:
        """Take a submitted proposal back to change it. The committee reads and votes anew once you submit it again."""
        services.reopen(actor=request.user, proposal=self.own(ref))
        return self.read(self.find(ref))

    @extend_schema(request=None, responses={200: ProposalOut})
    @action(detail=True, methods=["post"])
    @writes("proposals:write")
    def withdraw(self, request: Any, ref: str) -> Response:
        """End a proposal that is not decided, or that waits for its money."""
        services.withdraw(actor=request.user, proposal=self.own(ref))
        return self.read(self.find(ref))

    def own(self, ref: str) -> Proposal:
        """The verbs are the applicant's; for everybody else they are not there, as on the pages."""
        proposal: Proposal = self.find(ref)
        if proposal.applicant_id != self.request.user.pk:
            raise Http404
        return proposal

    def content(self, data: dict[str, Any], call: Call) -> services.Content:
        project = selectors.projects_for(call).filter(slug=data["project"]).first()
        if project is None:
            raise serializers.ValidationError({"project": [_("No open project of this call has this address.")]})
        payee = selectors.organisations_of(self.request.user).filter(name=data["payee"]).first() if data["payee"] else None
        if data["payee"] and payee is None:
            raise serializers.ValidationError({"payee": [_("You have no organisation of this name that can be paid.")]})
        half_days = days.parse(data["days"]) if data["days"] else None
        return services.Content(project, payee, data["title"], data["story"], data["outcome"], half_days)


routes = [Route("calls", Calls, "call"), Route("proposals", Proposals, "proposal")]
