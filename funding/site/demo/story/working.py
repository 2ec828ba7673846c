"""Days are logged, approved by somebody else, and paid in a run that one treasurer prepares and another releases."""

from __future__ import annotations

import datetime as dt

from funding import clock
from funding.days import AFTERNOON, MORNING
from funding.mail.services import absolute
from funding.payments.models import ConnectedAccount
from funding.people.services import person_party
from funding.site.demo.story import hosted
from funding.site.demo.story.cast import user
from funding.site.demo.story.founding import CURRENCY
from grants.engagements.models import Engagement
from grants.payouts import accounts
from grants.payouts import services as payouts
from grants.payouts.models import PayoutRun
from grants.timesheets import services as timesheets
from grants.timesheets.models import WorkEntry

SLOTS = {"morning": [MORNING], "afternoon": [AFTERNOON], "day": [MORNING, AFTERNOON]}


def set_up_account(key: str, country: str) -> None:
    """The payee gives their bank details on the processor's page."""
    payee = user(key)
    party = person_party(user=payee)
    account = ConnectedAccount.objects.filter(party=party).first()
    if account is not None and account.payouts_enabled:
        return
    back = absolute("/payouts/account/")
    hosted.onboard(accounts.begin(actor=payee, party=party, country=country, return_url=back, refresh_url=back))
    accounts.refresh(user=payee)


def engagement_of(key: str) -> Engagement:
    return Engagement.objects.filter(worker=user(key)).order_by("pk").get()


def log(key: str, part: str, note: str, evidence: str = "") -> None:
    """Log today: "morning", "afternoon" or "day"."""
    worker, today = user(key), clock.today()
    cells: list[tuple[dt.date, str]] = [(today, slot) for slot in SLOTS[part]]
    if not WorkEntry.objects.filter(worker=worker, date=today, slot__in=SLOTS[part]).exists():
        timesheets.log(actor=worker, engagement=engagement_of(key), cells=cells, note=note, evidence_url=evidence)


def approve(by: str, worker: str) -> None:
    """Approve everything of this worker that waits."""
    engagement = engagement_of(worker)
    waiting = list(WorkEntry.objects.filter(engagement=engagement, state=WorkEntry.State.LOGGED).values_list("pk", flat=True))
    if waiting:
        timesheets.approve(actor=user(by), engagement=engagement, entries=waiting)


def prepare_run(by: str) -> None:
    if not PayoutRun.objects.exists():
        payouts.prepare(actor=user(by), currency=CURRENCY, up_to=clock.today())


def release_run(by: str) -> None:
    """Release the run that waits. The schedule then pays it."""
    run = PayoutRun.objects.filter(state=PayoutRun.State.PREPARED).first()
    if run is not None:
        payouts.release(actor=user(by), run=run, control_total=run.control_total)
