from __future__ import annotations

from django.urls import reverse

from funding.mail import services as mail
from funding.people import roles
from funding.people.roles import Role
from grants.rates.models import RateCard


def ask_for_decision(card: RateCard) -> None:
    """To everybody who may decide it, apart from the person themselves."""
    url = mail.absolute(reverse("rates:index"))
    deciders = (roles.holders(Role.ADMIN) | roles.holders(Role.TREASURER)).exclude(pk=card.user_id).distinct()
    for user in deciders:
        context = {"name": user.name, "person": card.user.name, "sum": card.rate, "effective_from": card.effective_from, "url": url}
        mail.queue(kind="rate_proposed", to=user.email, key=f"rate_proposed:{card.pk}:{user.pk}", context=context)


def tell_decision(card: RateCard) -> None:
    url = mail.absolute(reverse("rates:index"))
    context = {"name": card.user.name, "card": card, "approved": card.state == RateCard.State.APPROVED, "url": url}
    mail.queue(kind="rate_decided", to=card.user.email, key=f"rate_decided:{card.pk}", context=context)
