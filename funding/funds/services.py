"""Open projects and funds. A fund is opened together with its ledger account and never closed while it holds money."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from funding import clock, days
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.funds.models import Fund, Project
from funding.ledger import services as ledger
from funding.money import Money
from funding.people import roles
from funding.people.models import Host, User
from funding.states import lifecycle

Role = roles.Role
HOST_FUND = "host-{}"
"""The address of the host's own general fund, by its currency in small letters."""
PROJECT = lifecycle("project", draft="open", open="paused", paused="open")


def host() -> Host:
    """The host. Raises Conflict before the first run."""
    found = Host.get()
    if found is None:
        raise Conflict(_("This installation has no host yet. An administrator sets it up first."))
    return found


@audited("projects.create", subject="slug")
def create_project(
    *,
    actor: User,
    slug: str,
    name: str,
    summary: str,
    target_half_days: int,
    rate: Money,
    headline: str = "",
    story: str = "",
    homepage: str = "",
) -> Project:
    """A project in draft, with its own restricted fund in the currency of its reference day rate.

    Only an administrator. `target_half_days` is half days a month. Raises Refused, Invalid, Conflict (slug taken).
    """
    roles.require(actor, Role.ADMIN)
    days.check_rate(rate)
    if rate.currency != host().currency:
        raise Invalid(_("This host keeps its books in {currency}.").format(currency=host().currency), field="rate")
    try:
        with transaction.atomic():
            project = Project.objects.create(
                slug=slug,
                name=name,
                summary=summary,
                headline=headline,
                story=story,
                homepage=homepage,
                target_half_days=target_half_days,
                rate_amount=rate.amount,
                rate_currency=rate.currency,
                created_at=clock.now(),
            )
    except IntegrityError:
        raise Invalid(_("Another project has this address already."), field="slug") from None
    open_fund(
        slug=slug,
        name=name,
        kind=Fund.Kind.RESTRICTED,
        purpose=_("Work on {project}").format(project=name),
        currency=rate.currency,
        project=project,
    )
    return project


@audited("projects.edit", subject="project")
def edit_project(
    *,
    actor: User,
    project: Project,
    summary: str,
    headline: str,
    story: str,
    homepage: str,
    target_half_days: int,
    rate: Money,
    version: int | None = None,
) -> Project:
    """Change what a project says and aims for. Its maintainers and administrators.

    `version` is the one that the editor looked at; Conflict when the project was changed since. None does not ask.
    """
    if not may_edit(actor, project):
        roles.require(actor, Role.ADMIN)
    days.check_rate(rate)
    if rate.currency != project.rate_currency:
        raise Invalid(_("This project's currency is {currency}.").format(currency=project.rate_currency), field="rate")
    locked = Project.objects.select_for_update().get(pk=project.pk)
    if version is not None and locked.version != version:
        raise Conflict(_("Somebody else changed this project while you were editing it. Open it again and add your changes to theirs."))
    locked.summary, locked.headline, locked.story, locked.homepage = summary, headline, story, homepage
    locked.target_half_days, locked.rate_amount = target_half_days, rate.amount
    locked.version += 1
    locked.save()
    return locked


@audited("projects.set_state", subject="project")
def set_project_state(*, actor: User, project: Project, state: str) -> Project:
    """Open or pause a project. A paused project takes no new sponsors; running agreements go on."""
    if not may_edit(actor, project):
        roles.require(actor, Role.ADMIN)
    locked = Project.objects.select_for_update().get(pk=project.pk)
    PROJECT.check(locked.state, state)
    locked.state = state
    locked.save(update_fields=["state"])
    return locked


def may_edit(user: roles.Viewer, project: Project) -> bool:
    return roles.has(user, Role.MAINTAINER, project.subject) or roles.has(user, Role.ADMIN)


def open_fund(*, slug: str, name: str, kind: str, purpose: str, currency: str, project: Project | None = None) -> Fund:
    """A fund and its ledger account, once per slug; a repeat returns the first."""
    existing = Fund.objects.select_related("account").filter(slug=slug).first()
    if existing is not None:
        return existing
    account = ledger.open_account(code=f"fund:{slug}:{currency}", klass="fund", currency=currency)
    fund, _created = Fund.objects.get_or_create(
        slug=slug,
        defaults={
            "name": name,
            "kind": kind,
            "purpose": purpose,
            "currency": currency,
            "project": project,
            "account": account,
            "created_at": clock.now(),
        },
    )
    return fund


def end_fund(fund: Fund) -> None:
    """What the fund was opened for came to nothing. Money in it stays until it is moved; empty, it is listed apart. Safe to repeat."""
    Fund.objects.filter(pk=fund.pk, ended_at=None).update(ended_at=clock.now())


def host_fund(currency: str) -> Fund:
    """Where the host's share of each contribution goes: its general fund."""
    slug = HOST_FUND.format(currency.lower())
    existing = Fund.objects.select_related("account").filter(slug=slug).first()
    return existing or open_fund(
        slug=slug,
        name=_("{host}: general fund").format(host=host().name),
        kind=Fund.Kind.GENERAL,
        purpose=_("Running costs of the host"),
        currency=currency,
    )


def project_fund(project: Project) -> Fund:
    """The fund that a project's tiers feed."""
    return fund_of(project.slug).get()


def fund_of(slug: str) -> QuerySet[Fund]:
    """The same by the project's address, for a page that looks ahead."""
    return Fund.objects.select_related("account").filter(slug=slug)
