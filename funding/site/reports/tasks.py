"""Beat recomputes the books once a day."""

from celery import shared_task

from funding.site.reports import verifying


@shared_task
def verify_books() -> str:
    run = verifying.verify_when_due()
    return "not due" if run is None else ", ".join(run.broken) or "the books hold"
