"""Beat closes the day of the books when the UTC date has changed, and seals what is closed."""

from celery import shared_task

from funding import clock
from funding.ledger import services
from funding.ledger.sealing import closing


@shared_task
def advance_book_day() -> str:
    return str(services.advance_book_day(clock.today()))


@shared_task
def seal_days() -> int:
    return sum(1 for _ in closing.seal_days())
