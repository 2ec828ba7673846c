from celery import shared_task

from funding.site.recovery import alarms, pruning


@shared_task
def watch() -> int:
    return alarms.raise_due()


@shared_task
def prune() -> str:
    return str(pruning.prune())
