"""Where a project's maintainers write its goals: `/projects/<slug>/goals/`. The goal's own page is the preview."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding import days
from funding.components.parts import Column, Link, Table
from funding.errors import Refused
from funding.funds import services as funds
from funding.funds.models import Project
from funding.funds.policies import editable_projects, shows_projects
from funding.web.views import SignedIn, SignedInActionView
from sponsors.goals import policies, selectors, services
from sponsors.goals.emails import words
from sponsors.goals.forms import CallOffForm, GoalForm, PublishForm
from sponsors.goals.models import Goal
from sponsors.goals.views.reading import pill
from sponsors.tiers.fees import percent_words


class OfProject(SignedIn):
    """A page about one project's goals. Others get the page that names the rule."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.project = self.find(kwargs["slug"])
            policies.require_editor(request.user, self.project)
        return super().dispatch(request, *args, **kwargs)

    def find(self, slug: str) -> Project:
        return get_object_or_404(Project, slug=slug)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(project=self.project, **kwargs)
        return context


class OfGoal(OfProject):
    def find(self, slug: str) -> Project:
        self.goal = get_object_or_404(Goal.objects.select_related("project", "fund", "need"), slug=slug)
        return self.goal.project

    def address(self) -> str:
        return reverse("goals:goal", args=[self.goal.slug])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(goal=self.goal, cancel_url=self.address(), **kwargs)


def table(caption: str, found: Iterable[Goal], *, projects: bool = False) -> Table:
    """Goals with how far they are; `projects`: also whose they are."""
    columns = [
        Column(_("Goal")),
        Column(_("State")),
        Column(_("Deadline"), "date"),
        Column(_("Pledged"), "number"),
        Column(_("Minimum"), "number"),
    ]
    rows = [
        [
            Link(it.goal.title, reverse("goals:goal", args=[it.goal.slug])),
            *([Link(it.goal.project.name, reverse("goals:list", args=[it.goal.project.slug]))] if projects else []),
            pill(it.goal),
            it.goal.deadline_at,
            it.promised.sum,
            it.goal.minimum,
        ]
        for it in selectors.figures(found)
    ]
    columns[1:1] = [Column(_("Project"))] if projects else []
    return Table(caption=caption, columns=columns, rows=rows, empty=_("No goal is written yet."))


class Desk(SignedIn, TemplateView):
    """The goals of every project that the reader may write for, and where to write another."""

    template_name = "sponsors/goals/desk.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if not shows_projects(self.request):
            raise Refused(_("Only administrators and the maintainers of a project write goals."), rule="role")
        projects = list(editable_projects(self.request.user))
        found = Goal.objects.filter(project__in=projects).select_related("project", "fund").order_by("-pk")
        return super().get_context_data(table=table(_("Goals"), found, projects=True), projects=projects, **kwargs)


class GoalList(OfProject, TemplateView):
    template_name = "sponsors/goals/desk_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        goals = list(Goal.objects.filter(project=self.project).select_related("project", "fund").order_by("-pk"))
        return super().get_context_data(table=table(_("Goals of {project}").format(project=self.project), goals), goals=goals, **kwargs)


class GoalFormView(SignedInActionView):
    form_class = GoalForm
    template_name = "sponsors/goals/goal_form.html"
    submit = gettext_lazy("Save the draft")
    done = gettext_lazy("The draft is saved. Only this project's maintainers and administrators see it until it is published.")


class NewGoal(OfProject, GoalFormView):
    title = gettext_lazy("Write a goal")
    lead = gettext_lazy("It starts as a draft. Once it is published its price, its deadline and its rule stay as they are.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "project": self.project}

    def get_initial(self) -> dict[str, Any]:
        return {"rate": self.project.rate}

    def act(self, form: GoalForm) -> str:
        goal = services.create_goal(actor=self.request.user, project=self.project, slug=form.cleaned_data["slug"], terms=form.terms())
        return reverse("goals:goal", args=[goal.slug])


class EditGoal(OfGoal, GoalFormView):
    @property
    def title(self) -> str:
        return _("Edit {goal}").format(goal=self.goal)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "project": self.project, "goal": self.goal}

    def get_initial(self) -> dict[str, Any]:
        names = ("title", "summary", "story", "half_days", "rate", "minimum", "rule", "zone", "need", "version")
        local = self.goal.deadline
        return {"day": local.date(), "time": local.time(), **{name: getattr(self.goal, name) for name in names}}

    def act(self, form: GoalForm) -> str:
        version = form.cleaned_data["version"] or 0
        services.edit_goal(actor=self.request.user, goal=self.goal, version=version, terms=form.terms())
        return self.address()


class PublishGoal(OfGoal, SignedInActionView):
    form_class = PublishForm
    template_name = "sponsors/goals/goal_confirm.html"
    submit = gettext_lazy("Publish this goal")
    lead = gettext_lazy("From now on people can pledge. Nothing on this page can be changed after that.")
    done = gettext_lazy("The goal is published.")

    @property
    def title(self) -> str:
        return _("Publish {goal}").format(goal=self.goal)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.goal.version}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it, planned = self.goal, days.words(self.goal.half_days)
        facts = [
            (_("Project"), it.project.name),
            (_("Plan"), _("{days} days at {rate} a day, {sum}").format(days=planned, rate=it.rate, sum=it.plan)),
            (_("Host's share"), _("{percent} of each pledge").format(percent=percent_words(funds.host().fee_basis_points))),
            (_("Deadline"), words(it)),
            (_("Rule"), it.get_rule_display()),
        ]
        page = {"facts": facts, "total": (_("Minimum"), it.minimum), "it": selectors.figures([it])[0]}
        return super().get_context_data(**{**page, **kwargs})

    def act(self, form: PublishForm) -> str:
        services.publish_goal(actor=self.request.user, goal=self.goal, version=form.cleaned_data["version"])
        return self.address()


class CallOff(OfGoal, SignedInActionView):
    form_class = CallOffForm
    template_name = "sponsors/goals/goal_confirm.html"
    submit = gettext_lazy("Call this goal off")
    lead = gettext_lazy("Nobody is charged, and everybody who pledged is told why. This cannot be undone.")
    done = gettext_lazy("The goal is called off. Nobody is charged.")

    @property
    def title(self) -> str:
        return _("Call {goal} off").format(goal=self.goal)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        (it,) = selectors.figures([self.goal])
        facts = [(_("Project"), self.project.name), (_("Deadline"), words(self.goal)), (_("Pledges"), it.promised.count)]
        page = {"facts": facts, "total": (_("Pledged"), it.promised.sum), "danger": True}
        return super().get_context_data(**{**page, **kwargs})

    def act(self, form: CallOffForm) -> str:
        services.call_off(actor=self.request.user, goal=self.goal, reason=form.cleaned_data["reason"])
        return self.address()
