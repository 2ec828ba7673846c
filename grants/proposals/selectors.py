"""Reads for calls and proposals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from funding.funds import needs
from funding.funds.models import Fund, Project
from funding.funds.sources import Label
from funding.people.models import Host, Membership, Party, User
from funding.people.roles import Viewer
from funding.web import ahead
from funding.web.ahead import Question
from grants.proposals import rubrics
from grants.proposals.models import Call, Proposal, Revision

ORGANISATION = Party.Kind.ORGANISATION


def eligible_funds(call: Call, project: Project) -> list[Fund]:
    """The call's funds whose purpose covers work on `project`, restricted ones first, then in the call's order.

    Money that goals raised for the project comes before all of them, although the call does not name it. A fund that belongs to
    another project is left out; what else restricts a fund is asked when its money is reserved (`funds.restrictions`). Constant
    queries, with ledger accounts, projects and budget lines.
    """
    named = call.call_funds.order_by("order").values_list("fund_id", flat=True)
    order = {pk: place for place, pk in enumerate(dict.fromkeys([*needs.raised_funds(project), *named]))}
    found = Fund.objects.filter(pk__in=order).select_related("account").prefetch_related("projects", "lines")
    funds = [fund for fund in found if fund.currency == call.currency and fund.project_id in (None, project.pk)]
    return sorted(funds, key=lambda fund: (fund.kind != Fund.Kind.RESTRICTED, order[fund.pk]))


def call_funds(call: Call) -> list[Fund]:
    """Every fund that the call names, in its order, with account and project."""
    return [row.fund for row in call.call_funds.select_related("fund__account", "fund__project").order_by("order")]


def calls(*, drafts: bool) -> QuerySet[Call]:
    """Calls for a list: open ones first, then closed ones; drafts only for those who write them."""
    found = Call.objects.order_by("state", "closes_at", "title")
    return found if drafts else found.exclude(state=Call.State.DRAFT)


def projects_for(call: Call) -> QuerySet[Project]:
    """The open projects for which at least one fund of the call may pay."""
    funds = Fund.objects.filter(pk__in=call.call_funds.values("fund"))
    found = Project.objects.filter(state=Project.State.OPEN)
    if funds.filter(project=None).exists():
        return found
    return found.filter(pk__in=funds.values("project"))


def organisations_of(user: User) -> QuerySet[Party]:
    """The organisations that the person may name as payee: theirs, and somebody acts for them."""
    return _workplaces(user).filter(pk__in=_acted_for())


def unclaimed_organisations_of(user: User) -> QuerySet[Party]:
    """The organisations of the person that cannot be paid, because nobody acts for them yet. The host, which pays, is none."""
    return _workplaces(user).exclude(pk__in=_acted_for()).exclude(pk__in=Host.objects.values("party"))


def can_be_paid(party: Party) -> bool:
    """True if somebody acts for the party, and so can open the account to which money goes."""
    return _acted_for().filter(party=party).exists()


def unpayable(names: Iterable[str]) -> str:
    """Why these organisations cannot be a payee, as one sentence."""
    return _("Nobody acts for {names} here yet, so money cannot go there.").format(names=_(" or ").join(names))


def _workplaces(user: User) -> QuerySet[Party]:
    return Party.objects.filter(pk__in=Membership.objects.filter(user=user, party__kind=ORGANISATION, until=None).values("party")).order_by(
        "name"
    )


def _acted_for() -> QuerySet[Membership, int]:
    return Membership.objects.filter(role=Membership.Role.OWNER).values_list("party", flat=True)


def rubric_terms(call: Call) -> list[rubrics.Terms]:
    """What the call's proposals are judged by, as values; empty for a call without criteria."""
    return [rubrics.Terms(row.name, row.asks, row.weight, tuple(row.anchors), row.may_skip) for row in call.criteria.all()]


def proposals_of(user: Viewer) -> QuerySet[Proposal]:
    return Proposal.objects.filter(applicant=user.pk).select_related("call", "project")


def last_revision(proposal: Proposal) -> Revision | None:
    return proposal.revisions.order_by("-number").first()


def describe(ids: Iterable[int], viewer: Viewer) -> Mapping[int, Label]:
    """Names proposals for pages of the books: the title only to those who may see the proposal anyway. One query."""
    labels = {}
    for pk, ref, title, state, applicant in ahead.rows(_named(ids)):
        if state in Proposal.DECIDED or (viewer.pk and applicant == viewer.pk):
            labels[pk] = Label(_("Proposal {ref}: {title}").format(ref=ref, title=title), reverse("proposals:proposal", args=[ref]))
        else:
            labels[pk] = Label(_("Proposal {ref}").format(ref=ref), private=True)
    return labels


def asks(ids: Iterable[int], viewer: Viewer) -> list[Question]:
    """What `describe` asks."""
    return [_named(ids)]


def _named(ids: Iterable[int]) -> QuerySet[Proposal, tuple[int, str, str, str, int]]:
    return Proposal.objects.filter(pk__in=list(ids)).values_list("pk", "ref", "title", "state", "applicant_id")
