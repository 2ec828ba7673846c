from django import forms

from funding.web.forms import Form


class CloseForm(Form):
    reason = forms.CharField(label="Why nothing is to be done", max_length=300, help_text="It goes into the audit log.")


class ExplainForm(Form):
    reason = forms.CharField(
        label="Why it is right as it is", max_length=300, help_text="It is shown beside the difference and goes into the audit log."
    )
