"""Logging, withdrawing, approving and returning half days; ending an engagement."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.mail.models import Message
from funding.money import Money
from funding.people import services as people
from funding.people.models import User
from grants.engagements.models import Engagement
from grants.timesheets import selectors, services
from grants.timesheets.models import WorkEntry
from tests.grants.engagements import builders

pytestmark = pytest.mark.django_db
START = builders.START


@pytest.fixture(autouse=True)
def _october() -> Any:
    with clock.at(builders.NOW):
        yield


@pytest.fixture
def marit() -> User:
    return builders.user("Marit Solheim")


@pytest.fixture
def lead() -> User:
    return builders.user("Lead Person", "maintainer@project:quillon")


@pytest.fixture
def engagement(marit: User, lead: User) -> Engagement:
    return builders.engagement(marit, half_days=6)


def test_logged_half_days_keep_the_rate_and_are_mailed_to_whoever_may_approve(engagement: Engagement, lead: User) -> None:
    entries = builders.log(engagement, 3)
    assert [(entry.date, entry.slot, entry.amount) for entry in entries] == [
        (START, "am", Money(22950, "USD")),
        (START, "pm", Money(22950, "USD")),
        (START + dt.timedelta(days=1), "am", Money(22950, "USD")),
    ]
    mail = Message.objects.get(kind="days_logged")
    assert mail.to == lead.email
    assert "Thu 1 Oct 2026, morning" in mail.body


def test_a_later_rate_changes_nothing_that_was_logged(engagement: Engagement) -> None:
    (entry,) = builders.log(engagement, 1)
    Engagement.objects.filter(pk=engagement.pk).update(rate_amount=90000)
    entry.refresh_from_db()
    assert entry.amount == Money(22950, "USD")


@pytest.mark.parametrize(
    ("cells", "field", "words"),
    [
        ([], "cells", "Choose at least one"),
        ([(dt.date(2026, 10, 31), "am")], "cells", "still to come"),
        ([(dt.date(2026, 9, 30), "pm")], "cells", "begins on Thu 1 Oct 2026"),
        ([(START, "evening")], "cells", "morning or an afternoon"),
        (builders.cells(7), "cells", "3 of 3 days are left"),
    ],
)
def test_cells_that_cannot_be_logged_are_explained_and_nothing_changes(
    engagement: Engagement, cells: list[Any], field: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        services.log(actor=engagement.worker, engagement=engagement, cells=cells, note="x")
    assert refused.value.field == field
    assert not WorkEntry.objects.exists()


@pytest.mark.parametrize(
    ("note", "link", "field"),
    [("", "", "note"), ("\x00 \x00", "", "note"), ("x" * 201, "", "note"), ("ok", "javascript:alert(1)", "evidence_url"),
     ("ok", "ftp://example.org/x", "evidence_url"), ("ok", "https://example.org/" + "x" * 500, "evidence_url")],
)  # fmt: skip
def test_bad_notes_and_links_are_refused(engagement: Engagement, note: str, link: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        services.log(actor=engagement.worker, engagement=engagement, cells=[(START, "am")], note=note, evidence_url=link)
    assert refused.value.field == field
    assert not WorkEntry.objects.exists()


def test_a_note_may_be_emoji_and_right_to_left(engagement: Engagement) -> None:
    (entry,) = services.log(actor=engagement.worker, engagement=engagement, cells=[(START, "am")], note=" תיקון 🦀\nשני ")
    assert entry.note == "תיקון 🦀 שני"


def test_a_slot_is_taken_once_across_engagements(engagement: Engagement, marit: User) -> None:
    builders.log(engagement, 1)
    other = builders.engagement(marit, half_days=2)
    with pytest.raises(Invalid, match="Thu 1 Oct 2026, morning already"):
        builders.log(other, 2)
    assert WorkEntry.objects.count() == 1


def test_the_cap_counts_what_waits_for_approval(engagement: Engagement) -> None:
    builders.log(engagement, 5)
    usage = selectors.usage(engagement)
    assert (usage.logged, usage.left, usage.percent, usage.nearly_used) == (5, 1, 83, True)
    with pytest.raises(Invalid, match="½ of 3 days are left"):
        builders.log(engagement, 2, first=START + dt.timedelta(days=5))
    builders.log(engagement, 1, first=START + dt.timedelta(days=5))
    assert selectors.usage(engagement).left == 0


def test_a_withdrawn_half_day_frees_its_slot_and_the_cap(engagement: Engagement, marit: User) -> None:
    first = builders.log(engagement, 6)[0]
    services.withdraw(actor=marit, entry=first)
    again = builders.log(engagement, 1)[0]
    assert (again.date, again.slot) == (first.date, first.slot)
    assert WorkEntry.objects.filter(state="withdrawn").count() == 1


def test_only_the_worker_logs_and_withdraws(engagement: Engagement, lead: User) -> None:
    with pytest.raises(Refused) as refused:
        services.log(actor=lead, engagement=engagement, cells=[(START, "am")], note="x")
    assert refused.value.rule == "worker"
    (entry,) = builders.log(engagement, 1)
    with pytest.raises(Refused):
        services.withdraw(actor=lead, entry=entry)
    assert Record.objects.filter(outcome="refused", act="work.withdraw", subject=entry.ref).count() == 1


def test_no_work_starts_without_somebody_who_may_approve_it(marit: User) -> None:
    builders.grant(marit, "maintainer@project:quillon")
    alone = builders.engagement(marit)
    with pytest.raises(Refused) as refused:
        builders.log(alone, 1)
    assert refused.value.rule == "approver"
    builders.user("Second Person", "admin")
    assert len(builders.log(alone, 1)) == 1


def test_approval_by_somebody_else(engagement: Engagement, lead: User) -> None:
    entries = builders.log(engagement, 2)
    services.approve(actor=lead, engagement=engagement, entries=[entries[0].pk])
    entries[0].refresh_from_db()
    assert (entries[0].state, entries[0].approved_by, entries[0].approved_at) == ("approved", lead, builders.NOW)
    assert Message.objects.get(kind="days_approved").to == engagement.worker.email
    with pytest.raises(Conflict):
        services.approve(actor=lead, engagement=engagement, entries=[entry.pk for entry in entries])
    with pytest.raises(Conflict):
        services.withdraw(actor=engagement.worker, entry=entries[0])


def refusals(engagement: Engagement, lead: User) -> dict[str, User]:
    """Somebody for each rule that forbids approving this engagement's days."""
    worker = engagement.worker
    builders.grant(worker, "maintainer@project:quillon")
    company = people.create_party(kind="organisation", name="Parse Ltd", email="hi@parse.example", owner=worker)
    colleague = builders.user("A Colleague", "maintainer@project:quillon")
    people.set_employer(actor=colleague, party=company)
    friend = builders.user("A Friend", "maintainer@project:quillon")
    people.declare_relation(actor=worker, other=friend, kind="family")
    recused = builders.user("Recused Member", "admin")
    people.bar(user=recused, subject=engagement.proposal.subject, reason="close recent work")
    return {
        "prepared": worker,
        "employer": colleague,
        "relation": friend,
        "recused": recused,
        "role": builders.user("No Role", "treasurer"),
    }


@pytest.mark.parametrize("rule", ["prepared", "employer", "relation", "recused", "role"])
def test_who_may_not_approve_is_refused_and_audited(engagement: Engagement, lead: User, rule: str) -> None:
    entries = builders.log(engagement, 2)
    actor = refusals(engagement, lead)[rule]
    with pytest.raises(Refused) as refused:
        services.approve(actor=actor, engagement=engagement, entries=[entry.pk for entry in entries])
    assert refused.value.rule == rule
    assert not WorkEntry.objects.filter(state="approved").exists()
    row = Record.objects.get(act="work.approve")
    assert (row.actor_id, row.outcome, row.rule, row.subject) == (actor.pk, "refused", rule, engagement.ref)


def test_returned_days_say_why_and_free_the_slots(engagement: Engagement, lead: User) -> None:
    entries = builders.log(engagement, 2)
    with pytest.raises(Invalid):
        services.send_back(actor=lead, engagement=engagement, entries=[entries[0].pk], reason="  ")
    services.send_back(actor=lead, engagement=engagement, entries=[entries[0].pk], reason="The link is missing")
    assert "The link is missing" in Message.objects.get(kind="days_returned").body
    assert selectors.usage(engagement).claimed == 1
    builders.log(engagement, 1)


def test_ids_of_another_engagement_are_not_approved(engagement: Engagement, lead: User) -> None:
    other = builders.engagement(builders.user("Other Worker"))
    (foreign,) = builders.log(other, 1)
    with pytest.raises(Conflict):
        services.approve(actor=lead, engagement=engagement, entries=[foreign.pk])


def test_ending_keeps_what_is_owed_and_gives_back_the_rest(engagement: Engagement, lead: User) -> None:
    entries = builders.log(engagement, 3)
    builders.approve(engagement, entries[:2], lead)
    with pytest.raises(Conflict, match="½ days wait"):
        services.end_engagement(actor=lead, engagement=engagement, reason="Funds fell")
    services.withdraw(actor=engagement.worker, entry=entries[2])
    back = services.end_engagement(actor=lead, engagement=engagement, reason="Funds fell")
    assert back == Money(4 * 22950, "USD")
    source = engagement.funds.get()
    assert source.open == Money(2 * 22950, "USD")
    assert source.reservation.account.available == back
    engagement.refresh_from_db()
    assert (engagement.state, engagement.ends_on) == ("ended", builders.NOW.date())
    with pytest.raises(Conflict):
        builders.log(engagement, 1, first=START + dt.timedelta(days=9))


def test_a_stranger_cannot_end_an_engagement(engagement: Engagement) -> None:
    with pytest.raises(Refused):
        services.end_engagement(actor=builders.user("A Stranger"), engagement=engagement, reason="no")


@pytest.mark.parametrize("rule", ["relation", "employer", "recused"])
def test_whoever_is_not_independent_ends_nothing_and_it_is_audited(engagement: Engagement, marit: User, rule: str) -> None:
    lead = builders.user("Tied Lead", "maintainer@project:quillon")
    if rule == "relation":
        people.declare_relation(actor=marit, other=lead, kind="family")
    elif rule == "employer":
        for person in (marit, lead):
            people.name_employer(actor=person, name="Harrow Ltd")
    else:
        people.bar(user=lead, subject=engagement.proposal.subject, reason="co-author")
    with pytest.raises(Refused) as refused:
        services.end_engagement(actor=lead, engagement=engagement, reason="no")
    assert refused.value.rule == rule
    assert Record.objects.filter(act="engagement.end", outcome="refused", rule=rule).count() == 1
    engagement.refresh_from_db()
    assert engagement.state == "active"


def test_the_worker_ends_it_though_nobody_is_less_independent(engagement: Engagement, marit: User) -> None:
    services.end_engagement(actor=marit, engagement=engagement, reason="A new job")
    engagement.refresh_from_db()
    assert engagement.state == "ended"
