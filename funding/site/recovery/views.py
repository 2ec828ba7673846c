"""One page for everything that waits for a person, and the acts on what no other page owns: failed jobs and mails."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding.components.parts import Column, Pill, Table
from funding.mail import services as mail
from funding.mail.models import Message
from funding.payments.forms import CloseForm
from funding.payments.views import Keeper
from funding.site.recovery import pulse, selectors, services
from funding.site.recovery.pulse import Beat
from funding.web import attention
from funding.web.forms import Confirm
from funding.web.models import Trouble
from funding.web.views import SignedInActionView


def schedule_table() -> Table:
    return Table(
        caption=_("The schedule"),
        columns=[
            Column(_("Task")),
            Column(_("Every")),
            Column(_("Last finished"), "date"),
            Column(_("State")),
            Column(_("What went wrong"), minor=True),
        ],
        rows=[[beat.words, beat.every_words, beat.pulse and beat.pulse.finished_at, _pill(beat), _error(beat)] for beat in pulse.beats()],
    )


def _pill(beat: Beat) -> Pill:
    if beat.overdue:
        return Pill(_("Silent"), "stop")
    if beat.pulse and beat.pulse.failing:
        return Pill(_("Failing"), "wait")
    return Pill(_("Running"), "paid") if beat.pulse and beat.pulse.finished_at else Pill(_("Not due yet"))


def _error(beat: Beat) -> str:
    if beat.pulse is None or beat.pulse.finished_at is None:
        return _("It has never run.") if beat.overdue else ""
    return beat.pulse.error


class Waiting(Keeper, TemplateView):
    template_name = "site/recovery/waiting.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lists = [(source, source.find(attention.LIMIT)) for source in attention.sources()]
        return super().get_context_data(
            lists=[(source, found) for source, found in lists if found.count],
            quiet=[source.title for source, found in lists if not found.count],
            silence=pulse.silence(),
            overdue=[beat.words for beat in pulse.overdue()],
            failing=[beat.words for beat in pulse.beats() if beat.pulse and beat.pulse.failing],
            schedule=schedule_table(),
            now=timezone.now(),
            **kwargs,
        )


class Action(Keeper, SignedInActionView):
    """One act on one row, and back to the page."""

    model: type[Model]
    template_name = "components/confirm.html"
    success_url = reverse_lazy("recovery:waiting")

    @property
    def row(self) -> Any:
        return get_object_or_404(self.model, pk=self.kwargs["pk"])

    def facts(self, row: Any) -> list[tuple[str, Any]]:
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(facts=self.facts(self.row), cancel_url=self.success_url, **kwargs)


class TroubleAction(Action):
    model = Trouble

    def facts(self, row: Trouble) -> list[tuple[str, Any]]:
        job, times = selectors.job_words(row), selectors.times(row)
        return [(_("Job"), job), (_("Since"), row.first_at), (_("Failed"), times), (_("It said"), row.error)]


class TroubleAgain(TroubleAction):
    form_class = Confirm
    title = gettext_lazy("Ask for this job again")
    lead = gettext_lazy("Every job can be asked for twice: what it has done already it does not do again.")
    submit = gettext_lazy("Try again")
    done = gettext_lazy("The job is asked for. It leaves the list when it succeeds.")

    def act(self, form: Confirm) -> None:
        services.again(actor=self.keeper, trouble=self.row)


class TroubleClose(TroubleAction):
    form_class = CloseForm
    title = gettext_lazy("Put this job aside")
    lead = gettext_lazy("It leaves the list. If the same job fails again, it comes back.")
    submit = gettext_lazy("Put aside")
    done = gettext_lazy("The job is put aside.")

    def act(self, form: CloseForm) -> None:
        services.close(actor=self.keeper, trouble=self.row, reason=form.cleaned_data["reason"])


class MailAction(Action):
    model = Message

    def facts(self, row: Message) -> list[tuple[str, Any]]:
        """Whom and why, and not the text: it may be for its reader alone."""
        return [(_("To"), row.to), (_("Promised"), row.created_at), (_("Attempts"), str(row.attempts)), (_("It said"), row.error)]


class MailAgain(MailAction):
    form_class = Confirm
    title = gettext_lazy("Send this mail again")
    lead = gettext_lazy("Mend the address or the mail server first, if that was the fault.")
    submit = gettext_lazy("Send again")
    done = gettext_lazy("The mail is sent again.")

    def act(self, form: Confirm) -> None:
        mail.send_again(actor=self.keeper, message=self.row)


class MailClose(MailAction):
    form_class = CloseForm
    title = gettext_lazy("Give this mail up")
    lead = gettext_lazy("It is not sent any more. The fact that it tells stays on the site.")
    submit = gettext_lazy("Give up")
    done = gettext_lazy("The mail is given up.")

    def act(self, form: CloseForm) -> None:
        mail.give_up(actor=self.keeper, message=self.row, reason=form.cleaned_data["reason"])
