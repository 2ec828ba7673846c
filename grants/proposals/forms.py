from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding import days
from funding.errors import Invalid
from funding.funds.models import Fund, Project
from funding.people.models import Party
from funding.web.forms import AmountField, DateField, DaysField, Form, StoryField
from grants.proposals import rubrics
from grants.proposals.models import Call
from grants.proposals.services import CallTerms, Content

OPENS, CLOSES = dt.time(0, 0, tzinfo=dt.UTC), dt.time(23, 59, 59, tzinfo=dt.UTC)
MYSELF = "me"


class Later:
    """A field that a draft may leave empty and that is needed in the end, so it is not drawn as optional."""

    def validate(self, value: Any) -> None:
        if value not in self.empty_values:
            super().validate(value)


class LaterStory(Later, StoryField):
    """Long text that a draft may leave empty."""


class LaterDays(Later, DaysField):
    """Days that a draft may leave open."""


class LaterText(Later, forms.CharField):
    """A line that may stay empty."""


class LaterNumber(Later, forms.IntegerField):
    """A whole number that may stay empty."""


RUBRIC_FIELDS = ("name", "asks", "weight", "anchors", "may_skip")
WEIGHT = {"inputmode": "numeric", "class": "short", "autocomplete": "off"}


class CallForm(Form):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=120)
    slug = forms.SlugField(
        label=gettext_lazy("Address"), max_length=40, help_text=gettext_lazy("Small letters, figures and hyphens, such as winter-2026.")
    )
    brief = LaterStory(
        label=gettext_lazy("What this call asks for"), help_text=gettext_lazy("Markdown. Who may apply, what is wanted, how it is judged.")
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Call.Kind.choices, widget=forms.RadioSelect, initial=Call.Kind.ROLLING)
    opens_on = DateField(label=gettext_lazy("Opens on"), help_text=gettext_lazy("At 00:00 UTC, once you have opened the call."))
    closes_on = DateField(label=gettext_lazy("Closes on"), required=False, help_text=gettext_lazy("At 23:59 UTC. Only for a dated call."))
    committee = forms.ChoiceField(label=gettext_lazy("Committee that decides"))
    max_half_days = DaysField(label=gettext_lazy("Days at most for one proposal"))
    max_rate = AmountField(label=gettext_lazy("Day rate at most"))
    funds = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Funds"),
        queryset=Fund.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Restricted funds are spent first, and only on their own project."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, currency: str, funds: QuerySet[Fund], committees: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["max_rate"].label = _("Day rate at most, in {currency}").format(currency=currency)
        self.fields["funds"].queryset = funds
        self.fields["committee"].choices = committees

    def clean_max_rate(self) -> Any:
        try:
            return days.check_rate(AmountField.money(self.cleaned_data["max_rate"], self.currency))
        except Invalid as error:
            raise forms.ValidationError(error.message) from error

    @property
    def terms(self) -> CallTerms:
        data = self.cleaned_data
        closes_on = data["closes_on"]
        return CallTerms(
            title=data["title"],
            brief=data["brief"],
            kind=data["kind"],
            opens_at=dt.datetime.combine(data["opens_on"], OPENS),
            closes_at=dt.datetime.combine(closes_on, CLOSES) if closes_on else None,
            committee=data["committee"],
            max_half_days=data["max_half_days"],
            max_rate=data["max_rate"],
            funds=list(data["funds"]),
        )

    def refuse(self, error: Invalid) -> None:
        error.field = "max_rate" if error.field == "rate" else error.field
        super().refuse(error)


class RubricForm(Form):
    """Up to eight criteria. A row without any words is no criterion; none at all leaves recommendation and reasons only."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for index in range(rubrics.MOST_CRITERIA):
            self.add_field(f"name_{index}", LaterText(label=_("Name"), max_length=60))
            self.add_field(f"asks_{index}", LaterText(label=_("What it asks"), max_length=200))
            self.add_field(
                f"weight_{index}",
                LaterNumber(label=_("Weight, of 100"), min_value=1, max_value=rubrics.WHOLE, widget=forms.TextInput(attrs=WEIGHT)),
            )
            self.add_field(
                f"anchors_{index}",
                LaterStory(label=_("What 0, 1, 2, 3, 4 and 5 mean"), max_length=2_000, rows=6, help_text=_("Six lines, the worst first.")),
            )
            self.add_field(f"may_skip_{index}", forms.BooleanField(label=_("A review may leave it out, with a reason"), required=False))

    @staticmethod
    def initial_of(criteria: Iterable[rubrics.Terms]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for index, item in enumerate(criteria):
            words = {"name": item.name, "asks": item.asks, "weight": item.weight, "anchors": "\n".join(item.anchors)}
            found |= {f"{name}_{index}": value for name, value in words.items()}
            found[f"may_skip_{index}"] = item.may_skip
        return found

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        return [[self[f"{name}_{index}"] for name in RUBRIC_FIELDS] for index in range(rubrics.MOST_CRITERIA)]

    @property
    def criteria(self) -> list[rubrics.Terms]:
        """The rows that say something, in order. Gaps between rows close; an error then names the row as it was counted."""
        return [self._terms(index) for index in range(rubrics.MOST_CRITERIA) if self._filled(index)]

    def refuse(self, error: Invalid) -> None:
        name, __, index = (error.field or "").rpartition("_")
        if name in RUBRIC_FIELDS:
            filled = [row for row in range(rubrics.MOST_CRITERIA) if self._filled(row)]
            error.field = f"{name}_{filled[int(index)]}"
        super().refuse(error)

    def _filled(self, index: int) -> bool:
        return any(self.cleaned_data.get(f"{name}_{index}") for name in ("name", "asks", "weight", "anchors"))

    def _terms(self, index: int) -> rubrics.Terms:
        name, asks, weight, anchors, may_skip = (self.cleaned_data.get(f"{name}_{index}") for name in RUBRIC_FIELDS)
        lines = tuple(line.strip() for line in (anchors or "").splitlines() if line.strip())
        return rubrics.Terms(name or "", asks or "", weight or 0, lines, bool(may_skip))


class EditCallForm(CallForm):
    slug = None


class ProposalForm(Form):
    project = forms.ModelChoiceField(
        label=gettext_lazy("Project"), queryset=Project.objects.none(), empty_label=gettext_lazy("Choose a project")
    )
    title = forms.CharField(label=gettext_lazy("Title"), max_length=120)
    story = LaterStory(
        label=gettext_lazy("What you would do, and why"),
        max_length=10_000,
        rows=12,
        help_text=gettext_lazy("Markdown. The problem, the plan, what could go wrong, and what you did before."),
    )
    outcome = LaterStory(
        label=gettext_lazy("What will exist"),
        max_length=2_000,
        rows=4,
        help_text=gettext_lazy("What somebody can look at when the days are worked. It becomes part of the public record."),
    )
    half_days = LaterDays(label=gettext_lazy("Days"))
    payee = forms.ChoiceField(label=gettext_lazy("Who is paid"), widget=forms.RadioSelect, initial=MYSELF)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, call: Call, projects: QuerySet[Project], organisations: QuerySet[Party], unpayable: str, name: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.parties = {str(party.pk): party for party in organisations}
        self.fields["project"].queryset = projects
        self.fields["payee"].choices = [
            (MYSELF, _("{name}, yourself").format(name=name)),
            *((pk, party.name) for pk, party in self.parties.items()),
        ]
        self.fields["payee"].help_text = unpayable
        self.fields["half_days"].most = call.max_half_days
        self.fields["half_days"].help_text = _("In steps of half a day, at most {days}.").format(days=days.words(call.max_half_days))

    @property
    def content(self) -> Content:
        data = self.cleaned_data
        return Content(
            project=data["project"],
            payee=self.parties.get(data["payee"]),
            title=data["title"],
            story=data["story"],
            outcome=data["outcome"],
            half_days=data["half_days"],
        )
