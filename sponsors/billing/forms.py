from __future__ import annotations

from functools import lru_cache
from typing import Any

from babel import Locale
from django import forms

from funding.people.models import Party
from funding.web.forms import Form
from sponsors.sponsorships import naming
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.models import Tier

KINDS = [(Party.Kind.PERSON, "A person"), (Party.Kind.ORGANISATION, "A company or another organisation")]
NAMING = [
    (Sponsorship.Naming.PUBLIC, "By name: the public name below is on the project's page and in the books"),
    (Sponsorship.Naming.UNNAMED, f"Unnamed: listed as “{naming.UNNAMED_WORDS}”, with the sum"),
    (Sponsorship.Naming.SECRET, f"Secret: not listed as a sponsor by name; the books say “{naming.SECRET_WORDS}” and the sum"),
]

LONGEST_EMAIL = 254
NOT_COUNTRIES = {"ZZ", "XA", "XB", "EU", "EZ", "UN"}
"""Two-letter codes of the same list that nobody lives in."""


@lru_cache
def countries() -> list[tuple[str, str]]:
    """Two-letter codes with their English names, A to Z."""
    names = Locale("en").territories
    found = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES]
    return sorted(found, key=lambda item: item[1])


class JoinForm(Form):
    """Who pays and how they are named. The card is entered on the processor's page."""

    kind = forms.ChoiceField(label="Who pays", choices=KINDS, widget=forms.RadioSelect, initial=Party.Kind.PERSON)
    name = forms.CharField(
        label="Name on the receipt",
        max_length=200,
        help_text="A company's legal name. Only you and the host see it.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    country = forms.ChoiceField(
        label="Country",
        required=False,
        help_text="For companies: where it is registered.",
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )
    email = forms.EmailField(
        label="E-mail address",
        max_length=LONGEST_EMAIL,
        help_text="The receipt goes here, with a link to stop at any time.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    naming = forms.ChoiceField(label="How you are named in public", choices=NAMING, widget=forms.RadioSelect, initial=naming.PUBLIC)
    public_name = forms.CharField(
        label="Public name",
        max_length=80,
        required=False,
        help_text="Left empty, the name on the receipt is used.",
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )

    def __init__(self, *args: Any, tier: Tier, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", "Choose a country"), *countries()]  # type: ignore[attr-defined]
        only = {Tier.Audience.PERSON: Party.Kind.PERSON, Tier.Audience.COMPANY: Party.Kind.ORGANISATION}.get(Tier.Audience(tier.audience))
        if only:
            self.fields["kind"] = forms.CharField(widget=forms.HiddenInput, initial=only)
        if tier.audience == Tier.Audience.PERSON:
            del self.fields["country"]

    def clean_email(self) -> str:
        """In small letters, of which some letters of a domain need more than one."""
        address = str(self.cleaned_data["email"]).lower()
        if len(address) > LONGEST_EMAIL:
            raise forms.ValidationError("This address is too long.")
        return address

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == Party.Kind.ORGANISATION and "country" not in self.errors and not data.get("country"):
            self.add_error("country", "Choose the country in which the company is registered.")
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
