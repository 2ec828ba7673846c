"""An award is written down, agreed by one person and made active by another; its tranches are booked as the bank's statement says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from funding import clock
from funding.errors import Conflict, Invalid, Refused
from funding.funds import restrictions, sources
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import Entry
from funding.mail.models import Message
from funding.people.roles import Role
from funding.states import IllegalTransition
from grants.awards import reminders, selectors, services, tranches
from grants.awards.models import Award, Tranche
from grants.awards.services import LineTerms, TrancheTerms
from tests.funding.builders import holder, user
from tests.grants.awards import builders
from tests.grants.awards.builders import DAY, Desk, usd

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return builders.desk()


def test_whoever_agreed_or_wrote_it_cannot_make_it_active(desk: Desk) -> None:
    award, third = builders.draft(desk), holder(Role.ADMIN)
    services.move(actor=desk.checker, award=award, to="agreed", words="In the safe")
    mail = Message.objects.get(kind="award_agreed")
    assert (mail.to, "In the safe" in mail.body) == (third.email, True)
    for person in (desk.maker, desk.checker):
        with pytest.raises(Refused) as refusal:
            services.activate(actor=person, award=award, version=Award.objects.get(pk=award.pk).version)
        assert refusal.value.rule == "prepared"
    fund = services.activate(actor=third, award=award, version=Award.objects.get(pk=award.pk).version).fund
    assert fund is not None
    assert [(line.name, line.amount) for line in fund.lines.all()] == [("Engineering", 70_000), ("Docs", 30_000)]
    assert sorted(project.slug for project in fund.projects.all()) == ["harrow", "quillon"]
    assert (fund.starts_on, fund.ends_on, fund.closeout_on, fund.kind) == (award.starts_on, award.ends_on, award.closeout_on, "restricted")


def test_the_database_keeps_the_terms_of_an_active_award(desk: Desk) -> None:
    award = builders.active(desk)
    builders.book(desk, award, 1)
    booked = Tranche.objects.filter(award=award, position=0)
    for change in (
        lambda: Award.objects.filter(pk=award.pk).update(amount=1),
        lambda: Award.objects.filter(pk=award.pk).update(state="draft", fund=None, activated_by=None),
        lambda: award.lines.update(amount=1),
        lambda: award.projects.clear(),
        lambda: award.tranches.update(condition=""),
        lambda: award.tranches.filter(position=2).delete(),
        lambda: booked.update(bank_reference="another"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_database_keeps_the_second_person_too(desk: Desk) -> None:
    award = builders.active(desk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Award.objects.filter(pk=award.pk).update(activated_by=desk.maker)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lines": [LineTerms("Engineering", usd(99_999))]}, "lines"),
        ({"lines": [LineTerms("A", usd(50_000)), LineTerms("a", usd(50_000))]}, "lines"),
        ({"tranches": []}, "tranches"),
        ({"projects": []}, "projects"),
        ({"ends_on": builders.clock.today() - 30 * DAY}, "ends_on"),
        ({"closeout_on": builders.clock.today()}, "closeout_on"),
    ],
)
def test_terms_that_do_not_fit_together_name_their_field(desk: Desk, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as error:
        builders.draft(desk, **changes)
    assert (error.value.field, Award.objects.count()) == (field, 0)


def test_one_number_of_one_grantor_is_one_award(desk: Desk) -> None:
    first = builders.draft(desk)
    with pytest.raises(Invalid, match="has this number already"):
        builders.draft(desk, "second")
    second = builders.draft(desk, "third", number="24-118")
    assert first.grantor_id == second.grantor_id


def test_terms_change_until_they_are_agreed(desk: Desk) -> None:
    award = builders.draft(desk)
    changed = builders.terms(projects=list(award.projects.all()), title="Alder: parsers")
    services.edit(actor=desk.maker, award=award, version=1, terms=changed)
    with pytest.raises(Conflict, match="since you opened"):
        services.edit(actor=desk.maker, award=award, version=1, terms=changed)
    services.move(actor=desk.maker, award=award, to="agreed", words="In the safe")
    with pytest.raises(Conflict, match="so its terms stay"):
        services.edit(actor=desk.maker, award=award, version=2, terms=changed)
    services.move(actor=desk.maker, award=award, to="draft", words="The sum is wrong")
    services.edit(actor=desk.maker, award=award, version=4, terms=changed)


def test_nobody_activates_other_terms_than_they_compared(desk: Desk) -> None:
    award = builders.draft(desk)
    seen = services.move(actor=desk.maker, award=award, to="agreed", words="In the safe").version
    now = services.move(actor=desk.maker, award=award, to="draft", words="A typing mistake").version
    other = builders.terms(projects=list(award.projects.all()), lines=[LineTerms("Travel", usd(100_000))])
    services.edit(actor=desk.maker, award=award, version=now, terms=other)
    services.move(actor=desk.maker, award=award, to="agreed", words="In the safe")
    with pytest.raises(Conflict, match="since you opened the page"):
        services.activate(actor=desk.checker, award=award, version=seen)


@pytest.mark.parametrize(
    ("slug", "changes", "field"),
    [
        ("alder-2026", {}, "slug"),
        ("quiet", {"title": "The ALDER award"}, "title"),
        ("quiet", {"purpose": "As in your letter 24-117"}, "purpose"),
        ("quiet", {"tranches": [TrancheTerms(builders.clock.today(), usd(100_000), "Letter of Alder")]}, "tranches"),
    ],
)
def test_no_public_word_tells_who_an_unnamed_grantor_is(desk: Desk, slug: str, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as error:
        builders.draft(desk, slug, **{**builders.UNNAMED, **changes})
    assert error.value.field == field


@pytest.mark.parametrize(("state", "to"), [("draft", "closed"), ("agreed", "applied"), ("active", "draft"), ("active", "agreed")])
def test_one_table_says_what_follows(desk: Desk, state: str, to: str) -> None:
    award = builders.active(desk) if state == "active" else builders.draft(desk)
    if state == "agreed":
        services.move(actor=desk.maker, award=award, to="agreed", words="In the safe")
    with pytest.raises(IllegalTransition):
        services.move(actor=desk.maker, award=award, to=to, words="Because")


def test_only_a_treasurer_keeps_awards(desk: Desk) -> None:
    award = builders.active(desk)
    admin, it = holder(Role.ADMIN), builders.tranche(award, 1)
    for act in (
        lambda: services.create(actor=admin, slug="x", terms=builders.terms()),
        lambda: services.move(actor=admin, award=award, to="closed", words="Over"),
        lambda: tranches.book(actor=admin, tranche=it, amount=usd(1), arrived_on=builders.clock.today(), bank_reference="1", evidence="2"),
        lambda: tranches.claim(actor=admin, tranche=builders.tranche(award, 2), words="See"),
        lambda: tranches.withhold(actor=admin, tranche=it, words="No"),
        lambda: tranches.decide(actor=user(), tranche=it, met=True),
    ):
        with pytest.raises(Refused):
            act()


def test_a_tranche_is_the_funds_when_it_arrives(desk: Desk) -> None:
    award = builders.active(desk)
    builders.book(desk, award, 1, 39_500)
    entry = Entry.objects.get(kind="award_received")
    row = entry.transfers.get()
    assert (row.debit_account.code, row.credit_account.code, row.amount) == ("cash:bank:USD", "fund:award-alder:USD", 39_500)
    assert (row.party_id, row.about_kind, row.about_id) == (award.grantor_id, "award", builders.tranche(award, 1).pk)
    found = selectors.figures(award)
    assert [found.arrived.amount, found.held.amount, found.received.amount, found.left.amount] == [39_500, 0, 39_500, 39_500]


def test_a_tranche_is_booked_once_and_a_bank_reference_too(desk: Desk) -> None:
    award = builders.active(desk)
    builders.book(desk, award, 1, reference="ABC 1")
    with pytest.raises(IllegalTransition):
        builders.book(desk, award, 1, reference="ABC 2")
    with pytest.raises(Invalid, match="booked already"):
        builders.book(desk, award, 3, reference="ABC 1")
    assert builders.balance("cash:bank:USD") == 40_000
    assert builders.tranche(award, 3).state == "scheduled"


def test_no_more_is_booked_than_the_award_promises(desk: Desk) -> None:
    award = builders.active(desk)
    builders.book(desk, award, 1, 41_000)
    with pytest.raises(Invalid, match=r"promises \$590\.00 more"):
        builders.book(desk, award, 3, 59_001)
    builders.book(desk, award, 3, 59_000)


def test_conditional_money_is_owed_until_a_second_person_agrees(desk: Desk) -> None:
    award = builders.active(desk)
    held = builders.book(desk, award, 2)
    assert (held.state, builders.balance("owed:advances:USD"), builders.balance("fund:award-alder:USD")) == ("held", 40_000, 0)
    with pytest.raises(Conflict):
        tranches.decide(actor=desk.checker, tranche=held, met=True)
    tranches.claim(actor=desk.maker, tranche=held, words="Their letter of today")
    with pytest.raises(Refused) as refusal:
        tranches.decide(actor=desk.maker, tranche=held, met=True)
    assert refusal.value.rule == "prepared"
    assert Message.objects.get(kind="award_condition_waits").to == desk.checker.email
    done = tranches.decide(actor=desk.checker, tranche=held, met=True)
    assert (done.state, builders.balance("owed:advances:USD"), builders.balance("fund:award-alder:USD")) == ("received", 0, 40_000)
    found = selectors.figures(award)
    assert [found.arrived.amount, found.held.amount, found.received.amount] == [40_000, 0, 40_000]
    assert all(result.holds for result in checks.run())


def test_a_claim_that_is_not_agreed_to_leaves_the_money_owed(desk: Desk) -> None:
    award = builders.active(desk)
    held = builders.book(desk, award, 2)
    tranches.claim(actor=desk.maker, tranche=held, words="I think so")
    with pytest.raises(Invalid):
        tranches.decide(actor=desk.checker, tranche=held, met=False)
    tranches.decide(actor=desk.checker, tranche=held, met=False, words="They have not answered")
    assert (builders.tranche(award, 2).claimed_by, builders.balance("owed:advances:USD")) == (None, 40_000)
    tranches.claim(actor=desk.checker, tranche=held, words="Their letter")
    assert tranches.decide(actor=desk.maker, tranche=held, met=True).state == "received"


def test_money_whose_condition_is_not_met_goes_back_when_two_say_so(desk: Desk) -> None:
    award = builders.active(desk)
    held = builders.book(desk, award, 2)
    tranches.claim(actor=desk.maker, tranche=held, words="They rejected the report", back=True)
    with pytest.raises(Refused):
        tranches.decide(actor=desk.maker, tranche=held, met=True)
    done = tranches.decide(actor=desk.checker, tranche=held, met=True)
    assert (done.state, builders.balance("owed:advances:USD"), builders.balance("cash:bank:USD")) == ("returned", 0, 0)
    found = selectors.figures(award)
    assert [found.arrived.amount, found.held.amount, found.received.amount, found.to_come.amount] == [0, 0, 0, 100_000]
    with pytest.raises(Conflict):
        tranches.claim(actor=desk.maker, tranche=held, words="They changed their mind")
    assert all(result.holds for result in checks.run())
    assert services.move(actor=desk.maker, award=award, to="closed", words="Over").state == "closed"


def test_nothing_goes_back_that_has_not_arrived(desk: Desk) -> None:
    it = builders.tranche(builders.active(desk), 2)
    with pytest.raises(Invalid, match="Withhold it instead"):
        tranches.claim(actor=desk.maker, tranche=it, words="They rejected the report", back=True)


def test_a_condition_met_before_the_money_lets_it_straight_in(desk: Desk) -> None:
    award = builders.active(desk)
    tranches.claim(actor=desk.maker, tranche=builders.tranche(award, 2), words="Their letter")
    assert tranches.decide(actor=desk.checker, tranche=builders.tranche(award, 2), met=True).state == "scheduled"
    assert builders.book(desk, award, 2).state == "received"
    assert Entry.objects.get().kind == "award_received"


def test_the_database_lets_no_conditional_money_in_alone(desk: Desk) -> None:
    held = builders.book(desk, builders.active(desk), 2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Tranche.objects.filter(pk=held.pk).update(state="received")
    tranches.claim(actor=desk.maker, tranche=held, words="Their letter")
    with pytest.raises(IntegrityError), transaction.atomic():
        Tranche.objects.filter(pk=held.pk).update(met_by=desk.maker)


def test_a_tranche_that_will_not_come_may_come_after_all(desk: Desk) -> None:
    award = builders.active(desk)
    tranches.withhold(actor=desk.maker, tranche=builders.tranche(award, 3), words="They are out of money")
    with pytest.raises(IllegalTransition):
        builders.book(desk, award, 3)
    tranches.withhold(actor=desk.maker, tranche=builders.tranche(award, 3), words="They found some")
    assert builders.book(desk, award, 3).state == "received"


def test_it_is_closed_once_its_money_is_gone(desk: Desk) -> None:
    award = builders.active(desk)
    builders.book(desk, award, 1)
    with pytest.raises(Conflict, match=r"\$400\.00 is in its fund still"):
        services.move(actor=desk.maker, award=award, to="closed", words="Over")
    builders.spend(award, 40_000)
    assert services.move(actor=desk.maker, award=award, to="closed", words="Over").state == "closed"
    with pytest.raises(Conflict, match="nothing of it is booked"):
        builders.book(desk, award, 3)


def test_every_figure_is_the_ledgers(desk: Desk) -> None:
    """An entry that this app did not make moves what the pages say; no column of ours holds a sum that arrived or was spent."""
    award = builders.active(desk)
    builders.book(desk, award, 1)
    builders.spend(award, 12_300)
    found = selectors.figures(award)
    assert [found.received.amount, found.spent.amount, found.left.amount] == [40_000, 12_300, 27_700]
    budget = selectors.budget(award, found)
    assert (budget.other_spent.amount, [line.left.amount for line in budget.lines]) == (12_300, [70_000, 30_000])
    numbers = {field.name for model in (Award, Tranche) for field in model._meta.fields if field.get_internal_type() == "BigIntegerField"}
    assert numbers == {"amount"}
    assert Award.objects.get(pk=award.pk).amount == 100_000
    assert selectors.figures(award, until=builders.clock.today() - DAY).arrived.amount == 0


@pytest.mark.parametrize(
    ("unnamed", "text"), [(False, "Alder Foundation, award 24-117, tranche 1"), (True, "An unnamed grantor, tranche 1")]
)
def test_the_source_names_the_grantor_unless_it_wants_to_be_unnamed(desk: Desk, unnamed: bool, text: str) -> None:
    award = builders.active(desk, "quiet", **(builders.UNNAMED if unnamed else {}))
    ref = ("award", builders.book(desk, award, 1).pk)
    assert sources.describe([ref], user())[ref].text == text
    assert sources.describe([ref], desk.maker)[ref].text == "Alder Foundation, award 24-117, tranche 1"


@pytest.mark.parametrize(
    ("days", "stage"), [(-15, ""), (-14, "soon"), (0, "soon"), (1, "late-0"), (30, "late-0"), (31, "late-1"), (61, "late-2")]
)
def test_each_moment_is_told_once(days: int, stage: str) -> None:
    today = builders.clock.today()
    assert reminders.stage(today - days * DAY, today) == stage


def test_treasurers_are_reminded_of_what_is_due_and_late(desk: Desk) -> None:
    today = builders.clock.today()
    rows = [TrancheTerms(today + days * DAY, usd(25_000), f"After {days}") for days in (-1, 3, 14, 15)]
    award = builders.active(desk, tranches=rows)
    assert (reminders.sweep(), reminders.sweep()) == (6, 0)
    kinds = sorted(Message.objects.filter(kind__startswith="tranche_").values_list("kind", "to"))
    assert kinds == [("tranche_due", person.email) for person in (desk.checker, desk.checker, desk.maker, desk.maker)] + [
        ("tranche_late", person.email) for person in (desk.checker, desk.maker)
    ]
    assert "Tranche 1 of Alder 24-117: safer parsers is late" in Message.objects.filter(kind="tranche_late").first().subject
    builders.book(desk, award, 1)
    Message.objects.filter(kind="tranche_late").delete()
    assert reminders.sweep() == 0


@pytest.mark.parametrize(("zone", "hour"), [("Asia/Tokyo", 20), ("America/Los_Angeles", 2)])
def test_the_cut_off_is_the_same_day_for_money_and_promises_wherever_the_host_is(settings: Any, zone: str, hour: int) -> None:
    settings.TIME_ZONE = zone
    timezone.get_default_timezone.cache_clear()
    try:
        with clock.at(dt.datetime(2026, 6, 30, hour, tzinfo=dt.UTC)):
            people = builders.desk()
            award = builders.active(people)
            builders.book(people, award, 1)
            held, today = builders.fund(award), clock.today()
            made = ledger.reserve(account=held.account, amount=30_000, holder=("proposal", 1), key="k", at=clock.now())
            restrictions.charge(made, held.lines.get(name="Engineering"))
            for until, reserved in ((today, 30_000), (today - DAY, 0)):
                assert selectors.figures(award, until=until).reserved.amount == reserved
                assert restrictions.stands(held, until=until)[0].reserved.amount == reserved
    finally:
        timezone.get_default_timezone.cache_clear()
