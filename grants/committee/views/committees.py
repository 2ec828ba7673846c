"""Set up a committee, and show its rules and members to everybody."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding.people import roles
from funding.people.roles import Role
from funding.web.views import SignedInActionView
from grants.committee import forms, policies, rules, selectors, services
from grants.committee.models import Committee


class CommitteePage(TemplateView):
    template_name = "grants/committee/committee_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        committee = get_object_or_404(Committee, slug=kwargs["slug"])
        rows = selectors.members(committee)
        example = rules.Tally(committee.rules, sum(row.votes for row in rows), 0, 0, 0, 0, 0)
        return super().get_context_data(
            committee=committee,
            rows=rows,
            concentrated=selectors.concentrated(committee),
            example=example,
            tie_rule=rules.tie_rule(committee.rules),
            manages=policies.may_manage(self.request.user),
            **kwargs,
        )


class CommitteeForms(SignedInActionView):
    template_name = "grants/committee/committee_form.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            roles.require(request.user, Role.ADMIN)
        return super().dispatch(request, *args, **kwargs)


class NewCommittee(CommitteeForms):
    form_class = forms.CommitteeForm
    title = gettext_lazy("Set up a committee")
    lead = gettext_lazy(
        "Its rules are data: every panel shows the arithmetic. Give people their seats on the page “People and roles” afterwards."
    )
    submit = gettext_lazy("Set up the committee")
    done = gettext_lazy("The committee is set up. Give its members their roles next.")

    def act(self, form: forms.CommitteeForm) -> str:
        data = form.cleaned_data
        committee = services.create_committee(
            actor=self.request.user, slug=data["slug"], name=data["name"], rules=form.rules, **form.members
        )
        return reverse("committee:committee", args=[committee.slug])


class EditRules(CommitteeForms):
    form_class = forms.RulesForm
    title = gettext_lazy("Change the rules")
    lead = gettext_lazy("Panels that are seated already keep the rules they were seated with.")
    submit = gettext_lazy("Save the rules")
    done = gettext_lazy("The rules are saved.")

    @property
    def committee(self) -> Committee:
        return get_object_or_404(Committee, slug=self.kwargs["slug"])

    def get_initial(self) -> dict[str, Any]:
        names = ("name", "quorum_percent", "majority_percent", "minimum_reviews", "size", "employer_limit", "tie", "review_days", "version")
        committee = self.committee
        return {name: getattr(committee, name) for name in names}

    def act(self, form: forms.RulesForm) -> str:
        data, committee = form.cleaned_data, self.committee
        services.edit_rules(
            actor=self.request.user,
            committee=committee,
            version=data["version"] or 0,
            name=data["name"],
            rules=form.rules,
            **form.members,
        )
        return reverse("committee:committee", args=[committee.slug])
