from celery import shared_task

from funding.web.queue import one_at_a_time
from sponsors.refunds import services
from sponsors.refunds.models import Dispute


@shared_task
def send_refund(pk: int) -> str:
    return services.send(refund_id=pk).state


@shared_task
def learn_dispute(pk: int) -> str:
    found = services.learn(processor_id=Dispute.objects.values_list("processor_id", flat=True).get(pk=pk))
    return found.state if found else ""


@shared_task
@one_at_a_time
def sweep_refunds() -> int:
    """Look again at every refund and dispute that is under way."""
    return services.sweep().looked
