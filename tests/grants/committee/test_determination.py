"""A determination counts, reserves and publishes in one transaction, or says what is missing and changes nothing."""

from __future__ import annotations

import hashlib
import json
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.funds import services as funds
from funding.ledger import services as ledger
from funding.ledger.checks import Tally
from funding.ledger.models import Reservation, SealedDocument
from funding.mail.models import Message
from funding.people import services as people
from grants.committee import counting, public_record, services
from grants.committee.models import Determination, DeterminationFund
from grants.committee.rules import Rules
from grants.committee.signals import determination_published
from grants.proposals.models import Proposal
from tests.grants import builders

pytestmark = pytest.mark.django_db


def state(sitting: builders.Sitting) -> tuple[Any, ...]:
    """Everything that a determination could change."""
    fund = funds.project_fund(sitting.project)
    return (
        Proposal.objects.get(pk=sitting.proposal.pk).state,
        Determination.objects.count(),
        DeterminationFund.objects.count(),
        Reservation.objects.count(),
        builders.available(fund),
        Message.objects.filter(kind="decision_published").count(),
    )


def test_votes_that_carry_reserve_the_whole_sum_with_the_decision() -> None:
    sitting = builders.ready("fffaa")
    made = sitting.determine()
    assert (made.outcome, made.votes_for, made.votes_against, made.votes_abstained) == ("funded", 3, 2, 0)
    assert (made.seated, made.recused, made.eligible, made.quorum, made.amount, made.half_days) == (5, 0, 5, 3, 459000, 20)
    reservation = Reservation.objects.get()
    assert (reservation.holder_kind, reservation.holder_id, reservation.open) == ("proposal", sitting.proposal.pk, 459000)
    assert state(sitting) == ("funded", 1, 1, 1, 0, 1)


def test_the_record_is_sealed_with_the_day_and_checked_again() -> None:
    sitting = builders.ready("fffaa")
    made = sitting.determine()
    sealed = SealedDocument.objects.get(source="determination", reference=f"{sitting.proposal.ref}/{made.revision}")
    record = Determination.objects.get(pk=made.pk)
    assert sealed.digest == hashlib.sha256(public_record.text(record).encode()).hexdigest()
    said = json.loads(public_record.text(record))
    assert (said["outcome"], said["amount"], said["funds"]) == ("funded", 459000, [{"account": "fund:quillon:USD", "amount": 459000}])
    assert not any(name in public_record.text(record) for name in (sitting.applicant.name, record.decided_by.name))
    tally = Tally()
    assert list(public_record.records_are_what_was_sealed(tally)) == []
    assert tally.counts["sealed determinations"] == 1


def test_a_record_that_says_something_else_is_named_with_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    sitting = builders.ready("fffaa")
    sitting.determine()
    # No role of ours can change the row, so what it is read as changes.
    monkeypatch.setattr(public_record, "PLAIN", ("amount",))
    (problem,) = public_record.records_are_what_was_sealed(Tally())
    assert problem.endswith(f"the determination {sitting.proposal.ref}/1 is not what was sealed.")


@pytest.mark.parametrize(("choices", "outcome"), [("ffaaa", "declined"), ("ffaao", "deferred"), ("ooooo", "deferred")])
def test_votes_that_do_not_carry_reserve_nothing(choices: str, outcome: str) -> None:
    sitting = builders.ready(choices)
    made = sitting.determine()
    assert (made.outcome, made.amount, made.half_days) == (outcome, 0, 0)
    assert state(sitting) == (outcome, 1, 0, 0, 459000, 1)


def test_short_of_money_names_the_sum_and_changes_nothing() -> None:
    sitting = builders.ready(money=400000)
    before = state(sitting)
    with pytest.raises(Refused) as refusal:
        sitting.determine()
    assert refusal.value.rule == "funds-short"
    assert "$590.00 of $4,590.00 is missing." in refusal.value.message
    assert "Quillon fund has $4,000.00 available." in refusal.value.message
    assert state(sitting) == before
    assert (
        Record.objects.filter(act="committee.determine", outcome="refused", rule="funds-short", subject=sitting.proposal.ref).count() == 1
    )
    builders.put_money(funds.project_fund(sitting.project), 59000)
    assert sitting.determine().outcome == "funded"


def test_restricted_money_goes_first_and_another_projects_never() -> None:
    made = builders.project(money=300000)
    other = builders.project("harrow", money=900000)
    common = builders.general_fund(money=500000)
    builders.committee()
    call = builders.call([common, funds.project_fund(other), funds.project_fund(made)])
    proposal = builders.submitted(call, made, builders.user("Inger Dahl"))
    sitting = builders.sit(proposal)
    sitting.clear()
    sitting.review(*sitting.members[:2])
    sitting.vote("fffff")
    determination = sitting.determine()
    shares = [(share.fund.slug, share.amount, share.position) for share in determination.shares.all()]
    assert shares == [("quillon", 300000, 0), ("common", 159000, 1)]
    assert [builders.available(fund) for fund in (funds.project_fund(made), common, funds.project_fund(other))] == [0, 341000, 900000]


def test_the_signal_carries_the_reservations_in_the_order_of_spending() -> None:
    sitting = builders.ready()
    heard: list[Any] = []

    def listen(sender: Any, **news: Any) -> None:
        heard.append((news["proposal"], news["determination"].outcome, [row.reserved for row in news["reservations"]]))

    determination_published.connect(listen)
    try:
        sitting.determine()
    finally:
        determination_published.disconnect(listen)
    assert heard == [(sitting.proposal, "funded", [459000])]


def test_a_receiver_that_fails_undoes_decision_and_reservation() -> None:
    sitting = builders.ready()
    before = state(sitting)

    def fail(sender: Any, **news: Any) -> None:
        raise Conflict("The engagement could not begin.")

    determination_published.connect(fail)
    try:
        with pytest.raises(Conflict):
            sitting.determine()
    finally:
        determination_published.disconnect(fail)
    assert state(sitting) == before


def test_too_few_reviews_or_votes_are_refused_with_what_is_missing() -> None:
    sitting = builders.sitting()
    sitting.clear()
    sitting.vote("ff")
    with pytest.raises(Refused, match="2 more reviews are needed") as refusal:
        sitting.determine()
    assert refusal.value.rule == "minimum-reviews"
    sitting.review(*sitting.members[1:3])
    with pytest.raises(Refused, match="1 more vote is needed for the quorum: 2 of 3 cast") as refusal:
        sitting.determine()
    assert refusal.value.rule == "quorum"
    assert state(sitting) == ("submitted", 0, 0, 0, 459000, 0)


def test_a_member_does_not_decide_while_a_chair_is_free_to() -> None:
    sitting = builders.ready()
    with pytest.raises(Refused, match="The chair makes the determination") as refusal:
        sitting.determine(actor=sitting.members[1])
    assert refusal.value.rule == "chair"


def test_a_member_decides_where_the_chair_stepped_back() -> None:
    sitting = builders.ready("ffffa")
    services.declare(actor=sitting.chair, panel=sitting.panel, conflict=True, because="My sister works there")
    with pytest.raises(Refused):
        sitting.determine()
    with pytest.raises(Refused, match="1 more review is needed"):
        sitting.determine(actor=sitting.members[3])
    sitting.review(sitting.members[2])
    made = sitting.determine(actor=sitting.members[3])
    assert (made.votes_for, made.votes_against, made.recused, made.eligible, made.quorum) == (3, 1, 1, 4, 3)
    assert [(row.name, row.ground) for row in made.recusals.all()] == [("Lena Aas", "declared")]


def test_a_count_that_changed_since_it_was_seen_is_a_conflict() -> None:
    sitting = builders.ready("fffaa")
    seen = counting.sheet(sitting.panel).mark
    services.vote(actor=sitting.members[0], panel=sitting.panel, choice="against")
    with pytest.raises(Conflict, match="The count has changed"):
        services.determine(actor=sitting.chair, panel=sitting.panel, reasons="It is needed.", seen=seen)
    assert state(sitting)[:2] == ("submitted", 0)


def test_a_vote_of_somebody_tied_since_does_not_count() -> None:
    sitting = builders.ready("fffaa")
    people.declare_relation(actor=sitting.members[2], other=sitting.applicant, kind="close")
    made = sitting.determine()
    assert (made.outcome, made.votes_for, made.votes_against, made.recused) == ("deferred", 2, 2, 1)
    assert [(row.name, row.ground) for row in made.recusals.all()] == [("Jonas Lind", "relation")]


def test_decided_once() -> None:
    sitting = builders.ready()
    sitting.determine()
    for act in (
        lambda: sitting.determine(),
        lambda: sitting.vote("a"),
        lambda: services.declare(actor=sitting.chair, panel=sitting.panel, conflict=True, because="Late"),
    ):
        with pytest.raises(Conflict, match="decided"):
            act()
    assert Reservation.objects.count() == 1


def test_public_reasons_are_needed() -> None:
    sitting = builders.ready()
    with pytest.raises(Invalid) as error:
        sitting.determine(reasons="   ")
    assert error.value.field == "reasons"
    assert state(sitting)[0] == "submitted"


def test_a_larger_majority_is_a_rule_like_any_other() -> None:
    assert builders.ready("fffaa", rules=Rules(majority_percent=66)).determine().outcome == "declined"


@pytest.mark.parametrize("table", ["committee_vote", "committee_determination", "committee_determinationfund", "proposals_revision"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_record_is_written_once(table: str, statement: str) -> None:
    builders.ready().determine()
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert "permission denied" in str(refusal.value) or "written once" in str(refusal.value) or "must be owner" in str(refusal.value)


def test_the_applicant_is_told_after_the_decision() -> None:
    sitting = builders.ready()
    sitting.determine()
    message = Message.objects.get(kind="decision_published")
    assert message.to == sitting.applicant.email
    assert f"{sitting.proposal.ref} is decided: funded" in message.subject
    assert "$4,590.00" in message.body


def test_whoever_decides_is_told_once_that_it_is_ready() -> None:
    sitting = builders.ready("fff")
    sitting.vote("a", sitting.members[3])
    assert [(m.to, m.kind) for m in Message.objects.filter(kind="panel_ready")] == [(sitting.chair.email, "panel_ready")]


def test_nobody_is_told_that_it_is_ready_when_a_vote_does_not_count_any_more() -> None:
    sitting = builders.ready("")
    sitting.vote("ff", *sitting.members[1:3])
    people.declare_relation(actor=sitting.members[2], other=sitting.applicant, kind="close")
    sitting.vote("f", sitting.members[0])
    assert not Message.objects.filter(kind="panel_ready").exists()
    sitting.vote("f", sitting.members[3])
    assert Message.objects.filter(kind="panel_ready").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_decisions_at_once_never_promise_the_same_money() -> None:
    first = builders.sitting(money=459000)
    second_proposal = builders.submitted(first.call, first.project, builders.user("Mateus Pinto"))
    sittings = [first, builders.sit(second_proposal)]
    for sitting in sittings:
        sitting.clear()
        sitting.review(*sitting.members[:2])
        sitting.vote("fffff")
    gate, outcomes = Barrier(2), []

    def run(sitting: builders.Sitting) -> None:
        try:
            gate.wait(10)
            outcomes.append(sitting.determine().outcome)
        except Refused as refusal:
            outcomes.append(refusal.rule)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=[sitting]) for sitting in sittings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["funded", "funds-short"]
    assert ledger.account(funds.project_fund(first.project).account.code).reserved == 459000
