"""The one gate for I10: nobody approves, releases or votes on what benefits themselves or what they prepared.

Every approving verb calls `require` with what it knows. The rule reads: not yourself, not somebody you declared a
relation with, not your employer (the Host's own staff apart), not what you prepared, not what you stepped back from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from funding.errors import Refused
from funding.people.models import Bar, Host, Membership, Party, Relation, User


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why somebody may not act: a rule's code and the sentence that the person reads."""

    rule: str
    sentence: str


def hindrance(
    user: User,
    *,
    prepared_by: Iterable[User] = (),
    beneficiaries: Iterable[User | Party] = (),
    subjects: Iterable[str] = (),
) -> Hindrance | None:
    """The first reason why `user` is not independent here, or None. A few queries whatever the number of parties."""
    people = {item.pk for item in beneficiaries if isinstance(item, User)}
    parties = {item.pk for item in beneficiaries if isinstance(item, Party)}
    if user.pk in {person.pk for person in prepared_by}:
        return Hindrance("prepared", "You prepared this, so somebody else has to approve it.")
    if user.pk in people or (parties and Membership.objects.filter(user=user, party__in=parties, role=Membership.Role.OWNER).exists()):
        return Hindrance("benefits", "This would pay or benefit you, so somebody else has to decide it.")
    if employer := _employer(user, parties, people):
        return Hindrance("employer", f"This would benefit {employer}, where you work, so somebody else has to decide it.")
    if _related(user, people | _people_of(parties)):
        return Hindrance("relation", "You declared a relation with somebody who would benefit, so somebody else has to decide this.")
    if barred := Bar.objects.filter(user=user, subject__in=list(subjects)).first():
        return Hindrance("recused", f"You stepped back from this: {barred.reason}")
    return None


def require(
    actor: User,
    act: str,
    *,
    prepared_by: Iterable[User] = (),
    beneficiaries: Iterable[User | Party] = (),
    subjects: Iterable[str] = (),
) -> None:
    """Raise Refused (its rule one of prepared, benefits, employer, relation, recused) unless `actor` is independent.

    `act` is what they tried, in words that follow "You cannot": `"approve these days"`.
    """
    found = hindrance(actor, prepared_by=prepared_by, beneficiaries=beneficiaries, subjects=subjects)
    if found is not None:
        raise Refused(f"You cannot {act}. {found.sentence}", rule=found.rule)


def _people_of(parties: set[int]) -> set[int]:
    """Who a party's money would reach: a person party's owner. Staff of a company are reached by the employer rule."""
    owners = Membership.objects.filter(party__in=parties, role=Membership.Role.OWNER, party__kind=Party.Kind.PERSON)
    return set(owners.values_list("user", flat=True))


def _employer(user: User, parties: set[int], people: set[int]) -> Party | None:
    """The party where `user` works that would benefit itself or through a colleague. Working for the Host does not count."""
    host = Host.get()
    mine = Membership.objects.filter(user=user, party__kind=Party.Kind.ORGANISATION).exclude(party=host.party if host else None)
    colleagues = Membership.objects.filter(user__in=people).values("party")
    shared = mine.filter(party__in=parties) | mine.filter(party__in=colleagues)
    found = shared.select_related("party").first()
    return found.party if found else None


def _related(user: User, people: set[int]) -> bool:
    either = Relation.objects.filter(user=user, other__in=people) | Relation.objects.filter(other=user, user__in=people)
    return bool(people) and either.exists()
