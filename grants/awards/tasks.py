from celery import shared_task

from funding.web.queue import one_at_a_time
from grants.awards import reminders


@shared_task
@one_at_a_time
def remind() -> int:
    """Tranches that are due soon or late. Returns how many mails are new."""
    return reminders.sweep()
