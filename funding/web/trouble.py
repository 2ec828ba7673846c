"""What a job could not do, kept where a person sees it: the log alone is read by nobody.

A job over many things looks at each on its own, so that one never stops the others:

    watch = trouble.Watch("sponsors.billing.tasks.run_billing")
    for pk in due():
        with watch.item(f"sponsorship:{pk}"):
            bill(pk)

It is not a queue: the row in the books or the outbox is the job, and the next sweep finds it again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import F
from django.utils import timezone
from django.utils.functional import cached_property

from funding.errors import Unavailable
from funding.web.models import Trouble

log = logging.getLogger(__name__)

LONGEST = 500


class Watch:
    """One run of `job`, a Celery task's name. `failed` counts the things that it could not do."""

    def __init__(self, job: str) -> None:
        self.job, self.failed = job, 0

    @cached_property
    def _open(self) -> set[str]:
        """What the job could not do before. Asked for by the first thing that it does: a run that finds nothing asks nothing."""
        return set(Trouble.objects.filter(job=self.job, over_at=None).values_list("about", flat=True))

    @contextmanager
    def item(self, about: str, *args: int | str) -> Iterator[None]:
        """Keep what goes wrong with one thing and go on. A processor that cannot be reached is no fault of the thing.

        `args` are those with which the job may be asked for again, for this thing alone if the job can.
        """
        try:
            yield
        except Unavailable as error:
            self.failed += 1
            log.warning("%s of %s waits: %s", self.job, about, error)
        except Exception as error:
            self.failed += 1
            log.exception("%s of %s failed", self.job, about)
            note(self.job, about, error, args=args)
        else:
            if about in self._open:
                over(self.job, about)


def note(job: str, about: str, error: BaseException, *, args: tuple[int | str, ...] = ()) -> None:
    """Remember a failure, or count it once more. Call outside the transaction that failed."""
    now, said = timezone.now(), f"{type(error).__name__}: {error}"[:LONGEST].replace("\x00", "")
    known = Trouble.objects.filter(job=job, about=about, over_at=None)
    if not known.update(times=F("times") + 1, last_at=now, error=said):
        Trouble.objects.bulk_create(
            [Trouble(job=job, about=about, args=list(args), error=said, first_at=now, last_at=now)], ignore_conflicts=True
        )


def over(job: str, about: str) -> None:
    """The same job has succeeded for the same thing."""
    Trouble.objects.filter(job=job, about=about, over_at=None).update(over_at=timezone.now())
