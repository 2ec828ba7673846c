"""What a worker or a payee sees: their payouts, one payout with what it was for, and their account at the processor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding import days
from funding.components.parts import Column, Link, Table
from funding.funds import payers
from funding.funds.payers import Payer
from funding.mail.services import absolute
from funding.money import Money
from funding.payments.models import ConnectedAccount
from funding.people import roles
from funding.people.models import Party, User
from funding.web.forms import Confirm
from funding.web.views import SignedIn, SignedInActionView
from grants.engagements import refs
from grants.payouts import accounts, holding, planning, policies, selectors, services, taxes
from grants.payouts.forms import AccountForm
from grants.payouts.models import Payout, PayoutLine, PayoutRun
from grants.payouts.remittance import lines_of
from grants.payouts.views.gate import TreasurerForm
from grants.timesheets.models import WorkEntry

PAGE = 30


class IndexView(SignedIn):
    """My payouts; for the host's desk also the runs and what the next one would hold."""

    def get(self, request: HttpRequest) -> HttpResponse:
        user: User = request.user
        sees_runs = policies.sees_runs(user)
        mine = policies.own_payouts(user).select_related("payee", "run").order_by("-pk")
        page = Paginator(mine, PAGE).get_page(request.GET.get("page"))
        runs = Paginator(selectors.runs(), PAGE).get_page(request.GET.get("runs")) if sees_runs else None
        context = {
            "page": page,
            "table": payouts_table(list(page), set(accounts.parties_of(user))),
            "latest": next((payout for payout in page if payout.state != Payout.State.HELD), None),
            "waiting": planning.unpaid().filter(worker=user).count(),
            "sees_runs": sees_runs,
            "may_prepare": roles.has(user, roles.Role.TREASURER),
            "runs": runs,
            "runs_table": runs_table(list(runs)) if runs else None,
            "unpaid": planning.unpaid().count() if sees_runs else 0,
            "is_paid": accounts.parties_of(user).exists(),
        }
        context["steps"] = selectors.payout_steps(context["latest"]) if context["latest"] else []
        return render(request, "grants/payouts/payout_list.html", context)


def payouts_table(payouts: list[Payout], own: set[Party]) -> Table:
    """What is withheld of a payout is for those alone who act for its payee, the `own` parties; no column where nothing is."""
    taxed = any(payout.withheld and payout.payee in own for payout in payouts)
    columns = [
        Column(_("Payout")),
        Column(_("Payee")),
        Column(_("Days"), "number"),
        Column(_("In a run"), "date"),
        Column(_("Sent"), "date"),
        Column(_("Confirmed"), "date"),
        Column(_("State")),
        *([Column(_("Withheld for tax"), "number")] if taxed else []),
        Column(_("Sum"), "number"),
    ]
    rows = [
        [
            Link(payout.ref, payout.get_absolute_url()),
            payout.payee.name,
            days.words(payout.half_days),
            payout.run.prepared_at.date(),
            payout.sent_at and payout.sent_at.date(),
            payout.confirmed_at and payout.confirmed_at.date(),
            selectors.payout_pill(payout),
            *([payout.tax if payout.withheld and payout.payee in own else None] if taxed else []),
            payout.money,
        ]
        for payout in payouts
    ]
    return Table(_("Your payouts"), columns, rows, empty=_("No payout yet."))


def runs_table(runs: list[PayoutRun]) -> Table:
    columns = [
        Column(_("Run")),
        Column(_("Prepared"), "date"),
        Column(_("Prepared by")),
        Column(_("Released by")),
        Column(_("Payees"), "number"),
        Column(_("State")),
        Column(_("Control total"), "number"),
    ]
    rows = [
        [
            Link(str(run), run.get_absolute_url()),
            run.prepared_at.date(),
            str(run.prepared_by),
            str(run.released_by or ""),
            run.count,
            selectors.run_pill(run),
            run.total,
        ]
        for run in runs
    ]
    return Table(_("Payout runs"), columns, rows, empty=_("No run yet."))


class PayoutPage:
    request: HttpRequest
    kwargs: dict[str, Any]

    @cached_property
    def payout(self) -> Payout:
        visible = policies.visible(self.request.user).select_related("payee", "run", "run__prepared_by", "run__released_by")
        return get_object_or_404(visible, pk=refs.number(self.kwargs["ref"], "PO") or 0)


class PayoutView(PayoutPage, SignedIn):
    """The remittance advice: one payee, the half days, rates, funds and sums. A worker of a company sees their own half days."""

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        payout, user = self.payout, request.user
        lines = lines_of(payout)
        whole = policies.sees_runs(user) or payout.payee in accounts.parties_of(user)
        shown = lines if whole else [line for line in lines if line.work_entry.worker_id == user.pk]
        debt = payout.cancellations.select_related("asked_by", "decided_by", "payout").first() if whole else None
        context = {
            "payout": payout,
            "pill": selectors.payout_pill(payout),
            "steps": selectors.payout_steps(payout),
            "table": lines_table(payout, shown, payers.of_work([line.work_entry_id for line in shown], user)),
            "partial": len(shown) < len(lines),
            "sees_run": policies.sees_runs(user),
            "may_retry": payout.state == Payout.State.FAILED and roles.has(user, roles.Role.TREASURER),
            "debt": debt,
            "tax_given_back": Money(debt.withheld, payout.currency) if debt and debt.withheld else None,
            "movements": selectors.movements(payout) if whole else [],
            "withholdings": list(payout.withholdings.select_related("by", "payout")) if whole else [],
            "tax_owed": taxes.still_owed([payout])[payout.pk] if whole and payout.withheld_entry_id else None,
            "may_withhold": withholdable(payout) and roles.has(user, roles.Role.TREASURER),
        }
        return render(request, "grants/payouts/payout.html", context)


def withholdable(payout: Payout) -> bool:
    return payout.state == Payout.State.READY and payout.run.state == PayoutRun.State.PREPARED


def lines_table(payout: Payout, lines: list[PayoutLine], paying: Mapping[int, Sequence[Payer]]) -> Table:
    """Its half days, each with the month's report of its project and whose money pays it, to the cent."""
    columns = [
        Column(_("Half day")),
        Column(_("Worker"), minor=True),
        Column(_("Work")),
        Column(_("Project")),
        Column(_("Approved by"), minor=True),
        Column(_("Fund")),
        Column(_("Paid for by")),
        Column(_("Day rate"), "number"),
        Column(_("Sum"), "number"),
    ]
    rows = [line_row(line, paying.get(line.work_entry_id, ())) for line in lines]
    sum_ = sum(line.amount for line in lines)
    foot = [days.count(len(lines)), "", "", "", "", "", "", "", type(payout.money)(sum_, payout.currency)]
    return Table(
        _("Half days in this payout"),
        columns,
        rows,
        foot=foot if lines else (),
        caption_shown=True,
        empty=_("Its half days are in a later run."),
    )


def line_row(line: PayoutLine, paying: Sequence[Payer]) -> list[Any]:
    entry: WorkEntry = line.work_entry
    return [
        entry.when,
        str(entry.worker),
        Link(entry.note, entry.evidence_url) if entry.evidence_url else entry.note,
        Link(entry.engagement.project.name, reverse("reports:month", args=[entry.engagement.project.slug, f"{entry.date:%Y-%m}"])),
        str(entry.approved_by or ""),
        ", ".join(share.source.fund.name for share in line.shares.all()),
        payers.words(paying) or _("Not sent yet"),
        entry.rate,
        entry.amount,
    ]


class RetryView(PayoutPage, TreasurerForm):
    template_name = "components/confirm.html"
    form_class = Confirm
    done = gettext_lazy("The payout is on its way again.")
    fresh = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        payout = self.payout
        facts = [
            (_("Payee"), payout.payee.name),
            (_("What happened"), payout.failure or _("Nothing failed")),
            (_("Attempts so far"), str(payout.attempt)),
        ]
        return super().get_context_data(
            title=_("Send {ref} again").format(ref=payout.ref),
            facts=facts,
            total=(_("To send"), payout.owed),
            submit=_("Send {sum} again").format(sum=payout.owed),
            cancel_url=payout.get_absolute_url(),
            **kwargs,
        )

    def act(self, form: Confirm) -> str:
        services.retry(actor=self.request.user, payout=self.payout)
        return self.payout.get_absolute_url()


class AccountView(SignedIn):
    """Each party that I act for, with the state of its account."""

    def get(self, request: HttpRequest) -> HttpResponse:
        parties = list(accounts.parties_of(request.user))
        known = {row.party_id: row for row in ConnectedAccount.objects.filter(party__in=parties)}
        holds = holding.of(parties)
        rows = [{"party": party, "state": accounts.state_of(known.get(party.pk)), "hold": holds.get(party.pk)} for party in parties]
        return render(request, "grants/payouts/account_list.html", {"rows": rows})


class AccountReturnView(SignedIn):
    """Where the processor's form leads back to: read the accounts again and show them."""

    def get(self, request: HttpRequest) -> HttpResponse:
        found = accounts.refresh(user=request.user)
        states = [accounts.state_of(account).code for account in found]
        if states and all(code == "able" for code in states):
            messages.success(request, _("The processor says that your account can receive money."))
        elif "review" in states:
            messages.info(request, _("Everything is handed in. The processor checks it, and you get a mail once money can come."))
        else:
            messages.info(request, _("The processor is still missing something before your account can receive money."))
        return HttpResponseRedirect(reverse("payouts:account"))


class AccountAgainView(SignedIn):
    """Where the processor sends a person whose link to its form is too old or was used: say so, and begin again."""

    def get(self, request: HttpRequest, party_id: int) -> HttpResponse:
        get_object_or_404(accounts.parties_of(request.user), pk=party_id)
        messages.info(request, _("That link to the processor's form was too old or used already. Continue here for a new one."))
        return HttpResponseRedirect(reverse("payouts:account_start", args=[party_id]))


class AccountStartView(SignedInActionView):
    """Say the country, then go to the processor's own pages for identity and bank account. We never see either."""

    form_class = AccountForm
    title = gettext_lazy("Set up where you are paid")
    lead = gettext_lazy(
        "The next pages are the payment processor's. Your bank details stay there; we only learn whether the account can receive money."
    )
    submit = gettext_lazy("Continue to the processor")

    @cached_property
    def party(self) -> Party:
        return get_object_or_404(accounts.parties_of(self.request.user), pk=self.kwargs["party_id"])

    def get_initial(self) -> dict[str, Any]:
        return {"country": self.party.country}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cancel_url=reverse("payouts:account"), **kwargs)

    def act(self, form: AccountForm) -> str:
        return accounts.begin(
            actor=self.request.user,
            party=self.party,
            country=form.cleaned_data["country"],
            return_url=absolute(reverse("payouts:account_return")),
            refresh_url=absolute(reverse("payouts:account_again", args=[self.party.pk])),
        )
