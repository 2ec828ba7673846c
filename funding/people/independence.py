"""The one gate for I10: nobody approves, releases or votes on what benefits themselves or what they prepared.

Every approving verb calls `require` with what it knows. The rule reads: not yourself, not somebody with whom
you have a relation, not your employer (the Host's own staff apart), not what you prepared, not what you stepped back from.
A relation or an employment that is over counts for the host's cooling months still (lookback.py). Who sits on a panel is
asked more than this gate: grants/committee/policies.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from funding.errors import Refused
from funding.people.lookback import binding, cooling_since
from funding.people.models import Bar, Host, Membership, Party, Relation, User


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why somebody may not act: a rule's code and the sentence that the person reads."""

    rule: str
    sentence: str


def hindrances(
    users: Iterable[User],
    *,
    prepared_by: Iterable[User] = (),
    beneficiaries: Iterable[User | Party] = (),
    subjects: Iterable[str] = (),
    claims: bool = True,
) -> dict[int, Hindrance]:
    """User id → the first reason why that user is not independent here. Who is missing is independent.

    A relation binds its declarer, and whoever was named once they or a third person confirmed it. Until then it is a claim of
    whoever would benefit: it binds too, unless `claims` is False, for those who would otherwise be chosen by naming the others.
    At most seven queries, whatever the number of users and parties.
    """
    since = cooling_since()
    asked = {user.pk for user in users}
    preparers = {person.pk for person in prepared_by}
    beneficiaries = list(beneficiaries)
    people = {item.pk for item in beneficiaries if isinstance(item, User)}
    parties = {item.pk for item in beneficiaries if isinstance(item, Party)}
    benefiting = people | _owners(asked, parties)
    employers = _employers(asked, parties, people, since)
    related = _related(asked, people | _people_of(parties), since, claims=claims)
    barred = {bar.user_id: bar.reason for bar in Bar.objects.filter(user__in=asked, subject__in=list(subjects)).order_by("-pk")}
    found: dict[int, Hindrance] = {}
    for pk in asked:
        if pk in preparers:
            found[pk] = Hindrance("prepared", _("You prepared this, so it takes somebody else."))
        elif pk in benefiting:
            found[pk] = Hindrance("benefits", _("This would pay or benefit you, so somebody else has to decide it."))
        elif pk in employers:
            found[pk] = Hindrance("employer", _employed(employers[pk]))
        elif pk in related:
            sentence = _("A relation between you and somebody who would benefit is declared, so somebody else has to decide this.")
            found[pk] = Hindrance("relation", sentence)
        elif pk in barred:
            found[pk] = Hindrance("recused", _("You stepped back from this: {reason}").format(reason=barred[pk]))
    return found


def hindrance(
    user: User,
    *,
    prepared_by: Iterable[User] = (),
    beneficiaries: Iterable[User | Party] = (),
    subjects: Iterable[str] = (),
    claims: bool = True,
) -> Hindrance | None:
    """The first reason why `user` is not independent here, or None."""
    return hindrances([user], prepared_by=prepared_by, beneficiaries=beneficiaries, subjects=subjects, claims=claims).get(user.pk)


def require(
    actor: User,
    act: str,
    *,
    prepared_by: Iterable[User] = (),
    beneficiaries: Iterable[User | Party] = (),
    subjects: Iterable[str] = (),
    claims: bool = True,
) -> None:
    """Raise Refused (its rule one of prepared, benefits, employer, relation, recused) unless `actor` is independent.

    `act` is what they tried, in words that follow "You cannot": `"approve these days"`.
    """
    found = hindrance(actor, prepared_by=prepared_by, beneficiaries=beneficiaries, subjects=subjects, claims=claims)
    if found is not None:
        raise Refused(_("You cannot {act}. {sentence}").format(act=act, sentence=found.sentence), rule=found.rule)


def claimed(users: Iterable[User], beneficiaries: Iterable[User | Party]) -> dict[int, Relation]:
    """User id → a relation that somebody who would benefit declared with them, and that is neither confirmed nor settled. Four queries."""
    since, asked, beneficiaries = cooling_since(), {user.pk for user in users}, list(beneficiaries)
    people = {item.pk for item in beneficiaries if isinstance(item, User)}
    people |= _people_of({item.pk for item in beneficiaries if isinstance(item, Party)})
    ties = _ties(asked, people, since)
    bound = {tie.user_id for tie in ties} | _named(ties, Relation.State.CONFIRMED)
    open_ties = {tie.other_id: tie for tie in ties if tie.other_id and tie.state in OPEN}
    return {pk: tie for pk, tie in open_ties.items() if pk in asked - bound}


def _owners(users: set[int], parties: set[int]) -> set[int]:
    """Those of the users who act for one of the parties."""
    found = Membership.objects.filter(user__in=users, party__in=parties, role=Membership.Role.OWNER)
    return set(found.values_list("user", flat=True)) if parties else set()


def _people_of(parties: set[int]) -> set[int]:
    """Who a party's money would reach: a person party's owner. Staff of a company are reached by the employer rule."""
    owners = Membership.objects.filter(party__in=parties, role=Membership.Role.OWNER, party__kind=Party.Kind.PERSON)
    return set(owners.values_list("user", flat=True)) if parties else set()


def _employed(membership: Membership) -> str:
    if membership.until is None:
        words = _("This would benefit {party}, where you work, so somebody else has to decide it.")
    else:
        words = _("This would benefit {party}, where you worked until lately, so somebody else has to decide it.")
    return words.format(party=membership.party)


def _employers(users: set[int], parties: set[int], people: set[int], since: dt.date) -> dict[int, Membership]:
    """Each user's work for what would benefit itself or through a colleague. Working for the Host does not count.

    One company may have signed up more than once, so organisations are the same when their names are.
    """
    if not parties and not people:
        return {}
    companies = Party.objects.filter(kind=Party.Kind.ORGANISATION).exclude(pk__in=Host.objects.values("party"))
    works = Q(memberships__until=None) | Q(memberships__until__gt=since)
    benefiting = companies.filter(Q(pk__in=parties) | Q(works, memberships__user__in=people)).annotate(called=Lower("name"))
    work = Membership.objects.filter(Q(until=None) | Q(until__gt=since), user__in=users, party__in=companies)
    shared = work.annotate(called=Lower("party__name")).filter(called__in=benefiting.values("called"))
    return {
        membership.user_id: membership for membership in shared.select_related("party").order_by(F("until").asc(nulls_last=True), "-pk")
    }


OPEN = (Relation.State.DECLARED, Relation.State.CONTESTED)


def _related(users: set[int], people: set[int], since: dt.date, *, claims: bool) -> set[int]:
    """Those of the users whom a relation to one of the people binds: declared by them, or confirmed, or (with `claims`) not yet."""
    ties = _ties(users, people, since)
    return users & ({tie.user_id for tie in ties} | _named(ties, Relation.State.CONFIRMED, *(OPEN if claims else ())))


def _named(ties: list[Relation], *states: str) -> set[int]:
    return {tie.other_id for tie in ties if tie.other_id and tie.state in states}


def _ties(users: set[int], people: set[int], since: dt.date) -> list[Relation]:
    """The relations between the users and the people that count, whoever declared them, the newest last."""
    if not people:
        return []
    between = Q(user__in=users, other__in=people) | Q(other__in=users, user__in=people)
    return list(Relation.objects.filter(binding(since), between).select_related("user").order_by("pk"))
