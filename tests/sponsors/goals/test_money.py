"""A collected pledge is a payment as any other: refunded, disputed, followed; and the pages read the books, not a column."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from funding import clock
from funding.funds import flows, sources
from funding.funds.models import Fund
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.payments.tasks import sweep_inbox
from sponsors.goals import selectors
from sponsors.goals import services as goals
from sponsors.goals.models import Goal, Pledge
from sponsors.invoices.models import Payment
from sponsors.refunds import services as refunds
from sponsors.refunds.models import Dispute, Refund
from tests.funding import builders as people
from tests.funding.ledger import books
from tests.funding.payments.standin import StandIn
from tests.sponsors import builders as sponsors
from tests.sponsors.goals import builders
from tests.sponsors.goals.builders import DAY, DEADLINE, OPENED
from tests.sponsors.refunds.builders import ask, balance, earn, treasurer

pytestmark = pytest.mark.django_db


def sound() -> None:
    assert [problem for result in checks.run() for problem in result.problems] == []


def met(stand_in: StandIn, naming: str = "public") -> tuple[Goal, Payment]:
    """A goal that one pledge of $300.00 reached."""
    with clock.at(OPENED):
        goal = builders.goal()
        pledge = builders.pledge(stand_in, goal, 30_000, naming=naming)
    with clock.at(DEADLINE):
        goals.collect_goals()
    goal.refresh_from_db()
    (payment,) = builders.payments(pledge)
    assert (goal.state, payment.state) == (Goal.State.MET, Payment.State.BOOKED)
    return goal, payment


def test_a_refund_of_a_pledge_goes_the_way_of_every_refund(stripe_stand_in: StandIn) -> None:
    _, payment = met(stripe_stand_in)
    earn(10_000)
    with clock.at(DEADLINE + DAY):
        refund = ask(payment, 30_000, treasurer())
        refunds.send(refund_id=refund.pk)
    refund.refresh_from_db()
    assert (refund.state, balance("fund:goal-rtl:USD")) == (Refund.State.SUCCEEDED, 0)
    payment.refresh_from_db()
    assert payment.returned == 30_000 and Pledge.objects.get().state == Pledge.State.COLLECTED
    sound()


def test_a_dispute_of_a_pledge_takes_the_money_out_of_the_goals_fund(stripe_stand_in: StandIn) -> None:
    treasurer()
    _, payment = met(stripe_stand_in)
    earn(10_000)
    with clock.at(DEADLINE + DAY):
        stripe_stand_in.dispute(payment.charge_id)
        stripe_stand_in.deliver_to(Client())
        sweep_inbox()
    assert (Dispute.objects.get().state, balance("fund:goal-rtl:USD")) == (Dispute.State.OPEN, 0)
    sound()


def test_every_figure_follows_an_entry_that_another_path_posted(stripe_stand_in: StandIn) -> None:
    """No goal table stores what was received, reserved or spent."""
    goal, _ = met(stripe_stand_in)
    page = f"/goals/{goal.slug}/"
    before = Client().get(page).content.decode()
    fund = Fund.objects.get(slug="goal-rtl")
    books.contribute(ledger.account(fund.account.code), 1_000_000)
    after = Client().get(page).content.decode()
    assert "$276.00" in before.replace("\N{NO-BREAK SPACE}", "") and "$10,276.00" not in before
    assert "$10,276.00" in after
    with clock.at(DEADLINE):
        listed = Client().get("/goals/").content.decode()
    assert "22 days paid for" in listed
    with_columns = {field.name for model in (Goal, Pledge) for field in model._meta.get_fields()}
    assert not with_columns & {"received", "reserved", "spent", "collected", "raised", "promised"}


def test_what_went_back_or_elsewhere_is_not_said_to_be_spent_and_the_page_agrees_with_the_fund_desk(stripe_stand_in: StandIn) -> None:
    goal, payment = met(stripe_stand_in)
    earn(10_000)
    with clock.at(DEADLINE + DAY):
        refund = ask(payment, 10_000, treasurer())
        refunds.send(refund_id=refund.pk)
    (it,) = selectors.figures([goal])
    (desk,) = flows.of([Fund.objects.get(slug="goal-rtl")])
    assert it.fund == desk
    assert (desk.spent, desk.other_out, desk.left) == (sponsors.usd(0), sponsors.usd(9_200), sponsors.usd(18_400))
    assert (it.collected.sum, it.returned) == (sponsors.usd(30_000), sponsors.usd(10_000))
    assert it.half_days == 0  # 184.00 buy less than half a day
    page = Client().get("/goals/rtl/").content.decode()
    assert "Given back since" in page and "Other money out" in page


@pytest.mark.parametrize(("naming", "words"), [("public", "Ada Example"), ("unnamed", "Unnamed sponsor"), ("secret", "A sponsor")])
def test_a_pledger_is_named_in_the_books_as_they_chose(stripe_stand_in: StandIn, naming: str, words: str) -> None:
    goal, payment = met(stripe_stand_in, naming)
    label = sources.describe([("payment", payment.pk)], AnonymousUser())["payment", payment.pk]
    assert label.text == words
    pages = [f"/goals/{goal.slug}/", "/goals/", f"/projects/{goal.project.slug}/", f"/books/payments/{payment.ref}/", "/books/"]
    for page in pages:
        with clock.at(DEADLINE):
            body = Client().get(page).content.decode()
        assert ("Ada Example" in body) <= (naming == "public"), page
    assert words in Client().get(f"/goals/{goal.slug}/").content.decode()


def test_the_month_says_what_came_by_each_source(stripe_stand_in: StandIn) -> None:
    from funding.site.reports import month

    with clock.at(OPENED):
        goal = builders.goal()
        sponsors.sponsor(stripe_stand_in, sponsors.tier(goal.project))
        builders.pledge(stripe_stand_in, goal, 30_000)
    with clock.at(DEADLINE):
        goals.collect_goals()
        it = month.of(goal.project, DEADLINE.date(), people.user())
    came = {row.fund.name: (row.way, row.came_in) for row in it.by_source}
    assert came["Quillon"][1] == sponsors.usd(9_180)
    assert came["Goal: Right-to-left tables"] == (flows.GOALS, sponsors.usd(27_600))
