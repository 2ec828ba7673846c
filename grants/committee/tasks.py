from celery import shared_task

from funding.funds import needs
from funding.web import trouble
from funding.web.queue import one_at_a_time
from grants.committee import services
from grants.committee.services import opening


@shared_task
@one_at_a_time
def look_again() -> int:
    """Terms run out and months pass without anybody pressing anything, so open panels are looked at by the schedule too."""
    return services.refresh_all()


@shared_task
def fund_need(need_id: int) -> bool:
    """Begin the approved work that an offer was made for."""
    return services.fund(need_id=need_id) is not None


@shared_task
@one_at_a_time
def sweep_needs() -> int:
    """Begin what the news of an offer did not, and what waited for more money in its fund. Returns how many began."""
    watch, begun = trouble.Watch("grants.committee.tasks.fund_need"), 0
    for pk in needs.offered():
        with watch.item(f"need:{pk}", pk):
            begun += services.fund(need_id=pk) is not None
    needs.follow()
    return begun


@shared_task
@one_at_a_time
def sweep_reviews() -> int:
    """Open reviews whose moment has come, and send the reminders of today."""
    return opening.sweep()["opened"]
