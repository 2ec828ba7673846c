from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.funds import needs
from funding.funds.models import Need, Project
from funding.money import Money
from funding.web.forms import AmountField, DateField, Form, LinesField, StoryField, can_be_seen, one_line
from grants.awards.models import Award, Tranche
from grants.awards.services import LineTerms, Terms, TrancheTerms

MOST_ROWS = 40


class AwardForm(Form):
    """What an award says. Budget lines and tranches are written one to a line; the services check that they add up."""

    title = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("How everybody reads it, such as Alder 24-117: safer parsers.")
    )
    number = forms.CharField(
        label=gettext_lazy("Number"), max_length=60, help_text=gettext_lazy("The grantor's own number of the agreement.")
    )
    grantor = forms.CharField(label=gettext_lazy("Grantor"), max_length=200, help_text=gettext_lazy("The institution that gives it."))
    unnamed = forms.BooleanField(
        label=gettext_lazy("The grantor wants to be unnamed in public"),
        required=False,
        help_text=gettext_lazy("Only the host's desk then sees its name and number. Keep them out of the award's name above."),
    )
    amount = AmountField(label=gettext_lazy("Whole sum"))
    purpose = StoryField(
        label=gettext_lazy("Purpose"), rows=3, max_length=300, help_text=gettext_lazy("What the agreement says that the money is for.")
    )
    projects = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Projects that it may pay for"), queryset=Project.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    starts_on = DateField(label=gettext_lazy("First day of work"))
    ends_on = DateField(label=gettext_lazy("Last day of work"))
    closeout_on = DateField(label=gettext_lazy("Closeout"), help_text=gettext_lazy("The last day on which it pays anybody."))
    lines = LinesField(
        label=gettext_lazy("Budget lines"),
        max_length=4_000,
        help_text=gettext_lazy("One to a line, the sum first. Together they are the whole sum.<br>60000.00 Engineering<br>30000.00 Docs"),
    )
    tranches = LinesField(
        label=gettext_lazy("Tranches"),
        max_length=20_000,
        help_text=gettext_lazy(
            "One to a line: the due date, the sum, what it is paid on, and after a | its condition, if it has one. "
            "Together they are the whole sum.<br>2026-09-01 50000.00 Signature<br>2027-03-01 40000.00 Report | The report is accepted"
        ),
    )
    need = forms.ModelChoiceField(
        label=gettext_lazy("Raised for"),
        queryset=Need.objects.none(),
        required=False,
        empty_label=gettext_lazy("Nothing in particular: decisions name the award"),
        help_text=gettext_lazy("Approved work that waits for money. What is booked into the award's fund is offered to it."),
    )
    need_line = forms.CharField(
        label=gettext_lazy("Budget line that pays for it"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Its name, as it is written above."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, currency: str, award: Award | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"].help_text = _("In {currency}, as the agreement promises it.").format(currency=currency)
        self.fields["projects"].queryset = Project.objects.all()
        self._offer_needs(award.need_id if award else None)

    def _offer_needs(self, own: int | None) -> None:
        wanted = Need.objects.filter(Q(state=Need.State.WANTED, fund=None, currency=self.currency) | Q(pk=own))
        told = needs.describe(wanted)
        if not told:
            del self.fields["need"], self.fields["need_line"]
            return
        field: Any = self.fields["need"]
        field.queryset = wanted
        field.label_from_instance = lambda need: f"{told[need.about].text}, {need.price}"

    def clean_amount(self) -> Money:
        return AmountField.money(self.cleaned_data["amount"], self.currency)

    def clean_lines(self) -> list[LineTerms]:
        found = []
        for number, row in _rows(self.cleaned_data["lines"]):
            sum_, _space, name = row.partition(" ")
            with _told(number):
                if not name:
                    raise ValidationError(_("Write a sum, a space and a name."))
                found.append(LineTerms(_words(name, 80), AmountField.money(sum_, self.currency)))
        return found

    def clean_tranches(self) -> list[TrancheTerms]:
        found = []
        for number, row in _rows(self.cleaned_data["tranches"]):
            with _told(number):
                parts = row.split(" ", 2)
                if len(parts) < 3:
                    raise ValidationError(_("Write a date, a sum and what it is paid on."))
                trigger, bar, condition = (part.strip() for part in parts[2].partition("|"))
                due_on = _day(parts[0])
                sum_ = AmountField.money(parts[1], self.currency)
                found.append(TrancheTerms(due_on, sum_, _words(trigger, 200), _words(condition, 300) if bar else ""))
        return found

    @property
    def terms(self) -> Terms:
        names = ("title", "number", "grantor", "unnamed", "amount", "purpose", "starts_on", "ends_on", "closeout_on", "lines", "tranches")
        data = self.cleaned_data
        need, line = data.get("need"), data.get("need_line", "")
        return Terms(projects=list(data["projects"]), need=need, need_line=line, **{name: data[name] for name in names})


class NewAwardForm(AwardForm):
    slug = forms.SlugField(
        label=gettext_lazy("Address"),
        max_length=40,
        help_text=gettext_lazy("Small letters, figures and hyphens. It cannot be changed later."),
    )
    field_order = ("title", "slug")


def written(award: Award) -> dict[str, Any]:
    """What an award says, as the form has it."""
    names = ("title", "number", "unnamed", "purpose", "starts_on", "ends_on", "closeout_on", "need", "need_line", "version")
    return {
        **{name: getattr(award, name) for name in names},
        "grantor": award.grantor.name,
        "amount": award.money,
        "projects": list(award.projects.all()),
        "lines": "\n".join(f"{line.money.decimal} {line.name}" for line in award.lines.all()),
        "tranches": "\n".join(_tranche(it) for it in award.tranches.all()),
    }


class NeededMostly(StoryField):
    """Words that one choice does without, so they are not drawn as optional."""

    def validate(self, value: str) -> None:
        if value:
            super().validate(value)


class MoveForm(Form):
    """Where an award stands now; only what may follow is offered."""

    to = forms.ChoiceField(label=gettext_lazy("It is now"), widget=forms.RadioSelect)
    words = NeededMostly(
        label=gettext_lazy("Reason, or where the signed agreement is"),
        rows=3,
        max_length=300,
        help_text=gettext_lazy("An application does without."),
    )

    def __init__(self, *args: Any, award: Award, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        after = Award.LIFECYCLE.table[award.state] - {Award.State.ACTIVE}
        self.fields["to"].choices = [(value, label) for value, label in Award.State.choices if value in after]


class ActivateForm(Form):
    """Nothing to fill in; it says which terms were compared with the agreement."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class BookForm(Form):
    amount = AmountField(label=gettext_lazy("Sum that arrived"))
    arrived_on = DateField(label=gettext_lazy("Day on the bank's statement"))
    bank_reference = forms.CharField(
        label=gettext_lazy("Bank reference"), max_length=100, help_text=gettext_lazy("As the statement has it. Each is booked once.")
    )
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"), max_length=300, help_text=gettext_lazy("Where the statement or the grantor's notice can be found.")
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"].help_text = _("In {currency}. It may differ from what was promised.").format(currency=currency)

    def clean_amount(self) -> Money:
        return AmountField.money(self.cleaned_data["amount"], self.currency)


class CorrectForm(BookForm):
    """What is right, as the bank's statement has it, and what was wrong."""

    reason = StoryField(label=gettext_lazy("What was wrong"), rows=3, max_length=300)


class GiveBackForm(Form):
    amount = AmountField(label=gettext_lazy("Sum"))
    bank_reference = forms.CharField(
        label=gettext_lazy("Bank reference"),
        max_length=100,
        help_text=gettext_lazy("The reference of the bank's payment to the grantor. Each is booked once."),
    )
    reason = StoryField(
        label=gettext_lazy("Why it goes back"),
        rows=3,
        max_length=300,
        help_text=gettext_lazy("And where the grantor asks for it, if it does."),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"].help_text = _("In {currency}. At most what is free.").format(currency=currency)

    def clean_amount(self) -> Money:
        return AmountField.money(self.cleaned_data["amount"], self.currency)


class AgreeForm(Form):
    """The second person's decision. `may_agree` is False for whoever asked: they can only do without."""

    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        widget=forms.RadioSelect,
        choices=[("agree", gettext_lazy("Agree: book it")), ("refuse", gettext_lazy("Do without it: nothing is booked"))],
    )
    words = StoryField(label=gettext_lazy("Why it is not done"), rows=3, max_length=300, required=False)

    def __init__(self, *args: Any, may_agree: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_agree:
            self.fields["decision"].choices = self.fields["decision"].choices[1:]

    @property
    def agreed(self) -> bool:
        return bool(self.cleaned_data["decision"] == "agree")


class ClaimForm(Form):
    """`held`: the money is here, so it may also go back."""

    back = forms.ChoiceField(
        label=gettext_lazy("The condition"), widget=forms.RadioSelect, initial="met",
        choices=[("met", gettext_lazy("It is met")), ("back", gettext_lazy("It will not be met, and the money goes back to the grantor"))],
    )  # fmt: skip
    words = StoryField(label=gettext_lazy("What shows it"), rows=3, max_length=300)

    def __init__(self, *args: Any, held: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not held:
            self.fields["back"].choices = [("met", _("It is met"))]


class DecideForm(Form):
    decision = forms.ChoiceField(
        label=gettext_lazy("The condition"),
        widget=forms.RadioSelect,
        choices=[("met", gettext_lazy("It is as they say")), ("open", gettext_lazy("It is not so, or this does not show it"))],
    )
    words = StoryField(label=gettext_lazy("Why it is not so"), rows=3, max_length=300, required=False)


class ReasonForm(Form):
    words = StoryField(label=gettext_lazy("Why"), rows=3, max_length=300)


class CutOffForm(Form):
    until = DateField(label=gettext_lazy("Up to and including"), required=False)


def _tranche(tranche: Tranche) -> str:
    condition = f" | {tranche.condition}" if tranche.condition else ""
    return f"{tranche.due_on.isoformat()} {tranche.money.decimal} {tranche.trigger}{condition}"


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """The lines that hold anything, counted from 1, with one space between their words."""
    rows = [" ".join(row.split()) for row in text.splitlines() if row.strip()]
    if len(rows) > MOST_ROWS:
        raise ValidationError(_("Write at most {most} lines.").format(most=MOST_ROWS))
    return enumerate(rows, start=1)


@contextmanager
def _told(number: int) -> Iterator[None]:
    """What is wrong with a line says which line it is."""
    try:
        yield
    except ValidationError as error:
        raise ValidationError(_("In line {number}: {message}").format(number=number, message=error.messages[0])) from error


def _words(text: str, most: int) -> str:
    if not text:
        raise ValidationError(_("Some words are missing."))
    if len(text) > most:
        raise ValidationError(_("Use at most {most} characters for each text.").format(most=most))
    one_line(text)
    can_be_seen(text)
    return text


def _day(text: str) -> dt.date:
    day = DateField().clean(text)
    if day is None:
        raise ValidationError(_("Write a date first."))
    return day
