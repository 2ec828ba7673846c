"""Send the committee's letter to the applicant. What is sent is kept with the record and never changed."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.components import formats
from funding.errors import Conflict, Invalid
from funding.people.models import User
from grants.committee import counting, emails, letters, policies
from grants.committee.models import Determination, Letter, Panel
from grants.committee.services.seating import excluded_now

LONGEST = 20_000


@audited("committee.letter", subject="panel")
def send_letter(*, actor: User, panel: Panel, body: str, names_confirmed: bool = False) -> Letter:
    """Send the letter about a decision that is published, once. The mail links to it and carries none of it.

    Raises Refused (policies.require_clear; rule chair) unless the determination was this member's to make; Invalid (body)
    when it is empty or too long, Invalid (names_confirmed) when it names somebody of the panel and that was not confirmed;
    Conflict when there is no decision yet, or a letter already.
    """
    policies.require_clear(actor, panel, _("write this letter"))
    policies.require_decider(actor, counting.sheet(panel, also_recused=excluded_now(panel)))
    determination = Determination.objects.filter(panel=panel).first()
    if determination is None:
        raise Conflict(_("Nothing is decided yet, so there is nothing to write about."))
    if not 0 < len(body.strip()) <= LONGEST:
        raise Invalid(_("Write the letter, in at most {longest:,} characters.").format(longest=LONGEST), field="body")
    names = names_in(body, panel)
    if names and not names_confirmed:
        raise Invalid(
            _("The letter names {names}, of the panel. Take that out, or confirm it.").format(names=formats.listed(names)),
            field="names_confirmed",
        )
    try:
        with transaction.atomic():
            letter = Letter.objects.create(
                determination=determination, body=body.strip(), named=", ".join(names)[:500], sent_by=actor, sent_at=clock.now()
            )
    except IntegrityError:
        raise Conflict(_("The letter was sent already. It stays as it is.")) from None
    emails.tell_letter(determination, panel.proposal)
    return letter


def names_in(body: str, panel: Panel) -> list[str]:
    """Who of the panel is named in the text: everybody who has or had a seat, the recused included."""
    proposal = panel.proposal
    people = [seat.user for seat in panel.seats.select_related("user")]
    return letters.named(body, people, known=[proposal.applicant.name, proposal.project.name])
