"""Roles have dates, are given by administrators, and the last administrator stays."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.mail.models import Message
from funding.people import roles
from funding.people.models import RoleGrant
from funding.people.roles import Role
from tests.funding import builders

pytestmark = pytest.mark.django_db


def test_a_role_is_held_from_its_first_day_and_until_the_day_it_ends() -> None:
    person = builders.user()
    RoleGrant.objects.create(user=person, role=Role.TREASURER, subject="host", since=dt.date(2026, 3, 1), until=dt.date(2026, 4, 1))
    held = {}
    for day in ("2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01"):
        with clock.at(dt.datetime.fromisoformat(f"{day}T12:00:00+00:00")):
            held[day] = roles.has(person, Role.TREASURER)
    assert held == {"2026-02-28": False, "2026-03-01": True, "2026-03-31": True, "2026-04-01": False}


def test_a_role_over_one_project_is_no_role_over_another() -> None:
    person = builders.holder(Role.MAINTAINER, "project:quillon")
    assert roles.has(person, Role.MAINTAINER, "project:quillon")
    assert not roles.has(person, Role.MAINTAINER, "project:harrow")
    assert roles.subjects_of(person, Role.MAINTAINER, "project") == ["quillon"]


def test_a_superuser_holds_no_role_once_there_is_an_administrator() -> None:
    root = builders.user(is_superuser=True)
    assert roles.may_manage_people(root)
    assert not roles.has(root, Role.ADMIN)
    builders.holder(Role.ADMIN)
    assert not roles.may_manage_people(root)


def test_an_administrator_gives_a_role_and_the_person_is_told() -> None:
    admin, person = builders.holder(Role.ADMIN), builders.user()
    grant = roles.grant(actor=admin, user=person, role=Role.TREASURER)
    assert (grant.since, grant.until, grant.granted_by) == (clock.today(), None, admin)
    assert Message.objects.get(key=f"role_given:{grant.pk}").to == person.email
    assert Record.objects.filter(act="people.grant_role", outcome=Record.DONE, actor_id=admin.pk).exists()


def test_nobody_else_gives_roles_and_the_attempt_is_on_record() -> None:
    treasurer, person = builders.holder(Role.TREASURER), builders.user()
    with pytest.raises(Refused):
        roles.grant(actor=treasurer, user=person, role=Role.ADMIN)
    assert not roles.has(person, Role.ADMIN)
    assert Record.objects.get(act="people.grant_role").outcome == Record.REFUSED
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("role", "subject"),
    [
        (Role.ADMIN, "project:quillon"),
        (Role.TREASURER, "committee:core"),
        (Role.MAINTAINER, "host"),
        (Role.CHAIR, "host"),
        (Role.MEMBER, "project:quillon"),
    ],
)
def test_each_role_is_held_over_its_own_kind_of_thing(role: str, subject: str) -> None:
    with pytest.raises(Invalid) as refused:
        roles.grant(actor=builders.holder(Role.ADMIN), user=builders.user(), role=role, subject=subject)
    assert refused.value.field == "subject"


def test_a_role_that_does_not_exist_and_a_role_held_already() -> None:
    admin, person = builders.holder(Role.ADMIN), builders.holder(Role.AUDITOR)
    with pytest.raises(Invalid):
        roles.grant(actor=admin, user=person, role="king")
    with pytest.raises(Conflict):
        roles.grant(actor=admin, user=person, role=Role.AUDITOR)


def test_an_ended_role_stays_on_record_and_cannot_end_twice() -> None:
    admin, person = builders.holder(Role.ADMIN), builders.user()
    grant = roles.grant(actor=admin, user=person, role=Role.AUDITOR)
    ended = roles.end(actor=admin, user=person, grant=grant)
    assert not roles.has(person, Role.AUDITOR)
    assert ended.until == clock.today()
    assert Message.objects.filter(key=f"role_ended:{grant.pk}").exists()
    with pytest.raises(Conflict):
        roles.end(actor=admin, user=person, grant=grant)


def test_the_last_administrator_cannot_leave() -> None:
    admin = builders.holder(Role.ADMIN)
    with pytest.raises(Refused) as refused:
        roles.end(actor=admin, user=admin, grant=admin.role_grants.get())
    assert refused.value.rule == "last-admin"
    assert roles.has(admin, Role.ADMIN)


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_end_each_other_at_once_leave_one() -> None:
    pair = [builders.holder(Role.ADMIN), builders.holder(Role.ADMIN)]
    grants = [person.role_grants.get() for person in pair]
    start, outcomes = threading.Barrier(2), []

    def end(actor_index: int) -> None:
        start.wait()
        try:
            roles.end(actor=pair[actor_index], user=pair[1 - actor_index], grant=grants[1 - actor_index])
            outcomes.append("ended")
        except Refused as refusal:
            outcomes.append(refusal.rule)
        finally:
            connection.close()

    threads = [threading.Thread(target=end, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert roles.holders(Role.ADMIN).count() == 1
    assert outcomes.count("ended") == 1
