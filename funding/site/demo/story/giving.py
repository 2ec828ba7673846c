"""Sponsors join: they agree to a tier, pay on the stand-in's card page, and come back to a receipt. Some stop."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.text import slugify

from funding.people.models import Party
from funding.site.demo.story import cast, hosted
from funding.site.demo.story.when import When
from sponsors.billing import services as billing
from sponsors.invoices.models import Payment
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.models import Tier

COMPANY, PERSON = Party.Kind.ORGANISATION, Party.Kind.PERSON
IN_THE_CAST = {"Bracken & Lowe Ltd": "june", "Idris Bellamy": "idris", "Larkspur Tools": "maud"}


@dataclass(frozen=True, slots=True)
class Joining:
    """One sign-up. Everybody has an account, so that a visitor may become any of them."""

    when: When
    name: str
    email: str
    tier: str
    kind: str
    project: str
    country: str
    naming: str
    card: str


def address_of(name: str, kind: str) -> str:
    if name in IN_THE_CAST:
        return cast.BY_KEY[IN_THE_CAST[name]].email
    return f"office@{slugify(name)}.example" if kind == COMPANY else f"{slugify(name)}@mail.example"


def join(plan: Joining) -> None:
    who = plan.name if plan.kind == PERSON else f"Office of {plan.name}"
    actor = cast.enter(who, plan.email, f"sponsor of {plan.project.title()}: {plan.tier.lower()}")
    sponsorship = of(plan)
    if sponsorship is None:
        tier = Tier.objects.get(project__slug=plan.project, name=plan.tier)
        hosted.pay(
            billing.join(
                actor=actor, tier=tier, kind=plan.kind, name=plan.name, email=plan.email, country=plan.country, naming=plan.naming
            ),
            plan.card,
        )
        sponsorship = Sponsorship.objects.get(contact_email=plan.email, tier=tier)
    elif sponsorship.state == Sponsorship.State.PENDING:
        hosted.pay(billing.pay(actor=actor, sponsorship=sponsorship), plan.card)
    # What the page does to which the card page leads back.
    for pk in Payment.objects.filter(invoice__sponsorship=sponsorship, state__in=Payment.OPEN).values_list("pk", flat=True):
        billing.settle(payment_id=pk)


def stop(plan: Joining) -> None:
    sponsorship = of(plan)
    if sponsorship is not None:
        billing.stop(actor=cast.account(plan.email), sponsorship=sponsorship)


def of(plan: Joining) -> Sponsorship | None:
    found = Sponsorship.objects.filter(contact_email=plan.email, tier__name=plan.tier, tier__project__slug=plan.project)
    return found.order_by("pk").first()
