"""The desk's side of an award: writing it down, moving it along, booking its tranches, deciding about its conditions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse, reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding import clock
from funding.components.parts import Column, Link, Table
from funding.errors import Refused
from funding.funds import needs
from funding.funds.models import Need
from funding.funds.services import host
from funding.money import Money
from funding.payments import bank
from funding.people import independence, roles
from funding.people.roles import Role
from funding.web.views import SignedIn, SignedInActionView
from grants.awards import forms, policies, selectors, services, tables, tranches, views
from grants.awards.models import Asked, Award, Correction, Tranche


class Reader(SignedIn):
    """For treasurers, administrators and auditors."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not policies.shows(request):
            raise Refused(_("Awards are kept by treasurers, and read here by administrators and auditors too."), rule="role")
        return super().dispatch(request, *args, **kwargs)


class Desk(Reader, TemplateView):
    template_name = "grants/awards/desk.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        columns = [
            Column(_("Award")),
            Column(_("Grantor")),
            Column(_("Number"), minor=True),
            Column(_("State")),
            Column(_("Ends"), "date"),
            Column(_("Promised"), "number"),
        ]
        rows = [
            (
                Link(it.title, reverse("awards:desk-award", args=[it.slug])),
                it.grantor.name,
                it.number,
                tables.state_pill(it),
                it.ends_on,
                it.money,
            )
            for it in Award.objects.select_related("grantor")
        ]
        found = Table(_("Awards"), columns, rows, empty=_("No award is written down yet."))
        return super().get_context_data(awards=found, may_write=policies.may_write(self.request.user), **kwargs)


class DeskAward(Reader, TemplateView):
    template_name = "grants/awards/desk_award.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        award = get_object_or_404(
            Award.objects.select_related("grantor", "fund__account", "need", "written_by", "agreed_by", "activated_by"), slug=kwargs["slug"]
        )
        user = self.request.user
        arrived = selectors.arrivals([award])
        rows = award.tranches.select_related("booked_by", "claimed_by", "met_by", "entry", "met_entry", "returned_entry")
        tranche_rows = [self.row(it, award, arrived.get(it.pk, 0)) for it in rows]
        return super().get_context_data(
            **kwargs,
            **views.page(self.request, award),
            pill=tables.state_pill(award),
            rows=tranche_rows,
            acting=any(row["acts"] for row in tranche_rows),
            asked=asked_rows(award, self.request.user),
            may_give_back=award.state == Award.State.ACTIVE and policies.may_write(user) and bool(selectors.figures(award).left),
            lines=list(award.lines.all()),
            bank=bank.account(),
            may_write=policies.may_write(user),
            may_activate=award.state == Award.State.AGREED
            and policies.may_decide(user)
            and user.pk not in (award.agreed_by_id, award.written_by_id),
            writable=award.state in Award.WRITABLE,
            waiting=self.waiting(award),
            movable=bool(Award.LIFECYCLE.table[award.state] - {Award.State.ACTIVE}),
        )

    def row(self, it: Tranche, award: Award, arrived: int) -> dict[str, Any]:
        pill = tables.tranche_pill(it, clock.today())
        return {"it": it, "pill": pill, "arrived": Money(arrived, award.currency), "acts": self.acts(it, award)}

    @staticmethod
    def waiting(award: Award) -> list[dict[str, Any]]:
        """Approved work on its projects that waits for money: an active award may be offered for it on the desk of the funds."""
        if award.state != Award.State.ACTIVE:
            return []
        found = [need for project in award.projects.all() for need in needs.waiting(project) if need.state == Need.State.WANTED]
        told = needs.describe(found)
        return [{"need": need, "told": told[need.about]} for need in found]

    def acts(self, tranche: Tranche, award: Award) -> list[Link]:
        """What this person may do about a tranche now."""
        user, found = self.request.user, []
        active = award.state == Award.State.ACTIVE
        if active and policies.may_write(user):
            if tranche.state == Tranche.State.SCHEDULED:
                found.append((_("Book it"), "book"))
            if tranche.is_open and tranche.claimed_by_id is None:
                found.append((_("Say what became of its condition"), "claim"))
            if tranche.state in (Tranche.State.HELD, Tranche.State.RECEIVED):
                found.append((_("Correct it"), "correct"))
            if tranche.state in (Tranche.State.SCHEDULED, Tranche.State.WITHHELD):
                found.append((_("Withhold it") if tranche.state == Tranche.State.SCHEDULED else _("Expect it again"), "withhold"))
        if tranche.is_open and tranche.claimed_by_id not in (None, user.pk) and policies.may_decide(user):
            found.append((_("Decide about its condition"), "decide"))
        return [Link(words, reverse(f"awards:{name}", args=[award.slug, tranche.number])) for words, name in found]


def asked_rows(award: Award, user: Any) -> list[dict[str, Any]]:
    """Money back and corrections, the newest first, each with the page on which this person may decide about it."""
    found: list[tuple[Asked, str, str]] = []
    for back in award.given_back.select_related("asked_by", "decided_by"):
        words = _("{sum} back to the grantor, bank reference {reference}").format(sum=back.money, reference=back.bank_reference)
        found.append((back, words, reverse("awards:give-back-decide", args=[award.slug, back.pk])))
    rows = Correction.objects.filter(tranche__award=award).select_related("tranche__award", "asked_by", "decided_by")
    for it in rows:
        place = reverse("awards:correct-decide", args=[award.slug, it.tranche.number, it.pk])
        found.append((it, f"{it.tranche}: {it.words}", place))
    found.sort(key=lambda row: row[0].asked_at, reverse=True)
    may = policies.may_decide(user)
    return [
        {"it": it, "words": words, "pill": tables.asked_pill(it), "url": url if may and it.state == Asked.State.ASKED else ""}
        for it, words, url in found
    ]


class Office(SignedInActionView):
    """A form for those who may use it. The service asks again and puts a refusal on record."""

    request: Any
    allowed: tuple[str, ...] = (Role.TREASURER,)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and (request.method != "POST" or not policies.shows(request)):
            roles.require(request.user, *self.allowed)
        return super().dispatch(request, *args, **kwargs)


class NewAward(Office):
    form_class = forms.NewAwardForm
    template_name = "grants/awards/award_form.html"
    title = gettext_lazy("Write down an award")
    lead = gettext_lazy(
        "It starts as a draft that only the host's desk sees. Once it is agreed, somebody else checks it and makes it active."
    )
    submit = gettext_lazy("Write it down")
    done = gettext_lazy("The award is written down as a draft.")
    extra_context = {"cancel_url": reverse_lazy("awards:desk")}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "currency": host().currency}

    def act(self, form: forms.NewAwardForm) -> str:
        award = services.create(actor=self.request.user, slug=form.cleaned_data["slug"], terms=form.terms)
        return reverse("awards:desk-award", args=[award.slug])


class OfAward(Office):
    template_name = "grants/awards/award_act.html"

    @cached_property
    def award(self) -> Award:
        return get_object_or_404(Award.objects.select_related("grantor", "agreed_by", "written_by"), slug=self.kwargs["slug"])

    def get_success_url(self) -> str:
        return reverse("awards:desk-award", args=[self.award.slug])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"award": self.award, "cancel_url": self.get_success_url(), **kwargs})


class EditAward(OfAward):
    form_class = forms.AwardForm
    template_name = "grants/awards/award_form.html"
    title = gettext_lazy("Change the award")
    done = gettext_lazy("The award is saved.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "currency": self.award.currency, "award": self.award}

    def get_initial(self) -> dict[str, Any]:
        return forms.written(self.award)

    def act(self, form: forms.AwardForm) -> None:
        version = form.cleaned_data["version"] or 0
        services.edit(actor=self.request.user, award=self.award, version=version, terms=form.terms)


class MoveAward(OfAward):
    form_class = forms.MoveForm
    title = gettext_lazy("Where does the award stand?")
    lead = gettext_lazy(
        "When it is agreed, another treasurer or an administrator compares it with the signed agreement and makes it active."
    )
    submit = gettext_lazy("Record it")
    done = gettext_lazy("It is recorded.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "award": self.award}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(facts=[(_("Award"), self.award.title), (_("Now"), self.award.get_state_display())], **kwargs)

    def act(self, form: forms.MoveForm) -> None:
        services.move(actor=self.request.user, award=self.award, to=form.cleaned_data["to"], words=form.cleaned_data["words"])


class Activate(OfAward):
    fresh = True
    form_class = forms.ActivateForm
    allowed = (Role.TREASURER, Role.ADMIN)
    title = gettext_lazy("Make the award active")
    submit = gettext_lazy("It is as agreed: make it active")
    done = gettext_lazy("The award is active. Its tranches can be booked.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.award
        prepared = [it.agreed_by, it.written_by] if it.agreed_by else [it.written_by]
        hindrance = independence.hindrance(self.request.user, prepared_by=prepared)
        lead = (
            _("You cannot do this. {sentence}").format(sentence=hindrance.sentence)
            if hindrance
            else _("Compare it with the signed agreement. Its terms stay as they are from now on.")
        )
        facts = [
            (_("Grantor"), views.grantor(it, named=True)),
            (_("The signed agreement"), it.words),
            (_("Purpose"), it.purpose),
            (_("Projects"), ", ".join(project.name for project in it.projects.all())),
            (_("First day of work"), it.starts_on),
            (_("Last day of work"), it.ends_on),
            (_("Closeout"), it.closeout_on),
            *((_("Budget: {name}").format(name=line.name), line.money) for line in it.lines.all()),
            *(
                (_("Tranche {number}, {trigger}").format(number=tranche.number, trigger=tranche.trigger), tranche.money)
                for tranche in it.tranches.all()
            ),
        ]
        return super().get_context_data(lead=lead, hindered=bool(hindrance), facts=facts, total=(_("Promised"), it.money), **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.award.version}

    def act(self, form: forms.ActivateForm) -> None:
        services.activate(actor=self.request.user, award=self.award, version=form.cleaned_data["version"] or 0)


class OfTranche(OfAward):
    @cached_property
    def tranche(self) -> Tranche:
        number = self.kwargs["number"]
        return get_object_or_404(Tranche.objects.select_related("award__grantor", "claimed_by"), award=self.award, position=number - 1)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.tranche
        facts = [(_("Award"), it.award.title), (_("Tranche"), str(it.number)), (_("Due"), it.due_on), (_("Paid on"), it.trigger)]
        facts += [(_("Condition"), it.condition)] if it.condition else []
        if it.claimed_by:
            says = (
                _("{name} says that it will not be met, and that the money goes back to the grantor")
                if it.claims_back
                else _("{name} says that it is met")
            )
            facts.append((says.format(name=it.claimed_by.name), it.claim))
        return super().get_context_data(**{"facts": facts, "total": (_("Promised"), it.money), **kwargs})


class Book(OfTranche):
    fresh = True
    form_class = forms.BookForm
    title = gettext_lazy("Book what arrived")
    submit = gettext_lazy("Book it")
    done = gettext_lazy("The tranche is booked.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "currency": self.award.currency}

    def get_initial(self) -> dict[str, Any]:
        return {"amount": self.tranche.money, "arrived_on": clock.today()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        held = _("Its condition is open, so the money is held as owed and nobody can spend it yet.")
        lead = held if self.tranche.is_open else _("It can be spent from now on, within the award's purpose, lines and period.")
        return super().get_context_data(lead=lead, **kwargs)

    def act(self, form: forms.BookForm) -> None:
        names = ("amount", "arrived_on", "bank_reference", "evidence")
        tranches.book(actor=self.request.user, tranche=self.tranche, **{name: form.cleaned_data[name] for name in names})


class Claim(OfTranche):
    form_class = forms.ClaimForm
    title = gettext_lazy("Say what became of the condition")
    lead = gettext_lazy("Another treasurer or an administrator decides about it.")
    submit = gettext_lazy("Say so")
    done = gettext_lazy("It waits for somebody else's decision.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "held": self.tranche.state == Tranche.State.HELD}

    def act(self, form: forms.ClaimForm) -> None:
        data = form.cleaned_data
        tranches.claim(actor=self.request.user, tranche=self.tranche, words=data["words"], back=data["back"] == "back")


class Decide(OfTranche):
    fresh = True
    form_class = forms.DecideForm
    allowed = (Role.TREASURER, Role.ADMIN)
    title = gettext_lazy("Decide about the condition")
    submit = gettext_lazy("Record the decision")
    done = gettext_lazy("The decision is recorded.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        claimed = self.tranche.claimed_by
        hindrance = independence.hindrance(self.request.user, prepared_by=[claimed]) if claimed else None
        if hindrance:
            lead = _("You cannot do this. {sentence}").format(sentence=hindrance.sentence)
        elif self.tranche.claims_back:
            lead = _("When you agree, what arrived is booked out of the bank. Send it back to the grantor.")
        else:
            lead = _("When you agree, what arrived is the award's to spend.")
        return super().get_context_data(lead=lead, hindered=bool(hindrance), **kwargs)

    def act(self, form: forms.DecideForm) -> None:
        met = form.cleaned_data["decision"] == "met"
        tranches.decide(actor=self.request.user, tranche=self.tranche, met=met, words=form.cleaned_data["words"])


class Withhold(OfTranche):
    form_class = forms.ReasonForm
    done = gettext_lazy("It is recorded.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = self.tranche.state == Tranche.State.WITHHELD
        title = _("Expect the tranche again") if back else _("The tranche will not come")
        submit = _("Expect it again") if back else _("Withhold it")
        return super().get_context_data(title=title, submit=submit, danger=not back, **kwargs)

    def act(self, form: forms.ReasonForm) -> None:
        tranches.withhold(actor=self.request.user, tranche=self.tranche, words=form.cleaned_data["words"])
