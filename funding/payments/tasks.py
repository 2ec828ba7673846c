import datetime as dt

from celery import shared_task

from funding.payments import inbox, reconciliation, topups
from funding.web.queue import one_at_a_time


@shared_task
def handle_event(pk: int) -> str:
    return inbox.handle(event_pk=pk)


@shared_task
def sweep_inbox() -> int:
    """Handle what is due, however it was missed. Returns how many events that was."""
    return len([inbox.handle(event_pk=pk) for pk in inbox.due()])


@shared_task
@one_at_a_time
def reconcile() -> str:
    """Compare the processor's balance with the books, once a night. The beat asks every hour."""
    run = reconciliation.run_when_due()
    return f"{run.read} read, {run.matched} matched, {run.opened} opened, {run.settled} settled" if run else "not due"


@shared_task
def reconcile_now() -> int:
    """A person asked: miss what is young as well. Returns how many differences are newly open."""
    return reconciliation.reconcile(grace=dt.timedelta()).opened


@shared_task
def send_top_up(pk: int) -> str:
    return topups.send(pk=pk).state


@shared_task
@one_at_a_time
def sweep_top_ups() -> int:
    """Find top-ups whose call or news was missed. Returns how many could not be looked at."""
    return topups.sweep()
