"""What the host's desk sees: prepare a run, read it, release or cancel it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from funding import clock, days
from funding.components.parts import Column, Link, Table
from funding.errors import Refused
from funding.money import Money, total
from funding.people import independence, roles
from funding.people.models import User
from funding.web.views import SignedIn
from grants.payouts import changes, planning, policies, selectors, services, signers
from grants.payouts.forms import PrepareForm, ReleaseForm
from grants.payouts.models import PayeeChange, Payout, PayoutRun
from grants.payouts.views.gate import TreasurerForm
from grants.timesheets.forms import ReasonForm


def require_desk(user: roles.Viewer) -> None:
    if not policies.sees_runs(user):
        raise Refused(_("Payout runs are read by treasurers, administrators and auditors."), rule="role")


class PrepareView(TreasurerForm):
    """A preview of what is approved and unpaid, and the form that makes a run of it."""

    template_name = "grants/payouts/run_new.html"
    form_class = PrepareForm
    done = gettext_lazy("The run is prepared. Somebody else has to release it.")

    @cached_property
    def currencies(self) -> list[str]:
        return sorted(set(planning.unpaid().order_by().values_list("currency", flat=True)))

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "currencies": self.currencies}

    def get_initial(self) -> dict[str, Any]:
        return {"up_to": clock.today()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        plans = [planning.plan(currency, clock.today()) for currency in self.currencies]
        waiting = list(PayoutRun.objects.filter(state=PayoutRun.State.PREPARED))
        tables = [(plan, plan_table(plan)) for plan in plans]
        return super().get_context_data(plans=tables, waiting=waiting, today=clock.today(), **kwargs)

    def act(self, form: PrepareForm) -> str:
        run = services.prepare(actor=self.request.user, currency=form.cleaned_data["currency"], up_to=form.cleaned_data["up_to"])
        return run.get_absolute_url()


def plan_table(plan: planning.Plan) -> Table:
    columns = [Column(_("Payee")), Column(_("Days"), "number"), Column(_("Held because")), Column(_("Sum"), "number")]
    rows = [[payee.payee.name, days.words(payee.half_days), payee.hold, payee.amount] for payee in plan.payees]
    left_out = [(payee.payee.name, entry, hold) for payee in plan.payable for entry, hold in payee.left_out]
    rows += [
        [_("{name}: left out").format(name=name), days.words(1), f"{hold.reason} {hold.remedy}", entry.amount]
        for name, entry, hold in left_out
    ]
    paid = sum(payee.half_days for payee in plan.payable)
    foot = [_("To pay, held ones left out"), days.words(paid), "", plan.control_total]
    return Table(_("Approved and unpaid in {currency}").format(currency=plan.currency), columns, rows, foot=foot, caption_shown=True)


class RunPage:
    request: HttpRequest
    kwargs: dict[str, Any]

    @cached_property
    def run(self) -> PayoutRun:
        require_desk(self.request.user)
        return get_object_or_404(PayoutRun.objects.select_related("prepared_by", "released_by", "cancelled_by"), pk=self.kwargs["number"])


class RunView(RunPage, SignedIn):
    """Payees, days, sums, the control total, held rows with reasons, who did what, and what differs from the last run."""

    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        run, user = self.run, request.user
        payouts = selectors.payouts_of(run)
        prepared = run.state == PayoutRun.State.PREPARED
        treasurer = roles.has(user, roles.Role.TREASURER)
        context = {
            **run_context(run, payouts),
            "one_signer": signers.ONE_SIGNER if prepared and signers.one_signer() else "",
            "may_cancel": prepared and treasurer,
            "may_release": prepared and treasurer and run.count,
            "hindrance": hindrance(user, run) if prepared and treasurer else None,
            "paying": not prepared and any(payout.state in (Payout.State.READY, Payout.State.SENT) for payout in payouts),
            "waiting": [payout for payout in payouts if payout.state in (Payout.State.READY, Payout.State.SENT) and payout.failure],
            "failed": [payout for payout in payouts if payout.state == Payout.State.FAILED],
        }
        return render(request, "grants/payouts/run.html", context)


def run_context(run: PayoutRun, payouts: list[Payout]) -> dict[str, Any]:
    """What whoever releases a run reads: totals, held rows, changed details, differences from the last run."""
    before = selectors.run_before(run)
    return {
        "run": run,
        "pill": selectors.run_pill(run),
        "table": payouts_table(run, [payout for payout in payouts if payout.state != Payout.State.HELD]),
        "held": held_table([payout for payout in payouts if payout.state == Payout.State.HELD]),
        "changes": changes_table(run),
        "before": before,
        "differences": differences_table(selectors.differences(run, before, payouts)) if before else None,
    }


def hindrance(user: User, run: PayoutRun) -> independence.Hindrance | None:
    """Why this treasurer could not release the run, so that the page says it before they try."""
    found = independence.hindrance(
        user, prepared_by=services.makers(run), beneficiaries=services.beneficiaries(run), subjects=services.subjects(run)
    )
    return found or signers.tied(user, run) or changes.hindrance(user, selectors.payees_of(run))


def _payee(payout: Payout) -> str:
    """Who is paid, and what of it is kept back for a tax authority: whoever releases the run reads it there."""
    if not payout.withheld:
        return payout.payee.name
    return _("{payee} ({kept} of it withheld for tax)").format(payee=payout.payee.name, kept=payout.tax)


def payouts_table(run: PayoutRun, payouts: list[Payout]) -> Table:
    columns = [Column(_("Payout")), Column(_("Payee")), Column(_("Days"), "number"), Column(_("State")), Column(_("Sum"), "number")]
    rows = [
        [
            Link(payout.ref, payout.get_absolute_url()),
            _payee(payout),
            days.words(payout.half_days),
            selectors.payout_pill(payout),
            payout.money,
        ]
        for payout in payouts
    ]
    halves = sum(payout.half_days for payout in payouts)
    kept = total([payout.tax for payout in payouts], run.currency)
    withheld = _("{kept} of it withheld for tax").format(kept=kept) if kept.amount else ""
    foot = [_("Control total"), withheld, days.words(halves), "", run.total]
    return Table(_("Payouts in this run"), columns, rows, foot=foot, caption_shown=True, empty=_("Nobody in this run can be paid now."))


def held_table(payouts: list[Payout]) -> Table | None:
    if not payouts:
        return None
    columns = [
        Column(_("Payee")),
        Column(_("Days"), "number"),
        Column(_("Held because")),
        Column(_("What ends it")),
        Column(_("Sum"), "number"),
    ]
    rows = [[payout.payee.name, days.words(payout.half_days), payout.hold_reason, payout.hold_remedy, payout.money] for payout in payouts]
    foot = [_("Held, for a later run"), "", "", "", total([payout.money for payout in payouts], payouts[0].currency)]
    return Table(_("Held"), columns, rows, foot=foot, caption_shown=True)


def changes_table(run: PayoutRun) -> Table | None:
    """What changed about the payees of the run, held ones too, and has not been paid since."""
    found = changes.unpaid_since(selectors.payees_of(run, held=True))
    if not found:
        return None
    columns = [
        Column(_("Payee")),
        Column(_("What changed")),
        Column(_("On"), "date"),
        Column(_("From")),
        Column(_("To")),
        Column(_("By")),
        Column(_("Waits until")),
    ]
    rows = [
        [
            change.party.name,
            change.get_what_display(),
            change.at.date(),
            change.before or _("Nothing before"),
            change.after or _("Nothing"),
            changer(change),
            _("First time, does not wait") if change.first else change.holds_until,
        ]
        for change in found
    ]
    return Table(_("Changed payee details"), columns, rows, caption_shown=True)


def changer(change: PayeeChange) -> str:
    """Who made a change, as far as we can know."""
    if change.by is None:
        return _("Somebody on the processor's pages")
    who = str(change.by)
    return _("{who}, agreed by {second}").format(who=who, second=change.agreed_by) if change.agreed_by else who


def differences_table(found: list[selectors.Difference]) -> Table:
    columns = [Column(_("Payee")), Column(_("What differs")), Column(_("Last run"), "number"), Column(_("This run"), "number")]
    rows = [[item.name, item.text, item.before or "", item.now or ""] for item in found]
    return Table(
        _("Differences from the last run"), columns, rows, caption_shown=True, empty=_("The same payees and sums as in the last run.")
    )


def release_label(run: PayoutRun) -> str:
    said = ngettext("Release {total} to {count} payee", "Release {total} to {count} payees", run.count)
    return said.format(total=run.total, count=run.count)


class ReleaseView(RunPage, TreasurerForm):
    template_name = "grants/payouts/release.html"
    form_class = ReleaseForm
    done = gettext_lazy("The run is released and is being paid.")
    fresh = True

    @cached_property
    def withheld(self) -> Money:
        return Money(selectors.withheld(selectors.payouts_of(self.run)), self.run.currency)

    def get_initial(self) -> dict[str, Any]:
        return {"control_total": self.run.control_total, "withheld": self.withheld.amount}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run = self.run
        facts = [
            (_("Prepared by"), str(run.prepared_by)),
            (_("Prepared"), run.prepared_at),
            (_("Work up to"), run.up_to),
            (_("Payees"), str(run.count)),
        ]
        if self.withheld.amount:
            facts += [(_("Withheld for tax"), self.withheld), (_("To the payees"), run.total - self.withheld)]
        return super().get_context_data(
            title=_("Release payout run {number}").format(number=run.number),
            lead=_("The payouts are sent at once and cannot be called back from here."),
            facts=facts,
            total=(_("Control total"), run.total),
            hindrance=hindrance(self.request.user, run) if run.state == PayoutRun.State.PREPARED else None,
            submit=release_label(run),
            cancel_url=run.get_absolute_url(),
            **kwargs,
        )

    def act(self, form: ReleaseForm) -> str:
        said = form.cleaned_data
        services.release(actor=self.request.user, run=self.run, control_total=said["control_total"], withheld=said["withheld"])
        return self.run.get_absolute_url()


class CancelView(RunPage, TreasurerForm):
    template_name = "components/confirm.html"
    form_class = ReasonForm
    submit = gettext_lazy("Cancel the run")
    done = gettext_lazy("The run is cancelled. Its half days are free for the next one.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run = self.run
        facts = [(_("Prepared by"), str(run.prepared_by)), (_("Payees"), str(run.count))]
        return super().get_context_data(
            title=_("Cancel payout run {number}").format(number=run.number),
            lead=_("Nothing of it is paid."),
            facts=facts,
            total=(_("Not paid"), Money(run.control_total, run.currency)),
            cancel_url=run.get_absolute_url(),
            danger=True,
            **kwargs,
        )

    def act(self, form: ReasonForm) -> str:
        services.cancel(actor=self.request.user, run=self.run, reason=form.cleaned_data["reason"])
        return reverse("payouts:index")
