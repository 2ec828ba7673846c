from celery import shared_task

from funding.web.queue import one_at_a_time
from grants.payouts import executing


@shared_task
def execute_payout(payout_id: int) -> str:
    return str(executing.execute(payout_id=payout_id).state)


@shared_task
def execute_run(run_id: int) -> int:
    return executing.begin_run(run_id=run_id)


@shared_task
@one_at_a_time
def sweep_payouts() -> int:
    """Take every due payout on. One that fails in an unforeseen way never stops the others."""
    return len(executing.execute_due().payouts)
