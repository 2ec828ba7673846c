from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.web.forms import Form
from grants.timesheets.models import WorkEntry
from grants.timesheets.selectors import Slot
from grants.timesheets.services import NOTE_LENGTH, REASON_LENGTH


class WeekForm(Form):
    """Half days of one week, with what they were for. The cells on offer are the free ones."""

    cells = forms.MultipleChoiceField(
        label=gettext_lazy("Half days"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Choose at least one half day."),
            "invalid_choice": gettext_lazy(
                "One of these half days was taken or closed since you opened the page. Choose from the week as it is now."
            ),
        },
    )
    note = forms.CharField(
        label=gettext_lazy("What you worked on"),
        max_length=NOTE_LENGTH,
        help_text=gettext_lazy("One line, in public beside the day: for example “fix the race in the scheduler”."),
        error_messages={"required": gettext_lazy("Say in a line what you worked on.")},
    )
    evidence_url = forms.URLField(
        label=gettext_lazy("Where it can be seen"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=gettext_lazy("A pull request, a commit or a page."),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        error_messages={"invalid": gettext_lazy("Enter an address that starts with https:// or http://.")},
    )

    def __init__(self, *args: Any, free: Sequence[Slot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cells"].choices = [(slot.value, slot.label) for slot in free]


class DecisionForm(Form):
    """Which of the waiting half days, approved or returned. The button says which of the two."""

    APPROVE, RETURN = "approve", "return"

    entries = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Half days"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Choose at least one half day."),
            "invalid_choice": gettext_lazy(
                "One of these half days was withdrawn or decided since you opened the page. Choose from what is left."
            ),
        },
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason, when you return them"),
        required=False,
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The worker reads it."),
    )
    decision = forms.ChoiceField(
        choices=[(APPROVE, gettext_lazy("Approve")), (RETURN, gettext_lazy("Return"))], widget=forms.HiddenInput, required=False
    )

    def __init__(self, *args: Any, waiting: Sequence[WorkEntry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entries"].choices = [(entry.pk, entry.when) for entry in waiting]
        self.fields["entries"].initial = [entry.pk for entry in waiting if entry.state == WorkEntry.State.LOGGED]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("decision") not in {self.APPROVE, self.RETURN}:
            self.add_error(None, _("Choose whether the half days are approved or returned."))
        return values


class ReasonForm(Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Say why, so that the record can be understood later.")},
    )
