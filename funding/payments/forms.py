from django import forms
from django.utils.translation import gettext_lazy

from funding.web.forms import Form


class CloseForm(Form):
    reason = forms.CharField(
        label=gettext_lazy("Why nothing is to be done"), max_length=300, help_text=gettext_lazy("It goes into the audit log.")
    )


class ExplainForm(Form):
    reason = forms.CharField(
        label=gettext_lazy("Why it is right as it is"),
        max_length=300,
        help_text=gettext_lazy("It is shown beside the difference and goes into the audit log."),
    )
