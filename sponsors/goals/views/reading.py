"""The public pages of goals, and a signed-in pledger's own list."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding.components.parts import Pill
from funding.funds.services import may_edit
from funding.web.views import SignedIn
from sponsors.goals import links, policies, selectors
from sponsors.goals.models import Goal, Pledge

CLOSED = 50
"""Closed goals on the list; an older one is on its project's page."""
PILLS = {
    Goal.State.DRAFT: Pill(gettext_lazy("Draft"), "wait"),
    Goal.State.OPEN: Pill(gettext_lazy("Open"), "pen"),
    Goal.State.COLLECTING: Pill(gettext_lazy("Reached, being collected"), "wait"),
    Goal.State.MET: Pill(gettext_lazy("Met"), "paid"),
    Goal.State.FAILED: Pill(gettext_lazy("Not met")),
}
PLEDGE_PILLS = {
    Pledge.State.STARTED: Pill(gettext_lazy("No card saved yet"), "wait"),
    Pledge.State.PLEDGED: Pill(gettext_lazy("Pledged"), "pen"),
    Pledge.State.OWED: Pill(gettext_lazy("Being collected"), "wait"),
    Pledge.State.COLLECTED: Pill(gettext_lazy("Collected"), "paid"),
    Pledge.State.DROPPED: Pill(gettext_lazy("Not collected"), "stop"),
    Pledge.State.WITHDRAWN: Pill(gettext_lazy("Withdrawn")),
    Pledge.State.RELEASED: Pill(gettext_lazy("Not charged")),
    Pledge.State.LAPSED: Pill(gettext_lazy("No card was saved")),
}


def pill(goal: Goal) -> Pill:
    """An open goal whose deadline has come is being counted; one that was called off says so."""
    if goal.state == Goal.State.OPEN and not selectors.takes_pledges(goal):
        return Pill(_("Being counted"), "wait")
    return Pill(_("Called off")) if goal.called_off else PILLS[Goal.State(goal.state)]


class Goals(TemplateView):
    """Every published goal: those that take pledges by deadline, then the newest of the others."""

    template_name = "sponsors/goals/goal_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = selectors.figures(selectors.public().order_by("deadline_at", "pk"))
        rows = [(it, pill(it.goal)) for it in found if not it.goal.decided]
        over = [(it, pill(it.goal)) for it in reversed(found) if it.goal.decided][:CLOSED]
        return super().get_context_data(rows=rows, over=over, **kwargs)


class GoalPage(TemplateView):
    """A draft is shown to its editors only, as it will be read."""

    template_name = "sponsors/goals/goal_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        goal = get_object_or_404(Goal.objects.select_related("project", "fund__account", "need"), slug=kwargs["slug"])
        if not policies.may_see(self.request.user, goal):
            raise Http404
        (it,) = selectors.figures([goal])
        return super().get_context_data(
            goal=goal,
            it=it,
            pill=pill(goal),
            rules=selectors.rule_words(goal),
            names=selectors.pledgers(goal),
            uses=selectors.uses(goal),
            editor=may_edit(self.request.user, goal.project),
            **kwargs,
        )


class Mine(SignedIn, TemplateView):
    template_name = "sponsors/goals/own_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = [(row, links.pledge(row), PLEDGE_PILLS[Pledge.State(row.state)]) for row in selectors.own(self.request.user)]
        return super().get_context_data(rows=rows, **kwargs)
