from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding import clock, days
from funding.components.formats import date
from funding.components.parts import Column, Link, Pill, Table
from funding.errors import Conflict, Refused
from funding.funds import payers
from funding.money import Money, total
from funding.people import independence
from funding.people.models import User
from funding.web.forms import Confirm
from funding.web.views import SignedIn, SignedInActionView
from grants.engagements import policies, refs
from grants.engagements.models import Engagement
from grants.timesheets import progress, selectors, services
from grants.timesheets.forms import DecisionForm, ReasonForm, WeekForm
from grants.timesheets.models import WorkEntry

PAGE = 50


def work_table(entries: Sequence[WorkEntry], payments: Mapping[int, progress.Payment], *, caption: str) -> Table:
    """Half days with the dates on which they reached each of the five states."""
    columns = [Column(_("Half day")), Column(_("Work")), *(Column(name, "date") for name in progress.states()), Column(_("Sum"), "number")]
    return Table(caption, columns, [work_row(entry, payments.get(entry.pk)) for entry in entries], empty=_("No half days yet."))


def work_row(entry: WorkEntry, payment: progress.Payment | None) -> list[Any]:
    cells: list[Any] = [when and short(when) for when in progress.dates(entry, payment)]
    if entry.state == WorkEntry.State.RETURNED:
        cells[1] = progress.pill(entry, payment)
    return [Link(entry.when, reverse("timesheets:entry", args=[entry.ref])), entry.note, *cells, entry.amount]


def short(moment: dt.datetime) -> str:
    """`14 Oct 2026`: five of them fit side by side."""
    return date(moment.date()).partition(" ")[2]


class WeekView(SignedInActionView):
    """My day: this week's half days to tick, what is left under the cap, and how far earlier ones have come."""

    template_name = "grants/timesheets/week.html"
    form_class = WeekForm
    done = gettext_lazy("The half days are logged and wait for approval.")

    @cached_property
    def engagements(self) -> list[Engagement]:
        found = Engagement.objects.filter(worker=self.request.user, state=Engagement.State.ACTIVE)
        return list(found.select_related("project", "proposal", "worker", "payee").order_by("pk"))

    @cached_property
    def engagement(self) -> Engagement | None:
        chosen = self.request.GET.get("engagement")
        if not chosen:
            return self.engagements[0] if self.engagements else None
        for engagement in self.engagements:
            if engagement.ref == chosen:
                return engagement
        raise Http404

    @cached_property
    def start(self) -> dt.date:
        """The Monday of the week on show; this week unless the address names another one that has begun."""
        today = clock.today()
        try:
            asked = dt.date.fromisoformat(self.request.GET.get("week", ""))
        except ValueError:
            asked = today
        return selectors.monday(min(max(asked, dt.date(2000, 1, 3)), today))

    @cached_property
    def week(self) -> list[tuple[dt.date, list[selectors.Slot]]]:
        return selectors.week(self.request.user, self.engagement, self.start, clock.today())

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "free": [slot for _day, slots in self.week for slot in slots if slot.free]}

    def address(self, start: dt.date, engagement: Engagement | None = None) -> str:
        engagement = engagement or self.engagement
        query = {"week": start.isoformat(), **({"engagement": engagement.ref} if engagement else {})}
        return f"{reverse('timesheets:week')}?{urlencode(query)}"

    @property
    def earlier(self) -> str:
        """The address of the week before, or empty when the engagement had not begun in it."""
        if self.engagement is None or self.start <= self.engagement.starts_on:
            return ""
        return self.address(self.start - dt.timedelta(days=selectors.WEEK))

    def act(self, form: WeekForm) -> str:
        if self.engagement is None:
            raise Conflict(_("You have no active engagement, so there is nothing to log on."))
        cells = [cell.split(":") for cell in form.cleaned_data["cells"]]
        services.log(
            actor=self.request.user,
            engagement=self.engagement,
            cells=[(dt.date.fromisoformat(day), slot) for day, slot in cells],
            note=form.cleaned_data["note"],
            evidence_url=form.cleaned_data["evidence_url"],
        )
        return self.address(self.start)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        boxes = {str(box.data["value"]): box for box in context["form"]["cells"]}
        usage = selectors.usage(self.engagement) if self.engagement else None
        page = Paginator(selectors.entries_of(self.request.user), PAGE).get_page(self.request.GET.get("page"))
        entries = list(page)
        payments, coming = progress.payments(entries), progress.coming(self.request.user)
        context.update(
            engagement=self.engagement,
            others=[(other, self.address(self.start, other)) for other in self.engagements if other != self.engagement],
            approvers=[user.name for user in policies.approvers(self.engagement)] if self.engagement else [],
            usage=usage,
            left=days.price(usage.left, self.engagement.rate) if usage and self.engagement else None,
            grid=[(day, [(slot, boxes.get(slot.value)) for slot in slots]) for day, slots in self.week],
            start=self.start,
            end=self.start + dt.timedelta(days=selectors.WEEK - 1),
            earlier=self.earlier,
            later=self.address(self.start + dt.timedelta(days=selectors.WEEK)) if self.start < selectors.monday(clock.today()) else "",
            table=work_table(entries, payments, caption=_("Your half days")),
            page=page,
            coming=coming,
        )
        return context


class EntryView(SignedIn):
    """One half day: its five dated states, who approved it, and where it was paid."""

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        entry = entry_for(request.user, ref)
        payment = progress.payments([entry]).get(entry.pk)
        context = {
            "entry": entry,
            "payment": payment,
            "steps": progress.steps(entry, payment),
            "pill": progress.pill(entry, payment),
            "paid_for_by": payers.words(payers.of_work([entry.pk], request.user).get(entry.pk, ())),
            "may_withdraw": entry.worker_id == request.user.pk and entry.state == WorkEntry.State.LOGGED,
        }
        return render(request, "grants/timesheets/entry.html", context)


def entry_for(user: User, ref: str) -> WorkEntry:
    """The entry if `user` may see its engagement, else 404."""
    entries = WorkEntry.objects.select_related("engagement__project", "engagement__payee", "worker", "approved_by")
    return get_object_or_404(entries.filter(engagement__in=policies.visible(user)), pk=refs.number(ref, "W") or 0)


class WithdrawView(SignedInActionView):
    template_name = "components/confirm.html"
    form_class = Confirm
    title = gettext_lazy("Withdraw this half day")
    submit = gettext_lazy("Withdraw it")
    done = gettext_lazy("The half day is withdrawn. Its slot is free again.")

    @cached_property
    def entry(self) -> WorkEntry:
        return entry_for(self.request.user, self.kwargs["ref"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        facts = [(_("Half day"), self.entry.when), (_("Work"), self.entry.note), (_("State"), self.entry.get_state_display())]
        return super().get_context_data(facts=facts, cancel_url=reverse("timesheets:entry", args=[self.entry.ref]), **kwargs)

    def act(self, form: Confirm) -> str:
        services.withdraw(actor=self.request.user, entry=self.entry)
        return reverse("timesheets:week")


class ApprovalsView(SignedIn):
    """What waits for me, grouped by engagement."""

    def get(self, request: HttpRequest) -> HttpResponse:
        groups: dict[Engagement, list[WorkEntry]] = {}
        for entry in selectors.waiting_for(request.user):
            groups.setdefault(entry.engagement, []).append(entry)
        return render(request, "grants/timesheets/approvals.html", {"groups": list(groups.items())})


class EngagementPage:
    """Finds the engagement of the address among those that the reader may see."""

    request: HttpRequest
    kwargs: dict[str, Any]

    @cached_property
    def engagement(self) -> Engagement:
        visible = policies.visible(self.request.user)
        return get_object_or_404(visible, pk=refs.number(self.kwargs["ref"], "E") or 0)


class ApproveView(EngagementPage, SignedInActionView):
    """Approve or return the waiting half days of one engagement."""

    template_name = "grants/timesheets/approve.html"
    form_class = DecisionForm

    @cached_property
    def waiting(self) -> list[WorkEntry]:
        logged = Q(state=WorkEntry.State.LOGGED) | Q(pk__in=self.barred)
        return list(WorkEntry.objects.filter(logged, engagement=self.engagement).select_related("worker").order_by("date", "slot"))

    @cached_property
    def barred(self) -> Mapping[int, str]:
        """Approved days that cannot be paid: they may be returned."""
        return selectors.barred(self.engagement)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not policies.may_approve_for(request.user, self.engagement) and self.engagement.worker_id != request.user.pk:
            raise Refused(
                _("You cannot approve these days. A maintainer of {project} or an administrator can.").format(
                    project=self.engagement.project
                ),
                rule="role",
            )
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "waiting": self.waiting}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        user: User = self.request.user
        boxes = {int(box.data["value"]): box for box in context["form"]["entries"]}
        usage = selectors.usage(self.engagement)
        context.update(
            engagement=self.engagement,
            usage=usage,
            rows=[(entry, boxes[entry.pk], self.barred.get(entry.pk, "")) for entry in self.waiting],
            sum=total([entry.amount for entry in self.waiting], self.engagement.currency),
            hindrance=independence.hindrance(user, **policies.interests(self.engagement)),
        )
        return context

    def act(self, form: DecisionForm) -> str:
        chosen = form.cleaned_data["entries"]
        if form.cleaned_data["decision"] == DecisionForm.APPROVE:
            services.approve(actor=self.request.user, engagement=self.engagement, entries=chosen)
            said = _("{days} of {worker} approved. They go into the next payout run.")
        else:
            services.send_back(actor=self.request.user, engagement=self.engagement, entries=chosen, reason=form.cleaned_data["reason"])
            said = _("{days} of {worker} returned. They were told why.")
        messages.success(self.request, said.format(days=days.count(len(chosen)), worker=self.engagement.worker.name))
        return reverse("timesheets:approvals")


class EngagementsView(SignedIn):
    """The engagements that I may see, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        page = Paginator(policies.visible(request.user).order_by("-pk"), PAGE).get_page(request.GET.get("page"))
        engagements = list(page)
        usage = selectors.usages(engagements)
        columns = [Column(_("Engagement")), Column(_("Project")), Column(_("Worker")), Column(_("State")), Column(_("Days used"), "number"),
                   Column(_("Days at most"), "number"), Column(_("Day rate"), "number")]  # fmt: skip
        rows = [
            [
                Link(f"{item.ref} {item.title}", item.get_absolute_url()),
                item.project.name,
                str(item.worker),
                state_pill(item),
                days.words(usage[item.pk].claimed),
                days.words(item.cap_half_days),
                item.rate,
            ]
            for item in engagements
        ]
        table = Table(_("Engagements"), columns, rows, empty=_("No engagement yet."))
        return render(request, "grants/engagements/engagement_list.html", {"table": table, "page": page})


def state_pill(engagement: Engagement) -> Pill:
    kinds = {Engagement.State.ACTIVE: "pen", Engagement.State.COMPLETE: "paid"}
    return Pill(engagement.get_state_display(), kinds.get(Engagement.State(engagement.state), ""))


class EngagementView(EngagementPage, SignedIn):
    """One engagement: caps used and left with what waits, the funds it draws from, its days."""

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        engagement = self.engagement
        found = WorkEntry.objects.filter(engagement=engagement).exclude(state=WorkEntry.State.WITHDRAWN).select_related("worker")
        page = Paginator(found.order_by("-date", "-slot", "-pk"), PAGE).get_page(request.GET.get("page"))
        entries = list(page)
        usage = selectors.usage(engagement)
        active = engagement.state == Engagement.State.ACTIVE
        approvers = policies.approvers(engagement) if active else []
        context = {
            "engagement": engagement,
            "pill": state_pill(engagement),
            "usage": usage,
            "used": days.price(usage.claimed, engagement.rate),
            "left": days.price(usage.left, engagement.rate),
            "approvers": [user.name for user in approvers],
            "active": active,
            "may_end": active and request.user in [engagement.worker, *approvers],
            "may_approve": active and policies.may_approve_for(request.user, engagement) and usage.logged,
            "is_worker": engagement.worker_id == request.user.pk,
            "funds": funds_table(engagement),
            "table": work_table(entries, progress.payments(entries), caption=_("Half days of this engagement")),
            "page": page,
        }
        return render(request, "grants/engagements/engagement.html", context)


def funds_table(engagement: Engagement) -> Table:
    sources = list(engagement.funds.select_related("fund", "reservation"))
    money = [
        [Money(amount, engagement.currency) for amount in (held.reserved, held.drawn, held.released, held.open)]
        for held in (source.reservation for source in sources)
    ]
    sums = [total(column, engagement.currency) for column in zip(*money, strict=True)]
    columns = [
        Column(_("Fund")),
        *(Column(name, "number") for name in (_("Reserved"), _("Drawn for days"), _("Given back"), _("Still held"))),
    ]
    rows = [[source.fund.name, *row] for source, row in zip(sources, money, strict=True)]
    return Table(_("Funds, in the order in which they are drawn"), columns, rows, foot=[_("Together"), *sums], caption_shown=True)


class EndView(EngagementPage, SignedInActionView):
    """End an engagement early, on a page that says what goes back to the funds."""

    template_name = "components/confirm.html"
    form_class = ReasonForm
    submit = gettext_lazy("End the engagement")
    done = gettext_lazy("The engagement has ended. What was not worked for went back to the funds.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        policies.require_ender(request.user, self.engagement)
        return super().get(request, *args, **kwargs)

    def form_invalid(self, form: ReasonForm) -> HttpResponse:
        policies.require_ender(self.request.user, self.engagement)
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        engagement = self.engagement
        held = sum(source.reservation.open for source in engagement.funds.select_related("reservation"))
        keep = selectors.owed(engagement)
        facts = [
            (_("Worker"), str(engagement.worker)),
            (_("Began"), date(engagement.starts_on)),
            (_("Stays reserved for approved days"), keep),
        ]
        return super().get_context_data(
            title=_("End {ref} early").format(ref=engagement.ref),
            lead=engagement.title,
            facts=facts,
            total=(_("Goes back to the funds"), Money(held, engagement.currency) - keep),
            cancel_url=engagement.get_absolute_url(),
            danger=True,
            **kwargs,
        )

    def act(self, form: ReasonForm) -> str:
        services.end_engagement(actor=self.request.user, engagement=self.engagement, reason=form.cleaned_data["reason"])
        return self.engagement.get_absolute_url()
