"""What a project says and aims for: its list, its form with a preview, open and pause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding import days
from funding.errors import Refused
from funding.funds import forms, policies, services
from funding.funds.models import Project
from funding.people import roles
from funding.people.roles import Role
from funding.web.forms import Confirm
from funding.web.views import SignedIn, SignedInActionView

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class ProjectList(SignedIn, TemplateView):
    template_name = "funding/funds/project_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if not policies.shows_projects(self.request):
            roles.require_host(self.request.user)
            raise Refused(_("Only administrators and the maintainers of a project edit projects."), rule="role")
        return super().get_context_data(
            projects=policies.editable_projects(self.request.user), may_create=roles.has(self.request.user, Role.ADMIN), **kwargs
        )


class WithPreview(SignedInActionView):
    """The second button of the form shows the story as it would appear, and saves nothing."""

    template_name = "funding/funds/project_form.html"
    extra_context = {"cancel_url": reverse_lazy("funds:projects")}

    def form_valid(self, form: Any) -> HttpResponse:
        if "preview" in self.request.POST:
            return self.render_to_response(self.get_context_data(form=form, preview=form.cleaned_data["story"], shown=True))
        return super().form_valid(form)


class NewProject(WithPreview):
    form_class = forms.NewProjectForm
    title = gettext_lazy("Add a project")
    lead = gettext_lazy("It starts as a draft that only its maintainers and administrators see. A fund of its own is opened with it.")
    submit = gettext_lazy("Add the project")
    done = gettext_lazy("The project is added as a draft.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            roles.require(request.user, Role.ADMIN)
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "currency": services.host().currency}

    def act(self, form: forms.NewProjectForm) -> str:
        data = form.cleaned_data
        project = services.create_project(
            actor=self.request.user,
            slug=data["slug"],
            name=data["name"],
            summary=data["summary"],
            headline=data["headline"],
            story=data["story"],
            homepage=data["homepage"],
            target_half_days=data["target_half_days"],
            rate=data["rate"],
        )
        return reverse("funds:project-edit", args=[project.slug])


class OfProject(SignedInActionView):
    """A page about one project for those who may edit it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.project = get_object_or_404(Project, slug=kwargs["slug"])
            if not services.may_edit(request.user, self.project):
                roles.require(request.user, Role.ADMIN)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(project=self.project, **kwargs)


class EditProject(OfProject, WithPreview):
    form_class = forms.ProjectForm
    submit = gettext_lazy("Save")
    done = gettext_lazy("The project is saved.")

    @property
    def title(self) -> str:
        return _("Edit {project}").format(project=self.project)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "currency": self.project.rate_currency}

    def get_initial(self) -> dict[str, Any]:
        fields = ("summary", "headline", "story", "homepage", "target_half_days", "rate", "version")
        return {name: getattr(self.project, name) for name in fields}

    def act(self, form: forms.ProjectForm) -> str:
        data = form.cleaned_data
        services.edit_project(
            actor=self.request.user,
            project=self.project,
            summary=data["summary"],
            headline=data["headline"],
            story=data["story"],
            homepage=data["homepage"],
            target_half_days=data["target_half_days"],
            rate=data["rate"],
            version=data["version"] or 0,
        )
        return reverse("funds:project-edit", args=[self.project.slug])


class SetState(OfProject):
    """Open or pause, each on a page that says what follows."""

    form_class = Confirm
    template_name = "components/confirm.html"
    success_url = reverse_lazy("funds:projects")
    state = ""
    heading: StrOrPromise = ""
    effect: StrOrPromise = ""
    danger = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{
                "title": self.heading.format(project=self.project),
                "lead": self.effect,
                "facts": [
                    (_("Project"), self.project.name),
                    (_("Now"), self.project.get_state_display()),
                    (_("Days a month"), self.target),
                ],
                "cancel_url": reverse("funds:projects"),
                "danger": self.danger,
                **kwargs,
            }
        )

    @property
    def target(self) -> str:
        return days.words(self.project.target_half_days)

    def act(self, form: Confirm) -> None:
        services.set_project_state(actor=self.request.user, project=self.project, state=self.state)


class OpenProject(SetState):
    state = Project.State.OPEN
    heading = gettext_lazy("Open {project}")
    submit = gettext_lazy("Open")
    effect = gettext_lazy("Everybody can see the project and become its sponsor.")
    done = gettext_lazy("The project is open.")


class PauseProject(SetState):
    state = Project.State.PAUSED
    heading = gettext_lazy("Pause {project}")
    submit = gettext_lazy("Pause")
    effect = gettext_lazy("The project takes no new sponsors. Running agreements go on, and its page stays.")
    done = gettext_lazy("The project is paused.")
    danger = True
