"""The door of every page about one panel. It answers before a form is looked at, so that no error page shows what is closed."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from funding.web.views import SignedIn
from grants.committee import counting, policies, services
from grants.committee.counting import Sheet
from grants.committee.models import Determination, Panel, Seat
from grants.committee.policies import Access

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

POST = "POST"


class PanelGate(SignedIn):
    """Lets cleared members through, with `self.panel` and `self.seat` set. `act` is what a POST tries, after “You cannot”."""

    act_in_words: StrOrPromise = gettext_lazy("act on this proposal")
    before_declaring = False
    panel: Panel
    seat: Seat

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        found = Panel.objects.select_related("committee", "proposal__call", "proposal__project", "proposal__applicant", "proposal__payee")
        self.panel = get_object_or_404(found, proposal__ref=kwargs["ref"])
        answer = self.closed(request)
        return answer if answer is not None else super().dispatch(request, *args, **kwargs)

    def closed(self, request: HttpRequest) -> HttpResponseBase | None:
        """The answer for somebody who does not get through, or None."""
        ref = self.panel.proposal.ref
        if Determination.objects.filter(panel=self.panel).exists():
            return HttpResponseRedirect(reverse("committee:decision", args=[ref]))
        seat = policies.seat_of(request.user, self.panel)
        reach = policies.access(seat, self.panel.proposal, self.excluded) if seat else Access.NONE
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
    def excluded(self) -> Collection[int]:
        """User ids of the members whom a rule excludes by now."""
        return services.excluded_now(self.panel)

    @cached_property
    def sheet(self) -> Sheet:
        """The count as it would be made now: whoever a rule excludes by now is counted as recused."""
        return counting.sheet(self.panel, also_recused=self.excluded)

    def outside(self, request: HttpRequest) -> HttpResponse:
        """An administrator learns that the panel exists; for everybody else it does not."""
        if not policies.may_manage(request.user):
            raise Http404
        return render(request, "grants/committee/panel_existence.html", {"panel": self.panel, "ref": self.panel.proposal.ref})
