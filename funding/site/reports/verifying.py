"""Running `verify_books` so that its outcome stays: for the command, for the daily job and for the page that shows it."""

from __future__ import annotations

import datetime as dt
import logging
import time

from django.utils import timezone
from django.utils.translation import gettext as _

from funding import clock
from funding.ledger import checks
from funding.ledger.models import BookDay, Entry
from funding.site.reports.models import Verification
from funding.web import attention

log = logging.getLogger(__name__)

EVERY = dt.timedelta(hours=23, minutes=30)
"""Once a day: less than a day, so that the hourly tick does not come a minute too soon and lose an hour each day."""


def verify(*codes: str) -> tuple[Verification, list[checks.Result]]:
    """Recompute the named invariants, or all, and write down what was found. What an invariant says of the books is not changed by it."""
    began, ran, started = clock.now(), timezone.now(), time.monotonic()
    last_entry = Entry.objects.order_by("-number").values_list("number", flat=True).first()
    sealed = BookDay.objects.exclude(seal=None).order_by("-day").first()
    results = checks.run(*codes)
    kept = Verification.objects.create(
        began_at=began,
        ran_at=ran,
        milliseconds=int((time.monotonic() - started) * 1000),
        whole=set(checks.codes()) == {result.code for result in results},
        holds=all(result.holds for result in results),
        results=[_kept(result) for result in results],
        last_entry=last_entry,
        seal_day=sealed.day if sealed else None,
        seal=(sealed.seal or "") if sealed else "",
    )
    if not kept.holds:
        log.error("the books do not hold: %s; run manage.py verify_books", ", ".join(kept.broken))
    return kept, results


def verify_when_due() -> Verification | None:
    """The daily run; None when there was a whole one in the last day of business time."""
    if Verification.objects.filter(whole=True, began_at__gt=clock.now() - EVERY).exists():
        return None
    return verify()[0]


def last() -> Verification | None:
    """The last run over everything."""
    return Verification.objects.filter(whole=True).first()


def broken_since() -> list[Verification]:
    """Runs over a part, after the last over everything, that found something; the newest first, at most ten."""
    whole = last()
    return list(Verification.objects.filter(whole=False, holds=False, pk__gt=whole.pk if whole else 0)[:10])


def find(limit: int) -> attention.Found:
    """For the list of what waits for a person: each invariant that does not hold."""
    runs = [run for run in (last(), *broken_since()) if run is not None and not run.holds]
    found = {result["code"]: (run, result) for run in reversed(runs) for result in run.results if result["count"]}
    items = [
        attention.Item(
            what=_("The books: {code}").format(code=code),
            since=run.began_at,
            why=result["problems"][0],
            url="/books/verify/",
        )
        for code, (run, result) in sorted(found.items(), key=lambda item: (len(item[0]), item[0]))
    ]
    return attention.Found(items[:limit], len(items))


def _kept(result: checks.Result) -> dict[str, object]:
    problems = result.problems[: Verification.KEPT]
    return {
        "code": result.code,
        "title": result.title,
        "looked_at": result.tally.describe(),
        "count": len(result.problems),
        "problems": problems,
    }
