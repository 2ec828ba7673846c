from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding import days
from funding.errors import Invalid
from funding.funds.models import Fund
from funding.funds.selectors import Payer
from funding.money import Money
from funding.web.forms import AmountField, DaysField, Form, StoryField


class ProjectForm(Form):
    """What a project says and aims for. `currency` is the host's, or the project's own once it has one."""

    summary = forms.CharField(
        label=gettext_lazy("In one sentence"), max_length=200, help_text=gettext_lazy("What it is, for somebody who has not heard of it.")
    )
    headline = forms.CharField(
        label=gettext_lazy("Headline"),
        max_length=120,
        required=False,
        help_text=gettext_lazy(
            "What a sponsor gets, such as: Marit can work for your company full time. The price of the first tier follows it."
        ),
    )
    story = StoryField(
        label=gettext_lazy("Story"),
        rows=14,
        required=False,
        help_text=gettext_lazy("Why the work matters and what will be done. In Markdown."),
    )
    homepage = forms.URLField(label=gettext_lazy("Website"), max_length=200, required=False, assume_scheme="https")
    target_half_days = DaysField(
        label=gettext_lazy("Days a month"), help_text=gettext_lazy("What full funding would pay for. 20 days are one person's full time.")
    )
    rate = AmountField(
        label=gettext_lazy("Reference day rate"), help_text=gettext_lazy("What one day costs here, so that a sum can be told in days.")
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**31 - 1)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        before_tax = _("In {currency}, before tax.").format(currency=currency)
        self.fields["rate"].help_text = f"{self.fields['rate'].help_text} {before_tax}"

    def clean_rate(self) -> Money:
        rate = AmountField.money(self.cleaned_data["rate"], self.currency)
        try:
            return days.check_rate(rate)
        except Invalid as error:
            raise forms.ValidationError(error.message) from error

    def clean_homepage(self) -> str:
        address = str(self.cleaned_data["homepage"])
        if address and not address.startswith(("https://", "http://")):
            raise forms.ValidationError(_("Enter an address that starts with https://."))
        return address


class NewProjectForm(ProjectForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    slug = forms.SlugField(
        label=gettext_lazy("Address"),
        max_length=40,
        help_text=gettext_lazy("The last part of its address here, such as quillon. It cannot be changed later."),
    )

    field_order = ("name", "slug", "summary", "headline", "story", "homepage", "target_half_days", "rate")

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]).lower()
        if slug == "new" or slug.startswith(("host-", "reserve-", "goal-", "award-")):
            raise forms.ValidationError(_("This address is kept for the site itself."))
        return slug


class FundChoice(forms.ChoiceField):
    """One of the funds, by its key, with what it has."""

    def __init__(self, label: str) -> None:
        super().__init__(label=label, choices=[])

    def offer(self, funds: Sequence[Fund]) -> None:
        words = _("{name}: {available} available")
        offered = [(str(fund.pk), words.format(name=fund.name, available=fund.account.available)) for fund in funds]
        self.choices = [("", _("Choose a fund")), *offered]


class MoveForm(Form):
    """A sum from one fund to another. `funds` are those to choose from."""

    giver = FundChoice(gettext_lazy("From"))
    taker = FundChoice(gettext_lazy("To"))
    amount = AmountField(label=gettext_lazy("Sum"), help_text=gettext_lazy("In the currency of the fund that it comes from."))
    reason = StoryField(label=gettext_lazy("Why"), rows=3, max_length=300)

    def __init__(self, *args: Any, funds: Sequence[Fund], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {str(fund.pk): fund for fund in funds}
        for name in ("giver", "taker"):
            self.fields[name].offer(funds)

    @property
    def terms(self) -> dict[str, Any]:
        """What the service takes. Call it once the form is valid."""
        data = self.cleaned_data
        giver, taker = (self.known[data[name]] for name in ("giver", "taker"))
        return {"giver": giver, "taker": taker, "amount": data["money"], "reason": data["reason"]}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "giver" in data and "amount" in data:
            try:
                data["money"] = AmountField.money(data["amount"], self.known[data["giver"]].currency)
            except forms.ValidationError as error:
                self.add_error("amount", error)
        return data


class RecallForm(Form):
    """How much of a move is called back."""

    amount = AmountField(label=gettext_lazy("Sum"), help_text=gettext_lazy("No more than is unspent of the move."))
    reason = StoryField(label=gettext_lazy("Why"), rows=3, max_length=300)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_amount(self) -> Money:
        return AmountField.money(self.cleaned_data["amount"], self.currency)

    @property
    def terms(self) -> dict[str, Any]:
        return {"amount": self.cleaned_data["amount"], "reason": self.cleaned_data["reason"]}


class MoveReasonForm(Form):
    reason = StoryField(label=gettext_lazy("Why it is not done"), rows=3, max_length=300)


class TopUpForm(Form):
    """Which fund, or which line of its budget, pays for approved work that waits."""

    fund = forms.ChoiceField(
        label=gettext_lazy("Fund"),
        choices=[],
        widget=forms.RadioSelect,
        error_messages={
            "invalid_choice": gettext_lazy("What the funds buy has changed since you opened the page. Choose from what there is now.")
        },
    )

    def __init__(self, *args: Any, payers: Sequence[Payer], wanted: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.payers = {payer.key: payer for payer in payers}
        now, later = ([(it.key, self._words(it, wanted)) for it in payers if it.whole == whole] for whole in (False, True))
        groups = [(_("The work begins now"), now), (_("The work begins once the money is there"), later)]
        self.fields["fund"].choices = [(title, choices) for title, choices in groups if choices]

    @staticmethod
    def _words(payer: Payer, wanted: int) -> str:
        if payer.whole:
            words = _("{name}: {available} so far, pays for all {wanted} days once it can")
        else:
            words = _("{name}: {available} available, buys {bought} of {wanted} days now")
        return words.format(name=payer.name, available=payer.available, bought=days.words(payer.half_days or 0), wanted=days.words(wanted))

    @property
    def chosen(self) -> Payer:
        return self.payers[self.cleaned_data["fund"]]
