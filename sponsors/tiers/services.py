"""Write, publish and retire prices. Publishing cannot be undone: a published tier is only ever retired."""

from __future__ import annotations

from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.funds import services as funds
from funding.funds.models import Project
from funding.money import Money
from funding.people.models import User
from funding.states import lifecycle
from sponsors.tiers import policies
from sponsors.tiers.fees import estimate
from sponsors.tiers.models import Interval, Tier

TIER = lifecycle("tier", draft="published", published="retired", retired="")
MAX_BENEFITS = 4
MAX_AMOUNT = 99_999_999
"""The processor takes no larger card payment, in minor units."""
MIN_AMOUNT = 100
"""Smaller payments mostly test stolen cards."""


@audited("tiers.create", subject="project")
def create_tier(
    *,
    actor: User,
    project: Project,
    name: str,
    price: Money,
    interval: str = Interval.MONTH,
    audience: str = Tier.Audience.ANYONE,
    description: str = "",
    benefits: str = "",
    position: int = 0,
) -> Tier:
    """A draft that feeds the project's own fund. `benefits` is one line each, at most four. Raises Refused, Invalid."""
    policies.require_editor(actor, project)
    fund = funds.project_fund(project)
    _check(project, price, interval, audience, name, benefits)
    return Tier.objects.create(
        project=project,
        fund=fund,
        name=name,
        audience=audience,
        amount=price.amount,
        currency=price.currency,
        interval=interval,
        description=description,
        benefits=_tidy(benefits),
        position=position,
        created_by=actor,
        created_at=clock.now(),
    )


@audited("tiers.edit", subject="tier")
def edit_tier(
    *,
    actor: User,
    tier: Tier,
    version: int,
    name: str,
    price: Money,
    interval: str,
    audience: str,
    description: str,
    benefits: str,
    position: int,
) -> Tier:
    """Change a draft. `version` is the one that the form was opened with. Raises Refused, Invalid, Conflict."""
    policies.require_editor(actor, tier.project)
    locked = _locked(tier)
    if locked.state != Tier.State.DRAFT:
        raise Conflict(_("This tier is published. A published tier is never edited: retire it and write a new one."))
    if locked.version != version:
        raise Conflict(_("Somebody else changed this tier after you opened it. Nothing of yours was saved; look at it again."))
    _check(locked.project, price, interval, audience, name, benefits)
    locked.name, locked.audience, locked.interval = name, audience, interval
    locked.amount, locked.currency = price.amount, price.currency
    locked.description, locked.benefits, locked.position = description, _tidy(benefits), position
    locked.version += 1
    locked.save()
    return locked


@audited("tiers.publish", subject="tier")
def publish_tier(*, actor: User, tier: Tier, version: int) -> Tier:
    """Offer it from now on, as it stood when the confirm page was opened. Raises Refused, Conflict."""
    policies.require_editor(actor, tier.project)
    locked = _locked(tier)
    TIER.check(locked.state, Tier.State.PUBLISHED)
    if locked.version != version:
        raise Conflict(_("This tier was changed after you opened the page. Read it again before you publish it."))
    locked.state, locked.published_at = Tier.State.PUBLISHED, clock.now()
    locked.save(update_fields=["state", "published_at"])
    return locked


@audited("tiers.retire", subject="tier")
def retire_tier(*, actor: User, tier: Tier) -> Tier:
    """Offer it to nobody new. Whoever has it keeps it. Raises Refused, Conflict."""
    policies.require_editor(actor, tier.project)
    locked = _locked(tier)
    TIER.check(locked.state, Tier.State.RETIRED)
    locked.state, locked.retired_at = Tier.State.RETIRED, clock.now()
    locked.save(update_fields=["state", "retired_at"])
    return locked


def _locked(tier: Tier) -> Tier:
    return Tier.objects.select_for_update(of=("self",)).select_related("project").get(pk=tier.pk)


def _tidy(benefits: str) -> str:
    return "\n".join(line.strip() for line in benefits.splitlines() if line.strip())


def _check(project: Project, price: Money, interval: str, audience: str, name: str, benefits: str) -> None:
    if not name.strip():
        raise Invalid(_("Enter a name for this tier."), field="name")
    if interval not in Interval.values:
        raise Invalid(_("Choose how often it is paid."), field="interval")
    if audience not in Tier.Audience.values:
        raise Invalid(_("Choose who it is for."), field="audience")
    if len(_tidy(benefits).splitlines()) > MAX_BENEFITS:
        raise Invalid(_("Write at most {n} lines.").format(n=MAX_BENEFITS), field="benefits")
    if price.currency != project.rate_currency:
        raise Invalid(_("{project} keeps its books in {currency}.").format(project=project, currency=project.rate_currency), field="amount")
    if not MIN_AMOUNT <= price.amount <= MAX_AMOUNT:
        low, high = Money(MIN_AMOUNT, price.currency), Money(MAX_AMOUNT, price.currency)
        raise Invalid(_("Enter an amount between {low} and {high}.").format(low=low, high=high), field="amount")
    if estimate(price, funds.host().fee_basis_points).net.amount <= 0:
        raise Invalid(_("After the card fee and the host's share nothing of {price} would be left.").format(price=price), field="amount")
