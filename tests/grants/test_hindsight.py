"""I8 and I10 can fail: for every kind of breach there is one that is planted, as no role of ours could, and found by name.

The world is made through the services by the owner's connection, in a transaction that is rolled back: so constraints and triggers that
stand in the way can be taken off for one breach and are back for the next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections, transaction

from funding import clock
from funding.funds import moves
from funding.funds.models import Fund
from funding.ledger import checks
from funding.money import Money
from funding.people import acting, ties
from funding.people.models import User
from grants.committee.models import Ending
from grants.payouts import executing, withholding
from grants.payouts import services as payouts
from grants.payouts.models import DebtCancellation, Freeze
from grants.rates import services as rates
from grants.timesheets.models import WorkEntry
from sponsors.refunds.models import Refund
from tests.site.world import NOW, World, build

BEFORE = NOW.replace(year=2025)
"""Long before anything in the world, and not over."""


def finish(world: World) -> None:
    """What the world leaves waiting is decided, by people who may."""
    office = world.people
    second = office["second treasurer"]
    withholding.withhold(actor=office["treasurer"], payout=world.payout, amount=Money(1_00, "USD"), reason="Section 50a.")
    payouts.release(actor=second, run=world.run, control_total=world.run.control_total, withheld=1_00)
    executing.owe(payout_id=world.payout.pk)
    rates.approve(actor=office["admin"], card=world.card)
    moves.approve(actor=second, move=world.move)
    acting.decide(actor=second, change=world.acting, agree=True)
    ties.settle_relation(actor=office["member 0"], relation=world.contested, holds=True, because="There is a contract.")
    Refund.objects.filter(pk=world.refund.pk).update(state="approved", decided_by=second, decided_at=NOW)
    Freeze.objects.filter(pk=world.frozen.pk).update(lifted_by=second, lifted_at=NOW, lift_reason="It was them.")
    Ending.objects.create(determination=world.approved, reason="Too long.", ended_by=office["admin"], ended_at=NOW)
    debt = {"payout": world.payout, "amount": 1, "reason": "Gone.", "state": "declined"}
    DebtCancellation.objects.create(**debt, asked_by=office["treasurer"], asked_at=NOW, decided_by=second, decided_at=NOW)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock():
        app, connections["default"] = connections["default"], connections["owner"]
        try:
            with clock.at(NOW), transaction.atomic():
                made = build()
                finish(made)
                connection.run_on_commit.clear()
                yield made
                transaction.set_rollback(True)
        finally:
            connections["default"].close()
            connections["default"] = app


@contextmanager
def planted(*statements: str, without: str = "") -> Iterator[None]:
    """The breach is there in the block; no guard is in its way."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        before = transaction.savepoint()
        try:
            for name in without.split():
                cursor.execute("SELECT conrelid::regclass::text FROM pg_constraint WHERE conname = %s", [name])
                cursor.execute(f"ALTER TABLE {cursor.fetchone()[0]} DROP CONSTRAINT {name}")
            for statement in statements:
                table = statement.replace("INSERT INTO", "UPDATE").split()[1]
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                cursor.execute(statement)
                assert cursor.rowcount > 0, f"Nothing planted by {statement}"
            yield
        finally:
            transaction.savepoint_rollback(before)


def problems(code: str) -> list[str]:
    (result,) = checks.run(code)
    return result.problems


def related(one: str, other: str, at: dt.datetime = BEFORE, state: str = "declared") -> str:
    settled = f"'{at}', '{at}', 'no', {{auditor}}, 'It is so.'" if state != "declared" else "NULL, NULL, '', NULL, ''"
    return (
        "INSERT INTO people_relation "
        "(user_id, other_id, address, kind, words, declared_at, state, contested_at, settled_at, contest, settled_by_id, settlement) "
        f"VALUES ({one}, {other}, '', 'family', '', '{at}', '{state}', {settled})"
    )


def works(person: str, party: str, role: str = "employee", at: dt.datetime = BEFORE, until: str = "NULL") -> str:
    return (
        f"INSERT INTO people_membership (user_id, party_id, role, created_at, until) VALUES ({person}, {party}, '{role}', '{at}', {until})"
    )


def barred(person: str, subject: str, at: dt.datetime = BEFORE) -> str:
    return f"INSERT INTO people_bar (user_id, subject, reason, created_at) VALUES ({person}, '{subject}', 'A friend', '{at}')"


def of(world: World, text: str) -> str:
    """`{lead}` and the like as the ids that they have."""
    ids: dict[str, Any] = {name.replace(" ", "_"): person.pk for name, person in world.people.items()}
    ids |= {"payee": world.engagement.payee_id, "company": world.employer.pk, "proposal": world.engagement.proposal.ref}
    ids |= {
        "panel": f"(SELECT id FROM committee_panel WHERE proposal_id = {world.engagement.proposal_id})",
        "sponsor_of": sponsor_of(world),
        "payout": world.payout.pk,
        "half_day": first_approved().ref,
        "run": world.run.number,
        "debt": DebtCancellation.objects.get().pk,
        "freeze": world.frozen.pk,
        "move": world.move.ref,
        "change": world.acting.pk,
    }
    return text.format(**ids)


def first_approved() -> WorkEntry:
    return WorkEntry.objects.filter(state=WorkEntry.State.APPROVED).order_by("pk")[0]


def sponsor_of(world: World) -> int:
    return world.refund.payment.invoice.sponsorship.party_id


TWICE = "UPDATE people_party SET kind = 'organisation' WHERE id = {payee}"
"""The payee is a company."""
TAKEN_BACK = (
    f"INSERT INTO payouts_withholding (payout_id, amount, reason, by_id, at) VALUES ({{payout}}, 0, 'No.', {{second_treasurer}}, '{NOW}')"
)
SEAT = (
    "UPDATE committee_seat SET user_id = {worker} WHERE panel_id = {panel} AND user_id = {member_3}",
    "UPDATE proposals_proposal SET payee_id = {company} WHERE ref = '{proposal}'",
)

# what is found, the statements, the constraints in the way
BREACHES: list[tuple[str, list[str], str]] = [
    ("The approval of {half_day} is by somebody who prepared it", ["UPDATE engagements_engagement SET worker_id = {lead}"], ""),
    ("The approval of {half_day} is by somebody whom it benefits", [works("{lead}", "{payee}", "owner")], ""),
    ("The approval of {half_day} is by somebody whose employer", [TWICE, works("{lead}", "{payee}")], ""),
    ("The approval of {half_day} is by somebody whose employer", [works("{lead}", "{company}"), works("{worker}", "{company}")], ""),
    ("The approval of {half_day} is by somebody who has a relation", [related("{lead}", "{worker}")], ""),
    ("The approval of {half_day} is by somebody who has a relation", [related("{worker}", "{lead}")], ""),
    (
        "The approval of {half_day} is by somebody who has a relation",
        [works("{friend}", "{payee}", "owner"), related("{lead}", "{friend}")],
        "",
    ),
    ("The approval of {half_day} is by somebody who had stepped back", [barred("{lead}", "proposal:{proposal}")], ""),
    ("is by somebody whom it benefits", [SEAT[0]], ""),
    ("is by somebody whose employer it benefits", [SEAT[1], works("{member_2}", "{company}")], ""),
    ("is by somebody who has a relation", [related("{member_2}", "{worker}")], ""),
    ("is by somebody who has a relation", [related("{worker}", "{member_2}", state="confirmed")], ""),
    ("is by somebody who had stepped back", [barred("{member_2}", "proposal:{proposal}")], ""),
    ("The decision on {proposal} is by somebody whom", [works("{member_0}", "{payee}", "owner")], ""),
    ("The end of waiting for", [related("{admin}", "(SELECT id FROM people_user WHERE name = 'Vera Waits')")], ""),
    ("Review ", [barred("{member_1}", "proposal:{proposal}")], ""),
    (
        "The release of run {run} is by somebody who prepared it",
        ["UPDATE payouts_payoutrun SET prepared_by_id = released_by_id"],
        "payoutrun_two_people",
    ),
    ("The release of run {run} is by somebody who prepared it", ["UPDATE payouts_withholding SET by_id = {second_treasurer}"], ""),
    (
        "The release of run {run} is by somebody who prepared it",
        [TAKEN_BACK],
        "",
    ),
    ("Withholding ", [works("{treasurer}", "{payee}", "owner")], ""),
    ("The release of run {run} is by somebody whom", [works("{second_treasurer}", "{payee}", "owner")], ""),
    ("The release of run {run} is by somebody whose employer", [TWICE, works("{second_treasurer}", "{payee}")], ""),
    ("The release of run {run} is by somebody who has a relation", [related("{second_treasurer}", "{worker}")], ""),
    ("The release of run {run} is by somebody who had stepped back", [barred("{second_treasurer}", "proposal:{proposal}")], ""),
    ("The request of debt {debt} is by somebody whom", [works("{treasurer}", "{payee}", "owner")], ""),
    (
        "The cancellation of debt {debt} is by somebody who prepared it",
        ["UPDATE payouts_debtcancellation SET decided_by_id = asked_by_id"],
        "debtcancellation_two_people",
    ),
    (
        "The end of freeze {freeze} is by somebody whom",
        ["UPDATE payouts_freeze SET party_id = {payee}", works("{second_treasurer}", "{payee}", "owner")],
        "",
    ),
    ("is by somebody who prepared it", ["UPDATE rates_ratecard SET decided_by_id = proposed_by_id WHERE state = 'approved'"], ""),
    ("The move {move} is by somebody who prepared it", ["UPDATE funds_fundmove SET decided_by_id = asked_by_id"], "fund_move_two_people"),
    ("The change {change} of who acts", ["UPDATE people_actingchange SET decided_by_id = asked_by_id"], "actingchange_two_people"),
    ("The change {change} of who acts", ["UPDATE people_actingchange SET user_id = decided_by_id"], ""),
    ("The word on relation", ["UPDATE people_relation SET settled_by_id = user_id WHERE settled_by_id IS NOT NULL"], ""),
    (
        "The opening of award",
        ["UPDATE awards_award SET activated_by_id = written_by_id WHERE activated_by_id IS NOT NULL"],
        "award_two_people",
    ),
    ("The request of RF-0900 is by somebody whom", [works("{treasurer}", "{sponsor_of}", "owner")], ""),
    ("The approval of RF-0900 is by somebody whom", [works("{second_treasurer}", "{sponsor_of}", "owner")], ""),
    (
        "The approval of RF-0900 is by somebody who prepared it",
        ["UPDATE refunds_refund SET decided_by_id = asked_by_id"],
        "refund_of_others_money_takes_two",
    ),
]


def test_a_world_that_the_services_made_breaks_no_rule(world: World) -> None:
    assert problems("I8") == []
    assert problems("I10") == []
    (result,) = checks.run("I10")
    looked_at = dict(result.tally.counts)
    assert all(looked_at[name] > 0 for name in ("votes", "reviews", "decisions", "ends of waiting", "half days approved", "releases"))
    assert all(looked_at[name] > 0 for name in ("words on debts", "freezes ended", "rates decided", "moves", "changes of who acts"))
    assert all(looked_at[name] > 0 for name in ("withholdings", "relations settled", "awards opened", "words on refunds"))


def test_every_breach_of_independence_is_found(world: World) -> None:
    unseen = []
    for found, statements, without in BREACHES:
        with planted(*(of(world, statement) for statement in statements), without=without):
            said = problems("I10")
        if not any(of(world, found) in sentence for sentence in said):
            unseen.append((found, said))
    assert unseen == []
    assert problems("I10") == []


NO_BREACH = [
    [related("{lead}", "{worker}", at=NOW)],
    [related("{lead}", "{worker}", state="dismissed")],
    [related("{worker}", "{member_2}")],
    [TWICE, works("{lead}", "{payee}", until="'2025-12-31'")],
    [TWICE, works("{lead}", "{payee}", at=NOW)],
    [barred("{lead}", "proposal:{proposal}", at=NOW)],
    [barred("{lead}", "proposal:P-9999")],
    [works("{lead}", "(SELECT party_id FROM people_host)"), works("{worker}", "(SELECT party_id FROM people_host)")],
]
"""Ties that came later, were found not to exist, are what an applicant says of a judge, were over, or are those of the host's staff."""


@pytest.mark.parametrize("statements", NO_BREACH)
def test_what_did_not_bind_at_that_moment_is_no_breach(world: World, statements: list[str]) -> None:
    with planted(*(of(world, statement) for statement in statements)):
        assert problems("I10") == []


def test_no_sentence_tells_who_stepped_back_or_voted(world: World) -> None:
    names = [person.name for person in User.objects.all()]
    for _found, statements, without in BREACHES:
        with planted(*(of(world, statement) for statement in statements), without=without):
            said = " ".join(problems("I10"))
        assert [name for name in names if name in said] == []


RESTRICTED = [
    (
        "{half_day} was paid from quillon in entry {entry}, against the rule “purpose”.",
        ["UPDATE engagements_engagement SET project_id = {fern}"],
    ),
    ("is for {engagement}, against the rule “purpose”.", ["UPDATE engagements_engagement SET project_id = {fern}"]),
    ("against the rule “purpose”.", ["UPDATE funds_fund SET project_id = {fern} WHERE id = {fund}"]),
    ("{half_day} was paid", ["INSERT INTO funds_fund_projects (fund_id, project_id) VALUES ({fund}, {fern})"]),
    ("against the rule “purpose”.", ["UPDATE funds_fund SET kind = 'reserve', project_id = NULL WHERE id = {fund}"]),
    ("against the rule “period”.", ["UPDATE funds_fund SET starts_on = '2027-01-01' WHERE id = {fund}"]),
    ("against the rule “period”.", ["UPDATE funds_fund SET ends_on = '2026-01-01' WHERE id = {fund}"]),
    ("against the rule “closeout”.", ["UPDATE funds_fund SET closeout_on = '2026-01-01' WHERE id = {fund}"]),
    ("against the rule “line”.", ["INSERT INTO funds_budgetline (fund_id, name, amount, position) VALUES ({fund}, 'Work', 9, 0)"]),
    ("for no work that there is", ["UPDATE ledger_transfer SET about_id = 99999 WHERE kind = 'payout_sent'"]),
]


def test_every_breach_of_a_restriction_is_found(world: World) -> None:
    fund = Fund.objects.get(slug="quillon")
    ids = {"fund": fund.pk, "fern": world.draft_project.pk, "entry": world.run.payouts.get().sent_entry_id}
    ids |= {"half_day": first_approved().ref, "engagement": first_approved().engagement.ref}
    unseen = []
    for found, statements in RESTRICTED:
        with planted(*(statement.format(**ids) for statement in statements)):
            said = problems("I8")
        if not any(found.format(**ids) in sentence for sentence in said):
            unseen.append((found, said))
    assert unseen == []
    assert problems("I8") == []
