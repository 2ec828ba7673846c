"""Ask for a refund, approve it, decline it: each a page that says what it does to whom before the press."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.errors import Conflict, Invalid
from funding.money import Money
from funding.people import roles
from funding.people.roles import Role
from funding.web.views import SignedInActionView
from sponsors.invoices import selectors as payments
from sponsors.invoices.models import Payment
from sponsors.refunds import policies, selectors, services, taking
from sponsors.refunds.forms import ApproveForm, AskForm, DeclineForm
from sponsors.refunds.models import Refund
from sponsors.refunds.views.reading import bearers_table, hindrance


class Office(SignedInActionView):
    """A form for treasurers; `allowed` may be wider. The service asks again and puts a refusal on record."""

    allowed: tuple[str, ...] = (Role.TREASURER,)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and request.method != "POST":
            roles.require(request.user, *self.allowed)
        elif request.user.is_authenticated:
            policies.require_desk(request.user)
        return super().dispatch(request, *args, **kwargs)


class Ask(Office):
    fresh = True
    form_class = AskForm
    template_name = "sponsors/refunds/ask.html"
    submit = gettext_lazy("Ask for this refund")

    @cached_property
    def payment(self) -> Payment:
        return get_object_or_404(payments.payments(), ref=self.kwargs["payment"], state__in=Payment.TAKEN)

    @cached_property
    def left(self) -> Money:
        return Money(taking.left(self.payment.entry) if self.payment.entry else 0, self.payment.currency)

    @property
    def title(self) -> str:
        return _("Refund {ref}").format(ref=self.payment.ref)

    def get_form_kwargs(self) -> dict[str, Any]:
        recurring = self.payment.invoice.sponsorship.recurring and self.payment.invoice.sponsorship.stopped_at is None
        return {**super().get_form_kwargs(), "left": self.left, "recurring": recurring}

    def get_initial(self) -> dict[str, Any]:
        return {"amount": self.left}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.payment
        sponsorship = it.invoice.sponsorship
        facts = [
            (_("Payment"), it.ref),
            (_("Paid"), it.paid_on),
            (_("By"), it.invoice.billed_name),
            (_("For"), f"{sponsorship.project}: {sponsorship.tier_name}"),
            (_("Sum"), it.money),
            (_("Can still go back"), self.left),
        ]
        return super().get_context_data(
            payment=it, facts=facts, cancel_url=reverse("refunds:index"), **{"what": self._forecast(self.left), **kwargs}
        )

    def form_valid(self, form: AskForm) -> HttpResponse:
        if "preview" in self.request.POST:
            return self.render_to_response(self.get_context_data(form=form, what=self._forecast(form.cleaned_data["amount"])))
        return super().form_valid(form)

    def act(self, form: AskForm) -> str:
        data = form.cleaned_data
        refund = services.ask(
            actor=self.request.user,
            payment=self.payment,
            amount=data["amount"],
            category=data["category"],
            reason=data["reason"],
            stop=bool(data.get("stop")),
        )
        return refund.get_absolute_url()

    def _forecast(self, amount: Money) -> dict[str, Any]:
        try:
            plan = services.forecast(payment=self.payment, amount=amount).plan
        except (Conflict, Invalid) as error:
            return {"amount": amount, "refused": error.message}
        currency = amount.currency
        return {
            "amount": amount,
            "table": bearers_table(
                selectors.bearers(plan, currency), _("What a refund of {amount} would do now").format(amount=amount), currency
            ),
            "others": Money(plan.from_others, currency),
            "missing": Money(plan.from_shortfall, currency),
        }


class OfRefund(Office):
    allowed = (Role.TREASURER, Role.ADMIN)

    @cached_property
    def refund(self) -> Refund:
        return get_object_or_404(selectors.refunds(), ref=self.kwargs["ref"])

    @property
    def facts(self) -> list[tuple[str, Any]]:
        it = self.refund
        return [
            (_("Refund"), it.ref),
            (_("Payment"), it.payment.ref),
            (_("Sponsor"), it.payment.invoice.billed_name),
            (_("Asked by"), it.asked_by.name if it.asked_by else _("the processor")),
            (_("Because"), it.reason),
        ]

    def get_success_url(self) -> str:
        return self.refund.get_absolute_url()


class Approve(OfRefund):
    fresh = True
    form_class = ApproveForm
    template_name = "sponsors/refunds/approve.html"
    done = gettext_lazy("The refund is approved and is being sent.")

    def get_initial(self) -> dict[str, Any]:
        return {"from_others": self.refund.from_others}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.refund
        if it.state != Refund.State.REQUESTED and self.request.method != "POST":
            raise Http404("Nothing to approve")
        plan = None
        try:
            plan = services.forecast(payment=it.payment, amount=it.money).plan
        except (Conflict, Invalid) as error:
            kwargs["refused"] = error.message
        others = Money(it.from_others, it.currency)
        return super().get_context_data(
            title=_("Approve refund {ref}").format(ref=it.ref),
            lead=_("The money is sent to the sponsor's card at once and cannot be called back."),
            facts=[*self.facts, (_("Carried by others"), others)],
            total=(_("To the sponsor"), it.money),
            table=bearers_table(selectors.bearers(plan, it.currency), _("Who would bear it now"), it.currency) if plan else None,
            hindrance=hindrance(self.request.user, it),
            submit=_("Refund {money}, {others} of it with other money").format(money=it.money, others=others),
            cancel_url=it.get_absolute_url(),
            **kwargs,
        )

    def act(self, form: ApproveForm) -> None:
        services.approve(actor=self.request.user, refund=self.refund, from_others=form.cleaned_data["from_others"])


class Decline(OfRefund):
    form_class = DeclineForm
    template_name = "components/confirm.html"
    submit = gettext_lazy("Do not refund")
    done = gettext_lazy("The refund is not made.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.refund
        return super().get_context_data(
            title=_("Decline refund {ref}").format(ref=it.ref),
            lead=_("Nothing moves, and the sponsor is not told."),
            facts=self.facts,
            total=(_("Not refunded"), it.money),
            cancel_url=it.get_absolute_url(),
            danger=True,
            **kwargs,
        )

    def act(self, form: DeclineForm) -> None:
        services.decline(actor=self.request.user, refund=self.refund, reason=form.cleaned_data["reason"])
