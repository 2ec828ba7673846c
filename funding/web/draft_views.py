"""Forms that keep what is typed: saved by a script while one types, or without it by the button “Save the draft”.

The page comes back with the kept words after a lost session or on another machine. When another window saved since, both
texts are shown and the next press decides.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext as _

from funding.errors import Conflict, Invalid
from funding.web import drafts
from funding.web.models import Draft, Submission
from funding.web.views import ActionView

HEADER = "X-Daybook-Draft"
"""What the script sends along: only keep this, do nothing with it."""
KEEP = "keep"
"""The value of the button `then` that only keeps what was typed."""
SEEN = "draft_version"
NOT_WORDS = {"once", SEEN}


class DraftView(ActionView):
    """An `ActionView` of somebody who is signed in, which keeps a draft of its form. Put it first among the bases.

    The subclass's own gates (`dispatch`) have let the person in before anything is kept or shown.
    """

    request: Any
    own: Draft | None
    other: drafts.Fields

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.own, self.other = None, {}

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.fields[SEEN] = forms.IntegerField(
            widget=forms.HiddenInput(attrs={"data-draft": ""}), required=False, initial=self.own.version if self.own else 0
        )
        return form

    def get_form_kwargs(self) -> dict[str, Any]:
        given = super().get_form_kwargs()
        if self.request.method in {"GET", "HEAD"}:
            self.own = self.find()
            if self.own is not None and self.own.fields:
                given["initial"] = self.with_draft(given.get("initial") or {}, self.own)
        return given

    def with_draft(self, initial: dict[str, Any], draft: Draft) -> dict[str, Any]:
        """The kept words over what is stored, unless what is stored was changed since: then both are shown."""
        if "version" in draft.fields and str(draft.fields["version"] or 0) != str(initial.get("version") or 0):
            self.other = draft.fields
            return initial
        return {**initial, **draft.fields}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.headers.get(HEADER):
            return self.keep_quietly()
        form = self.get_form()
        if request.POST.get("then") == KEEP:
            return self.keep_by_button(form)
        stored = self.find()
        if stored is not None and stored.fields and form.data.get(SEEN, "") not in {"", str(stored.version)}:
            return self.conflict_page(form, drafts.Changed(stored))
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        if answer.status_code == 302:
            drafts.use(user_id=self.request.user.pk, path=self.request.path)
        return answer

    def keep_by_button(self, form: Any) -> HttpResponse:
        try:
            drafts.keep(**self.place(), fields=self.typed(form), version=self.seen(form))
        except drafts.Changed as changed:
            return self.conflict_page(form, changed)
        except Invalid as error:
            form.add_error(None, error.message)
            return self.form_invalid(form)
        messages.success(self.request, _("Your draft is saved. Only you can see it."))
        return HttpResponseRedirect(self.request.path)

    def keep_quietly(self) -> HttpResponse:
        """The script's save. A form that was handed in meanwhile is not kept once more."""
        form = self.get_form()
        try:
            token = uuid.UUID(self.request.POST.get("once", ""))
        except ValueError:
            token = None
        if token and Submission.objects.filter(token=token).exists():
            return JsonResponse({"problem": "changed"}, status=409)
        try:
            draft = drafts.keep(**self.place(), fields=self.typed(form), version=self.seen(form))
        except Conflict:
            return JsonResponse({"problem": "changed"}, status=409)
        except Invalid as error:
            return JsonResponse({"problem": error.message}, status=422)
        return JsonResponse({"version": draft.version, "saved": f"{draft.saved_at:%H:%M} UTC"})

    def conflict_page(self, form: Any, error: Conflict) -> HttpResponse:
        """What was typed stays in the form, what is kept elsewhere stands beside it, and the next press is about both."""
        form.is_valid()
        form.errors.clear()
        form.add_error(None, error.message)
        initial = self.get_initial()
        self.other = error.stored.fields if isinstance(error, drafts.Changed) else initial
        form.data = form.data.copy()
        stored = self.find()
        form.data[SEEN] = str(stored.version if stored else 0)
        if "version" in form.fields:
            form.data["version"] = str(initial.get("version") or 0)
        return self.render_to_response(self.get_context_data(form=form), status=409)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        draft = self.own if self.own is not None and self.own.fields and not self.other else None
        return {**context, "keeps_draft": True, "draft": draft, "other_words": readable(context["form"], self.other)}

    def find(self) -> Draft | None:
        return drafts.find(**self.place())

    def place(self) -> dict[str, Any]:
        return {"user_id": self.request.user.pk, "path": self.request.path}

    def typed(self, form: Any) -> dict[str, str | list[str]]:
        """The raw words by field. NUL cannot be stored and is left out."""
        found: dict[str, str | list[str]] = {}
        for name, field in form.fields.items():
            if name in NOT_WORDS:
                continue
            many = isinstance(field.widget, forms.CheckboxSelectMultiple | forms.SelectMultiple)
            values = [value.replace("\x00", "") for value in form.data.getlist(name)]
            found[name] = values if many else values[-1] if values else ""
        return found

    @staticmethod
    def seen(form: Any) -> int:
        text = form.data.get(SEEN, "")
        return int(text) if text.isdecimal() and len(text) < 10 else 0


def readable(form: forms.BaseForm, words: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and words of what was typed, for reading and copying."""
    shown = []
    for name, field in form.fields.items():
        value = words.get(name)
        if name in NOT_WORDS or not value or field.widget.is_hidden:
            continue
        said = field.prepare_value(value)
        labels = {str(key): str(label) for key, label in getattr(field, "choices", [])}
        shown.append((str(field.label), ", ".join(labels.get(str(one), str(one)) for one in (said if isinstance(said, list) else [said]))))
    return shown
