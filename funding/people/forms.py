from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.audit.models import Record
from funding.audit.words import words
from funding.errors import Invalid
from funding.money import exponent
from funding.people.models import Relation, RoleGrant, User
from funding.web.forms import CountryField, DateField, Form, can_be_seen, one_line

MONTHS = forms.TextInput(attrs={"inputmode": "numeric", "class": "short", "autocomplete": "off"})


class SignupNames(forms.Form):
    """What allauth's sign-up asks besides address and password."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=120,
        help_text=gettext_lazy("As it should appear on work, reviews and decisions."),
        validators=[can_be_seen, one_line],
    )

    field_order = ("name", "email", "password1")

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


class HostForm(Form):
    name = forms.CharField(label=gettext_lazy("Name of the organisation"), max_length=120)
    code = forms.SlugField(
        label=gettext_lazy("Short code"), max_length=20, help_text=gettext_lazy("Appears in references and file names, such as fjord.")
    )
    country = CountryField(label=gettext_lazy("Country"))
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        min_length=3,
        max_length=3,
        help_text=gettext_lazy("Three letters, such as USD. It cannot be changed later."),
    )
    fee = forms.DecimalField(
        label=gettext_lazy("Host's share, percent"),
        min_value=0,
        max_value=50,
        decimal_places=2,
        initial=5,
        help_text=gettext_lazy("Taken from each contribution for running costs, and shown to every sponsor before they pay."),
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

    email = forms.EmailField(
        label=gettext_lazy("Their e-mail address"), help_text=gettext_lazy("Whoever has no account yet is invited to make one.")
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=RoleGrant.Role.choices)
    subject = forms.ChoiceField(label=gettext_lazy("Where"))
    until = DateField(
        label=gettext_lazy("Until"),
        required=False,
        help_text=gettext_lazy("The first day without it. Leave it empty for a role without a term."),
    )

    def __init__(self, *args: Any, subjects: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].choices = subjects

    @property
    def user(self) -> User | None:
        """Whose address it is, or None for somebody who has no account yet."""
        return User.objects.filter(email=self.cleaned_data["email"].lower(), is_active=True).first()


class AddKey(AddWebAuthnForm):
    """allauth's form in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name, alone = self.fields["name"], self.fields["passwordless"]
        name.label, name.max_length = _("What you call it"), 80
        name.validators += [MaxLengthValidator(80), one_line]
        alone.label, alone.help_text = (
            _("May sign in by itself, without the password"),
            _("The key then asks for a fingerprint or a PIN each time."),
        )


class ResetForm(Form):
    reason = forms.CharField(
        label=gettext_lazy("Why, and how you made sure that it is them"),
        max_length=300,
        help_text=gettext_lazy("Kept in the audit log."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ProfileForm(Form):
    name = forms.CharField(label=gettext_lazy("Your name"), max_length=120)
    unnamed = forms.BooleanField(
        label=gettext_lazy("Leave my name out in public where I ask for work or am paid for it"),
        required=False,
        help_text=gettext_lazy(
            "Days, sums and what was done stay public. The desk, the maintainers who approve your days and the committee read your name. "
            "What you write yourself, and an organisation that you are paid through, are shown as they are."
        ),
    )


class EmployerForm(Form):
    name = forms.CharField(
        label=gettext_lazy("Where you work"),
        max_length=200,
        help_text=gettext_lazy("You will not be asked to decide about money that would reach your employer."),
        widget=forms.TextInput(attrs={"list": "workplaces", "autocomplete": "organization"}),
    )


class RelationForm(Form):
    email = forms.EmailField(label=gettext_lazy("Their e-mail address"), max_length=254)
    kind = forms.ChoiceField(label=gettext_lazy("What kind of relation"), choices=Relation.Kind.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label=gettext_lazy("In your words"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Only the two of you read this, and whoever settles it if it is contested."),
    )

    def refuse(self, error: Invalid) -> None:
        error.field = "email" if error.field == "other" else error.field
        super().refuse(error)


class ContestForm(Form):
    why = forms.CharField(label=gettext_lazy("Why it is wrong"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class SettleForm(Form):
    holds = forms.ChoiceField(
        label=gettext_lazy("Is there such a relation?"),
        choices=[("yes", gettext_lazy("Yes, it stands")), ("no", gettext_lazy("No, dismiss it"))],
        widget=forms.RadioSelect,
    )
    because = forms.CharField(
        label=gettext_lazy("Your reason"),
        max_length=300,
        help_text=gettext_lazy("Both of them read it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class MonthsForm(Form):
    cooling = forms.IntegerField(
        label=gettext_lazy("Months that a tie counts after it ended"),
        min_value=0,
        max_value=60,
        help_text=gettext_lazy("For employers, relations and the role of maintainer."),
        widget=MONTHS,
    )
    cowork = forms.IntegerField(
        label=gettext_lazy("Months that shared work ties two people"),
        min_value=0,
        max_value=60,
        help_text=gettext_lazy("On panels: half days on the same project, or one who approved the other's."),
        widget=MONTHS,
    )


class AuditFilter(forms.Form):
    """Read from the address, so that a filtered list is a link."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"), required=False, choices=[("", gettext_lazy("Done and refused")), *Record.OUTCOMES]
    )
    act = forms.ChoiceField(label=gettext_lazy("Act"), required=False)

    def __init__(self, *args: Any, acts: list[str], **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.fields["act"].choices = [("", _("Every act")), *sorted(((act, words(act)) for act in acts), key=lambda choice: choice[1])]


class ActingForm(Form):
    """Somebody who begins or ceases to act for an organisation, and how an administrator knows."""

    email = forms.EmailField(label=gettext_lazy("Their e-mail address"), help_text=gettext_lazy("They need an account first."))
    reason = forms.CharField(
        label=gettext_lazy("How you know"), max_length=300, help_text=gettext_lazy("For example: the board wrote on 3 November.")
    )

    def clean_email(self) -> User:
        user = User.objects.filter(email=self.cleaned_data["email"].lower(), is_active=True).first()
        if user is None:
            raise forms.ValidationError(_("Nobody with this address has an account yet."))
        return user


class ActingDecisionForm(Form):
    AGREE, DECLINE = "agree", "decline"

    decision = forms.ChoiceField(
        label=gettext_lazy("Your decision"),
        widget=forms.RadioSelect,
        choices=[(AGREE, gettext_lazy("Agree")), (DECLINE, gettext_lazy("Decline: nothing changes"))],
        error_messages={"required": gettext_lazy("Choose one of the two.")},
    )
