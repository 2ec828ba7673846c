from celery import shared_task

from funding.web.queue import one_at_a_time
from grants.committee import services
from grants.committee.services import opening


@shared_task
@one_at_a_time
def look_again() -> int:
    """Terms run out and months pass without anybody pressing anything, so open panels are looked at by the schedule too."""
    return services.refresh_all()


@shared_task
@one_at_a_time
def sweep_reviews() -> int:
    """Open reviews whose moment has come, and send the reminders of today."""
    return opening.sweep()["opened"]
