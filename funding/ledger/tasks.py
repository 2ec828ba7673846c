"""Beat closes the day of the books when the UTC date has changed."""

from celery import shared_task

from funding import clock
from funding.ledger import services


@shared_task
def advance_book_day() -> str:
    return str(services.advance_book_day(clock.today()))
