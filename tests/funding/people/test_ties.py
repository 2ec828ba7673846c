"""The register of ties: what binds, for how long, who may say that it is wrong, and who settles that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.mail.models import Message
from funding.people import independence, services, ties
from funding.people.lookback import cooling_since, months_before
from funding.people.models import Host, Membership, Party, Relation, User
from funding.people.roles import Role
from tests.funding import builders

NOW = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
db = pytest.mark.django_db


def rule(judge: User, worker: User | Party) -> str | None:
    found = independence.hindrance(judge, beneficiaries=[worker])
    return found.rule if found else None


@given(st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31)), st.integers(0, 60))
def test_months_before_is_the_latest_day_that_is_not_later(day: dt.date, months: int) -> None:
    """The same number of months back, on the same day or on the last one of a shorter month."""
    found = months_before(day, months)
    assert (day.year * 12 + day.month) - (found.year * 12 + found.month) == months
    assert found.day == day.day or (found.day < day.day and (found + dt.timedelta(days=1)).day == 1)


@db
def test_leaving_and_naming_again_is_no_way_around_the_employer_rule() -> None:
    builders.host()
    judge, worker, firm = builders.user(), builders.user(), builders.organisation()
    with clock.at(NOW - dt.timedelta(days=400)):
        services.set_employer(actor=judge, party=firm)
    with clock.at(NOW):
        services.set_employer(actor=worker, party=firm)
        services.leave_employer(actor=judge, party=firm)
        assert rule(judge, worker) == "employer"
        services.name_employer(actor=judge, name=firm.name)
        services.leave_employer(actor=judge, party=firm)
        assert rule(judge, worker) == "employer"
    with clock.at(NOW.replace(year=2027, day=30)):
        assert rule(judge, worker) == "employer"
    with clock.at(NOW.replace(year=2027)):
        assert rule(judge, worker) is None


@db
def test_the_worker_s_former_employer_counts_as_well() -> None:
    builders.host()
    judge, worker, firm = builders.user(), builders.user(), builders.organisation()
    builders.tie(judge, firm)
    left = builders.tie(worker, firm)
    left.until = clock.today()
    left.save()
    assert rule(judge, worker) == "employer"


@db
def test_the_months_are_the_host_s_and_an_administrator_sets_them() -> None:
    host, judge, firm = builders.host(), builders.user(), builders.organisation()
    membership = builders.tie(judge, firm)
    membership.until = clock.today() - dt.timedelta(days=1)
    membership.save()
    assert rule(judge, firm) == "employer"
    with pytest.raises(Refused):
        services.set_months(actor=judge, host=host, cooling=0, cowork=0)
    with pytest.raises(Invalid):
        services.set_months(actor=builders.holder(Role.ADMIN), host=host, cooling=61, cowork=0)
    services.set_months(actor=builders.holder(Role.ADMIN), host=host, cooling=0, cowork=3)
    assert (rule(judge, firm), Host.objects.get().cowork_months, cooling_since()) == (None, 3, clock.today())


@db
def test_a_workplace_named_in_error_is_taken_off_the_same_day() -> None:
    person = builders.user()
    job = services.name_employer(actor=person, name="Northgate Bank")
    services.leave_employer(actor=person, party=job.party)
    assert not Membership.objects.filter(user=person).exists()


@db
def test_a_relation_that_is_over_counts_for_the_cooling_months() -> None:
    builders.host()
    judge, worker = builders.user(), builders.user()
    with clock.at(NOW):
        relation = services.declare_relation(actor=judge, other=worker, kind="family")
        services.withdraw_relation(actor=judge, relation=relation)
        assert (rule(judge, worker), rule(worker, judge)) == ("relation", "relation")
    with clock.at(NOW.replace(year=2027)):
        assert rule(judge, worker) is None


def contested() -> tuple[User, User, Relation]:
    declarer, named = builders.user("Dora Declares"), builders.user("Nadia Named")
    relation = services.declare_relation(actor=declarer, other=named, kind="business", words="A boat together")
    return declarer, named, services.contest_relation(actor=named, relation=relation, why="I have never met her")


@db
def test_a_tie_that_somebody_else_declared_binds_until_it_is_dismissed() -> None:
    declarer, named, relation = contested()
    assert rule(named, declarer) == "relation"
    judge = builders.holder(Role.ADMIN)
    services.settle_relation(actor=judge, relation=relation, holds=False, because="They have never met")
    assert (rule(named, declarer), rule(declarer, named)) == (None, None)
    assert {mail.to for mail in Message.objects.filter(kind="relation_settled")} == {declarer.email, named.email}
    with pytest.raises(Refused) as refusal:
        services.declare_relation(actor=declarer, other=named, kind="family")
    assert refusal.value.rule == "dismissed"
    services.declare_relation(actor=named, other=declarer, kind="family")
    assert rule(named, declarer) == "relation"


@db
def test_a_confirmed_tie_stays_and_is_not_contested_twice() -> None:
    declarer, named, relation = contested()
    services.settle_relation(actor=builders.holder(Role.ADMIN), relation=relation, holds=True, because="A boat is a boat")
    assert rule(named, declarer) == "relation"
    with pytest.raises(Conflict):
        services.contest_relation(actor=named, relation=relation, why="Still not")


def settlers() -> dict[str, tuple[Callable[[User, User], User], str]]:
    """Who may not settle it, and under which rule."""

    def colleague(declarer: User, named: User) -> User:
        person, firm = builders.holder(Role.ADMIN), builders.organisation("Boat Builders")
        builders.tie(person, firm)
        builders.tie(named, firm)
        return person

    def friend(declarer: User, named: User) -> User:
        person = builders.holder(Role.ADMIN)
        services.declare_relation(actor=person, other=declarer, kind="close")
        return person

    def herself(declarer: User, named: User) -> User:
        builders.give(named, Role.ADMIN)
        return named

    return {
        "the one who was named": (herself, "prepared"),
        "a colleague": (colleague, "employer"),
        "a friend": (friend, "relation"),
        "somebody without the role": (lambda declarer, named: builders.holder(Role.TREASURER), "role"),
    }


@db
@pytest.mark.parametrize("who", list(settlers()))
def test_who_is_tied_to_one_of_the_two_does_not_settle(who: str) -> None:
    declarer, named, relation = contested()
    make, expected = settlers()[who]
    actor = make(declarer, named)
    with pytest.raises(Refused) as refusal:
        services.settle_relation(actor=actor, relation=relation, holds=False, because="I say so")
    assert refusal.value.rule == expected
    assert Record.objects.filter(act="people.settle_relation", outcome="refused", rule=expected, subject=relation.ref).count() == 1
    assert relation not in ties.to_settle(actor)
    assert builders.browser(actor).get(f"/desk/ties/{relation.pk}/").status_code == 404
    assert rule(named, declarer) == "relation"


@db
def test_only_whoever_was_named_contests() -> None:
    declarer, named = builders.user(), builders.user()
    relation = services.declare_relation(actor=declarer, other=named, kind="family")
    for person in (declarer, builders.user()):
        with pytest.raises(Refused):
            services.contest_relation(actor=person, relation=relation, why="No")
        assert builders.browser(person).get(f"/profile/relations/{relation.pk}/contest/").status_code == 404


@db
def test_the_log_and_the_mails_to_others_name_no_tie() -> None:
    admin = builders.holder(Role.ADMIN, name="Ada Min")
    chair = builders.holder(Role.CHAIR, "committee:core", name="Cher Person")
    declarer, named, _ = contested()
    asked = Message.objects.filter(kind="relation_contested")
    assert {mail.to for mail in asked} == {admin.email, chair.email}
    assert not [mail for mail in asked if named.name in mail.body or declarer.name in mail.body]
    log = Record.objects.filter(act__in=["people.declare_relation", "people.contest_relation"])
    assert not [
        row for row in log if "boat" in f"{row.subject}{row.reason}".lower() or (row.actor_id == declarer.pk and "Nadia" in row.subject)
    ]


@db
def test_the_pages_from_contesting_to_settling() -> None:
    builders.host()
    admin = builders.holder(Role.ADMIN, name="Ada Min")
    declarer, named = builders.user("Dora Declares"), builders.user("Nadia Named")
    services.declare_relation(actor=declarer, other=named, kind="business", words="A boat together")
    reader = builders.browser(named)
    profile = reader.get("/profile/").content.decode()
    assert "Dora Declares" in profile
    assert "A boat together" in profile
    relation = Relation.objects.get()
    assert reader.post(f"/profile/relations/{relation.pk}/contest/", {"why": "Never met"}).status_code == 302
    judge = builders.browser(admin)
    assert "Dora Declares and Nadia Named" in judge.get("/desk/ties/").content.decode()
    assert "Never met" in judge.get(f"/desk/ties/{relation.pk}/").content.decode()
    assert judge.post(f"/desk/ties/{relation.pk}/", {"holds": "no", "because": "Never met"}).status_code == 302
    assert Relation.objects.get().state == "dismissed"
    assert "Dismissed" in reader.get("/profile/").content.decode()
    assert builders.browser(declarer).get("/desk/ties/").status_code == 403
    assert judge.post("/desk/ties/months/", {"cooling": "6", "cowork": "3"}).status_code == 302
    assert Host.objects.get().cooling_months == 6
