from celery import shared_task

from funding.mail import services
from funding.web.queue import one_at_a_time


@shared_task
def send_message(message_id: int) -> bool:
    return services.send(message_id=message_id)


@shared_task
@one_at_a_time
def sweep_outbox() -> int:
    """Send what is due, however it was missed."""
    return sum(services.send(message_id=pk) for pk in services.due())
