"""The treasurer's papers: what the bank did, and what two people decide that no other page of the desk does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Case, When
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.errors import Invalid, Refused
from funding.funds import selectors
from funding.funds.entries import bank, between, converting, deciding, forms, matching, opening, showing, vouchers
from funding.funds.forms import MoveReasonForm
from funding.funds.models import Voucher
from funding.funds.views.desk import DeskPage
from funding.funds.views.moves import Office
from funding.ledger.services import Line
from funding.people.roles import Role
from funding.web.forms import Confirm

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Kind, State = Voucher.Kind, Voucher.State
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Paper:
    """How one kind is written: its form, its service, and what it does in a sentence."""

    form: type[forms.VoucherForm]
    service: Callable[..., Voucher]
    lead: StrOrPromise


PAPERS: dict[str, Paper] = {
    Kind.RECEIPT: Paper(
        forms.FactForm,
        bank.book_receipt,
        gettext_lazy("The bank has it and nobody knows yet what it is for. It is held until its payer is found."),
    ),
    Kind.MATCHED: Paper(
        forms.MatchForm,
        bank.ask_match,
        gettext_lazy("A receipt's payer is found: tax is set apart, the host has its share, the fund the rest."),
    ),
    Kind.PAID_OFF: Paper(
        forms.PaidOffForm,
        bank.book_paid_off,
        gettext_lazy("The bank has sent held money out: a receipt went back to its payer, or an old debt was paid."),
    ),
    Kind.BANK_FEE: Paper(
        forms.FeeForm, bank.book_bank_fee, gettext_lazy("The host bears it. What it cannot bear stands in the shortfall.")
    ),
    Kind.PROCESSOR_FEE: Paper(
        forms.ProcessorFeeForm,
        bank.book_processor_fees,
        gettext_lazy("A fee for a month and for no payment in particular. The host bears it; no sponsor's sum changes afterwards."),
    ),
    Kind.TAX_PAID: Paper(
        forms.FactForm, bank.book_tax_paid, gettext_lazy("Tax that was collected or withheld has left the bank, the oldest first.")
    ),
    Kind.OPENING: Paper(
        forms.OpeningForm, opening.ask, gettext_lazy("What was there before these books began, one figure at a time, in nobody's name.")
    ),
    Kind.CONVERSION: Paper(
        forms.ConversionForm,
        converting.ask,
        gettext_lazy("The bank changed money of one fund for another. Its origin goes with it, at the rate of these two sums."),
    ),
    Kind.WRONG_FUND: Paper(
        forms.WrongFundForm,
        between.ask_right_fund,
        gettext_lazy("What is unspent goes to the right fund. For what was spent the reserve gives as much, or it is refused."),
    ),
    Kind.RELEASE: Paper(
        forms.BetweenForm,
        between.ask_release,
        gettext_lazy("The giver lifted a restriction, or its purpose is fulfilled. Say where that is written."),
    ),
    Kind.BRIDGE: Paper(
        forms.BridgeForm, between.ask_bridge, gettext_lazy("The host pays ahead for an award that reimburses what was spent.")
    ),
    Kind.BRIDGE_REPAID: Paper(
        forms.BridgeForm, between.ask_bridge_repaid, gettext_lazy("The award's tranche is there, and the host has its money back.")
    ),
    Kind.MATCHING: Paper(
        forms.MatchingForm,
        matching.ask,
        gettext_lazy("Each gift to the one fund is matched out of the other, which holds the whole sum from now on."),
    ),
    Kind.MATCHING_ENDED: Paper(
        forms.MatchingEndForm,
        matching.ask_end,
        gettext_lazy("What came until then is matched, later gifts are not, and what is still held of the sum is free again."),
    ),
}
TWO_FIRST = gettext_lazy("It waits for somebody else's approval.")


class Vouchers(DeskPage):
    template_name = "funding/funds/vouchers.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        waiting_first = Case(When(state=Voucher.State.ASKED, then=0), default=1)
        rows = Voucher.objects.select_related("fund", "taker", "asked_by", "decided_by").order_by(waiting_first, "-pk")
        kinds = [(kind, Kind(kind).label, paper.lead) for kind, paper in PAPERS.items()]
        running = {it.pk for it in matching.running()}
        found = list(rows[:SHOWN])
        return super().get_context_data(vouchers=found, kinds=kinds, matching=Kind.MATCHING, running=running, **kwargs)


class New(Office):
    """One page for each kind of paper."""

    template_name = "funding/funds/voucher_new.html"
    allowed = (Role.TREASURER,)
    fresh = True
    success_url = reverse_lazy("funds:vouchers")

    @cached_property
    def paper(self) -> Paper:
        found = PAPERS.get(self.kwargs["kind"])
        if found is None:
            raise Http404
        return found

    made: Voucher | None = None

    @property
    def done(self) -> str:
        if self.kwargs["kind"] in Voucher.FACTS:
            return _("It is booked.")
        if self.made and self.made.state == State.BOOKED:
            return _("{ref} says exactly this, and is booked already.").format(ref=self.made.ref)
        return str(TWO_FIRST)

    def get_initial(self) -> dict[str, Any]:
        return {"held": self.request.GET.get("held", "")}

    def get_form_class(self) -> type[forms.VoucherForm]:
        return self.paper.form

    def get_form_kwargs(self) -> dict[str, Any]:
        waiting = matching.running() if self.kwargs["kind"] == Kind.MATCHING_ENDED else vouchers.held()
        if self.kwargs["kind"] == Kind.MATCHED:
            waiting = [it for it in waiting if it.kind == Kind.RECEIPT]
        return {**super().get_form_kwargs(), "funds": list(selectors.all_funds()), "held": waiting}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        fact = self.kwargs["kind"] in Voucher.FACTS
        title, submit = Kind(self.kwargs["kind"]).label if self.paper else "", _("Book it") if fact else _("Ask for it")
        return super().get_context_data(title=title, lead=self.paper.lead, submit=submit, **kwargs)

    def act(self, form: forms.VoucherForm) -> None:
        try:
            self.made = self.paper.service(actor=self.request.user, **form.terms)
        except Refused as refusal:
            if refusal.rule in ("role", "prepared"):
                raise
            raise Invalid(refusal.message) from refusal


class OfVoucher(Office):
    template_name = "funding/funds/voucher_decide.html"
    success_url = reverse_lazy("funds:vouchers")
    danger = False

    @cached_property
    def voucher(self) -> Voucher:
        return get_object_or_404(Voucher.objects.select_related(*showing.READ_WITH), pk=self.kwargs["pk"])

    @cached_property
    def forecast(self) -> tuple[list[Line], str]:
        """What agreeing would write now, and why nobody can."""
        return deciding.forecast(self.voucher) if self.voucher.state == State.ASKED else ([], "")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it, (lines, _why) = self.voucher, self.forecast
        context = {
            "facts": showing.facts(it), "total": (_("Sum"), it.money), "danger": self.danger, "lines": showing.rows(lines),
            "funds": showing.funds(it, lines), "asked": it.state == State.ASKED,
        }  # fmt: skip
        return super().get_context_data(**{**context, **kwargs})


class Approve(OfVoucher):
    form_class = Confirm
    fresh = True
    done = gettext_lazy("It is booked.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=_("Approve the voucher"), lead=self.words, submit=_("Approve it"), **kwargs)

    @property
    def words(self) -> str:
        if found := deciding.hindrance(self.request.user, self.voucher):
            return _("You cannot approve it. {sentence}").format(sentence=found.sentence)
        if why := self.forecast[1]:
            return _("Nobody can approve it now. {message}").format(message=why)
        return _("It is booked at once, as it stands below.")

    def act(self, form: Confirm) -> None:
        deciding.approve(actor=self.request.user, voucher=self.voucher)


class Withdraw(OfVoucher):
    form_class = MoveReasonForm
    done = gettext_lazy("Nothing is booked.")
    danger = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=_("Withdraw the voucher"), lead=_("Nothing is booked."), submit=_("Withdraw it"), **kwargs)

    def act(self, form: MoveReasonForm) -> None:
        deciding.withdraw(actor=self.request.user, voucher=self.voucher, reason=form.cleaned_data["reason"])


class KeepMatching(OfVoucher):
    """Match the gifts that came since."""

    form_class = Confirm
    fresh = True
    allowed = (Role.TREASURER,)

    @property
    def done(self) -> str:
        if matching.behind(self.voucher):
            return _("More came in than is looked at in one press. Press again for the rest.")
        return _("What went back is released.") if matching.hindrance(self.voucher) else _("Every gift up to now is matched.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lead = _("Each gift that came since is matched once, and the match of one that went back is released.")
        if why := matching.hindrance(self.voucher) if self.voucher.fund and self.voucher.taker else "":
            lead = _("Gifts are not matched now. {message} The match of one that went back is released.").format(message=why)
        return super().get_context_data(title=_("Match what came in"), lead=lead, submit=_("Match it"), **kwargs)

    def act(self, form: Confirm) -> None:
        matching.keep(actor=self.request.user, promise=self.voucher)
        del self.voucher
