from django import forms

from funding.web.forms import Form


class CloseForm(Form):
    reason = forms.CharField(label="Why nothing is to be done", max_length=300, help_text="It goes into the audit log.")
