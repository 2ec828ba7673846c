"""The desk's pages about organisations: who acts for each, who works there, and what waits for a second person."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.people import acting, forms, policies
from funding.people.models import ActingChange, Membership, Party, User
from funding.web.views import SignedIn, SignedInActionView

PAGE = 50


class OrganisationList(SignedIn):
    """Every organisation but the host, with how many act for it, and what waits."""

    def get(self, request: HttpRequest) -> HttpResponse:
        policies.require_organisations(request.user)
        search = request.GET.get("q", "").replace("\x00", "").strip()[:120]
        acts = Count("memberships", filter=Q(memberships__role=Membership.Role.OWNER), distinct=True)
        works = Count("memberships", filter=Q(memberships__role=Membership.Role.EMPLOYEE), distinct=True)
        found = acting.organisations().annotate(acts=acts, works=works)
        page = Paginator(found.filter(name__icontains=search) if search else found, PAGE).get_page(request.GET.get("page"))
        context = {"page": page, "search": search, "waiting": list(acting.waiting()[:PAGE])}
        return render(request, "funding/people/organisation_list.html", context)


class OrganisationPage(SignedIn):
    """One organisation: who acts for it, who says that they work there, what was asked and done."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        policies.require_organisations(request.user)
        party = get_object_or_404(acting.organisations(), pk=pk)
        changes = ActingChange.objects.filter(party=party).select_related("user", "asked_by", "decided_by")
        context = {
            "party": party,
            "owners": acting.owners(party),
            "employees": User.objects.filter(memberships__party=party, memberships__role=Membership.Role.EMPLOYEE).order_by("name", "pk"),
            "waiting": [change for change in changes if change.state == acting.State.ASKED],
            "past": [change for change in changes if change.state != acting.State.ASKED],
            "takes_two": acting.takes_two(party),
            "may_ask": policies.may_ask_acting(request.user),
        }
        return render(request, "funding/people/organisation.html", context)


class AskActing(SignedInActionView):
    """An administrator names somebody who acts for an organisation."""

    form_class = forms.ActingForm
    fresh = True
    begins = True
    title = gettext_lazy("Name somebody who acts for it")
    submit = gettext_lazy("Name them")
    done = gettext_lazy("It is done, or waits for a second person: the page says which.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            policies.require_manager(request.user)
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def party(self) -> Party:
        return get_object_or_404(acting.organisations(), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lead = _("Whoever acts for {name} sees what it pays and is paid, and says where it is paid.").format(name=self.party.name)
        if acting.takes_two(self.party):
            more = _("Money waits for it, so a second person has to agree, and payouts wait for some days afterwards.")
            lead = f"{lead} {more}"
        return super().get_context_data(lead=lead, cancel_url=reverse("people:organisation", args=[self.party.pk]), **kwargs)

    def act(self, form: forms.ActingForm) -> str:
        data = form.cleaned_data
        acting.ask(actor=self.request.user, party=self.party, user=data["email"], begins=self.begins, reason=data["reason"])
        return reverse("people:organisation", args=[self.party.pk])


class EndActing(AskActing):
    begins = False
    title = gettext_lazy("Somebody no longer acts for it")
    submit = gettext_lazy("End it")

    def get_initial(self) -> dict[str, Any]:
        return {"email": self.request.GET.get("email", "")[:254]}


class DecideActing(SignedInActionView):
    """A second person agrees or declines."""

    form_class = forms.ActingDecisionForm
    template_name = "components/confirm.html"
    fresh = True
    submit = gettext_lazy("Record my decision")
    done = gettext_lazy("Your decision is on record.")

    @cached_property
    def change(self) -> ActingChange:
        policies.require_organisations(self.request.user)
        return get_object_or_404(ActingChange.objects.select_related("party", "user", "asked_by"), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        change = self.change
        would = _("{user} begins to act for it") if change.begins else _("{user} ceases to act for it")
        facts = [
            (_("Organisation"), change.party.name),
            (_("Person"), f"{change.user} ({change.user.email})"),
            (_("What would happen"), would.format(user=change.user)),
            (_("Asked by"), str(change.asked_by)),
            (_("How they know"), change.reason),
            (_("State"), change.get_state_display()),
        ]
        return super().get_context_data(
            title=_("Who acts for {name}").format(name=change.party.name),
            lead=_("Check it in another way than the person who asked: call the organisation."),
            facts=facts,
            cancel_url=reverse("people:organisation", args=[change.party_id]),
            **kwargs,
        )

    def act(self, form: forms.ActingDecisionForm) -> str:
        agree = form.cleaned_data["decision"] == forms.ActingDecisionForm.AGREE
        acting.decide(actor=self.request.user, change=self.change, agree=agree)
        return reverse("people:organisation", args=[self.change.party_id])
