"""What one person asks for and another agrees to: money back to the grantor, and a tranche that is booked anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.money import Money
from funding.people import independence
from funding.people.roles import Role
from grants.awards import correcting, forms, giving_back, selectors
from grants.awards.desk_views import OfAward, OfTranche
from grants.awards.models import Asked, Correction, GivingBack
from grants.awards.views import grantor

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class GiveBack(OfAward):
    form_class = forms.GiveBackForm
    title = gettext_lazy("Give unspent money back")
    lead = gettext_lazy(
        "Another treasurer or an administrator agrees, and it is booked out of the bank. Send it to the grantor when they have."
    )
    submit = gettext_lazy("Ask for it")
    done = gettext_lazy("It waits for somebody else to agree.")

    @cached_property
    def figures(self) -> selectors.Figures:
        return selectors.figures(self.award)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "currency": self.award.currency}

    def get_initial(self) -> dict[str, Any]:
        own = self.figures.left - self.figures.advanced
        return {"amount": max(own, Money.zero(own.currency))}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.figures
        facts = [
            (_("Grantor"), grantor(self.award, named=True)),
            (_("Received by the award's fund"), it.received),
            (_("Paid ahead by the host, not repaid yet"), it.advanced),
            (_("Spent"), it.spent),
            (_("Reserved for agreed work"), it.reserved),
        ]
        return super().get_context_data(facts=facts, total=(_("Free"), it.left), **kwargs)

    def act(self, form: forms.GiveBackForm) -> None:
        data = form.cleaned_data
        words = {"bank_reference": data["bank_reference"], "reason": data["reason"]}
        giving_back.ask(actor=self.request.user, award=self.award, amount=data["amount"], **words)


class Decide(OfAward):
    """Agree or do without; whoever asked can only do without."""

    fresh = True
    form_class = forms.AgreeForm
    allowed = (Role.TREASURER, Role.ADMIN)
    submit = gettext_lazy("Record the decision")
    done = gettext_lazy("The decision is recorded.")
    lead_in: StrOrPromise = ""
    asked: Asked

    @cached_property
    def hindrance(self) -> independence.Hindrance | None:
        return independence.hindrance(self.request.user, prepared_by=[self.asked.asked_by])

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "may_agree": self.hindrance is None}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        is_open = self.asked.state == Asked.State.ASKED
        lead = self.lead_in
        if not is_open:
            lead = _("It is decided already.")
        elif self.hindrance:
            lead = _("You cannot agree to it. {sentence} You can do without it.").format(sentence=self.hindrance.sentence)
        return super().get_context_data(**{"lead": lead, "hindered": not is_open, **kwargs})


class DecideBack(Decide):
    title = gettext_lazy("Money back to the grantor")
    lead_in = gettext_lazy("When you agree, it is booked out of the bank, and it can be sent.")

    @cached_property
    def asked(self) -> GivingBack:  # type: ignore[override]
        return get_object_or_404(GivingBack.objects.select_related("award__grantor", "asked_by"), award=self.award, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.asked
        facts = [
            (_("Award"), self.award.title),
            (_("To"), grantor(self.award, named=True)),
            (_("{name} asks, because").format(name=it.asked_by.name), it.reason),
            (_("Bank reference"), it.bank_reference),
            (_("Free in the award's fund now"), selectors.figures(self.award).left),
        ]
        return super().get_context_data(facts=facts, total=(_("Back to the grantor"), it.money), **kwargs)

    def act(self, form: forms.AgreeForm) -> None:
        giving_back.decide(actor=self.request.user, asked=self.asked, agreed=form.agreed, words=form.cleaned_data["words"])


class Correct(OfTranche):
    form_class = forms.CorrectForm
    title = gettext_lazy("Correct what was booked")
    lead = gettext_lazy(
        "Another treasurer or an administrator agrees. Where the sum or the day was wrong, the books then get the mirror of the old "
        "entry and a fresh one; that cannot be done once some of the money is spent, reserved or given back."
    )
    submit = gettext_lazy("Ask for the correction")
    done = gettext_lazy("It waits for somebody else to agree.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "currency": self.award.currency}

    def get_initial(self) -> dict[str, Any]:
        it = self.tranche
        booked = selectors.arrivals([self.award]).get(it.pk, 0)
        return {
            "amount": Money(booked, self.award.currency),
            "arrived_on": it.arrived_on,
            "bank_reference": it.bank_reference,
            "evidence": it.evidence,
        }

    def act(self, form: forms.CorrectForm) -> None:
        names = ("amount", "arrived_on", "bank_reference", "evidence", "reason")
        correcting.ask(actor=self.request.user, tranche=self.tranche, **{name: form.cleaned_data[name] for name in names})


class DecideCorrection(Decide, OfTranche):
    title = gettext_lazy("A correction of what was booked")
    lead_in = gettext_lazy("Compare it with the bank's statement. When you agree, the tranche is booked as it is right.")

    @cached_property
    def asked(self) -> Correction:  # type: ignore[override]
        found = Correction.objects.select_related("tranche__award__grantor", "asked_by")
        return get_object_or_404(found, tranche=self.tranche, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.asked
        facts = [
            (_("Award"), _("{title}, tranche {number}").format(title=self.award.title, number=self.tranche.number)),
            (_("{name} says that this was wrong").format(name=it.asked_by.name), it.reason),
            (_("Booked: sum"), it.was),
            (_("Booked: day"), it.was_arrived_on),
            (_("Booked: bank reference"), it.was_bank_reference),
            (_("Booked: evidence"), it.was_evidence),
            (_("Right: day"), it.arrived_on),
            (_("Right: bank reference"), it.bank_reference),
            (_("Right: evidence"), it.evidence),
        ]
        return super().get_context_data(facts=facts, total=(_("Right: sum"), it.money), **kwargs)

    def act(self, form: forms.AgreeForm) -> None:
        correcting.decide(actor=self.request.user, asked=self.asked, agreed=form.agreed, words=form.cleaned_data["words"])
