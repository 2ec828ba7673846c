"""The public record: every decision, and one of them with its tally, recusals, reasons and money."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding import days
from funding.components.parts import Column, Link, Pill, Table
from funding.funds import needs
from funding.funds.models import Need
from funding.money import Money
from funding.web.views import SignedInActionView
from grants.awards.models import Award
from grants.committee import policies, rules, selectors, services
from grants.committee.forms import EndForm
from grants.committee.models import Determination
from grants.committee.rules import Rules, Tally
from grants.proposals.models import Proposal, Revision

PILLS = {"funded": "paid", "declined": "stop", "deferred": "wait", "approved": "wait"}
PAGE = 50


def outcome_pill(determination: Determination) -> Pill:
    return Pill(determination.words, "paid" if determination.later else PILLS[determination.outcome])


class DecisionList(TemplateView):
    template_name = "grants/committee/determination_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = Paginator(selectors.decisions(), PAGE).get_page(self.request.GET.get("page"))
        columns = [
            Column(_("Proposal")),
            Column(_("Reference"), minor=True),
            Column(_("Project")),
            Column(_("Outcome")),
            Column(_("For, against, abstained"), minor=True),
            Column(_("Days"), "number"),
            Column(_("Reserved"), "number"),
            Column(_("Decided"), "date"),
        ]
        table = Table(_("Decisions, newest first"), columns, [self.row(item) for item in page])
        return super().get_context_data(page=page, table=table, **kwargs)

    @staticmethod
    def row(item: Determination) -> tuple[Any, ...]:
        proposal = item.panel.proposal
        votes = f"{item.votes_for}, {item.votes_against}, {item.votes_abstained}"
        return (
            Link(proposal.title, reverse("committee:decision", args=[proposal.ref])),
            proposal.ref,
            proposal.project.name,
            outcome_pill(item),
            votes,
            days.words(item.later.half_days if item.later else item.half_days) if item.half_days else None,
            item.held,
            item.published_at.date(),
        )


class DecisionPage(TemplateView):
    template_name = "grants/committee/determination_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        item = selectors.decision(kwargs["ref"])
        if item is None:
            raise Http404
        proposal = item.panel.proposal
        mine = proposal.applicant_id == self.request.user.pk
        tally, letter = recorded_tally(item), selectors.letter(item)
        return super().get_context_data(
            item=item,
            proposal=proposal,
            revision=Revision.objects.get(proposal=proposal, number=item.revision),
            pill=outcome_pill(item),
            lines=[*rules.base_lines(tally), *rules.vote_lines(tally)],
            money=money_table(item) if item.held else None,
            waiting=waiting_lines(item, proposal.rate) if item.outcome == Determination.Outcome.APPROVED else [],
            awards=Award.objects.filter(need__about=proposal.subject, state__in=Award.PUBLIC),
            may_end=proposal.state == Proposal.State.APPROVED and policies.ends_waiting(self.request.user, item),
            mine=mine,
            letter=letter if mine else None,
            letter_sent=letter is not None,
            writes_letter=policies.writes_letter(self.request.user, item, sent=letter is not None),
            **kwargs,
        )


class EndWaiting(SignedInActionView):
    """For the committee's chair and administrators."""

    fresh = True
    form_class = EndForm
    template_name = "grants/committee/end_waiting.html"
    title = gettext_lazy("End the wait for money")
    lead = gettext_lazy("The approval stays on the record with your reason. Nothing was reserved; money that was found stays in its fund.")
    submit = gettext_lazy("End the wait")
    done = gettext_lazy("It does not wait for money any more. The applicant gets a mail.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            found = selectors.decision(kwargs["ref"])
            if found is None:
                raise Http404
            self.item = found
            if request.method != "POST":
                policies.require_ender(request.user, found)
        return super().dispatch(request, *args, **kwargs)

    def form_invalid(self, form: EndForm) -> HttpResponse:
        policies.require_ender(self.request.user, self.item)
        return super().form_invalid(form)

    def get_success_url(self) -> str:
        return reverse("committee:decision", args=[self.item.panel.proposal.ref])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        proposal = self.item.panel.proposal
        facts = [(_("Proposal"), f"{proposal.ref}: {proposal.title}"), (_("Project"), proposal.project.name), (_("Now"), self.item.words)]
        hindered = proposal.state != Proposal.State.APPROVED
        page = {"facts": facts, "total": (_("Approved"), self.item.money), "danger": True, "hindered": hindered, "proposal": proposal}
        lead = {"lead": _("It does not wait for money.")} if hindered else {}
        return super().get_context_data(**{"cancel_url": self.get_success_url(), **page, **lead, **kwargs})

    def act(self, form: EndForm) -> None:
        services.end_waiting(actor=self.request.user, determination=self.item, reason=form.cleaned_data["reason"])


def waiting_lines(item: Determination, rate: Money) -> list[str]:
    """What became of approved work without money, as sums that a reader can check; the dates stand beside them."""
    approved = _("Approved: {days} days at {rate} a day = {sum}. Nothing was reserved at the decision.").format(
        days=days.words(item.half_days), rate=rate, sum=item.money
    )
    later = item.later
    if later:
        found = [
            _("{fund} had {available} available.").format(fund=later.share.fund.name, available=later.available_money),
            _("{available} ÷ {rate} a day buys {bought} of {approved} days, in whole half days: {sum} reserved.").format(
                available=later.available_money,
                rate=rate,
                bought=days.words(later.half_days),
                approved=days.words(item.half_days),
                sum=later.share.money,
            ),
            _("{residue} was left over and stays in {fund}.").format(residue=later.residue, fund=later.share.fund.name),
        ]
        return [approved, *(found if later.residue else found[:2])]
    need = Need.objects.filter(about=item.panel.proposal.subject).select_related("fund__account").first()
    if need is None or need.state != Need.State.WANTED:
        if ended := item.ended:
            return [
                approved,
                _("{name} ended the wait. Nothing was reserved. Reason: {reason}").format(name=ended.ended_by.name, reason=ended.reason),
            ]
        return [approved, _("It was withdrawn while it waited. Nothing was reserved.")]
    if need.fund is None:
        return [approved, _("It waits. Nothing is reserved, and no work has begun.")]
    named = (
        _("{fund} was named for it and has {available} available; the work begins in a moment.")
        if needs.affordable(need)
        else _("{fund} was named for it and has {available} available; the work begins once that buys {days} days.")
    )
    return [approved, named.format(fund=need.fund.name, available=needs.available(need), days=days.words(need.at_least))]


def recorded_tally(item: Determination) -> Tally:
    """The published counts under the rules that the panel was seated with."""
    panel = item.panel
    panel_rules = Rules(panel.quorum_percent, panel.majority_percent, panel.minimum_reviews, panel.tie)
    return Tally(panel_rules, item.seated, item.recused, item.reviews, item.votes_for, item.votes_against, item.votes_abstained)


def money_table(item: Determination) -> Table:
    """What each fund holds for it now, read from the books: reserved = paid + given back + left."""
    columns = [
        Column(_("Fund")),
        Column(_("Reserved"), "number"),
        Column(_("Paid"), "number"),
        Column(_("Given back"), "number"),
        Column(_("Left"), "number"),
    ]
    currency = item.currency
    held = [share.reservation for share in item.shares.all()]
    figures = [(row.reserved, row.drawn, row.released, row.open) for row in held]
    rows = [(share.fund.name, *(Money(sum_, currency) for sum_ in row)) for share, row in zip(item.shares.all(), figures, strict=True)]
    foot = (_("Together"), *(Money(sum(column), currency) for column in zip(*figures, strict=True)))
    return Table(_("The money"), columns, rows, foot, caption_shown=True)
