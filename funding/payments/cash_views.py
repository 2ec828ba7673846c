"""Cash: what the books have in the bank and at the processor, and moving it over so that it can be paid out."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding.funds.services import host
from funding.money import Money
from funding.payments import cash, policies, topups
from funding.payments.models import TopUp
from funding.payments.views import Reader
from funding.people import roles
from funding.people.roles import Role
from funding.web.forms import AmountField, Form
from funding.web.views import SignedInActionView

SHOWN = 50


class TopUpForm(Form):
    amount = AmountField(label=gettext_lazy("Sum to move"))

    def __init__(self, *args: Any, rest: Money, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rest = rest
        self.fields["amount"].help_text = _("In {currency}. {rest} is in the bank and not on its way.").format(
            currency=rest.currency, rest=rest
        )

    def clean_amount(self) -> Money:
        return AmountField.money(self.cleaned_data["amount"], self.rest.currency)


class Cash(Reader, TemplateView):
    template_name = "funding/payments/cash.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        in_bank, at_processor = cash.held(host().currency)
        return super().get_context_data(
            in_bank=in_bank,
            at_processor=at_processor,
            rows=TopUp.objects.select_related("asked_by", "entry")[:SHOWN],
            may_ask=roles.has(self.request.user, Role.TREASURER),
            **kwargs,
        )


class Move(SignedInActionView):
    fresh = True
    form_class = TopUpForm
    template_name = "funding/payments/cash_move.html"
    request: Any
    success_url = reverse_lazy("payments:cash")
    title = gettext_lazy("Move money to the processor")
    lead = gettext_lazy(
        "The processor collects it from the host's bank account. It takes some days, and can be paid out once it has arrived."
    )
    submit = gettext_lazy("Have it collected")
    done = gettext_lazy("The processor is asked to collect it.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and (request.method != "POST" or not policies.shows_cash(request)):
            roles.require(request.user, Role.TREASURER)
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "rest": topups.movable(host().currency)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cancel_url=self.success_url, **kwargs)

    def act(self, form: TopUpForm) -> None:
        topups.ask(actor=self.request.user, amount=form.cleaned_data["amount"])
