"""Names of sponsors: who reads what, and who sponsored in a month."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from funding import clock
from funding.funds import sources
from funding.people.models import Membership
from funding.people.roles import Role
from sponsors.invoices import selectors
from sponsors.sponsorships import selectors as sponsorships
from tests.funding import builders as people
from tests.funding.payments.standin import StandIn
from tests.sponsors import builders

pytestmark = pytest.mark.django_db
CANARY = "Zinnia Quartz Holdings"


@pytest.mark.parametrize(("naming", "public"), [("public", "Zed"), ("unnamed", "Unnamed sponsor"), ("secret", "A sponsor")])
def test_a_label_gives_the_real_name_only_to_those_who_may_know(naming: str, public: str) -> None:
    owner = people.user("Olga Owner")
    joined = builders.sign_up(actor=owner, kind="organisation", country="NO", name=CANARY, naming=naming, public_name="Zed")
    employee = people.user()
    people.tie(employee, joined.party, Membership.Role.EMPLOYEE)
    ref = ("payment", joined.payment.pk)

    def read(viewer: Any) -> sources.Label:
        return sources.describe([ref], viewer)[ref]

    for viewer in (AnonymousUser(), people.user(), employee, people.holder(Role.MAINTAINER, joined.sponsorship.project.subject)):
        assert read(viewer).text == public
        assert read(viewer).private is (naming != "public")
    for viewer in (owner, people.holder(Role.TREASURER), people.holder(Role.AUDITOR), people.holder(Role.ADMIN)):
        assert (CANARY in read(viewer).text) is (naming != "public")
        assert not read(viewer).private


def test_labels_of_many_payments_take_a_constant_number_of_queries(django_assert_max_num_queries: Any) -> None:
    tier = builders.tier()
    ids = [builders.sign_up(tier).payment.pk for _ in range(5)]
    reader = people.user()
    with django_assert_max_num_queries(3):
        assert len(sources.describe([("payment", pk) for pk in ids], reader)) == 5


def test_sponsors_of_a_month_by_name_with_the_withheld_together(stripe_stand_in: StandIn, django_assert_num_queries: Any) -> None:
    with clock.at(builders.JOINED):
        tier = builders.tier()
        for name, naming in [("zoe", "public"), ("Ada", "public"), ("Bo", "unnamed"), ("Cy", "unnamed"), ("Di", "secret")]:
            builders.sponsor(stripe_stand_in, tier, name=name, naming=naming)
        builders.sign_up(tier, name="Unpaid")
    project = tier.project
    with django_assert_num_queries(1):
        found = selectors.sponsors_in_month(project, dt.date(2026, 1, 1))
    assert [(line.name, line.sponsors, line.net.amount, line.days) for line in found] == [
        ("Ada", 1, 9_180, Fraction(1, 5)),
        ("zoe", 1, 9_180, Fraction(1, 5)),
        ("Unnamed sponsor", 2, 18_360, Fraction(2, 5)),
        ("A sponsor", 1, 9_180, Fraction(1, 5)),
    ]
    assert selectors.sponsors_in_month(project, dt.date(2026, 2, 1)) == []
    assert list(sponsorships.with_perks(dt.date(2026, 2, 27)).values_list("payer_name", flat=True).order_by("pk")) == [
        "zoe",
        "Ada",
        "Bo",
        "Cy",
        "Di",
    ]
