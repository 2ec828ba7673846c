"""The door of every page about one panel. It answers before a form is looked at, so that no error page shows what is closed."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from funding.components import context as frame
from funding.people import roles
from funding.people.independence import Known
from funding.web import ahead
from funding.web.views import SignedIn
from grants.committee import counting, policies, selectors, services
from grants.committee.counting import Sheet
from grants.committee.models import Panel, Review, Seat
from grants.committee.policies import Access
from grants.committee.selectors import Rubric

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

POST = "POST"
WITH = ("committee", "determination", "proposal__call", "proposal__project", "proposal__applicant", "proposal__payee")
FOUND = Panel.objects.select_related(*WITH).prefetch_related("proposal__revisions")


class PanelGate(SignedIn):
    """Lets cleared members through, with `self.panel` and `self.seat` set. `act` is what a POST tries, after “You cannot”."""

    act_in_words: StrOrPromise = gettext_lazy("act on this proposal")
    before_declaring = False
    panel: Panel
    seat: Seat

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        found = FOUND.filter(proposal__ref=kwargs["ref"])
        ahead.look(found, *frame.questions(request))
        panels = ahead.rows(found)
        if not panels:
            raise Http404
        self.panel = panels[0]
        answer = self.closed(request)
        return answer if answer is not None else super().dispatch(request, *args, **kwargs)

    def closed(self, request: HttpRequest) -> HttpResponseBase | None:
        """The answer for somebody who does not get through, or None."""
        ref = self.panel.proposal.ref
        if getattr(self.panel, "determination", None) is not None:
            return HttpResponseRedirect(reverse("committee:decision", args=[ref]))
        roles.look_ahead(request.user, self.panel.committee.subject, self.panel.proposal.project.subject)
        seats = self.seats if policies.sits(request.user, self.panel) else []
        seat = next((seat for seat in seats if seat.user_id == request.user.pk), None)
        reach = policies.access(seat, self.panel.proposal, self.excluded, self.known) if seat else Access.NONE
        if seat is None or reach == Access.NONE:
            return self.outside(request)
        self.seat = seat
        if reach == Access.CLEAR or (reach == Access.UNDECLARED and self.before_declaring):
            return None
        if request.method == POST:
            services.check_in(actor=request.user, panel=self.panel, act=str(self.act_in_words))
        if reach == Access.RECUSED:
            return render(request, "grants/committee/panel_recused.html", {"ref": ref, "seat": seat}, status=403)
        return HttpResponseRedirect(reverse("committee:declare", args=[ref]))

    @cached_property
    def revision(self) -> int:
        return self.panel.proposal.revisions.count()

    @cached_property
    def seats(self) -> list[Seat]:
        """All seats as they are now, with the reader's own review whatever its state."""
        return counting.seats_of(self.panel, self.revision, reader=self.request.user.pk)

    @cached_property
    def known(self) -> Known:
        """What the gate of independence reads about the members. Asked afresh in every request."""
        return policies.look(services.standing(self.seats), self.panel.proposal)

    @cached_property
    def excluded(self) -> Collection[int]:
        """User ids of the members whom a rule excludes by now."""
        return policies.hindrances(services.standing(self.seats), self.panel.proposal, self.known)

    @cached_property
    def sheet(self) -> Sheet:
        """The count as it would be made now: whoever a rule excludes by now is counted as recused."""
        return counting.sheet(self.panel, also_recused=self.excluded, seats=self.seats)

    @cached_property
    def own_review(self) -> Review | None:
        """The reader's review of the present revision, whatever its state."""
        return next((seat.written for seat in self.seats if seat.pk == self.seat.pk), None)

    @cached_property
    def rubric(self) -> Rubric:
        """The criteria with the reader's own scores, and those of the reviews that are open to them."""
        opened = [member.review for member in policies.opened_reviews(self.request.user, self.sheet)]
        return selectors.rubric(self.panel.proposal.call, {review.pk for review in [self.own_review, *opened] if review})

    def look_again(self) -> None:
        """For a page that comes back after an act: the count as it is now."""
        self.panel = FOUND.get(pk=self.panel.pk)
        for name in ("revision", "seats", "known", "excluded", "sheet", "own_review", "rubric"):
            self.__dict__.pop(name, None)

    def outside(self, request: HttpRequest) -> HttpResponse:
        """An administrator learns that the panel exists; for everybody else it does not."""
        if not policies.may_manage(request.user):
            raise Http404
        return render(request, "grants/committee/panel_existence.html", {"panel": self.panel, "ref": self.panel.proposal.ref})
