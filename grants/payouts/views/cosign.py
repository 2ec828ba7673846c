"""The outside co-signer's page: one run with everything that a releaser needs to read, and the button. They see no other run."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding import days
from funding.components.parts import Column, Table
from funding.people import factors
from funding.people.middleware import ask
from funding.web.views import SignedInActionView
from grants.payouts import selectors, services, signers
from grants.payouts.forms import ReleaseForm
from grants.payouts.models import Payout, PayoutLine, PayoutRun
from grants.payouts.views.runs import hindrance, release_label, run_context


class CosignView(SignedInActionView):
    """Reached from a mailed link that names the run and the person; the link alone opens nothing."""

    template_name = "grants/payouts/cosign.html"
    form_class = ReleaseForm
    fresh = True
    done = gettext_lazy("You released the run. It is being paid.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Reading takes a second factor too: the page shows what everybody in the run is paid."""
        if request.user.is_authenticated and not factors.passed(request):
            return ask(request, "passed")
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def run(self) -> PayoutRun:
        return signers.run_of(self.kwargs["token"], self.request.user)

    @cached_property
    def payouts(self) -> list[Payout]:
        """Read once, so that the sum which is agreed to is the one that the page shows."""
        return selectors.payouts_of(self.run)

    def get_initial(self) -> dict[str, Any]:
        return {"control_total": self.run.control_total, "withheld": selectors.withheld(self.payouts)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run = self.run
        waits = run.state == PayoutRun.State.PREPARED
        return super().get_context_data(
            **run_context(run, self.payouts),
            lines=lines_table(run),
            waits=waits,
            hindrance=hindrance(self.request.user, run) if waits else None,
            submit=release_label(run),
            **kwargs,
        )

    def act(self, form: ReleaseForm) -> str:
        said = form.cleaned_data
        services.release(actor=self.request.user, run=self.run, control_total=said["control_total"], withheld=said["withheld"])
        return self.request.path


def lines_table(run: PayoutRun) -> Table:
    """Every half day that the run would pay."""
    found = PayoutLine.objects.filter(payout__run=run).select_related("payout__payee", "work_entry__worker", "work_entry__approved_by")
    lines = list(found.select_related("work_entry__engagement__project").order_by("payout__payee__name", "work_entry__date", "pk"))
    columns = [
        Column(_("Half day")),
        Column(_("Payee")),
        Column(_("Worker")),
        Column(_("Work")),
        Column(_("Project"), minor=True),
        Column(_("Approved by")),
        Column(_("Sum"), "number"),
    ]
    rows = [
        [
            line.work_entry.when,
            line.payout.payee.name,
            str(line.work_entry.worker),
            line.work_entry.note,
            line.work_entry.engagement.project.name,
            str(line.work_entry.approved_by or ""),
            line.work_entry.amount,
        ]
        for line in lines
    ]
    foot = [days.count(len(lines)), "", "", "", "", "", run.total]
    return Table(_("Half days in this run"), columns, rows, foot=foot, caption_shown=True, empty=_("Nothing in this run can be paid now."))
