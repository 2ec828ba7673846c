from __future__ import annotations

from typing import Any

from django import forms

from funding.web.forms import Form, StoryField
from grants.committee.models import Committee, Review, Vote
from grants.committee.rules import Rules
from grants.proposals.forms import Later, LaterStory

CLEAR, CONFLICT = "clear", "conflict"
PERCENT = {"widget": forms.TextInput(attrs={"inputmode": "numeric", "class": "short", "autocomplete": "off"})}


class CommitteeForm(Form):
    name = forms.CharField(label="Name", max_length=120)
    slug = forms.SlugField(label="Address", max_length=40, help_text="Small letters, figures and hyphens. Roles name the committee by it.")
    quorum_percent = forms.IntegerField(
        label="Quorum: more than this percentage of the eligible",
        min_value=0,
        max_value=99,
        initial=50,
        help_text="Eligible are the seated without the recused.",
        **PERCENT,
    )
    majority_percent = forms.IntegerField(
        label="Majority: more than this percentage of for and against",
        min_value=50,
        max_value=99,
        initial=50,
        help_text="Abstentions count for the quorum only.",
        **PERCENT,
    )
    minimum_reviews = forms.IntegerField(label="Reviews at least", min_value=0, max_value=20, initial=2, **PERCENT)
    tie = forms.ChoiceField(label="A tie", choices=Committee.Tie.choices, widget=forms.RadioSelect, initial=Committee.Tie.DEFER)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @property
    def rules(self) -> Rules:
        data = self.cleaned_data
        return Rules(data["quorum_percent"], data["majority_percent"], data["minimum_reviews"], data["tie"])


class RulesForm(CommitteeForm):
    slug = None


class LaterChoice(Later, forms.ChoiceField):
    """A choice that a draft may leave open."""


class LaterText(Later, forms.CharField):
    """A text that only one of the answers asks for (the service says so)."""


class DeclareForm(Form):
    conflict = forms.ChoiceField(
        label="Do you have a conflict?",
        choices=[(CLEAR, "No conflict"), (CONFLICT, "I have a conflict, and step back")],
        widget=forms.RadioSelect,
    )
    because = LaterText(
        label="What the conflict is, if you step back",
        max_length=300,
        help_text="Kept in the panel’s file; the public record says “declared a conflict”.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReviewForm(Form):
    """A draft may leave everything open; handing in asks for a recommendation and reasons (the service says so)."""

    recommendation = LaterChoice(label="Recommendation", choices=Review.Recommendation.choices, widget=forms.RadioSelect)
    reasons = LaterStory(label="Reasons, for the applicant", max_length=4_000, help_text="Sent with the decision, without your name.")
    notes = StoryField(label="Notes, for the panel only", required=False, max_length=4_000, rows=4)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @property
    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "version": data["version"] or 0,
            "recommendation": data["recommendation"],
            "reasons": data["reasons"],
            "notes": data["notes"],
        }


class VoteForm(Form):
    choice = forms.ChoiceField(label="Your vote", choices=Vote.Choice.choices, widget=forms.RadioSelect)


class DetermineForm(Form):
    reasons = StoryField(
        label="Reasons, for the public",
        max_length=4_000,
        help_text="Markdown. Why the committee decided as it did. Published with the record and not changed later.",
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=80)
