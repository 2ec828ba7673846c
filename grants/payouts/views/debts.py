"""Give up a payout that failed for good: one treasurer asks, another decides."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grants.payouts import debts
from grants.payouts.forms import DebtDecisionForm, DebtForm
from grants.payouts.models import Payout
from grants.payouts.views.gate import TreasurerForm
from grants.payouts.views.own import PayoutPage

LEAD = gettext_lazy(
    "The money goes back into the funds that it came from, and is not reserved for this work any more. "
    "The half days stay done and approved, and are written off."
)


class DebtPage(PayoutPage, TreasurerForm):
    template_name = "components/confirm.html"

    def facts(self, payout: Payout) -> list[tuple[str, Any]]:
        return [
            (_("Payee"), payout.payee.name),
            (_("What happened"), payout.failure or _("Nothing failed")),
            (_("Already with the payee"), payout.net - payout.owed),
            *([(_("Withheld tax that goes back too"), debts.tax_back(payout))] if payout.withheld else []),
        ]


class AskView(DebtPage):
    form_class = DebtForm
    fresh = True
    done = gettext_lazy("You asked for it. Another treasurer has to agree.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        payout = self.payout
        return super().get_context_data(
            title=_("Ask to cancel the debt of {ref}").format(ref=payout.ref),
            lead=f"{LEAD} " + _("Another treasurer decides."),
            facts=self.facts(payout),
            total=(_("Owed"), payout.owed),
            submit=_("Ask for it"),
            cancel_url=payout.get_absolute_url(),
            danger=True,
            **kwargs,
        )

    def act(self, form: DebtForm) -> str:
        debts.ask(actor=self.request.user, payout=self.payout, reason=form.cleaned_data["reason"])
        return self.payout.get_absolute_url()


class DecideView(DebtPage):
    form_class = DebtDecisionForm
    fresh = True
    done = gettext_lazy("Your decision is on record.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        payout = self.payout
        asked = debts.waiting(payout)
        facts = [*self.facts(payout)]
        if asked:
            facts += [(_("Asked by"), str(asked.asked_by)), (_("The reason"), asked.reason)]
        return super().get_context_data(
            title=_("Cancel the debt of {ref}?").format(ref=payout.ref),
            lead=LEAD,
            facts=facts,
            total=(_("To cancel"), asked.money if asked else payout.owed),
            submit=_("Record my decision"),
            cancel_url=payout.get_absolute_url(),
            danger=True,
            **kwargs,
        )

    def act(self, form: DebtDecisionForm) -> str:
        debts.decide(actor=self.request.user, payout=self.payout, agree=form.cleaned_data["decision"] == DebtDecisionForm.AGREE)
        return self.payout.get_absolute_url()
