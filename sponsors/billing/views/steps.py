"""The host's table of steps for unpaid renewals: read by those who keep the books, written by treasurers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding.components.parts import Column, Table
from funding.payments import policies
from funding.people import roles
from funding.people.roles import Role
from funding.web.views import SignedIn, SignedInActionView
from sponsors.billing.forms import StepsForm
from sponsors.dunning import reasons, services
from sponsors.dunning.models import Course, Schedule
from sponsors.dunning.plan import MAILS, Plan


def steps_table(plan: Plan) -> Table:
    first = ["0", _("Refused for the first time: perks go on, and the sponsor is told"), _("Mail with the links")]
    steps = [
        [str(step.day), _("The card is tried again") if step.retry else _("The card is not tried"), MAILS[step.mail]] for step in plan.steps
    ]
    last = [str(plan.lapse_after), _("The sponsorship lapses: no further charge, nothing is owed"), _("Mail")]
    return Table(
        caption=_("What happens after a renewal is refused"),
        columns=[Column(_("Day"), "number"), Column(_("What happens")), Column(_("Mail"))],
        rows=[first, *steps, last],
    )


class Kept(SignedIn):
    """For administrators and treasurers."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            policies.require_keeper(request.user)
        return super().dispatch(request, *args, **kwargs)


class Steps(Kept, TemplateView):
    template_name = "sponsors/billing/steps.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version, plan = services.in_force()
        written = Schedule.objects.select_related("written_by").filter(version=version).first()
        return super().get_context_data(
            steps=steps_table(plan),
            plan=plan,
            codes=sorted((reasons.words(code), code) for code in plan.never_retried),
            written=written,
            unpaid=Course.objects.filter(outcome=Course.Outcome.OPEN).count(),
            may_edit=roles.has(self.request.user, Role.TREASURER),
            **kwargs,
        )


class EditSteps(Kept, SignedInActionView):
    form_class = StepsForm
    title = gettext_lazy("Change the steps")
    lead = gettext_lazy("They hold for renewals that fall due from now on. What is unpaid already keeps the steps that it fell due under.")
    submit = gettext_lazy("Put these steps in force")
    done = gettext_lazy("The new steps are in force.")

    def get_initial(self) -> dict[str, Any]:
        version, plan = services.in_force()
        return StepsForm.of(version, plan)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cancel_url=reverse("billing:steps"), **kwargs)

    def act(self, form: StepsForm) -> str:
        services.write_schedule(actor=self.request.user, version=form.cleaned_data["version"], plan=form.plan)
        return reverse("billing:steps")
