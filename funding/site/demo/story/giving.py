"""Sponsors join: they agree to a tier, pay on the stand-in's card page, and come back to a receipt."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from funding.people.models import Party
from funding.site.demo.story import hosted
from funding.site.demo.story.cast import user
from sponsors.billing import services as billing
from sponsors.invoices.models import Payment
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.models import Tier

COMPANY, PERSON = Party.Kind.ORGANISATION, Party.Kind.PERSON


@dataclass(frozen=True, slots=True)
class Joining:
    """One sign-up. `who` is one of the cast, or "" for a visitor without an account."""

    day: int
    name: str
    email: str
    tier: str
    kind: str = COMPANY
    project: str = "quillon"
    country: str = "NO"
    naming: str = "public"
    who: str = ""
    card: str = hosted.VISA


def join(plan: Joining) -> None:
    sponsorship = Sponsorship.objects.filter(contact_email=plan.email).order_by("pk").first()
    if sponsorship is None:
        tier = Tier.objects.get(project__slug=plan.project, name=plan.tier)
        hosted.pay(
            billing.join(
                actor=user(plan.who) if plan.who else AnonymousUser(),
                tier=tier,
                kind=plan.kind,
                name=plan.name,
                email=plan.email,
                country=plan.country,
                naming=plan.naming,
            ),
            plan.card,
        )
        sponsorship = Sponsorship.objects.get(contact_email=plan.email)
    elif sponsorship.state == Sponsorship.State.PENDING:
        hosted.pay(billing.pay(actor=AnonymousUser(), sponsorship=sponsorship), plan.card)
    # What the page does to which the card page leads back.
    for pk in Payment.objects.filter(invoice__sponsorship=sponsorship, state__in=Payment.OPEN).values_list("pk", flat=True):
        billing.settle(payment_id=pk)
