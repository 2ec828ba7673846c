"""Vote, once the reviews are open: nobody votes on what the panel has not read. A vote may change until the determination."""

from __future__ import annotations

from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Invalid, Refused
from funding.people.models import User
from grants.committee import counting, emails, policies
from grants.committee.models import Opening, Panel, Vote
from grants.committee.services.seating import excluded_now, lock_open


@audited("committee.vote", subject="panel")
def vote(*, actor: User, panel: Panel, choice: str) -> Vote:
    """Vote for, against or abstain. The last vote of a seat counts; earlier ones stay as history.

    Raises Refused (policies.require_clear; rule sealed while the reviews are), Invalid (field choice), Conflict when the
    proposal is decided or taken back.
    """
    panel = lock_open(panel)
    seat = policies.require_clear(actor, panel, _("vote on this proposal"))
    revision = panel.proposal.revisions.count()
    if choice not in Vote.Choice.values:
        raise Invalid(_("Choose for, against or abstain."), field="choice")
    if not Opening.objects.filter(panel=panel, revision=revision).exists():
        raise Refused(_("You cannot vote on this proposal yet. Votes open once the reviews are open to the panel."), rule="sealed")
    cast = Vote.objects.create(seat=seat, revision=revision, choice=choice, cast_at=clock.now())
    _tell_when_ready(panel)
    return cast


def _tell_when_ready(panel: Panel) -> None:
    sheet = counting.sheet(panel, also_recused=excluded_now(panel))
    if sheet.tally.ready:
        emails.tell_ready(sheet)
