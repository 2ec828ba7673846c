from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from funding.payments import inbox, policies, reconciliation, selectors
from funding.payments.forms import CloseForm, ExplainForm
from funding.payments.gateway import BadSignature
from funding.payments.models import Difference, InboxEvent
from funding.people.models import User
from funding.web.forms import Confirm
from funding.web.views import SignedIn, SignedInActionView

LARGEST_EVENT = 512 * 1024


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """200 once the event is stored, or was before; 400 for anything that the processor did not sign just now."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isascii() or not length.isdigit() or int(length) > LARGEST_EVENT:
        return HttpResponse("The body is too large.", status=413, content_type="text/plain")
    try:
        inbox.receive(payload=request.body, signature=request.headers.get("Stripe-Signature", ""))
    except BadSignature as error:
        return HttpResponse(error.message, status=400, content_type="text/plain")
    return HttpResponse("Stored.", content_type="text/plain")


class Reader(SignedIn):
    """How the processor and the books compare: for administrators, treasurers and auditors."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            policies.require_reader(request.user)
        return super().dispatch(request, *args, **kwargs)


class Comparison(Reader, TemplateView):
    template_name = "funding/payments/reconciliation.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        state, before = self.request.GET.get("state", ""), self.request.GET.get("before", "")
        number = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
        rows, older = selectors.differences(state=state, before=number)
        known = Difference.State(state) if state in Difference.State.values else Difference.State.OPEN
        return super().get_context_data(
            overview=reconciliation.overview(),
            rows=rows,
            older=older,
            state=known,
            states=Difference.State,
            may_explain=policies.may_explain(self.request.user),
            may_ask=policies.may_keep(self.request.user),
            **kwargs,
        )


class Keeper(SignedIn):
    """A page of the inbox: for administrators and treasurers."""

    @property
    def keeper(self) -> User:
        return cast(User, self.request.user)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            policies.require_keeper(request.user)
        return super().dispatch(request, *args, **kwargs)


class Inbox(Keeper, TemplateView):
    template_name = "funding/payments/inbox.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        state, before = self.request.GET.get("state", ""), self.request.GET.get("before", "")
        number = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
        events, older = selectors.events(state=state, before=number)
        return super().get_context_data(
            counts=selectors.counts(), events=events, older=older, state=state, states=InboxEvent.State, **kwargs
        )


class CompareNow(Keeper, SignedInActionView):
    form_class = Confirm
    template_name = "components/confirm.html"
    success_url = reverse_lazy("payments:reconciliation")
    title = gettext_lazy("Compare now")
    lead = gettext_lazy(
        "The processor's movements are read and compared with the books. What is only minutes old counts too, and may come right by itself."
    )
    submit = gettext_lazy("Compare now")
    done = gettext_lazy("The comparison runs. Load this page again in a moment.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cancel_url=self.success_url, **kwargs)

    def act(self, form: Confirm) -> None:
        reconciliation.request(actor=self.keeper)


class ExplainDifference(Keeper, SignedInActionView):
    form_class = ExplainForm
    fresh = True
    template_name = "components/confirm.html"
    success_url = reverse_lazy("payments:reconciliation")
    title = gettext_lazy("Explain this difference")
    lead = gettext_lazy("It leaves the list of what is open. Should its sums change, it opens again.")
    submit = gettext_lazy("Explain and close")
    done = gettext_lazy("The difference is explained.")

    @property
    def difference(self) -> Difference:
        return get_object_or_404(Difference.objects.select_related("line"), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.difference
        facts = [
            (_("What"), row.get_reason_display()),
            (_("About"), row.about),
            (_("At the processor"), row.processor_money),
            (_("In the books"), row.books_money),
        ]
        return super().get_context_data(facts=facts, cancel_url=self.success_url, **kwargs)

    def act(self, form: ExplainForm) -> None:
        reconciliation.explain(actor=self.keeper, difference=self.difference, reason=form.cleaned_data["reason"])


class InboxAction(Keeper, SignedInActionView):
    """One act on one event, and back to the inbox."""

    success_url = reverse_lazy("payments:inbox")

    @property
    def event(self) -> InboxEvent:
        return get_object_or_404(InboxEvent.objects.defer("payload"), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        event = self.event
        facts = [(_("Event"), event.event_id), (_("Type"), event.type), (_("About"), event.object_id), (_("Attempts"), str(event.attempts))]
        return super().get_context_data(event=event, facts=facts, cancel_url=self.success_url, **kwargs)


class Replay(InboxAction):
    form_class = Confirm
    template_name = "components/confirm.html"
    title = gettext_lazy("Try this event again")
    lead = gettext_lazy("Its object is read again from the processor. If nothing is new, nothing happens.")
    submit = gettext_lazy("Try again")
    done = gettext_lazy("The event is tried again now.")

    def act(self, form: Confirm) -> None:
        inbox.replay(actor=self.keeper, event=self.event)


class Close(InboxAction):
    form_class = CloseForm
    template_name = "components/confirm.html"
    title = gettext_lazy("Put this event aside")
    lead = gettext_lazy("It leaves the list of what waits for a person. It can be tried again later.")
    submit = gettext_lazy("Put aside")
    done = gettext_lazy("The event is put aside.")

    def act(self, form: CloseForm) -> None:
        inbox.close(actor=self.keeper, event=self.event, reason=form.cleaned_data["reason"])
