from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest

from funding.audit.models import Record
from funding.errors import Invalid
from funding.money import exponent
from funding.people.models import Relation, RoleGrant, User
from funding.web.forms import CountryField, DateField, Form, can_be_seen, one_line

MONTHS = forms.TextInput(attrs={"inputmode": "numeric", "class": "short", "autocomplete": "off"})


class SignupNames(forms.Form):
    """What allauth's sign-up asks besides address and password."""

    name = forms.CharField(
        label="Your name",
        max_length=120,
        help_text="As it should appear on work, reviews and decisions.",
        validators=[can_be_seen, one_line],
    )

    field_order = ("name", "email", "password1")

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


class HostForm(Form):
    name = forms.CharField(label="Name of the organisation", max_length=120)
    code = forms.SlugField(label="Short code", max_length=20, help_text="Appears in references and file names, such as fjord.")
    country = CountryField(label="Country")
    currency = forms.CharField(
        label="Currency", min_length=3, max_length=3, help_text="Three letters, such as USD. It cannot be changed later."
    )
    fee = forms.DecimalField(
        label="Host's share, percent",
        min_value=0,
        max_value=50,
        decimal_places=2,
        initial=5,
        help_text="Taken from each contribution for running costs, and shown to every sponsor before they pay.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "short"}),
    )

    def clean_currency(self) -> str:
        code = str(self.cleaned_data["currency"]).upper()
        try:
            exponent(code)
        except Invalid as error:
            raise forms.ValidationError(error.message) from error
        return code

    @property
    def basis_points(self) -> int:
        return int(self.cleaned_data["fee"] * 100)


class RoleForm(Form):
    """Who gets which role. The subjects on offer come from the view, because they live above this app."""

    email = forms.EmailField(label="Their e-mail address", help_text="Whoever has no account yet is invited to make one.")
    role = forms.ChoiceField(label="Role", choices=RoleGrant.Role.choices)
    subject = forms.ChoiceField(label="Where")
    until = DateField(label="Until", required=False, help_text="The first day without it. Leave it empty for a role without a term.")

    def __init__(self, *args: Any, subjects: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].choices = subjects  # type: ignore[attr-defined]

    @property
    def user(self) -> User | None:
        """Whose address it is, or None for somebody who has no account yet."""
        return User.objects.filter(email=self.cleaned_data["email"].lower(), is_active=True).first()


class AddKey(AddWebAuthnForm):
    """allauth's form in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name, alone = self.fields["name"], self.fields["passwordless"]
        name.label, name.max_length = "What you call it", 80
        name.validators += [MaxLengthValidator(80), one_line]
        alone.label, alone.help_text = (
            "May sign in by itself, without the password",
            "The key then asks for a fingerprint or a PIN each time.",
        )


class ResetForm(Form):
    reason = forms.CharField(
        label="Why, and how you made sure that it is them",
        max_length=300,
        help_text="Kept in the audit log.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ProfileForm(Form):
    name = forms.CharField(label="Your name", max_length=120)


class EmployerForm(Form):
    name = forms.CharField(
        label="Where you work",
        max_length=200,
        help_text="You will not be asked to decide about money that would reach your employer.",
        widget=forms.TextInput(attrs={"list": "workplaces", "autocomplete": "organization"}),
    )


class RelationForm(Form):
    email = forms.EmailField(label="Their e-mail address", max_length=254)
    kind = forms.ChoiceField(label="What kind of relation", choices=Relation.Kind.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label="In your words",
        max_length=200,
        required=False,
        help_text="Only the two of you read this, and whoever settles it if it is contested.",
    )

    def refuse(self, error: Invalid) -> None:
        error.field = "email" if error.field == "other" else error.field
        super().refuse(error)


class ContestForm(Form):
    why = forms.CharField(label="Why it is wrong", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class SettleForm(Form):
    holds = forms.ChoiceField(
        label="Is there such a relation?",
        choices=[("yes", "Yes, it stands"), ("no", "No, dismiss it")],
        widget=forms.RadioSelect,
    )
    because = forms.CharField(
        label="Your reason", max_length=300, help_text="Both of them read it.", widget=forms.Textarea(attrs={"rows": 3})
    )


class MonthsForm(Form):
    cooling = forms.IntegerField(
        label="Months that a tie counts after it ended",
        min_value=0,
        max_value=60,
        help_text="For employers, relations and the role of maintainer.",
        widget=MONTHS,
    )
    cowork = forms.IntegerField(
        label="Months that shared work ties two people",
        min_value=0,
        max_value=60,
        help_text="On panels: half days on the same project, or one who approved the other’s.",
        widget=MONTHS,
    )


class AuditFilter(forms.Form):
    """Read from the address, so that a filtered list is a link."""

    outcome = forms.ChoiceField(label="Outcome", required=False, choices=[("", "Done and refused"), *Record.OUTCOMES])
    act = forms.ChoiceField(label="Act", required=False)

    def __init__(self, *args: Any, acts: list[str], **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.fields["act"].choices = [("", "Every act"), *((act, act) for act in acts)]  # type: ignore[attr-defined]


class ActingForm(Form):
    """Somebody who begins or ceases to act for an organisation, and how an administrator knows."""

    email = forms.EmailField(label="Their e-mail address", help_text="They need an account first.")
    reason = forms.CharField(label="How you know", max_length=300, help_text="For example: the board wrote on 3 November.")

    def clean_email(self) -> User:
        user = User.objects.filter(email=self.cleaned_data["email"].lower(), is_active=True).first()
        if user is None:
            raise forms.ValidationError("Nobody with this address has an account yet.")
        return user


class ActingDecisionForm(Form):
    AGREE, DECLINE = "agree", "decline"

    decision = forms.ChoiceField(
        label="Your decision",
        widget=forms.RadioSelect,
        choices=[(AGREE, "Agree"), (DECLINE, "Decline: nothing changes")],
        error_messages={"required": "Choose one of the two."},
    )
