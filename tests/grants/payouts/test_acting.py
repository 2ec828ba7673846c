"""Who acts for an organisation that is paid: a second person agrees where money waits, and payouts cool off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.mail.models import Message
from funding.people import acting
from funding.people import services as people
from funding.people.models import ActingChange, Membership, Party, User
from grants.payouts import accounts, holding, services
from grants.payouts.models import PayeeChange
from tests.funding.builders import browser
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(work.NOW):
        yield


@pytest.fixture
def desk() -> builders.Desk:
    return builders.desk()


@pytest.fixture
def admin() -> User:
    return work.user("Signe Holm", "admin")


@pytest.fixture
def boss() -> User:
    return work.user("Bo Boss")


@pytest.fixture
def company(desk: builders.Desk) -> Party:
    """Known only by name: its worker named it, two half days are approved for it, and nobody acts for it."""
    worker = work.user("Marit Solheim")
    party = people.name_employer(actor=worker, name="Parse Ltd").party
    builders.approved(work.engagement(worker, payee=party), 2, desk.lead)
    return party


def test_where_money_waits_it_takes_a_second_person_and_cools_off(desk: builders.Desk, admin: User, boss: User, company: Party) -> None:
    change = acting.ask(actor=admin, party=company, user=boss, begins=True, reason="The board wrote.")
    assert change.state == "asked" and not acting.owners(company).exists()
    assert {mail.to for mail in Message.objects.filter(kind="acting_asked")} == {desk.maker.email, desk.checker.email}
    for actor, rule in ((admin, "prepared"), (boss, "role")):
        with pytest.raises(Refused) as refused:
            acting.decide(actor=actor, change=change, agree=True)
        assert refused.value.rule == rule
    acting.decide(actor=desk.maker, change=change, agree=True)
    assert list(acting.owners(company)) == [boss]
    assert company in accounts.parties_of(boss)
    assert Message.objects.get(kind="acting_changed").to == boss.email
    noted = PayeeChange.objects.get()
    assert (noted.before, noted.after, noted.by, noted.agreed_by) == ("", "Bo Boss", admin, desk.maker)
    assert holding.of([company])[company.pk].until == work.NOW + dt.timedelta(days=3)
    builders.able(company)
    with clock.at(work.NOW + dt.timedelta(days=3)):
        run = builders.prepared(desk.checker)
        with pytest.raises(Refused) as refused:
            services.release(actor=desk.maker, run=run, control_total=run.control_total, withheld=0)
        assert refused.value.rule == "changed"
    with pytest.raises(Conflict):
        acting.decide(actor=desk.maker, change=change, agree=True)


def test_where_no_money_waits_it_is_done_at_once(admin: User, boss: User) -> None:
    party = people.name_employer(actor=work.user("Anna Berg"), name="Idle Ltd").party
    assert acting.ask(actor=admin, party=party, user=boss, begins=True, reason="The board wrote.").state == "done"
    with pytest.raises(Invalid):
        acting.ask(actor=admin, party=party, user=boss, begins=True, reason="Again")
    acting.ask(actor=admin, party=party, user=boss, begins=False, reason="They left.")
    assert not Membership.objects.filter(user=boss).exists()
    assert not PayeeChange.objects.exists()


def test_it_is_refused_about_oneself_and_to_others(admin: User, boss: User, company: Party) -> None:
    for actor, user, rule in ((admin, admin, "self"), (boss, boss, "role"), (work.user("T", "treasurer"), boss, "role")):
        with pytest.raises(Refused) as refused:
            acting.ask(actor=actor, party=company, user=user, begins=True, reason="x")
        assert refused.value.rule == rule
    assert Record.objects.filter(act="people.change_acting", outcome="refused").count() == 3
    host = work.host().party
    with pytest.raises(Invalid):
        acting.ask(actor=admin, party=host, user=boss, begins=True, reason="x")


def test_who_is_named_does_not_decide_about_themselves(desk: builders.Desk, admin: User, company: Party) -> None:
    change = acting.ask(actor=admin, party=company, user=desk.maker, begins=True, reason="x")
    with pytest.raises(Refused) as refused:
        acting.decide(actor=desk.maker, change=change, agree=True)
    assert refused.value.rule == "benefits"
    assert acting.decide(actor=desk.checker, change=change, agree=False).state == "declined"
    assert not acting.owners(company).exists()


def test_the_pages_of_the_desk(desk: builders.Desk, admin: User, boss: User, company: Party) -> None:
    where = f"/desk/organisations/{company.pk}/"
    first, second = browser(admin), browser(desk.maker)
    assert "Nobody. What it is paid is held" in first.get(where).content.decode()
    assert first.post(f"{where}name/", {"email": "nobody@x.example", "reason": "x"}).status_code == 422
    assert first.post(f"{where}name/", {"email": boss.email, "reason": "The board wrote."}).status_code == 302
    change = ActingChange.objects.get()
    decide = f"/desk/organisations/waiting/{change.pk}/"
    assert "The board wrote." in second.get(decide).content.decode()
    assert "Decide" in second.get("/desk/organisations/").content.decode()
    assert first.post(decide, {"decision": "agree"}).status_code == 403
    assert second.post(decide, {"decision": "agree"}).status_code == 302
    assert "Bo Boss" in second.get(where).content.decode()
    assert browser(boss).get(where).status_code == 403
    assert "Name somebody" not in second.get(where).content.decode()
