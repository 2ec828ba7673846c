"""Vote on what was read, and make the determination."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.components.parts import Column, Table
from funding.errors import Conflict, Invalid, Refused
from funding.web.draft_views import DraftView
from grants.committee import forms, obstacles, planning, policies, services
from grants.committee.models import Determination
from grants.committee.views.panels import PanelAction, panel_context

STILL_HERE = {"minimum-reviews", "quorum", "funds-short", "purpose", "line", "period", "closeout", "sole", "approver", "claim"}
"""Refusals that say what is missing and close nothing: the page comes back with what was typed."""


class CastVote(PanelAction):
    form_class = forms.VoteForm
    template_name = "grants/committee/vote_form.html"
    title = gettext_lazy("Vote")
    lead = gettext_lazy("Your last vote counts, until the determination. The record shows the numbers and no names.")
    submit = gettext_lazy("Record my vote")
    done = gettext_lazy("Your vote is recorded.")
    act_in_words = gettext_lazy("vote on this proposal")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.sheet.opening is None:
            return HttpResponseRedirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        own = self.sheet.member(self.request.user)
        return {"choice": own.choice if own else ""}

    def act(self, form: forms.VoteForm) -> None:
        services.vote(actor=self.request.user, panel=self.panel, choice=form.cleaned_data["choice"])


class Determine(DraftView, PanelAction):
    form_class = forms.DetermineForm
    template_name = "grants/committee/determination_form.html"
    title = gettext_lazy("Make the determination")
    submit = gettext_lazy("Publish the determination")
    done = gettext_lazy("The determination is published.")
    act_in_words = gettext_lazy("decide this proposal")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        policies.require_decider(request.user, self.sheet)
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"seen": self.sheet.mark}

    def get_form_kwargs(self) -> dict[str, Any]:
        plan = self.plan
        budgets = planning.budgets(self.panel.proposal) if plan else []
        return {**super().get_form_kwargs(), "budgets": budgets, "short": bool(plan and plan.missing)}

    @property
    def plan(self) -> planning.Plan | None:
        """Where the money would come from; None unless the votes carry and the count is complete."""
        tally = self.sheet.tally
        return planning.plan(self.panel.proposal) if tally.ready and tally.outcome == "funded" else None

    def page_context(self) -> dict[str, Any]:
        context, plan = panel_context(self), self.plan
        sheet = context["sheet"]
        money = {"plan": plan, "plan_table": plan_table(plan) if plan else None}
        outcome = Determination.Outcome(sheet.tally.outcome).label
        return {**context, **money, "tally": sheet.tally, "outcome": outcome, "ahead": obstacles.ahead(sheet, self.request.user)}

    def form_invalid(self, form: forms.DetermineForm) -> Any:
        policies.require_decider(self.request.user, self.sheet)
        return super().form_invalid(form)

    def act(self, form: forms.DetermineForm) -> str:
        data = form.cleaned_data
        try:
            services.determine(
                actor=self.request.user,
                panel=self.panel,
                reasons=data["reasons"],
                seen=data["seen"],
                lines=form.lines(),
                wait=data["wait"],
            )
        except Conflict:
            self.show_count_again(form)
            raise
        except Refused as refusal:
            if refusal.rule not in STILL_HERE:
                raise
            self.show_count_again(form)
            if refusal.rule == "funds-short":
                form.ask_whether_to_wait()
            raise Invalid(refusal.message, field=form.first_line if refusal.rule == "line" else None) from refusal
        return reverse("committee:decision", args=[self.panel.proposal.ref])

    def show_count_again(self, form: forms.DetermineForm) -> None:
        """The page that comes back shows the count as it is now, so the next press is about that one."""
        self.look_again()
        form.data = form.data.copy()
        form.data["seen"] = self.sheet.mark  # type: ignore[index]


def plan_table(plan: planning.Plan) -> Table:
    columns = [Column(_("Fund")), Column(_("Available now"), "number"), Column(_("Would be reserved"), "number")]
    empty = _("No fund of this call may pay for this project.")
    if plan.missing:
        rows = [(share.fund.name, share.available) for share in plan.shares]
        return Table(_("What there is. Nothing would be reserved"), columns[:2], rows, caption_shown=True, empty=empty)
    rows = [(share.fund.name, share.available, share.take) for share in plan.shares]
    foot = (_("Together"), None, plan.wanted - plan.missing)
    return Table(_("Where the money would come from"), columns, rows, foot, caption_shown=True, empty=empty)
