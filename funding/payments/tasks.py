from celery import shared_task

from funding.payments import inbox


@shared_task
def handle_event(pk: int) -> str:
    return inbox.handle(event_pk=pk)


@shared_task
def sweep_inbox() -> int:
    """Handle what is due, however it was missed. Returns how many events that was."""
    return len([inbox.handle(event_pk=pk) for pk in inbox.due()])
