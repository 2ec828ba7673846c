"""A draft is on the server from the first save, so that nothing typed is lost, and only its applicant sees it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _

from funding import clock, days
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.funds.models import Project
from funding.people import services as people
from funding.people.models import Membership, Party, User
from grants.proposals import policies, selectors
from grants.proposals.models import Call, Proposal


@dataclass(frozen=True, slots=True)
class Content:
    """What an applicant may fill in. `payee` None is the applicant themselves; `half_days` None is “not decided yet”."""

    project: Project
    payee: Party | None
    title: str
    story: str = ""
    outcome: str = ""
    half_days: int | None = None

    def check(self, call: Call) -> None:
        """Raise Invalid for what even a draft may not say."""
        if not self.title.strip():
            raise Invalid(_("Give the proposal a title, so that you find it again."), field="title")
        if self.half_days is not None and not 0 < self.half_days <= call.max_half_days:
            raise Invalid(_("This call funds at most {days} days.").format(days=days.words(call.max_half_days)), field="half_days")


@audited("proposals.start", subject="call")
def start_draft(*, actor: User, call: Call, content: Content) -> Proposal:
    """Begin an answer to an open call. Raises Refused when the call takes none, Invalid."""
    policies.require_open(call)
    content.check(call)
    now = clock.now()
    pk, ref = _next_ref()
    return Proposal.objects.create(
        pk=pk,
        ref=ref,
        call=call,
        applicant=actor,
        payee=_payee(actor, content.payee),
        project=_project(content.project),
        title=content.title.strip(),
        story=content.story,
        outcome=content.outcome,
        half_days=content.half_days,
        rate_currency=call.currency,
        created_at=now,
        updated_at=now,
    )


@audited("proposals.save", subject="proposal")
def save_draft(*, actor: User, proposal: Proposal, version: int, content: Content) -> Proposal:
    """Change a draft. `version` is the one that the form showed.

    Raises Refused for anybody but the applicant, Conflict when it changed elsewhere or is no draft, Invalid.
    """
    locked = lock(proposal)
    policies.require_applicant(actor, locked)
    if locked.state != Proposal.State.DRAFT:
        raise Conflict(_("This proposal is not a draft any more: {state}.").format(state=locked.get_state_display().lower()))
    if locked.version != version:
        raise Conflict(_("This draft was changed in another window since you opened the form."))
    content.check(locked.call)
    locked.project, locked.payee = _project(content.project), _payee(actor, content.payee)
    locked.title, locked.story, locked.outcome = content.title.strip(), content.story, content.outcome
    locked.half_days = content.half_days
    locked.version += 1
    locked.updated_at = clock.now()
    locked.save()
    return locked


def lock(proposal: Proposal) -> Proposal:
    """The row under lock, with what hangs on it. Every verb on a proposal or its panel takes this lock first."""
    found = Proposal.objects.select_for_update(of=("self",)).select_related("call", "project", "applicant", "payee")
    return found.get(pk=proposal.pk)


def _project(project: Project) -> Project:
    if project.state != Project.State.OPEN:
        raise Invalid(_("This project is not open, so nobody can propose work on it."), field="project")
    return project


def _payee(actor: User, party: Party | None) -> Party:
    if party is None:
        return people.person_party(user=actor)
    if not Membership.objects.filter(user=actor, party=party, until=None).exists():
        raise Refused(_("You can have the money paid to yourself or to an organisation that you belong to."), rule="payee")
    if not selectors.can_be_paid(party):
        raise Invalid(selectors.unpayable([party.name]), field="payee")
    return party


def _next_ref() -> tuple[int, str]:
    """The number is drawn before the row is written, because the reference is made of it. Numbers may have gaps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [Proposal._meta.db_table])
        pk = int(cursor.fetchone()[0])
    return pk, f"P-{pk:04d}"
