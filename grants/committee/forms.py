from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.funds.models import BudgetLine, Fund
from funding.funds.restrictions import LineStand
from funding.web.forms import Form, StoryField
from grants.committee.models import Committee, Excuse, Review, Score, Vote
from grants.committee.rules import Rules
from grants.committee.services import Mark
from grants.proposals.forms import Later, LaterStory
from grants.proposals.models import Criterion

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CLEAR, CONFLICT = "clear", "conflict"
PERCENT = {"widget": forms.TextInput(attrs={"inputmode": "numeric", "class": "short", "autocomplete": "off"})}


class CommitteeForm(Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    slug = forms.SlugField(
        label=gettext_lazy("Address"),
        max_length=40,
        help_text=gettext_lazy("Small letters, figures and hyphens. Roles name the committee by it."),
    )
    quorum_percent = forms.IntegerField(
        label=gettext_lazy("Quorum: more than this percentage of the eligible"),
        min_value=0,
        max_value=99,
        initial=50,
        help_text=gettext_lazy("Eligible are the seated without the recused."),
        **PERCENT,
    )
    majority_percent = forms.IntegerField(
        label=gettext_lazy("Majority: more than this percentage of for and against"),
        min_value=50,
        max_value=99,
        initial=50,
        help_text=gettext_lazy("Abstentions count for the quorum only."),
        **PERCENT,
    )
    minimum_reviews = forms.IntegerField(label=gettext_lazy("Reviews at least"), min_value=0, max_value=20, initial=2, **PERCENT)
    size = forms.IntegerField(
        label=gettext_lazy("Seats that alternates fill"),
        required=False,
        min_value=0,
        max_value=50,
        initial=0,
        help_text=gettext_lazy("How many eligible members a panel should have. 0: as many as there are members when it is seated."),
        **PERCENT,
    )
    employer_limit = forms.IntegerField(
        label=gettext_lazy("Members of one employer at most"),
        required=False,
        min_value=0,
        max_value=50,
        initial=0,
        help_text=gettext_lazy("The host's own staff do not count. 0: no limit."),
        **PERCENT,
    )
    tie = forms.ChoiceField(
        label=gettext_lazy("A tie"), choices=Committee.Tie.choices, widget=forms.RadioSelect, initial=Committee.Tie.DEFER
    )
    review_days = forms.IntegerField(
        label=gettext_lazy("Days for the reviews"),
        min_value=1,
        max_value=90,
        initial=14,
        help_text=gettext_lazy("After a submission. Reviews open to the panel when all are in, or then if enough are."),
        **PERCENT,
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @property
    def rules(self) -> Rules:
        data = self.cleaned_data
        return Rules(data["quorum_percent"], data["majority_percent"], data["minimum_reviews"], data["tie"], data["review_days"])

    @property
    def members(self) -> dict[str, int]:
        return {name: self.cleaned_data[name] or 0 for name in ("size", "employer_limit")}


class RulesForm(CommitteeForm):
    slug = None


class LaterChoice(Later, forms.ChoiceField):
    """A choice that a draft may leave open."""


class LaterText(Later, forms.CharField):
    """A text that only one of the answers asks for (the service says so)."""


class DeclareForm(Form):
    conflict = forms.ChoiceField(
        label=gettext_lazy("Do you have a conflict?"),
        choices=[(CLEAR, gettext_lazy("No conflict")), (CONFLICT, gettext_lazy("I have a conflict, and step back"))],
        widget=forms.RadioSelect,
    )
    because = LaterText(
        label=gettext_lazy("What the conflict is, if you step back"),
        max_length=300,
        help_text=gettext_lazy("Kept in the panel's file; the public record says “declared a conflict”."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class Rating(forms.RadioSelect):
    """The steps of the scale in one row, each with a word; `NA` where the criterion may be left out."""

    template_name = "components/rating.html"


STEP_WORDS = (
    gettext_lazy("None"),
    gettext_lazy("Weak"),
    gettext_lazy("Fair"),
    gettext_lazy("Good"),
    gettext_lazy("Strong"),
    gettext_lazy("Best"),
)
NA = "na"


@dataclass(frozen=True, slots=True)
class RubricRow:
    """One criterion on the page: its fields, and the words for what is chosen now ("" for nothing)."""

    criterion: Criterion
    score: forms.BoundField
    comment: forms.BoundField

    @property
    def chosen(self) -> str:
        value = str(self.score.value() or "")
        return self.criterion.anchors[int(value)] if value in {*map(str, range(len(STEP_WORDS)))} else ""

    @property
    def open(self) -> bool:
        return not str(self.score.value() or "")


class ReviewForm(Form):
    """A draft may leave everything open; handing in asks for every score, a recommendation and reasons (the service says so)."""

    recommendation = LaterChoice(label=gettext_lazy("Recommendation"), choices=Review.Recommendation.choices, widget=forms.RadioSelect)
    reasons = LaterStory(
        label=gettext_lazy("Reasons, for the applicant"),
        max_length=4_000,
        help_text=gettext_lazy("Sent with the decision, without your name."),
    )
    notes = StoryField(label=gettext_lazy("Notes, for the panel only"), required=False, max_length=4_000, rows=4)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, criteria: Sequence[Criterion] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.criteria = criteria
        for criterion in criteria:
            self.add_field(f"score_{criterion.pk}", LaterChoice(label=criterion.name, choices=self._steps(criterion), widget=Rating))
            self.add_field(
                f"comment_{criterion.pk}",
                StoryField(label=_("On “{name}”, for the applicant").format(name=criterion.name), required=False, max_length=1_000, rows=2),
            )
        self.order_fields([name for name in self.fields if name.startswith(("score_", "comment_"))])  # as the page asks, so the summary too

    @staticmethod
    def _steps(criterion: Criterion) -> list[tuple[str, StrOrPromise]]:
        steps: list[tuple[str, StrOrPromise]] = [(str(points), word) for points, word in enumerate(STEP_WORDS)]
        return [*steps, (NA, _("N/A"))] if criterion.may_skip else steps

    @property
    def rubric(self) -> list[RubricRow]:
        return [RubricRow(item, self[f"score_{item.pk}"], self[f"comment_{item.pk}"]) for item in self.criteria]

    @property
    def unscored(self) -> int:
        """How many criteria still wait for a choice."""
        return sum(row.open for row in self.rubric)

    @staticmethod
    def initial_of(review: Review, marks: Iterable[Score]) -> dict[str, Any]:
        """The fields of a draft as it was saved."""
        found: dict[str, Any] = {name: getattr(review, name) for name in ("recommendation", "reasons", "notes", "version")}
        for score in marks:
            found[f"score_{score.criterion_id}"] = NA if score.skipped else "" if score.points is None else str(score.points)
            found[f"comment_{score.criterion_id}"] = score.comment
        return found

    @property
    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "version": data["version"] or 0,
            "recommendation": data["recommendation"],
            "reasons": data["reasons"],
            "notes": data["notes"],
            "marks": {item.pk: self._mark(item) for item in self.criteria},
        }

    def _mark(self, criterion: Criterion) -> Mark:
        chosen, comment = self.cleaned_data[f"score_{criterion.pk}"], self.cleaned_data[f"comment_{criterion.pk}"]
        return Mark(points=int(chosen) if chosen not in ("", NA) else None, skipped=chosen == NA, comment=comment)


class ExcuseForm(Form):
    ground = forms.ChoiceField(label=gettext_lazy("Why you write none"), choices=Excuse.Ground.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("In a few words"),
        max_length=300,
        help_text=gettext_lazy("For the chair and the panel."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class VoteForm(Form):
    choice = forms.ChoiceField(label=gettext_lazy("Your vote"), choices=Vote.Choice.choices, widget=forms.RadioSelect)


class LetterForm(Form):
    body = StoryField(
        label=gettext_lazy("The letter"),
        max_length=20_000,
        rows=24,
        help_text=gettext_lazy("Markdown. The applicant reads it on their page."),
    )
    names_confirmed = forms.BooleanField(label=gettext_lazy("The people of the panel who are named are meant to be"), required=False)


class DetermineForm(Form):
    reasons = StoryField(
        label=gettext_lazy("Reasons, for the public"),
        max_length=4_000,
        help_text=gettext_lazy("Markdown. Why the committee decided as it did. Published with the record and not changed later."),
    )
    wait = forms.BooleanField(
        label=gettext_lazy("Publish it as approved, waiting for money"),
        required=False,
        widget=forms.HiddenInput,
        help_text=gettext_lazy("Nothing is reserved and no work begins until another fund pays for it. Everybody sees that it waits."),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=80)

    def __init__(self, *args: Any, budgets: Sequence[tuple[Fund, list[LineStand]]] = (), short: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if short:
            self.ask_whether_to_wait()
        self.by_field = {f"line_{fund.pk}": {str(stand.line.pk): stand.line for stand in lines} for fund, lines in budgets}
        for fund, lines in budgets:
            choices = [
                ("", _("Nothing from this fund")),
                *((str(it.line.pk), _("{line}: {left} left").format(line=it.line, left=it.left)) for it in lines),
            ]
            label, purpose = _("Budget line of {name}").format(name=fund.name), format_html(_("Its purpose: {}"), fund.purpose)
            self.add_field(f"line_{fund.pk}", forms.ChoiceField(label=label, choices=choices, required=False, help_text=purpose))

    @property
    def first_line(self) -> str | None:
        return next(iter(self.by_field), None)

    def lines(self) -> list[BudgetLine]:
        """The budget lines that were named. Call it once the form is valid."""
        return [lines[chosen] for name, lines in self.by_field.items() if (chosen := self.cleaned_data[name])]

    def ask_whether_to_wait(self) -> None:
        """Only where the funds are short is it a question."""
        self.fields["wait"].widget = forms.CheckboxInput()


class EndForm(Form):
    reason = StoryField(
        label=gettext_lazy("Why it is not waited for any more"),
        rows=3,
        max_length=300,
        help_text=gettext_lazy("It stands on the record of the decision."),
    )
