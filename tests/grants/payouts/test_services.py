"""Prepare, release, cancel: what goes into a run, who may do what, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.funds import services as funds
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.mail.models import Message
from funding.money import Money
from funding.people import services as people
from grants.payouts import planning, services
from grants.payouts.models import Payout, PayoutLine, PayoutRun, PayoutShare
from grants.timesheets import services as timesheets
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _october() -> Any:
    with clock.at(work.NOW):
        yield


@pytest.fixture
def desk() -> builders.Desk:
    return builders.desk()


@pytest.fixture
def payee(desk: builders.Desk) -> Any:
    """Marit with five approved half days and an account that can receive."""
    engagement = work.engagement(work.user("Marit Solheim"))
    builders.approved(engagement, 5, desk.lead)
    builders.able(engagement.payee)
    return engagement


def test_a_run_holds_each_approved_half_day_once_with_a_control_total(desk: builders.Desk, payee: Any) -> None:
    run = builders.prepared(desk.maker)
    (payout,) = run.payouts.all()
    assert (run.total, run.count) == (Money(5 * 22950, "USD"), 1)
    assert (payout.money, payout.half_days, payout.state) == (run.total, 5, "ready")
    assert [line.amount for line in payout.lines.all()] == [22950] * 5
    mail = Message.objects.get(kind="payout_run_prepared")
    assert mail.to == desk.checker.email
    assert "$1,147.50 to 1 payee," in mail.body


def test_a_half_day_cannot_be_in_two_payouts(desk: builders.Desk, payee: Any) -> None:
    run = builders.prepared(desk.maker)
    line = PayoutLine.objects.first()
    assert line is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutLine.objects.create(payout=run.payouts.get(), work_entry=line.work_entry, amount=22950)
    with pytest.raises(Conflict, match="waiting for its release"):
        builders.prepared(desk.maker)


def test_one_run_waits_at_a_time(desk: builders.Desk, payee: Any) -> None:
    builders.prepared(desk.maker)
    later = work.log(payee, 1, first=dt.date(2026, 10, 20))
    work.approve(payee, later, desk.lead)
    with pytest.raises(Conflict, match="waiting for its release"):
        builders.prepared(desk.maker)


def test_work_after_the_date_waits(desk: builders.Desk, payee: Any) -> None:
    run = services.prepare(actor=desk.maker, currency="USD", up_to=work.START)
    assert run.payouts.get().half_days == 2
    with pytest.raises(Invalid):
        services.prepare(actor=desk.maker, currency="USD", up_to=dt.date(2026, 11, 1))


def test_the_maker_cannot_release_and_it_is_audited(desk: builders.Desk, payee: Any) -> None:
    run = builders.prepared(desk.maker)
    with pytest.raises(Refused) as refused:
        services.release(actor=desk.maker, run=run, control_total=run.control_total, withheld=0)
    assert refused.value.rule == "prepared"
    run.refresh_from_db()
    assert run.state == "prepared"
    row = Record.objects.get(act="payouts.release")
    assert (row.actor_id, row.outcome, row.rule, row.subject) == (desk.maker.pk, "refused", "prepared", run.ref)


@pytest.mark.parametrize("rule", ["benefits", "employer", "relation", "recused", "role"])
def test_who_may_not_release_is_refused_and_audited(desk: builders.Desk, payee: Any, rule: str) -> None:
    run = builders.prepared(desk.maker)
    worker = payee.worker
    company = people.create_party(kind="organisation", name="Parse Ltd", email="hi@parse.example", owner=worker)
    if rule == "benefits":
        actor = worker
        work.grant(worker, "treasurer")
    else:
        actor = work.user("Third Person", "admin" if rule == "role" else "treasurer")
    if rule == "employer":
        people.set_employer(actor=actor, party=company)
    if rule == "relation":
        people.declare_relation(actor=actor, other=worker, kind="family")
    if rule == "recused":
        people.bar(user=actor, subject=payee.proposal.subject, reason="co-author")
    with pytest.raises(Refused) as refused:
        services.release(actor=actor, run=run, control_total=run.control_total, withheld=0)
    assert refused.value.rule == rule
    assert Record.objects.get(act="payouts.release", outcome="refused").rule == rule
    assert PayoutRun.objects.get().state == "prepared"


def test_another_control_total_than_the_run_has_is_a_conflict(desk: builders.Desk, payee: Any) -> None:
    run = builders.prepared(desk.maker)
    with pytest.raises(Conflict, match=r"\$1,147.50 and you agreed to \$1,147.49"):
        services.release(actor=desk.checker, run=run, control_total=run.control_total - 1, withheld=0)
    PayoutShare.objects.filter(line__payout__run=run).order_by("pk").first().delete()  # type: ignore[union-attr]
    with pytest.raises(Conflict):
        services.release(actor=desk.checker, run=run, control_total=run.control_total, withheld=0)
    assert PayoutRun.objects.get().state == "prepared"


def test_a_run_is_released_once_and_never_cancelled_after(desk: builders.Desk, payee: Any) -> None:
    run = builders.prepared(desk.maker)
    services.release(actor=desk.checker, run=run, control_total=run.control_total, withheld=0)
    with pytest.raises(Conflict):
        services.release(actor=desk.checker, run=run, control_total=run.control_total, withheld=0)
    with pytest.raises(Conflict):
        services.cancel(actor=desk.maker, run=run, reason="too late")


def test_a_cancelled_run_frees_its_days(desk: builders.Desk, payee: Any) -> None:
    run = builders.prepared(desk.maker)
    with pytest.raises(Invalid):
        services.cancel(actor=desk.maker, run=run, reason=" ")
    services.cancel(actor=desk.maker, run=run, reason="Wrong date")
    assert run.payouts.get().state == "cancelled"
    again = builders.prepared(desk.maker)
    assert again.control_total == run.control_total
    assert [problem for result in checks.run("I9") for problem in result.problems] == []


def test_a_payee_without_an_account_is_held_told_and_paid_later(desk: builders.Desk, payee: Any) -> None:
    other = work.engagement(work.user("Anna Berg"))
    builders.approved(other, 2, desk.lead)
    run = builders.prepared(desk.maker)
    held = run.payouts.get(state="held")
    assert (held.payee, held.money) == (other.payee, Money(45900, "USD"))
    assert held.hold_reason == "Anna Berg has no account that can receive money yet."
    assert not held.lines.exists()
    assert (run.total, run.count) == (Money(5 * 22950, "USD"), 1)
    mail = Message.objects.get(kind="payout_held")
    assert mail.to == "anna.berg@example.org"
    assert "/payouts/account/" in mail.body
    services.release(actor=desk.checker, run=run, control_total=run.control_total, withheld=0)
    builders.able(other.payee)
    following = builders.prepared(desk.maker)
    assert following.payouts.get().payee == other.payee


def test_a_run_of_held_payees_only_cannot_be_released(desk: builders.Desk) -> None:
    builders.approved(work.engagement(work.user("Anna Berg")), 2, desk.lead)
    run = builders.prepared(desk.maker)
    assert (run.count, run.control_total) == (0, 0)
    with pytest.raises(Conflict, match="held"):
        services.release(actor=desk.checker, run=run, control_total=0, withheld=0)
    services.cancel(actor=desk.checker, run=run, reason="Nobody can be paid")


def test_entries_at_another_rate_than_agreed_are_held(desk: builders.Desk, payee: Any) -> None:
    type(payee).objects.filter(pk=payee.pk).update(rate_amount=50000)
    run = builders.prepared(desk.maker)
    assert "was logged at $459.00 a day" in run.payouts.get(state="held").hold_reason


def test_days_beyond_what_is_reserved_are_held(desk: builders.Desk) -> None:
    engagement = work.engagement(work.user("Marit Solheim"), half_days=4)
    builders.approved(engagement, 4, desk.lead)
    builders.able(engagement.payee)
    source = engagement.funds.get()
    ledger.release(reservation=source.reservation, amount=100, key="test:short", at=clock.now())
    run = builders.prepared(desk.maker)
    assert run.payouts.get().hold_reason == f"{engagement.ref} has $917.00 reserved, and its approved days cost $918.00."


def test_planned_but_unsent_draws_are_not_planned_twice(desk: builders.Desk) -> None:
    general, own = work.fund("general"), work.fund("tiers")
    engagement = work.engagement(work.user("Marit Solheim"), half_days=4, split=[(general, 30000), (own, 61800)])
    builders.able(engagement.payee)
    builders.approved(engagement, 2, desk.lead)
    first = builders.prepared(desk.maker)
    services.release(actor=desk.checker, run=first, control_total=first.control_total, withheld=0)
    later = work.log(engagement, 2, first=dt.date(2026, 10, 20))
    work.approve(engagement, later, desk.lead)
    second = builders.prepared(desk.maker)

    def shares(run: PayoutRun) -> list[tuple[str, int]]:
        found = PayoutShare.objects.filter(line__payout__run=run).order_by("line_id", "source__position")
        return list(found.values_list("source__fund__slug", "amount"))

    assert shares(first) == [("general", 22950), ("general", 7050), ("tiers", 15900)]
    assert shares(second) == [("tiers", 22950), ("tiers", 22950)]


def test_a_worker_who_is_paid_through_a_company(desk: builders.Desk) -> None:
    worker = work.user("Marit Solheim")
    company = people.create_party(kind="organisation", name="Parse Ltd", email="pay@parse.example", owner=worker)
    builders.approved(work.engagement(worker, payee=company), 1, desk.lead)
    builders.approved(work.engagement(work.user("Anna Berg"), payee=company), 2, desk.lead)
    builders.able(company)
    run = builders.prepared(desk.maker)
    assert run.payouts.get().half_days == 3
    assert set(map(str, services.beneficiaries(run))) == {"Parse Ltd", "Marit Solheim", "Anna Berg"}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mixes=st.lists(
        st.tuples(st.integers(1, 12), st.integers(1, 100_000), st.lists(st.integers(1, 9), min_size=1, max_size=3)), min_size=1, max_size=4
    )
)
def test_the_sum_of_the_lines_is_the_payout_for_any_mix(mixes: list[tuple[int, int, list[int]]]) -> None:
    """Half days, day rates and funds in any mix: every payout is its lines, its shares and its entries, to the unit."""
    sid = transaction.savepoint()
    try:
        desk = builders.desk()
        for number, (half_days, half_rate, weights) in enumerate(mixes):
            rate = Money(2 * half_rate, "USD")
            price = half_days * half_rate
            parts = [part.amount for part in Money(price, "USD").split(weights)]
            split = [(work.fund(f"fund-{number}-{index}"), part) for index, part in enumerate(parts) if part]
            engagement = work.engagement(work.user(f"Worker {number}"), half_days=half_days, rate=rate, split=split)
            builders.approved(engagement, half_days, desk.lead)
            builders.able(engagement.payee)
        run = builders.prepared(desk.maker)
        payouts = list(run.payouts.all())
        assert run.control_total == sum(payout.amount for payout in payouts) == sum(n * r for n, r, _ in mixes)
        for payout in payouts:
            lines = list(payout.lines.select_related("work_entry").prefetch_related("shares"))
            assert payout.amount == sum(line.amount for line in lines) == sum(line.work_entry.amount.amount for line in lines)
            assert all(line.amount == sum(share.amount for share in line.shares.all()) for line in lines)
        assert planning.plan("USD", clock.today()).payees == ()
        assert checks.run("I9")[0].problems == []
    finally:
        transaction.savepoint_rollback(sid)


def test_approval_after_the_preparation_goes_into_the_next_run(desk: builders.Desk, payee: Any) -> None:
    run = builders.prepared(desk.maker)
    (late,) = work.log(payee, 1, first=dt.date(2026, 10, 20))
    timesheets.approve(actor=desk.lead, engagement=payee, entries=[late.pk])
    assert run.payouts.get().half_days == 5
    assert [entry.pk for entry in planning.unpaid()] == [late.pk]


def test_only_a_treasurer_prepares(desk: builders.Desk, payee: Any) -> None:
    with pytest.raises(Refused):
        builders.prepared(desk.lead)
    assert not Payout.objects.exists()


def test_a_shortfall_blocks_what_the_hosts_own_fund_would_pay(desk: builders.Desk, payee: Any) -> None:
    run = builders.prepared(desk.maker)
    services.cancel(actor=desk.maker, run=run, reason="Only the other one is wanted")
    own = funds.host_fund("USD")
    staff = work.engagement(work.user("Office Worker"), half_days=2, split=[(own, 45900)])
    builders.approved(staff, 2, desk.lead)
    builders.able(staff.payee)
    shortfall = ledger.open_account(code="shortfall:USD", klass="shortfall", currency="USD")
    cover = [ledger.Line(debit=shortfall, credit=work.fund("other").account, amount=100, kind="cover")]
    ledger.post(kind="cover", source="test", reference="lost", lines=cover, at=clock.now(), effective_on=clock.today())
    run = builders.prepared(desk.maker)
    with pytest.raises(Refused) as refused:
        services.release(actor=desk.checker, run=run, control_total=run.control_total, withheld=0)
    assert refused.value.rule == "shortfall"
