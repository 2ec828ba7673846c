from celery import shared_task

from funding.web.queue import one_at_a_time
from sponsors.billing import services

LIMIT = 300
"""Sponsorships of one tick; the next tick, seconds later, takes the rest."""


@shared_task
@one_at_a_time
def run_billing() -> str:
    return str(services.run_billing(limit=LIMIT))


@shared_task
@one_at_a_time
def run_dunning() -> str:
    """The steps of what is unpaid."""
    return str(services.run_dunning(limit=LIMIT))


@shared_task
@one_at_a_time
def sweep_cards() -> int:
    """Look again at every open page that saves a card."""
    return services.sweep_cards()


@shared_task
@one_at_a_time
def detach_cards() -> int:
    """Have the processor forget the cards that we forgot."""
    return services.detach_cards()


@shared_task
@one_at_a_time
def warn_of_expiry() -> int:
    """Tell sponsors whose cards expire before their next charge."""
    return services.warn_of_expiry()


@shared_task
@one_at_a_time
def sweep_payments() -> int:
    """Look again at every payment whose outcome is open."""
    return services.sweep().looked


@shared_task
def settle_payment(pk: int) -> str:
    return services.settle(payment_id=pk).state
