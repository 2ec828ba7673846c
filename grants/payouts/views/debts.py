"""Give up a payout that failed for good: one treasurer asks, another decides."""

from __future__ import annotations

from typing import Any

from grants.payouts import debts
from grants.payouts.forms import DebtDecisionForm, DebtForm
from grants.payouts.models import Payout
from grants.payouts.views.gate import TreasurerForm
from grants.payouts.views.own import PayoutPage

LEAD = (
    "The money goes back into the funds that it came from, and is not reserved for this work any more. "
    "The half days stay done and approved, and are written off."
)


class DebtPage(PayoutPage, TreasurerForm):
    template_name = "components/confirm.html"

    def facts(self, payout: Payout) -> list[tuple[str, Any]]:
        return [
            ("Payee", payout.payee.name),
            ("What happened", payout.failure or "Nothing failed"),
            ("Already with the payee", payout.money - payout.owed),
        ]


class AskView(DebtPage):
    form_class = DebtForm
    fresh = True
    done = "You asked for it. Another treasurer has to agree."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        payout = self.payout
        return super().get_context_data(
            title=f"Ask to cancel the debt of {payout.ref}",
            lead=f"{LEAD} Another treasurer decides.",
            facts=self.facts(payout),
            total=("Owed", payout.owed),
            submit="Ask for it",
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
    done = "Your decision is on record."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        payout = self.payout
        asked = debts.waiting(payout)
        facts = [*self.facts(payout)]
        if asked:
            facts += [("Asked by", str(asked.asked_by)), ("The reason", asked.reason)]
        return super().get_context_data(
            title=f"Cancel the debt of {payout.ref}?",
            lead=LEAD,
            facts=facts,
            total=("To cancel", asked.money if asked else payout.owed),
            submit="Record my decision",
            cancel_url=payout.get_absolute_url(),
            danger=True,
            **kwargs,
        )

    def act(self, form: DebtDecisionForm) -> str:
        debts.decide(actor=self.request.user, payout=self.payout, agree=form.cleaned_data["decision"] == DebtDecisionForm.AGREE)
        return self.payout.get_absolute_url()
