"""The one gate for I10: nobody approves, releases or votes on what benefits themselves or what they prepared.

Every approving verb calls `require` with what it knows. The rule reads: not yourself, not somebody with whom
you have a relation, not your employer (the Host's own staff apart), not what you prepared, not what you stepped back from.
A relation or an employment that is over counts for the host's cooling months still (lookback.py). Who sits on a panel is
asked more than this gate: grants/committee/policies.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, CharField, DateField, Q, QuerySet, Value
from django.db.models.functions import Cast, Lower
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
    known: Known | None = None,
) -> dict[int, Hindrance]:
    """User id → the first reason why that user is not independent here. Who is missing is independent.

    A relation binds its declarer, and whoever was named once they or a third person confirmed it. Until then it is a claim of
    whoever would benefit: it binds too, unless `claims` is False, for those who would otherwise be chosen by naming the others.
    Two queries, whatever the number of users and parties; none with `known`, what was read about these users or more of them.
    """
    asked = {user.pk for user in users}
    preparers = {person.pk for person in prepared_by}
    known = known or look(asked, beneficiaries, subjects)
    benefiting, employers, barred = known.benefiting, known.employers, known.barred
    related = known.related(asked, claims=claims)
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


def claimed(users: Iterable[User], beneficiaries: Iterable[User | Party], *, known: Known | None = None) -> dict[int, Relation]:
    """User id → a relation that somebody who would benefit declared with them, and that is neither confirmed nor settled.

    Two queries, and one more where there is such a relation; only that one with `known`, as for `hindrances`.
    """
    asked = {user.pk for user in users}
    ties = (known or look(asked, beneficiaries)).between(asked)
    bound = {tie.user for tie in ties} | _named(ties, Relation.State.CONFIRMED)
    claims = {tie.other: tie.pk for tie in ties if tie.other in asked - bound and tie.state in OPEN}
    found = Relation.objects.select_related("user").in_bulk(claims.values()) if claims else {}
    return {pk: found[claim] for pk, claim in claims.items() if pk is not None}


def _employed(membership: Work) -> str:
    if membership.until is None:
        words = _("This would benefit {party}, where you work, so somebody else has to decide it.")
    else:
        words = _("This would benefit {party}, where you worked until lately, so somebody else has to decide it.")
    return words.format(party=membership.party)


OPEN = (Relation.State.DECLARED, Relation.State.CONTESTED)


@dataclass(frozen=True, slots=True)
class Work:
    """For which party somebody works, or worked until a day that is not long ago."""

    party: str
    until: dt.date | None


@dataclass(frozen=True, slots=True)
class Tie:
    """A relation by its ids: who declared it with whom, and how it stands."""

    pk: int
    user: int
    other: int | None
    state: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is written down between some users and whoever would benefit. A page that asks several times reads it once.

    `benefiting` are the beneficiaries and who acts for one of them, `reached` those whose own pocket it is. `employers` is each
    user's work for what would benefit itself or through a colleague. The ties are the oldest first.
    """

    benefiting: set[int]
    reached: set[int]
    employers: dict[int, Work]
    ties: list[Tie]
    barred: dict[int, str]

    def between(self, asked: set[int]) -> list[Tie]:
        """The ties of those of the users, whoever declared them."""
        reached = self.reached
        return [tie for tie in self.ties if (tie.user in asked and tie.other in reached) or (tie.other in asked and tie.user in reached)]

    def related(self, asked: set[int], *, claims: bool) -> set[int]:
        """Those of the users whom a relation binds: declared by them, or confirmed, or (with `claims`) not yet."""
        ties = self.between(asked)
        return asked & ({tie.user for tie in ties} | _named(ties, Relation.State.CONFIRMED, *(OPEN if claims else ())))


def _named(ties: list[Tie], *states: str) -> set[int]:
    return {tie.other for tie in ties if tie.other and tie.state in states}


def look(users: Collection[int], beneficiaries: Iterable[User | Party], subjects: Iterable[str] = ()) -> Known:
    """What the rule reads about the users of these ids: the host's months, and one query for the rest.

    Whatever ties a user to something else is a row of one shape: what, user, other, words, until, pk.
    """
    beneficiaries = list(beneficiaries)
    people = {item.pk for item in beneficiaries if isinstance(item, User)}
    parties = {item.pk for item in beneficiaries if isinstance(item, Party)}
    bars = Bar.objects.filter(user__in=users, subject__in=list(subjects))
    parts = [_rows("bar", bars, other=NOTHING, words="reason")]
    if people or parties:
        since = cooling_since()
        reached = Q(party__kind=Party.Kind.PERSON)
        owners = Membership.objects.filter(party__in=parties, role=Membership.Role.OWNER)
        parts += [
            _rows("owner", owners.filter(Q(user__in=users) | reached), other="party_id", words="party__kind"),
            _rows("work", _work(users, parties, people, since), other="party_id", words="party__name", until="until"),
            _rows("tie", _ties(users, people, owners.filter(reached), since), other="other_id", words="state"),
        ]
    rows = sorted(parts[0].union(*parts[1:], all=True), key=lambda row: row[-1])
    owned = [row for row in rows if row[0] == "owner"]
    works = sorted((row for row in rows if row[0] == "work"), key=lambda row: (row[4] is None, row[4] or dt.date.min, -row[5]))
    return Known(
        benefiting=people | {user for _what, user, *_more in owned},
        reached=people | {user for _what, user, _party, kind, *_more in owned if kind == Party.Kind.PERSON},
        employers={user: Work(name, until) for _what, user, _party, name, until, _pk in works},
        ties=[Tie(pk, user, other, state) for what, user, other, state, _until, pk in rows if what == "tie"],
        barred={user: reason for what, user, _other, reason, *_more in reversed(rows) if what == "bar"},
    )


NOTHING = Cast(Value(None), BigIntegerField())
NEVER = Cast(Value(None), DateField())


def _rows(what: str, found: QuerySet[Any], *, other: Any, words: str, until: Any = NEVER) -> QuerySet[Any, tuple[Any, ...]]:
    return found.order_by().values_list(Value(what, output_field=CharField()), "user_id", other, words, until, "pk")


def _work(users: Collection[int], parties: set[int], people: set[int], since: dt.date) -> QuerySet[Membership]:
    """Each user's work for what would benefit itself or through a colleague. Working for the Host does not count.

    One company may have signed up more than once, so organisations are the same when their names are.
    """
    companies = Party.objects.filter(kind=Party.Kind.ORGANISATION).exclude(pk__in=Host.objects.values("party"))
    works = Q(memberships__until=None) | Q(memberships__until__gt=since)
    benefiting = companies.filter(Q(pk__in=parties) | Q(works, memberships__user__in=people)).annotate(called=Lower("name"))
    work = Membership.objects.filter(Q(until=None) | Q(until__gt=since), user__in=users, party__in=companies)
    return work.annotate(called=Lower("party__name")).filter(called__in=benefiting.values("called"))


def _ties(users: Collection[int], people: set[int], owners: QuerySet[Membership], since: dt.date) -> QuerySet[Relation]:
    """The relations between the users and the people, or who owns a person's party, that count, whoever declared them."""
    pays = owners.values("user")
    between = Q(user__in=users) & (Q(other__in=people) | Q(other__in=pays)) | Q(other__in=users) & (Q(user__in=people) | Q(user__in=pays))
    return Relation.objects.filter(binding(since), between)
