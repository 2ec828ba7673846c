from celery import shared_task

from funding.web.queue import one_at_a_time
from grants.awards import needing, reminders


@shared_task
@one_at_a_time
def remind() -> int:
    """Tranches that are due soon or late, and money that waits for its need. Returns how many mails are new."""
    needing.sweep(reminders.SWEEP)
    return reminders.sweep()
