"""Write an award down, move it along, and make it active: from then on its fund is open and its terms stay as they are."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.funds import needs
from funding.funds.models import BudgetLine, Fund, Need, Project
from funding.funds.services import host, open_fund
from funding.ledger import services as ledger
from funding.money import Money, total
from funding.people import independence, roles
from funding.people import services as people
from funding.people.models import Party, User
from funding.people.roles import Role
from grants.awards import emails
from grants.awards.models import Award, AwardLine, Correction, Tranche

State = Award.State
COMMON = frozenset({"foundation", "fund", "trust", "open", "source", "software", "institute", "society", "national", "grant", "the"})
"""Words in the names of grantors that tell nothing about who it is."""


@dataclass(frozen=True, slots=True)
class LineTerms:
    name: str
    amount: Money


@dataclass(frozen=True, slots=True)
class TrancheTerms:
    """`condition` is "" where there is none."""

    due_on: dt.date
    amount: Money
    trigger: str
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an award says. `grantor` is an organisation by name; its lines, and its tranches, add up to `amount`.

    `need` is the approved work that it is raised for, or None, and `need_line` names the budget line that pays for it.
    """

    title: str
    number: str
    grantor: str
    unnamed: bool
    amount: Money
    purpose: str
    projects: Sequence[Project]
    starts_on: dt.date
    ends_on: dt.date
    closeout_on: dt.date
    lines: Sequence[LineTerms]
    tranches: Sequence[TrancheTerms]
    need: Need | None = None
    need_line: str = ""

    def check(self) -> None:
        """Raise Invalid, naming the field, unless the terms fit together."""
        if self.amount.currency != host().currency:
            raise Invalid(_("This host keeps its books in {currency}.").format(currency=host().currency), field="amount")
        for field, sums in (("amount", [self.amount]), ("lines", self.lines), ("tranches", self.tranches)):
            if any((each if isinstance(each, Money) else each.amount).amount <= 0 for each in sums):
                raise Invalid(_("Every sum is above zero."), field=field)
        if not self.projects:
            raise Invalid(_("Choose at least one project that it may pay for."), field="projects")
        if self.ends_on < self.starts_on:
            raise Invalid(_("The last day of work comes before the first."), field="ends_on")
        if self.closeout_on < self.ends_on:
            raise Invalid(_("It is closed out after its last day of work, or on it."), field="closeout_on")
        self._adds_up("lines", self.lines, _("The budget lines add up to {found}, and the award is {amount}."))
        self._adds_up("tranches", self.tranches, _("The tranches add up to {found}, and the award is {amount}."))
        if len({line.name.casefold() for line in self.lines}) != len(self.lines):
            raise Invalid(_("Two budget lines have the same name."), field="lines")
        self._check_need()

    def check_unnamed(self, slug: str) -> None:
        """Raise Invalid, naming the field, where a public word would tell who an unnamed grantor is."""
        if not self.unnamed:
            return
        told = {word for word in re.findall(r"\w+", self.grantor.casefold()) if len(word) > 3 and word not in COMMON} | {
            self.number.casefold()
        }
        tranches = " ".join(f"{it.trigger} {it.condition}" for it in self.tranches)
        lines = " ".join(it.name for it in self.lines)
        public = {"title": self.title, "purpose": self.purpose, "slug": slug, "tranches": tranches, "lines": lines}
        for field, text in public.items():
            if found := sorted(word for word in told if word in text.casefold()):
                said = (
                    _("Its address is public and tells who the grantor is: {word}. Use other words.")
                    if field == "slug"
                    else _("This is public and tells who the grantor is: {word}. Use other words.")
                )
                raise Invalid(said.format(word=found[0]), field=field)

    def _check_need(self) -> None:
        if self.need is None:
            if self.need_line:
                raise Invalid(_("Choose the work that this line pays for, or leave it out."), field="need")
            return
        self.need.refresh_from_db()
        if self.need.state != Need.State.WANTED or self.need.currency != self.amount.currency:
            raise Invalid(_("This does not wait for money any more. Choose another one, or none."), field="need")
        if self.need.project not in self.projects:
            raise Invalid(
                _("This is work on {project}, and the award may not pay for that.").format(project=self.need.project), field="need"
            )
        if self.need_line not in [line.name for line in self.lines]:
            raise Invalid(_("Write the name of one of the budget lines above."), field="need_line")

    def _adds_up(self, field: str, parts: Sequence[LineTerms] | Sequence[TrancheTerms], otherwise: str) -> None:
        found = total([part.amount for part in parts], self.amount.currency)
        if found != self.amount:
            raise Invalid(otherwise.format(found=found, amount=self.amount), field=field)


@audited("awards.create", subject="slug")
def create(*, actor: User, slug: str, terms: Terms) -> Award:
    """An award in draft. Only a treasurer. Raises Refused, and Invalid when a term does not fit or the slug or number is taken."""
    roles.require(actor, Role.TREASURER)
    terms.check()
    terms.check_unnamed(slug)
    _require_independent(actor, terms.need)
    if slug == "new":
        raise Invalid(_("This word is an address of the site. Choose another one."), field="slug")
    if Award.objects.filter(slug=slug).exists():
        raise Invalid(_("Another award has this address already."), field="slug")
    award = Award(slug=slug, written_by=actor, created_at=clock.now())
    return _write(award, terms)


@audited("awards.edit", subject="award")
def edit(*, actor: User, award: Award, version: int, terms: Terms) -> Award:
    """Change the terms of an award that is not agreed yet. `version` is the one that the editor saw.

    Raises Refused, Invalid, Conflict (stale, or agreed already).
    """
    roles.require(actor, Role.TREASURER)
    locked = lock(award)
    if locked.state not in Award.WRITABLE:
        raise Conflict(_("This award is {state}, so its terms stay as they are.").format(state=locked.get_state_display().lower()))
    if locked.version != version:
        raise Conflict(_("Somebody else changed this award since you opened the form."))
    terms.check()
    terms.check_unnamed(locked.slug)
    _require_independent(actor, terms.need)
    locked.lines.all().delete()
    locked.tranches.all().delete()
    locked.version += 1
    locked.written_by = actor
    return _write(locked, terms)


@audited("awards.move", subject="award")
def move(*, actor: User, award: Award, to: str, words: str) -> Award:
    """Say where the award stands: applied, agreed (`words`: where the signed agreement is), draft again, dropped, closed.

    Only a treasurer. Making it active is another person's act (`activate`). Raises Refused, Invalid (field words, or to),
    IllegalTransition; Conflict when it is to be closed and holds money or promises.
    """
    roles.require(actor, Role.TREASURER)
    locked = lock(award)
    if to == State.ACTIVE or to not in State.values:
        raise Invalid(_("Choose where the award stands now."), field="to")
    Award.LIFECYCLE.check(locked.state, to)
    if to != State.APPLIED and not words.strip():
        raise Invalid(_("Say where the signed agreement is.") if to == State.AGREED else _("Say why."), field="words")
    if to == State.CLOSED:
        _require_empty(locked)
    locked.agreed_by, locked.agreed_at = (actor, clock.now()) if to == State.AGREED else (locked.agreed_by, locked.agreed_at)
    if to == State.DRAFT:
        emails.checked(locked, actor, words.strip())
        locked.agreed_by = locked.agreed_at = None
    locked.state, locked.words = to, words.strip()
    locked.version += 1
    locked.save()
    if to == State.AGREED:
        emails.agreed(locked, actor)
    return locked


@audited("awards.activate", subject="award")
def activate(*, actor: User, award: Award, version: int) -> Award:
    """Open the award's fund with its purpose, period and budget, so that its tranches can be booked and spent.

    A treasurer or administrator who neither wrote its terms nor said that it was agreed, nor gains by the work that it is raised
    for. `version` is the one that they compared with the signed agreement. Raises Refused (role, and independence),
    IllegalTransition, Conflict when it was changed since.
    """
    roles.require(actor, Role.TREASURER, Role.ADMIN)
    locked = lock(award)
    if locked.agreed_by is not None:
        independence.require(actor, _("make this award active"), prepared_by=[locked.agreed_by, locked.written_by])
    _require_independent(actor, locked.need)
    Award.LIFECYCLE.check(locked.state, State.ACTIVE)
    if locked.version != version:
        raise Conflict(_("This award was changed since you opened the page. Compare it with the signed agreement again."))
    locked.fund = _open(locked)
    locked.state, locked.activated_by, locked.activated_at = State.ACTIVE, actor, clock.now()
    locked.save()
    emails.checked(locked, actor)
    return locked


def lock(award: Award) -> Award:
    """The row under lock, with its grantor and fund."""
    rows = Award.objects.select_for_update(of=("self",)).select_related("grantor", "fund__account", "written_by", "agreed_by", "need")
    return rows.get(pk=award.pk)


def _write(award: Award, terms: Terms) -> Award:
    award.title, award.number, award.unnamed = terms.title, terms.number, terms.unnamed
    award.grantor = _grantor(terms.grantor)
    award.amount, award.currency, award.purpose = terms.amount.amount, terms.amount.currency, terms.purpose
    award.starts_on, award.ends_on, award.closeout_on = terms.starts_on, terms.ends_on, terms.closeout_on
    award.need, award.need_line = terms.need, terms.need_line
    try:
        with transaction.atomic():
            award.save()
    except IntegrityError:
        raise Invalid(_("An award of this grantor has this number already."), field="number") from None
    award.projects.set(terms.projects)
    AwardLine.objects.bulk_create(
        AwardLine(award=award, name=line.name, amount=line.amount.amount, position=position) for position, line in enumerate(terms.lines)
    )
    Tranche.objects.bulk_create(
        Tranche(
            award=award,
            position=position,
            amount=it.amount.amount,
            due_on=it.due_on,
            trigger=it.trigger,
            condition=it.condition,
        )
        for position, it in enumerate(terms.tranches)
    )
    return award


def _grantor(name: str) -> Party:
    """The organisation of that name, as other awards have it; a new one otherwise."""
    known = Party.objects.filter(pk__in=Award.objects.values("grantor"), name__iexact=name).first()
    return known or people.create_party(kind=Party.Kind.ORGANISATION, name=name, email="")


def _open(award: Award) -> Fund:
    fund = open_fund(
        slug=f"award-{award.slug}",
        name=award.title,
        kind=Fund.Kind.RESTRICTED,
        purpose=award.purpose,
        currency=award.currency,
    )
    fund.projects.set(award.projects.all())
    fund.starts_on, fund.ends_on, fund.closeout_on = award.starts_on, award.ends_on, award.closeout_on
    fund.save(update_fields=["starts_on", "ends_on", "closeout_on"])
    BudgetLine.objects.bulk_create(
        BudgetLine(fund=fund, name=line.name, amount=line.amount, position=line.position) for line in award.lines.all()
    )
    return fund


def _require_empty(award: Award) -> None:
    if award.fund is None:
        return
    account = ledger.account(award.fund.account.code)
    held = Money(account.credits - account.debits, award.currency)
    if held:
        raise Conflict(
            _("{held} is in its fund still. An award is closed once its money is spent or given back to its grantor.").format(held=held)
        )
    if award.tranches.filter(state=Tranche.State.HELD).exists():
        raise Conflict(_("A tranche has arrived whose condition is open. Its money is owed, so the award cannot be closed."))
    if Correction.objects.filter(tranche__award=award, state=Correction.State.ASKED).exists():
        raise Conflict(_("A correction of one of its tranches waits for a decision."))


def _require_independent(actor: User, need: Need | None) -> None:
    """Nobody finds money for work that would pay themselves or somebody they are tied to."""
    if need is not None:
        told = needs.describe([need])[need.about]
        independence.require(actor, _("find money for this"), beneficiaries=told.beneficiaries, subjects=[need.about])
