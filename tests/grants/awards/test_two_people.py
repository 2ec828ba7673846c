"""Unspent money goes back to the grantor, and a wrong booking is put right: two people, entries that follow the money."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from funding import clock
from funding.errors import Conflict, Invalid, Refused
from funding.funds import flows, provenance
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import Entry, Transfer
from funding.mail.models import Message
from funding.people.roles import Role
from grants.awards import correcting, giving_back, selectors, services, tranches
from grants.awards.models import Correction, GivingBack
from tests.funding.builders import holder
from tests.grants.awards import builders
from tests.grants.awards.builders import DAY, Desk, usd

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return builders.desk()


def sound() -> None:
    assert [problem for report in checks.run() for problem in report.problems] == []


def test_unspent_money_goes_back_and_what_was_spent_keeps_its_trail(desk: Desk) -> None:
    award = builders.active(desk)
    builders.book(desk, award, 1)
    builders.book(desk, award, 3)
    builders.spend(award, 10_000)
    done = giving_back.decide(actor=desk.checker, asked=builders.ask_back(desk, award, 45_000), agreed=True)
    lines = list(Transfer.objects.filter(entry=done.entry).order_by("line"))
    assert [(it.amount, it.about_id, it.pinned) for it in lines] == [
        (20_000, builders.tranche(award, 3).pk, True),
        (25_000, builders.tranche(award, 1).pk, True),
    ]
    whole = selectors.figures(award)
    sums = (whole.arrived, whole.received, whole.given_back, whole.spent, whole.left)
    assert [it.amount for it in sums] == [60_000, 60_000, 45_000, 10_000, 5_000]
    assert builders.balance("cash:bank:USD") == 15_000
    builders.spend(award, 5_000, "later")
    (later,) = provenance.origins([Transfer.objects.get(entry__reference="later").pk]).values()
    assert [(it.amount, it.transfer.about_id) for it in later] == [(5_000, builders.tranche(award, 1).pk)]
    assert tranches.promised_still(award) == usd(40_000)
    services.move(actor=desk.maker, award=award, to="closed", words="All is done")
    sound()


def test_no_more_goes_back_than_the_fund_has_available(desk: Desk) -> None:
    award = builders.active(desk)
    with pytest.raises(Invalid, match=r"has \$0\.00 available"):
        builders.ask_back(desk, award, 1)
    builders.book(desk, award, 1)
    ledger.reserve(account=builders.fund(award).account, amount=15_000, holder=("test", 1), key="test:1", at=clock.now())
    with pytest.raises(Invalid, match=r"has \$250\.00 available"):
        builders.ask_back(desk, award, 25_001)
    asked = builders.ask_back(desk, award, 25_000)
    with pytest.raises(Conflict, match="waits for a decision already"):
        builders.ask_back(desk, award, 1, "OUT 2")
    builders.spend(award, 1)
    with pytest.raises(Conflict, match=r"has \$249\.99 available by now"):
        giving_back.decide(actor=desk.checker, asked=asked, agreed=True)
    giving_back.decide(actor=desk.maker, asked=asked, agreed=False, words="It is needed")
    assert not Entry.objects.filter(kind=tranches.UNSPENT).exists()
    assert builders.ask_back(desk, award, 24_999).money == usd(24_999)


def test_money_that_no_tranche_brought_does_not_go_to_the_grantor(desk: Desk) -> None:
    award = builders.active(desk)
    builders.book(desk, award, 1)
    other = ledger.open_account(code="owed:elsewhere:USD", klass="owed", currency="USD")
    bank = ledger.account("cash:bank:USD")
    came = ledger.post(
        kind="x", source="x", reference="x", lines=[ledger.Line(bank, other, 500, "x")], at=clock.now(), effective_on=clock.today()
    )
    back = ledger.Line(other, builders.fund(award).account, 500, "x", settles=came.transfers.get().pk)
    ledger.post(kind="x", source="x", reference="y", lines=[back], at=clock.now(), effective_on=clock.today())
    asked = builders.ask_back(desk, award, 40_500)
    with pytest.raises(Conflict, match="too little came from the grantor"):
        giving_back.decide(actor=desk.checker, asked=asked, agreed=True)


def test_whoever_asked_does_not_agree_and_each_hears_of_it(desk: Desk) -> None:
    admin = holder(Role.ADMIN, name="Astrid Admin")
    award = builders.active(desk)
    builders.book(desk, award, 1)
    back, wrong = builders.ask_back(desk, award, 10_000), builders.correct(desk, award, 1, 39_000)
    for kind in ("award_givingback_waits", "award_correction_waits"):
        assert set(Message.objects.filter(kind=kind).values_list("to", flat=True)) == {desk.checker.email, admin.email}
    for decide, asked in ((giving_back.decide, back), (correcting.decide, wrong)):
        with pytest.raises(Refused) as refusal:
            decide(actor=desk.maker, asked=asked, agreed=True)
        assert refusal.value.rule == "prepared"
        with pytest.raises(Refused):
            decide(actor=holder(Role.AUDITOR), asked=asked, agreed=False, words="No")
        with pytest.raises(Invalid, match="Say why"):
            decide(actor=admin, asked=asked, agreed=False)
        decide(actor=admin, asked=asked, agreed=False, words="Look at the statement again")
    for kind in ("award_givingback_decided", "award_correction_decided"):
        mail = Message.objects.get(kind=kind)
        assert (mail.to, "Look at the statement again" in mail.body) == (desk.maker.email, True)


def test_a_wrong_sum_is_mirrored_and_booked_again_on_its_own_day(desk: Desk) -> None:
    award, day = builders.active(desk), clock.today() - 5 * DAY
    first = builders.book(desk, award, 1, 30_000, on=day).entry
    done = correcting.decide(actor=desk.checker, asked=builders.correct(desk, award, 1, 40_000), agreed=True)
    it = builders.tranche(award, 1)
    assert first is not None and done.entry is not None and it.entry == done.entry
    assert (it.bank_reference, it.evidence, it.booked_by, it.state) == ("RIGHT 1", "Statement 12", desk.maker, "received")
    assert (done.entry.revision, done.entry.reference, done.entry.effective_on) == (2, first.reference, day)
    assert Entry.objects.get(reverses=first).effective_on == day
    whole, before = selectors.figures(award), selectors.figures(award, until=day - DAY)
    assert (whole.arrived, whole.received, whole.left, before.received) == (usd(40_000), usd(40_000), usd(40_000), usd(0))
    (flow,) = flows.of([builders.fund(award)])
    assert (flow.came_in, flow.other_out) == (usd(40_000), usd(0))
    again = builders.correct(desk, award, 1, 38_000, "RIGHT 2", on=day + DAY)
    correcting.decide(actor=desk.checker, asked=again, agreed=True)
    assert (selectors.figures(award).left, selectors.figures(award, until=day).left) == (usd(38_000), usd(0))
    sound()


def test_a_wrong_sum_is_corrected_before_and_after_its_condition_is_met(desk: Desk) -> None:
    award = builders.active(desk)
    builders.book(desk, award, 2, 35_000)
    correcting.decide(actor=desk.checker, asked=builders.correct(desk, award, 2, 36_000), agreed=True)
    assert (builders.balance("owed:advances:USD"), selectors.figures(award).held) == (36_000, usd(36_000))
    it = tranches.claim(actor=desk.maker, tranche=builders.tranche(award, 2), words="Their letter")
    met = tranches.decide(actor=desk.checker, tranche=it, met=True).met_entry
    done = correcting.decide(actor=desk.checker, asked=builders.correct(desk, award, 2, 40_000, "RIGHT 2"), agreed=True)
    it = builders.tranche(award, 2)
    assert met is not None and done.entry is not None and it.met_entry is not None
    assert (done.entry.revision, it.met_entry.revision, it.entry) == (3, 2, done.entry)
    whole = selectors.figures(award)
    assert (whole.arrived, whole.held, whole.received) == (usd(40_000), usd(0), usd(40_000))
    assert (builders.balance("owed:advances:USD"), builders.balance("fund:award-alder:USD")) == (0, 40_000)
    sound()


def test_what_was_spent_meanwhile_is_not_unbooked_but_its_words_are_put_right(desk: Desk) -> None:
    award = builders.active(desk)
    builders.book(desk, award, 1)
    asked = builders.correct(desk, award, 1, 39_000)
    builders.spend(award, 100)
    with pytest.raises(Refused) as refusal:
        correcting.decide(actor=desk.checker, asked=asked, agreed=True)
    assert refusal.value.rule == "spent"
    assert (builders.balance("fund:award-alder:USD"), builders.tranche(award, 1).bank_reference) == (39_900, "BANK alder 1")
    correcting.decide(actor=desk.checker, asked=asked, agreed=False, words="It is spent")
    done = correcting.decide(actor=desk.checker, asked=builders.correct(desk, award, 1, 40_000), agreed=True)
    assert (done.entry, builders.tranche(award, 1).bank_reference) == (None, "RIGHT 1")
    assert Entry.objects.filter(kind="reversal").count() == 0
    sound()


def test_a_correction_keeps_what_holds_for_a_booking(desk: Desk) -> None:
    award = builders.active(desk)
    with pytest.raises(Conflict, match="Nothing is booked"):
        builders.correct(desk, award, 1, 40_000)
    builders.book(desk, award, 1)
    builders.book(desk, award, 3, 10_000)
    for units, reference, field in (
        (90_001, "A", "amount"),
        (0, "A", "amount"),
        (40_000, " ", "bank_reference"),
        (1, "BANK alder 3", "bank_reference"),
    ):
        with pytest.raises(Invalid) as error:
            builders.correct(desk, award, 1, units, reference)
        assert error.value.field == field
    with pytest.raises(Invalid, match="still to come"):
        builders.correct(desk, award, 1, 1, on=clock.today() + 2 * DAY)
    asked = builders.correct(desk, award, 1, 90_000)
    with pytest.raises(Conflict, match="waits for a decision already"):
        builders.correct(desk, award, 1, 1)
    correcting.decide(actor=desk.checker, asked=asked, agreed=True)
    assert selectors.figures(award).arrived == usd(100_000)


def test_what_was_booked_while_a_correction_waited_counts_against_the_award(desk: Desk) -> None:
    """1,000.00 is promised: 900.00 for the first tranche was right until 600.00 came for the third."""
    award = builders.active(desk)
    builders.book(desk, award, 1)
    asked = builders.correct(desk, award, 1, 90_000)
    builders.book(desk, award, 3, 60_000)
    with pytest.raises(Conflict, match="does not promise that much more"):
        correcting.decide(actor=desk.checker, asked=asked, agreed=True)
    assert selectors.figures(award).arrived == usd(100_000)


def test_the_database_keeps_what_two_people_decided(desk: Desk) -> None:
    award = builders.active(desk)
    builders.book(desk, award, 1)
    it = builders.tranche(award, 1)
    asked = builders.correct(desk, award, 1, 39_000)
    entry = Entry.objects.get(kind="award_received")
    for change in (
        lambda: Correction.objects.filter(pk=asked.pk).update(state="done", decided_by=desk.maker, decided_at=clock.now(), entry=entry),
        lambda: Correction.objects.filter(pk=asked.pk).update(state="done", decided_by=desk.checker, decided_at=clock.now()),
        lambda: award.tranches.filter(pk=it.pk).update(bank_reference="RIGHT 1", evidence="Statement 12"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    done = correcting.decide(actor=desk.checker, asked=asked, agreed=True)
    back = giving_back.decide(actor=desk.checker, asked=builders.ask_back(desk, award, 1_000), agreed=True)
    for change in (
        lambda: Correction.objects.filter(pk=done.pk).update(amount=1),
        lambda: Correction.objects.filter(pk=done.pk).update(entry=entry),
        lambda: Correction.objects.filter(pk=done.pk).delete(),
        lambda: GivingBack.objects.filter(pk=back.pk).update(bank_reference="another"),
        lambda: award.tranches.filter(pk=it.pk).update(booked_by=desk.checker),
        lambda: award.tranches.filter(pk=it.pk).update(bank_reference="another"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
