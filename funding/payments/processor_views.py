"""The processor and the bank: whether payments work here, and where the host is paid outside of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding.errors import Refused
from funding.mail import services as mail
from funding.payments import bank, handlers, probe
from funding.payments.views import Keeper
from funding.people.models import Host
from funding.web.forms import Confirm, Form
from funding.web.views import SignedInActionView


class BankForm(Form):
    holder = forms.CharField(label=gettext_lazy("Account holder"), max_length=140)
    bank = forms.CharField(label=gettext_lazy("Bank"), max_length=140)
    number = forms.CharField(
        label=gettext_lazy("IBAN or account number"),
        max_length=42,
        help_text=gettext_lazy("With or without spaces."),
        widget=forms.TextInput(attrs={"class": "code"}),
    )
    bic = forms.CharField(label=gettext_lazy("BIC"), max_length=11, required=False, widget=forms.TextInput(attrs={"class": "short"}))


class Processor(Keeper, TemplateView):
    template_name = "funding/payments/processor.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        last = probe.last()
        return super().get_context_data(
            connected=bool(settings.STRIPE_SECRET_KEY),
            live=probe.live(),
            stand_in=settings.STRIPE_API_BASE,
            signed=bool(settings.STRIPE_WEBHOOK_SECRET),
            webhook=mail.absolute(reverse("payments:webhook")),
            events=[event for event in handlers.EVENTS if event != handlers.OF_CONNECTED],
            last=last,
            waits=last is not None and probe.waits_for_news(last),
            bank=bank.account(),
            **kwargs,
        )


class Asked(Keeper, SignedInActionView):
    success_url = reverse_lazy("payments:processor")
    extra_context = {"cancel_url": reverse_lazy("payments:processor")}


class Replay(Asked):
    form_class = Confirm
    template_name = "components/confirm.html"
    title = gettext_lazy("Replay the flow on your test keys")
    lead = gettext_lazy(
        "A customer, a card page, a saved test card, a charge, its fee, a declined card, a refund and a payee's account are made at the "
        "processor in test mode. No money moves, and nothing is written into the books. It takes some seconds."
    )
    submit = gettext_lazy("Replay the flow")
    extra_context = {**Asked.extra_context, "busy": gettext_lazy("Replaying …")}

    def act(self, form: Confirm) -> None:
        probe.run(actor=self.keeper)


class NameBank(Asked):
    fresh = True
    form_class = BankForm
    template_name = "funding/payments/bank_form.html"
    title = gettext_lazy("The host's bank account")
    lead = gettext_lazy("Where grantors and companies pay to. All administrators and treasurers are told of it by mail.")
    submit = gettext_lazy("Name this account")
    done = gettext_lazy("The bank account is named.")

    def get_initial(self) -> dict[str, Any]:
        host, now = Host.get(), bank.account()
        return {"holder": now.holder if now else host.name if host else "", "bank": now.bank if now else ""}

    def act(self, form: BankForm) -> None:
        host = Host.get()
        if host is None:
            raise Refused(_("Name the host and its currency first."), rule="host")
        data = form.cleaned_data
        bank.name_account(actor=self.keeper, host=host, holder=data["holder"], number=data["number"], bic=data["bic"], bank=data["bank"])
