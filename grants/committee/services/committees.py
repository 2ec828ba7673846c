"""Set up a committee and its rules. Who sits on it is a matter of roles (chair, member) over `committee:<slug>`."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.people import roles
from funding.people.models import Membership, User
from grants.committee import counting
from grants.committee.models import Committee, Panel
from grants.committee.rules import Rules
from grants.committee.services.alternates import over_limit
from grants.proposals.models import Proposal

Role = roles.Role
MOST = 50
OWNER = Membership.Role.OWNER
UNDECIDED = (Proposal.State.SUBMITTED, Proposal.State.DRAFT)
"""A panel waits for one that was taken back to be changed."""
RESERVED = {"new", "rules"}


@audited("committee.create", subject="slug")
def create_committee(*, actor: User, slug: str, name: str, rules: Rules, size: int = 0, employer_limit: int = 0) -> Committee:
    """A committee without members. Only an administrator. Raises Refused, Invalid.

    `size`: alternates fill a panel up to so many eligible members, 0 for as many as it has members when it is seated.
    `employer_limit`: at most so many members of one employer, the host apart; 0 for no limit.
    """
    roles.require(actor, Role.ADMIN)
    _check(name, rules, size, employer_limit)
    if slug in RESERVED:
        raise Invalid(_("This word is an address of the site. Choose another one."), field="slug")
    try:
        with transaction.atomic():
            return Committee.objects.create(slug=slug, name=name.strip(), created_at=clock.now(), **_columns(rules, size, employer_limit))
    except IntegrityError:
        raise Invalid(_("Another committee has this address already."), field="slug") from None


@audited("committee.edit_rules", subject="committee")
def edit_rules(
    *, actor: User, committee: Committee, version: int, name: str, rules: Rules, size: int = 0, employer_limit: int = 0
) -> Committee:
    """Change the rules for panels that are seated from now on. Raises Refused, Invalid, Conflict (stale form)."""
    roles.require(actor, Role.ADMIN)
    locked = Committee.objects.select_for_update().get(pk=committee.pk)
    if locked.version != version:
        raise Conflict(_("Somebody else changed these rules since you opened the form."))
    _check(name, rules, size, employer_limit)
    locked.name = name.strip()
    for column, value in _columns(rules, size, employer_limit).items():
        setattr(locked, column, value)
    locked.version += 1
    locked.save()
    return locked


def _check(name: str, rules: Rules, size: int, employer_limit: int) -> None:
    if not name.strip():
        raise Invalid(_("Give the committee a name."), field="name")
    if not 0 <= rules.quorum_percent < 100:
        raise Invalid(_("The quorum is more than a percentage from 0 to 99."), field="quorum_percent")
    if not 50 <= rules.majority_percent < 100:
        raise Invalid(_("The majority is more than a percentage from 50 to 99."), field="majority_percent")
    if not 0 <= rules.minimum_reviews <= 20:
        raise Invalid(_("Ask for 0 to 20 reviews."), field="minimum_reviews")
    for field, number in (("size", size), ("employer_limit", employer_limit)):
        if not 0 <= number <= MOST:
            raise Invalid(_("Choose from 0 to {most}.").format(most=MOST), field=field)
    if not 1 <= rules.review_days <= 90:
        raise Invalid(_("Give 1 to 90 days for the reviews."), field="review_days")
    if rules.tie not in Committee.Tie.values:
        raise Invalid(_("Choose what a tie means."), field="tie")


def _columns(rules: Rules, size: int, employer_limit: int) -> dict[str, int | str]:
    return {
        "quorum_percent": rules.quorum_percent,
        "majority_percent": rules.majority_percent,
        "minimum_reviews": rules.minimum_reviews,
        "tie": rules.tie,
        "size": size,
        "employer_limit": employer_limit,
        "review_days": rules.review_days,
    }


def require_no_own_proposal(committee: Committee, actor: User | None) -> None:
    """Raise Refused (rule own-proposal) while this committee is to decide what the actor asks for, or would be paid.

    Asked when a seat is given or ended: nobody chooses their own judges, an administrator least of all.
    """
    if actor is None:
        return
    mine = Q(proposal__applicant=actor) | Q(proposal__payee__memberships__user=actor, proposal__payee__memberships__role=OWNER)
    found = Panel.objects.filter(mine, committee=committee, determination=None, proposal__state__in=UNDECIDED)
    if ref := found.values_list("proposal__ref", flat=True).first():
        raise Refused(
            _("{name} is to decide {ref}, which is yours. Until it has, another administrator gives and ends its seats.").format(
                name=committee.name, ref=ref
            ),
            rule="own-proposal",
        )


def require_within_limit(committee: Committee, user: User) -> None:
    """Raise Refused (rule concentration) when a member more from their employer is over the committee's limit.

    Asked when a role is given. The sentence names no employer, because only its members know where they work.
    """
    others = counting.regulars(committee) - {user.pk}
    if over_limit(user, sorted(others), committee.employer_limit):
        raise Refused(
            _("The rules of {name} allow {limit} of one employer, and it has as many of theirs already.").format(
                name=committee.name, limit=committee.employer_limit
            ),
            rule="concentration",
        )
