from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.errors import Invalid
from funding.people.models import Party
from funding.web.forms import CountryField, Form, LinesField
from sponsors.dunning import plan
from sponsors.sponsorships import naming
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.models import Tier

KINDS = [(Party.Kind.PERSON, gettext_lazy("A person")), (Party.Kind.ORGANISATION, gettext_lazy("A company or another organisation"))]
NAMING = [
    (Sponsorship.Naming.PUBLIC, gettext_lazy("By name: the public name below is on the project's page and in the books")),
    (Sponsorship.Naming.UNNAMED, format_lazy(gettext_lazy("Unnamed: listed as “{name}”, with the sum"), name=naming.UNNAMED_WORDS)),
    (
        Sponsorship.Naming.SECRET,
        format_lazy(gettext_lazy("Secret: not listed as a sponsor by name; the books say “{name}” and the sum"), name=naming.SECRET_WORDS),
    ),
]

LONGEST_EMAIL = 254
NO_COUNTRY = gettext_lazy("Choose the country in which the company is registered.")


def name_hint(tier: Tier) -> str:
    """What the name on the receipt is for, and whose it is where a company may pay."""
    printed = _("Printed on the receipt. It is public too if you choose “By name” and leave the public name empty.")
    if tier.audience == Tier.Audience.PERSON:
        return printed
    company = tier.audience == Tier.Audience.COMPANY
    legal = _("The company's legal name.") if company else _("For a company, its legal name.")
    return f"{legal} {printed}"


class JoinForm(Form):
    """Who pays and how they are named. The card is entered on the processor's page."""

    kind = forms.ChoiceField(label=gettext_lazy("Who pays"), choices=KINDS, widget=forms.RadioSelect, initial=Party.Kind.PERSON)
    name = forms.CharField(
        label=gettext_lazy("Name on the receipt"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    country = CountryField(
        label=gettext_lazy("Country"),
        required=False,
        help_text=gettext_lazy("For companies: where it is registered."),
        error_messages={"required": NO_COUNTRY},
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=LONGEST_EMAIL,
        help_text=gettext_lazy("The receipt goes here, with a link to stop at any time."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    naming = forms.ChoiceField(
        label=gettext_lazy("How you are named in public"), choices=NAMING, widget=forms.RadioSelect, initial=naming.PUBLIC
    )
    public_name = forms.CharField(
        label=gettext_lazy("Public name"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Left empty, the name on the receipt is used."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )

    def __init__(self, *args: Any, tier: Tier, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = name_hint(tier)
        only = {Tier.Audience.PERSON: Party.Kind.PERSON, Tier.Audience.COMPANY: Party.Kind.ORGANISATION}.get(Tier.Audience(tier.audience))
        if only:
            self.fields["kind"] = forms.CharField(widget=forms.HiddenInput, initial=only)
        if tier.audience == Tier.Audience.PERSON:
            del self.fields["country"]
        if tier.audience == Tier.Audience.COMPANY:
            self.fields["name"].widget.attrs["autocomplete"] = "organization"
            self.fields["country"].required = True
            self.fields["country"].help_text = _("Where the company is registered.")

    def clean_email(self) -> str:
        """In small letters, of which some letters of a domain need more than one."""
        address = str(self.cleaned_data["email"]).lower()
        if len(address) > LONGEST_EMAIL:
            raise forms.ValidationError(_("This address is too long."))
        return address

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == Party.Kind.ORGANISATION and "country" not in self.errors and not data.get("country"):
            self.add_error("country", NO_COUNTRY)
        return data

    def details(self) -> dict[str, Any]:
        """What `billing.services.join` takes."""
        data = self.cleaned_data
        return {
            "kind": data["kind"],
            "name": data["name"],
            "email": data["email"],
            "country": data.get("country", ""),
            "naming": data["naming"],
            "public_name": data["public_name"],
        }


STEP_HELP = gettext_lazy(
    "One step a line: its day after the refusal, then “try” if the card is tried, then “reminder” or “last” for a mail."
)


class StepsForm(Form):
    """The table of steps. It is text, one step a line, because it is changed once a year and read much more often."""

    steps = LinesField(label=gettext_lazy("Steps"), max_length=600, help_text=STEP_HELP)
    grace_days = forms.IntegerField(
        label=gettext_lazy("Days of grace"),
        min_value=0,
        max_value=plan.LONGEST,
        help_text=gettext_lazy("For how long perks go on beyond what is paid."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short", "autocomplete": "off"}),
    )
    lapse_after = forms.IntegerField(
        label=gettext_lazy("Lapses on day"),
        min_value=1,
        max_value=plan.LONGEST,
        help_text=gettext_lazy("After the last step. Nothing is charged any more and nothing is owed."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short", "autocomplete": "off"}),
    )
    never_retried = LinesField(
        rows=8,
        label=gettext_lazy("Never tried again"),
        max_length=3_000,
        required=False,
        help_text=gettext_lazy("The processor's decline codes after which the same card is not tried without its owner, one a line."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("steps", "never_retried"):
            self.fields[name].widget.attrs["translate"] = "no"

    @staticmethod
    def of(version: int, table: plan.Plan) -> dict[str, Any]:
        """What the form shows for a table."""
        return {
            "steps": plan.step_lines(table.steps),
            "grace_days": table.grace_days,
            "lapse_after": table.lapse_after,
            "never_retried": plan.lines(table.never_retried),
            "version": version,
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                self.plan = plan.Plan(
                    steps=plan.read_steps(data["steps"]),
                    grace_days=data["grace_days"],
                    lapse_after=data["lapse_after"],
                    never_retried=plan.codes(data["never_retried"]),
                )
                self.plan.check()
            except Invalid as error:
                self.refuse(error)
        return data
