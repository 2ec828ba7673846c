"""Read the proposal beside one's own review, seal it, take it back, or decline to write one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.errors import Conflict
from funding.web.draft_views import DraftView
from funding.web.forms import Confirm
from grants.committee import forms, scoring, services
from grants.committee.models import Score
from grants.committee.views.panels import PanelAction, panel_context


class OwnReview(PanelAction):
    """What the pages about one's own review share."""

    act_in_words = gettext_lazy("review this proposal")

    @property
    def own_marks(self) -> list[Score]:
        return self.rubric.marks.get(self.own_review.pk, []) if self.own_review else []


class WriteReview(DraftView, OwnReview):
    form_class = forms.ReviewForm
    template_name = "grants/committee/review_form.html"
    title = gettext_lazy("My review")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "criteria": self.rubric.criteria}

    def get_initial(self) -> dict[str, Any]:
        review = self.own_review
        return {"version": 0} if review is None else forms.ReviewForm.initial_of(review, self.own_marks)

    def conflict_page(self, form: forms.ReviewForm, error: Conflict) -> HttpResponse:
        self.look_again()  # at what another window saved meanwhile
        return super().conflict_page(form, error)

    def page_context(self) -> dict[str, Any]:
        marks = self.own_marks
        mean = scoring.weighted((mark.criterion.weight, mark.points) for mark in marks)
        return {
            **panel_context(self),
            "review": self.own_review,
            "excuse": next((seat.excuse for seat in self.seats if seat.pk == self.seat.pk), None),
            "marks": marks,
            "mean": scoring.figures(mean.score) if mean else "",
            "mean_weight": mean.weight if mean else 0,
            "most": scoring.MOST,
        }

    def act(self, form: forms.ReviewForm) -> str:
        submit, values = self.request.POST.get("then") == "submit", form.values
        if submit:
            self.refuse_what_lacks(form, values)
        services.save_review(actor=self.request.user, panel=self.panel, submit=submit, **values)
        self.done = _("Your review is sealed.") if submit else _("The draft is saved. Nobody else sees it.")
        page = "committee:panel" if submit else "committee:review"
        return reverse(page, args=[self.panel.proposal.ref])

    def refuse_what_lacks(self, form: forms.ReviewForm, values: dict[str, Any]) -> None:
        """Say everything at once. The service says the first of it again, for whoever comes another way."""
        found = services.lacking(self.rubric.criteria, values["marks"], values["recommendation"], values["reasons"])
        for problem in found[1:]:
            form.refuse(problem)
        if found:
            raise found[0]


class UnsealReview(OwnReview):
    form_class = Confirm
    template_name = "grants/committee/review_confirm.html"
    title = gettext_lazy("Take my review back")
    lead = gettext_lazy("It becomes a draft that only you can see, and does not count until you seal it again.")
    submit = gettext_lazy("Take it back to change it")
    done = gettext_lazy("Your review is a draft again.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        review = self.own_review
        if self.sheet.opening is not None or review is None or review.submitted_at is None:
            return HttpResponseRedirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    def get_success_url(self) -> str:
        return reverse("committee:review", args=[self.panel.proposal.ref])

    def act(self, form: Confirm) -> None:
        services.unseal_review(actor=self.request.user, panel=self.panel)


class DeclineReview(OwnReview):
    form_class = forms.ExcuseForm
    template_name = "grants/committee/review_confirm.html"
    title = gettext_lazy("I write no review")
    lead = gettext_lazy("Nobody waits for your review then. You keep your seat and your vote, and you may still write one.")
    submit = gettext_lazy("Write no review")
    done = gettext_lazy("The chair can see that you write no review.")
    act_in_words = gettext_lazy("decline this review")

    def act(self, form: forms.ExcuseForm) -> None:
        data = form.cleaned_data
        services.excuse(actor=self.request.user, panel=self.panel, ground=data["ground"], reason=data["reason"])
