"""Tax that is kept back from payees: how much of one payout, and what of it is still owed to an authority."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.people import roles
from funding.web.views import SignedIn
from grants.payouts import taxes, withholding
from grants.payouts.forms import WithholdForm
from grants.payouts.views.gate import TreasurerForm
from grants.payouts.views.own import PayoutPage
from grants.payouts.views.runs import require_desk

PAGE = 50


class TaxesView(SignedIn):
    """By month, fund and currency: what was withheld or collected, what was paid over by which entry, what is still owed."""

    def get(self, request: HttpRequest) -> HttpResponse:
        require_desk(request.user)
        rows = taxes.owed()
        page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
        may_book = roles.has(request.user, roles.Role.TREASURER)
        return render(request, "grants/payouts/taxes.html", {"page": page, "totals": taxes.totals(rows), "may_book": may_book})


class WithholdView(PayoutPage, TreasurerForm):
    """How much of a payout is kept back, before somebody else releases its run."""

    form_class = WithholdForm
    fresh = True
    submit = gettext_lazy("Withhold it")
    done = gettext_lazy("It is on record. Somebody else releases the run.")
    lead = gettext_lazy(
        "The half days leave their funds in full: this part is owed to the tax authority, the rest goes to the payee. "
        "You cannot release this run afterwards."
    )

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "currency": self.payout.currency}

    def get_initial(self) -> dict[str, Any]:
        return {"amount": self.payout.tax.figures}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        payout = self.payout
        title = _("Withhold tax from {ref}: {sum} to {name}").format(ref=payout.ref, sum=payout.money, name=payout.payee.name)
        return super().get_context_data(title=title, cancel_url=payout.get_absolute_url(), **kwargs)

    def act(self, form: WithholdForm) -> str:
        data = form.cleaned_data
        withholding.withhold(actor=self.request.user, payout=self.payout, amount=data["amount"], reason=data["reason"])
        return self.payout.get_absolute_url()
