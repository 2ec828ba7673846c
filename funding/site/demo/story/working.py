"""Days are logged, approved by somebody else, and paid in a run that one treasurer prepares and another releases."""

from __future__ import annotations

import datetime as dt

from funding import clock
from funding.days import AFTERNOON, MORNING
from funding.mail.services import absolute
from funding.payments.models import ConnectedAccount
from funding.people.models import Party
from funding.people.services import person_party
from funding.site.demo.story import hosted
from funding.site.demo.story.cast import user
from funding.site.demo.story.founding import CURRENCY
from grants.engagements.models import Engagement
from grants.payouts import accounts
from grants.payouts import services as payouts
from grants.payouts.models import PayoutRun
from grants.payouts.selectors import withheld
from grants.timesheets import services as timesheets
from grants.timesheets.models import WorkEntry

SLOTS = {"am": [MORNING], "pm": [AFTERNOON], "day": [MORNING, AFTERNOON]}


def set_up_account(key: str, country: str, party: str = "") -> None:
    """The payee, or whoever acts for an organisation, gives their bank details on the processor's page."""
    actor = user(key)
    payee = Party.objects.get(name=party) if party else person_party(user=actor)
    account = ConnectedAccount.objects.filter(party=payee).first()
    if account is not None and account.payouts_enabled:
        return
    back = absolute("/payouts/account/")
    hosted.onboard(accounts.begin(actor=actor, party=payee, country=country, return_url=back, refresh_url=back))
    accounts.refresh(user=actor)


def engagement_of(key: str, title: str) -> Engagement:
    return Engagement.objects.get(worker=user(key), proposal__title=title)


def log(key: str, title: str, part: str, note: str, evidence: str = "") -> None:
    """Log today: "am", "pm" or "day"."""
    worker, today = user(key), clock.today()
    logged = set(WorkEntry.objects.filter(worker=worker, date=today).values_list("slot", flat=True))
    cells: list[tuple[dt.date, str]] = [(today, slot) for slot in SLOTS[part] if slot not in logged]
    if cells:
        timesheets.log(actor=worker, engagement=engagement_of(key, title), cells=cells, note=note, evidence_url=evidence)


def approve(by: str, worker: str) -> None:
    """Approve everything of this worker that waits."""
    for engagement in Engagement.objects.filter(worker=user(worker)):
        waiting = list(WorkEntry.objects.filter(engagement=engagement, state=WorkEntry.State.LOGGED).values_list("pk", flat=True))
        if waiting:
            timesheets.approve(actor=user(by), engagement=engagement, entries=waiting)


def prepare_run(number: int) -> None:
    if PayoutRun.objects.count() < number:
        payouts.prepare(actor=user("solveig"), currency=CURRENCY, up_to=clock.today())


def release_run() -> None:
    """Release the run that waits. The schedule then pays it."""
    run = PayoutRun.objects.filter(state=PayoutRun.State.PREPARED).first()
    if run is not None:
        payouts.release(actor=user("mateus"), run=run, control_total=run.control_total, withheld=withheld(run.payouts.all()))
