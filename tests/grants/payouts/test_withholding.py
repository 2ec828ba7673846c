"""Tax kept back from a payee: net and withheld are the payout, the work is paid in full, and whoever withheld does not release."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from funding import clock
from funding.errors import Conflict, Invalid, Refused
from funding.funds import provenance
from funding.funds.entries import bank
from funding.ledger import checks
from funding.ledger.models import Account, Transfer
from funding.mail.models import Message
from funding.money import Money
from funding.people.models import Membership
from grants.engagements.models import Engagement
from grants.payouts import debts, executing, selectors, services, signers, taxes, withholding
from grants.payouts.models import DebtCancellation, Payout, Withholding
from tests.funding import builders as people
from tests.funding.payments.standin import StandIn
from tests.funding.site.api.callers import program
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders
from tests.grants.payouts.test_returns import said
from tests.scenarios import books

pytestmark = pytest.mark.django_db
RULE = "Section 50a, 15 %."


def usd(amount: int) -> Money:
    return Money(amount, "USD")


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(work.NOW):
        yield


@pytest.fixture
def desk() -> builders.Desk:
    return builders.desk()


@pytest.fixture
def payout(desk: builders.Desk, stripe_stand_in: StandIn) -> Payout:
    """Five half days of Marit's for 1,147.50, in a run that waits for release."""
    made: Engagement = work.engagement(work.user("Marit Solheim"))
    builders.approved(made, 5, desk.lead)
    builders.onboarded(made.payee, made.worker, stripe_stand_in, balance=usd(1_000_000))
    services.prepare(actor=desk.maker, currency="USD", up_to=clock.today())
    return Payout.objects.select_related("run", "payee").get()


def test_net_and_withheld_are_the_payout(desk: builders.Desk, payout: Payout) -> None:
    withholding.withhold(actor=desk.maker, payout=payout, amount=usd(172_12), reason=RULE)
    services.release(
        actor=desk.checker, run=payout.run, control_total=payout.run.control_total, withheld=selectors.withheld(payout.run.payouts.all())
    )
    sent = executing.owe(payout_id=payout.pk)
    assert (sent.outstanding, sent.sending) == (975_38, 975_38)
    assert builders.entry_lines(sent.sent_entry) == [("fund:quillon:USD", "owed:payouts:USD", 229_50)] * 5
    assert builders.entry_lines(sent.withheld_entry) == [("owed:payouts:USD", "owed:tax:USD", 172_12)]
    done = executing.execute(payout_id=payout.pk)
    assert (done.state, done.outstanding) == ("confirmed", 0)
    assert sum(row.amount for row in Transfer.objects.filter(kind="payout_confirmed")) == 975_38
    paid = bank.book_tax_paid(actor=desk.maker, amount=usd(172_12), on=clock.today(), bank_reference="T-1", reason="October.")
    print(books.journal())
    assert paid.entry is not None
    owed = Account.objects.get(code="owed:tax:USD")
    assert (owed.credits - owed.debits, owed.credits) == (0, 172_12)
    mail = Message.objects.get(kind="remittance")
    assert ("$172.12" in mail.body, "$975.38" in mail.body) == (True, True)
    assert [(result.code, result.problems) for result in checks.run() if not result.holds] == []


def test_whoever_withheld_does_not_release_and_the_page_says_what_is_withheld(desk: builders.Desk, payout: Payout) -> None:
    withholding.withhold(actor=desk.checker, payout=payout, amount=usd(100_00), reason=RULE)
    with pytest.raises(Refused) as refused:
        services.release(
            actor=desk.checker,
            run=payout.run,
            control_total=payout.run.control_total,
            withheld=selectors.withheld(payout.run.payouts.all()),
        )
    assert refused.value.rule == "prepared"
    page = people.browser(desk.maker).get(f"/payouts/runs/{payout.run.number}/").content.decode()
    assert "$100.00 of it withheld for tax" in page


def test_a_part_is_withheld_and_never_after_the_release(desk: builders.Desk, payout: Payout) -> None:
    for amount in (payout.amount, payout.amount + 1, -1, 0):
        with pytest.raises(Invalid):
            withholding.withhold(actor=desk.maker, payout=payout, amount=usd(amount), reason=RULE)
    withholding.withhold(actor=desk.maker, payout=payout, amount=usd(1), reason=RULE)
    assert withholding.withhold(actor=desk.maker, payout=payout, amount=usd(0), reason="A treaty.").withheld == 0
    services.release(
        actor=desk.checker, run=payout.run, control_total=payout.run.control_total, withheld=selectors.withheld(payout.run.payouts.all())
    )
    with pytest.raises(Conflict):
        withholding.withhold(actor=desk.maker, payout=payout, amount=usd(1), reason=RULE)


def test_whoever_took_a_withholding_back_is_kept_and_does_not_release(desk: builders.Desk, payout: Payout) -> None:
    withholding.withhold(actor=desk.maker, payout=payout, amount=usd(100_00), reason=RULE)
    withholding.withhold(actor=desk.checker, payout=payout, amount=usd(0), reason="They told me of a treaty.")
    withholding.withhold(actor=desk.checker, payout=payout, amount=usd(100_00), reason="It does not hold.")
    for _ in range(2):
        withholding.withhold(actor=desk.checker, payout=payout, amount=usd(0), reason="It does hold.")
    rows = Withholding.objects.filter(payout=payout)
    assert [(row.amount, row.by, row.reason) for row in rows] == [
        (100_00, desk.maker, RULE),
        (0, desk.checker, "They told me of a treaty."),
        (100_00, desk.checker, "It does not hold."),
        (0, desk.checker, "It does hold."),
    ]
    with pytest.raises(Refused) as refused:
        services.release(
            actor=desk.checker,
            run=payout.run,
            control_total=payout.run.control_total,
            withheld=selectors.withheld(payout.run.payouts.all()),
        )
    assert refused.value.rule == "prepared"
    page = people.browser(desk.maker).get(payout.get_absolute_url()).content.decode()
    assert "They told me of a treaty. Ivar Checker" in page


def test_a_withholding_that_the_releaser_never_saw_stops_the_release(desk: builders.Desk, payout: Payout) -> None:
    client, address = people.browser(desk.checker), f"/payouts/runs/{payout.run.number}/release/"
    read = {field.name: field.value() for field in client.get(address).context["form"]}
    assert (read["control_total"], read["withheld"]) == (payout.amount, 0)
    withholding.withhold(actor=desk.maker, payout=payout, amount=usd(172_12), reason=RULE)
    stale = client.post(address, read)
    assert (stale.status_code, "$172.12 is withheld for tax and you agreed to $0.00" in stale.content.decode()) == (409, True)
    payout.run.refresh_from_db()
    assert payout.run.state == "prepared"
    page = client.get(address)
    for words in ("Withheld for tax", "$172.12", "To the payees", "$975.38"):
        assert words in page.content.decode()
    assert client.post(address, {field.name: field.value() for field in page.context["form"]}).status_code == 302
    payout.run.refresh_from_db()
    assert payout.run.state == "released"


@pytest.mark.parametrize("said", [172_11, 0, 1_147_50])
def test_another_sum_withheld_than_was_agreed_to_is_a_conflict(desk: builders.Desk, payout: Payout, said: int) -> None:
    withholding.withhold(actor=desk.maker, payout=payout, amount=usd(172_12), reason=RULE)
    with pytest.raises(Conflict):
        services.release(actor=desk.checker, run=payout.run, control_total=payout.run.control_total, withheld=said)


def test_the_cosigner_agrees_to_what_is_withheld(desk: builders.Desk, payout: Payout) -> None:
    cosigner = people.user("Olav Outside")
    people.give(cosigner, "cosigner")
    client, address = people.browser(cosigner), signers.link(cosigner, payout.run)
    read = {field.name: field.value() for field in client.get(address).context["form"]}
    withholding.withhold(actor=desk.maker, payout=payout, amount=usd(172_12), reason=RULE)
    assert client.post(address, read).status_code == 409
    page = client.get(address)
    assert page.content.decode().count("$172.12 of it withheld for tax") == 2, "beside the payee, and of the total"
    assert client.post(address, {field.name: field.value() for field in page.context["form"]}).status_code == 302


# What is given up


def failed(desk: builders.Desk, payout: Payout, withheld: int = 172_12) -> Payout:
    """Sent with so much withheld, and refused by the processor."""
    withholding.withhold(actor=desk.maker, payout=payout, amount=usd(withheld), reason=RULE)
    services.release(
        actor=desk.checker, run=payout.run, control_total=payout.run.control_total, withheld=selectors.withheld(payout.run.payouts.all())
    )
    sent = executing.owe(payout_id=payout.pk)
    return executing.fail(payout_id=sent.pk, key=str(sent.idempotency_key), reason="The account is closed.")


def given_up(desk: builders.Desk, payout: Payout) -> DebtCancellation:
    debts.ask(actor=desk.maker, payout=payout, reason="The company is dissolved.")
    return debts.decide(actor=desk.checker, payout=payout, agree=True)


def tax_owed() -> int:
    owed = Account.objects.get(code="owed:tax:USD")
    return owed.credits - owed.debits


def available() -> int:
    return Account.objects.get(code="fund:quillon:USD").available.amount


def test_no_tax_stays_owed_for_a_payout_that_is_given_up(desk: builders.Desk, payout: Payout) -> None:
    before = available()
    debt = given_up(desk, failed(desk, payout))
    print(books.journal())
    assert (debt.amount, debt.withheld, tax_owed()) == (975_38, 172_12, 0)
    assert available() - before == payout.amount
    came_back = Transfer.objects.filter(entry=debt.entry, credit_account__klass="fund")
    assert sum(row.amount for row in came_back) == payout.amount
    given = Transfer.objects.get(kind="allocation", credit_account__code="fund:quillon:USD")
    assert provenance.destinations([given.pk]) == {}, "the gift is unspent again, to the cent"
    assert builders.problems() == []
    page = people.browser(desk.maker).get(payout.get_absolute_url()).content.decode()
    assert "of withheld tax went back to the funds with it." in page


def test_of_a_part_that_is_given_up_its_part_of_the_tax_goes_back_to_the_cent(desk: builders.Desk, payout: Payout) -> None:
    withholding.withhold(actor=desk.maker, payout=payout, amount=usd(172_12), reason=RULE)
    services.release(
        actor=desk.checker, run=payout.run, control_total=payout.run.control_total, withheld=selectors.withheld(payout.run.payouts.all())
    )
    sent = executing.owe(payout_id=payout.pk)
    executing.book(payout_id=payout.pk, transfer=said(sent, back=400_00))
    first = given_up(desk, payout)
    assert (first.amount, first.withheld, tax_owed()) == (400_00, 172_12 * 400_00 // 975_38, 172_12 - 70_58)
    assert builders.problems() == []
    executing.book(payout_id=payout.pk, transfer=said(sent, back=975_38))
    second = given_up(desk, payout)
    assert (second.amount, first.withheld + second.withheld, tax_owed()) == (575_38, 172_12, 0)
    assert builders.problems() == []


def test_tax_that_the_authority_has_already_does_not_come_back_by_itself(desk: builders.Desk, payout: Payout) -> None:
    sent = failed(desk, payout)
    builders_cash(desk)
    bank.book_tax_paid(actor=desk.maker, amount=usd(100_00), on=clock.today(), bank_reference="T-1", reason="October.")
    debt = given_up(desk, sent)
    assert (debt.withheld, tax_owed()) == (72_12, 0)
    assert builders.problems() == []


def builders_cash(desk: builders.Desk) -> None:
    """Money in the bank to pay tax from."""
    bank.book_receipt(actor=desk.maker, amount=usd(500_00), on=clock.today(), bank_reference="B-1", reason="Unknown.")


def test_the_check_finds_tax_that_is_not_what_was_said(desk: builders.Desk, payout: Payout) -> None:
    given_up(desk, failed(desk, payout))
    DebtCancellation.objects.update(withheld=172_11)
    assert any("gives back 17211 of withheld tax" in problem for problem in builders.problems())
    Payout.objects.update(withheld=172_11)
    assert any("17212 was last said" in problem for problem in builders.problems())


# Who sees it


def test_the_public_books_name_nobody_beside_withheld_tax(desk: builders.Desk, payout: Payout) -> None:
    number = failed(desk, payout).withheld_entry_id
    work_of = payout.lines.all()[0].work_entry
    page = people.browser().get(f"/books/entries/{number}/").content.decode()
    answer = program().get(f"/api/v1/entries/{number}/").json()
    (row,) = program().get("/api/v1/transfers/?kind=tax_withheld").json()["results"]
    assert "$172.12" in page and row["amount"]["amount"] == 172_12
    assert (row["about"], [line["about"] for line in answer["lines"]]) == (None, [None])
    for private in (work_of.worker.name, work_of.note, work_of.ref, payout.payee.name):
        assert private not in page and private not in str(answer) + str(row)
    given_up(desk, payout)
    back = Transfer.objects.filter(settles__kind="tax_withheld", kind="payout_cancelled")
    assert {(it.amount, it.about_kind, it.about_id) for it in back} == {(172_12, None, None)}


def test_the_page_of_tax_owed_adds_up_to_the_account(desk: builders.Desk, payout: Payout) -> None:
    empty = people.browser(desk.maker).get("/payouts/tax/").content.decode()
    assert "No tax yet" in empty
    withholding.withhold(actor=desk.maker, payout=payout, amount=usd(172_12), reason=RULE)
    services.release(
        actor=desk.checker, run=payout.run, control_total=payout.run.control_total, withheld=selectors.withheld(payout.run.payouts.all())
    )
    executing.owe(payout_id=payout.pk)
    paid = bank.book_tax_paid(actor=desk.maker, amount=usd(100_00), on=clock.today(), bank_reference="T-1", reason="October.")
    (row,) = taxes.owed()
    assert (row.fund, row.month.isoformat(), row.what) == ("Quillon", clock.today().strftime("%Y-%m-01"), "Withheld from payouts")
    assert {name: sum.amount for name, sum in row.sums.items()} == {"arose": 172_12, "given_back": 0, "paid": 100_00, "owed": 72_12}
    assert row.remittances == [(paid.entry_id, usd(100_00))]
    assert taxes.totals([row]) == [usd(tax_owed())]
    page = people.browser(desk.maker).get("/payouts/tax/").content.decode()
    assert f'<a href="/books/entries/{paid.entry_id}/">' in page and "$72.12" in page
    assert people.browser(payout.lines.get(pk=payout.lines.first().pk).work_entry.worker).get("/payouts/tax/").status_code == 403


def test_a_treasurer_withholds_on_a_page_until_the_release(desk: builders.Desk, payout: Payout) -> None:
    checker = people.browser(desk.checker)
    address = f"{payout.get_absolute_url()}withhold/"
    assert address in people.browser(desk.maker).get(payout.get_absolute_url()).content.decode()
    page = checker.get(address)
    once = page.context["form"]["once"].value()
    wrong = checker.post(address, {"once": once, "amount": "1147.50", "reason": RULE})
    assert "Withhold a part of" in wrong.content.decode()
    once = wrong.context["form"]["once"].value()
    checker.post(address, {"once": once, "amount": "172.12", "reason": RULE})
    payout.refresh_from_db()
    assert (payout.withheld, payout.withholdings.get().by) == (172_12, desk.checker)


def test_only_whoever_acts_for_the_payee_reads_what_is_withheld(desk: builders.Desk, payout: Payout) -> None:
    withholding.withhold(actor=desk.maker, payout=payout, amount=usd(172_12), reason=RULE)
    worker = payout.lines.all()[0].work_entry.worker
    listed = people.browser(worker).get("/payouts/").content.decode()
    assert "Withheld for tax" in listed and "172.12" in listed
    services.release(
        actor=desk.checker, run=payout.run, control_total=payout.run.control_total, withheld=selectors.withheld(payout.run.payouts.all())
    )
    sent = executing.owe(payout_id=payout.pk)
    (row,) = program(worker).get("/api/v1/payouts/").json()["results"]
    assert (row["withheld"]["amount"], row["tax_owed"]["amount"], row["withheld_entry"]) == (172_12, 172_12, sent.withheld_entry_id)
    Membership.objects.filter(user=worker).delete()
    (row,) = program(worker).get("/api/v1/payouts/").json()["results"]
    assert (row["withheld"], row["tax_owed"], row["withheld_entry"]) == (None, None, None)
    assert "Withheld for tax" not in people.browser(worker).get("/payouts/").content.decode()
    assert "Withheld for tax" not in people.browser(worker).get(payout.get_absolute_url()).content.decode()
