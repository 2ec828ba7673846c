"""Calls and proposals: what can be submitted, at which rate, by whom, and what is kept of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db import DatabaseError, transaction

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.funds import services as funds
from funding.mail.models import Message
from funding.money import Money
from funding.people import services as people
from funding.people.models import User
from grants.proposals import selectors, services
from grants.proposals.models import Call, Proposal, Revision
from tests.grants import builders

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def scene() -> tuple[Call, builders.Project, User]:
    """An open call on one project's fund, and somebody with an approved rate."""
    made = builders.project(money=459000)
    builders.committee()
    applicant = builders.user("Inger Dahl")
    builders.rate(applicant)
    return builders.call([funds.project_fund(made)]), made, applicant


def test_submitting_keeps_the_rate_in_force_and_a_revision() -> None:
    call, made, applicant = scene()
    proposal = services.submit(actor=applicant, proposal=builders.draft(call, made, applicant))
    builders.rate(applicant, Money(60000, "USD"), since=clock.today())
    proposal.refresh_from_db()
    assert (proposal.state, proposal.rate, proposal.price) == ("submitted", Money(45900, "USD"), Money(459000, "USD"))
    revision = Revision.objects.get()
    assert (revision.number, revision.payee_name, revision.half_days) == (1, "Inger Dahl", 20)
    assert Message.objects.get(kind="proposal_submitted").to == applicant.email


def test_references_are_numbered_and_unique() -> None:
    call, made, applicant = scene()
    refs = [builders.draft(call, made, applicant).ref for _ in range(3)]
    assert len(set(refs)) == 3
    assert all(ref.startswith("P-") and len(ref) >= 6 for ref in refs)


def test_without_an_approved_rate_submitting_is_refused() -> None:
    call, made, _ = scene()
    other = builders.user("Mateus Pinto")
    builders.rate(other, state="proposed")
    proposal = builders.draft(call, made, other)
    with pytest.raises(Refused, match="no approved day rate in USD") as refusal:
        services.submit(actor=other, proposal=proposal)
    assert refusal.value.rule == "rate"
    assert Record.objects.filter(act="proposals.submit", outcome="refused", rule="rate").count() == 1


def test_a_rate_above_the_call_is_refused() -> None:
    call, made, _ = scene()
    other = builders.user("Mateus Pinto")
    builders.rate(other, Money(60002, "USD"))
    with pytest.raises(Refused, match=r"above \$600\.00") as refusal:
        services.submit(actor=other, proposal=builders.draft(call, made, other))
    assert refusal.value.rule == "rate-cap"


@pytest.mark.parametrize(("field", "value"), [("story", " "), ("outcome", ""), ("half_days", None)])
def test_an_incomplete_draft_is_saved_and_not_submitted(field: str, value: object) -> None:
    call, made, applicant = scene()
    content = replace(services.Content(made, None, "Title", "Story", "Outcome", 20), **{field: value})
    proposal = services.start_draft(actor=applicant, call=call, content=content)
    with pytest.raises(Invalid) as error:
        services.submit(actor=applicant, proposal=proposal)
    assert error.value.field == field
    assert not Revision.objects.exists()


@pytest.mark.parametrize(("half_days", "field"), [(0, "half_days"), (-2, "half_days"), (61, "half_days")])
def test_days_out_of_range_are_not_saved(half_days: int, field: str) -> None:
    call, made, applicant = scene()
    with pytest.raises(Invalid) as error:
        services.start_draft(actor=applicant, call=call, content=services.Content(made, None, "Title", half_days=half_days))
    assert error.value.field == field


def test_a_call_closes_at_its_minute() -> None:
    call, made, applicant = scene()
    proposal = builders.draft(call, made, applicant)
    Call.objects.update(kind="dated", closes_at=NOW, opens_at=NOW - dt.timedelta(days=9))
    with clock.at(NOW + dt.timedelta(seconds=1)), pytest.raises(Refused) as refusal:
        services.submit(actor=applicant, proposal=proposal)
    assert refusal.value.rule == "call-closed"
    builders.rate(applicant, since=dt.date(2026, 1, 1))
    with clock.at(NOW):
        assert services.submit(actor=applicant, proposal=proposal).state == "submitted"


def test_only_the_applicant_acts_on_it() -> None:
    call, made, applicant = scene()
    proposal = builders.draft(call, made, applicant)
    stranger = builders.admin()
    content = services.Content(made, None, "Mine now", half_days=2)
    attempts = {
        "proposals.save": lambda: services.save_draft(actor=stranger, proposal=proposal, version=1, content=content),
        "proposals.submit": lambda: services.submit(actor=stranger, proposal=proposal),
        "proposals.withdraw": lambda: services.withdraw(actor=stranger, proposal=proposal),
        "proposals.reopen": lambda: services.reopen(actor=stranger, proposal=proposal),
    }
    for act, attempt in attempts.items():
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.rule == "applicant"
        assert Record.objects.filter(act=act, outcome="refused", actor_id=stranger.pk, subject=proposal.ref).count() == 1


def test_money_goes_to_oneself_or_to_ones_organisation() -> None:
    call, made, applicant = scene()
    elsewhere = builders.organisation("Elsewhere")
    with pytest.raises(Refused) as refusal:
        builders.draft(call, made, applicant, payee=elsewhere)
    assert refusal.value.rule == "payee"
    builders.tie(applicant, elsewhere)
    builders.tie(builders.user("Company Owner"), elsewhere, "owner")
    assert builders.draft(call, made, applicant, payee=elsewhere).payee == elsewhere
    own = builders.draft(call, made, applicant).payee
    assert (own.kind, own.name) == ("person", "Inger Dahl")
    assert builders.draft(call, made, applicant).payee == own


def test_an_organisation_that_nobody_acts_for_cannot_be_paid() -> None:
    """It could not open an account, so approved days would wait for ever."""
    call, made, applicant = scene()
    employer = people.name_employer(actor=applicant, name="Harrow Ltd").party
    with pytest.raises(Invalid, match="Nobody acts for Harrow Ltd") as error:
        builders.draft(call, made, applicant, payee=employer)
    assert error.value.field == "payee"
    owner = builders.tie(builders.user("Company Owner"), employer, "owner")
    proposal = builders.draft(call, made, applicant, payee=employer)
    owner.delete()
    with pytest.raises(Invalid, match="Nobody acts for Harrow Ltd") as error:
        services.submit(actor=applicant, proposal=proposal)
    assert error.value.field == "payee"
    proposal.refresh_from_db()
    assert proposal.state == "draft"


def test_a_stale_form_is_a_conflict_and_changes_nothing() -> None:
    call, made, applicant = scene()
    proposal = builders.draft(call, made, applicant)
    content = services.Content(made, None, "First", half_days=2)
    services.save_draft(actor=applicant, proposal=proposal, version=1, content=content)
    with pytest.raises(Conflict):
        services.save_draft(actor=applicant, proposal=proposal, version=1, content=replace(content, title="Second"))
    assert Proposal.objects.get().title == "First"


def test_withdrawn_is_the_end() -> None:
    call, made, applicant = scene()
    proposal = services.withdraw(actor=applicant, proposal=builders.submitted(call, made, applicant))
    assert Message.objects.filter(kind="panel_taken_back").count() == 5
    for attempt in (services.submit, services.reopen, services.withdraw):
        with pytest.raises(Conflict):
            attempt(actor=applicant, proposal=proposal)


def test_each_submission_leaves_a_revision_that_nobody_changes() -> None:
    call, made, applicant = scene()
    proposal = services.reopen(actor=applicant, proposal=builders.submitted(call, made, applicant))
    services.submit(actor=applicant, proposal=proposal)
    assert [revision.number for revision in Revision.objects.order_by("number")] == [1, 2]
    with pytest.raises(DatabaseError), transaction.atomic():
        Revision.objects.update(title="Rewritten")


def test_a_closed_project_takes_no_proposal() -> None:
    call, made, applicant = scene()
    made.state = "paused"
    made.save()
    with pytest.raises(Invalid) as error:
        builders.draft(call, made, applicant)
    assert error.value.field == "project"


def test_a_project_that_no_fund_may_pay_for_is_said_before_submission() -> None:
    call, _, applicant = scene()
    other = builders.project("harrow")
    assert selectors.eligible_funds(call, other) == []
    with pytest.raises(Invalid, match="No fund of this call") as error:
        services.submit(actor=applicant, proposal=builders.draft(call, other, applicant))
    assert error.value.field == "project"


def terms(**changes: object) -> services.CallTerms:
    made = builders.project()
    builders.committee()
    plain = services.CallTerms(
        title="Winter",
        brief="Ask for days.",
        kind="rolling",
        opens_at=NOW,
        closes_at=None,
        committee="core",
        max_half_days=40,
        max_rate=Money(60000, "USD"),
        funds=[funds.project_fund(made)],
    )
    return replace(plain, **changes)


def test_a_call_is_written_opened_and_closed_by_an_administrator() -> None:
    admin = builders.admin()
    call = services.create_call(actor=admin, slug="winter", terms=terms())
    with pytest.raises(Conflict):
        services.close_call(actor=admin, call=call)
    assert services.open_call(actor=admin, call=call).state == "open"
    with pytest.raises(Conflict, match="its terms stay"):
        services.edit_call(actor=admin, call=call, version=1, terms=replace(terms_of(call), title="Other"))
    assert services.close_call(actor=admin, call=call).state == "closed"


def terms_of(call: Call) -> services.CallTerms:
    return services.CallTerms(
        call.title,
        call.brief,
        call.kind,
        call.opens_at,
        None,
        call.committee,
        call.max_half_days,
        call.rate_cap,
        selectors.call_funds(call),
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "dated"}, "closes_on"),
        ({"closes_at": NOW + dt.timedelta(days=1)}, "closes_on"),
        ({"kind": "dated", "closes_at": NOW - dt.timedelta(days=1)}, "closes_on"),
        ({"committee": "nobody"}, "committee"),
        ({"funds": []}, "funds"),
        ({"max_half_days": 0}, "max_half_days"),
        ({"max_half_days": 801}, "max_half_days"),
        ({"max_rate": Money(60001, "USD")}, "rate"),
        ({"max_rate": Money(60000, "EUR")}, "max_rate"),
        ({"kind": "sometimes"}, "kind"),
    ],
)
def test_terms_that_do_not_fit(changes: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as error:
        services.create_call(actor=builders.admin(), slug="winter", terms=terms(**changes))
    assert error.value.field == field
    assert not Call.objects.exists()


def test_nobody_but_an_administrator_writes_calls() -> None:
    call, _, applicant = scene()
    for act, attempt in {
        "calls.create": lambda: services.create_call(actor=applicant, slug="mine", terms=terms_of(call)),
        "calls.edit": lambda: services.edit_call(actor=applicant, call=call, version=1, terms=terms_of(call)),
        "calls.open": lambda: services.open_call(actor=applicant, call=call),
        "calls.close": lambda: services.close_call(actor=applicant, call=call),
    }.items():
        with pytest.raises(Refused):
            attempt()
        assert Record.objects.filter(act=act, outcome="refused", rule="role").count() == 1
