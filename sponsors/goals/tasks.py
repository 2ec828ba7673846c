from celery import shared_task

from funding.web.queue import one_at_a_time
from sponsors.goals import services

LIMIT = 300
"""Pledges of one tick; the next tick, seconds later, takes the rest."""


@shared_task
@one_at_a_time
def collect_goals() -> str:
    """Close what is due, collect, remind, drop, finish."""
    return str(services.collect_goals(limit=LIMIT))
