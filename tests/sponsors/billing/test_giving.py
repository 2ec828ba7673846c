"""What a sponsor sees of a year of payments."""

from __future__ import annotations

import datetime as dt

import pytest

from funding import clock
from funding.money import Money
from sponsors.billing.views.giving import year
from sponsors.invoices import selectors
from sponsors.invoices.models import Payment
from tests.funding import builders as people
from tests.sponsors import builders

pytestmark = pytest.mark.django_db


def test_a_year_of_payments_is_drawn_from_the_first_one_on() -> None:
    reader = people.user()
    with clock.at(dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)):
        tier = builders.tier()
        joined = builders.booked(builders.sign_up(tier, actor=reader))
        assert year([joined.sponsorship]) is None
    with clock.at(dt.datetime(2026, 5, 5, 12, tzinfo=dt.UTC)):
        again = builders.booked(builders.sign_up(tier, actor=reader))
        Payment.objects.filter(pk=again.payment.pk).update(returned=4_000)
        own = [joined.sponsorship, again.sponsorship]
        sums = selectors.kept_by_month(own, clock.today())
        assert sums == {dt.date(2026, month, 1): Money(amount, "USD") for month, amount in ((3, 10_000), (4, 0), (5, 6_000))}
        page = people.browser(reader).get("/giving/").text
    assert "$160.00 in 3 months." in page
    assert page.count('<rect class="w"') == 2


def test_nothing_is_drawn_before_the_first_payment() -> None:
    assert year([]) is None
