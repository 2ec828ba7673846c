"""What of billing waits for a person is on the one page for that, and can be asked for at once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from funding import clock
from funding.audit.models import Record
from funding.errors import Refused
from funding.people.roles import Role
from funding.web.models import Trouble
from sponsors.billing import services
from sponsors.billing.services import renewing
from sponsors.invoices.models import Payment
from sponsors.sponsorships.models import Sponsorship
from tests.funding.builders import browser, holder, user
from tests.sponsors import builders

pytestmark = pytest.mark.django_db

PAGE = "/desk/waiting/"


@pytest.fixture
def treasurer() -> Client:
    return browser(holder(Role.TREASURER))


def troubled() -> Payment:
    payment = builders.sign_up().payment
    Payment.objects.filter(pk=payment.pk).update(trouble="Conflict: the sum differs", next_look_at=timezone.now() + dt.timedelta(hours=1))
    return Payment.objects.get(pk=payment.pk)


def test_a_payment_that_needs_a_person_is_looked_at_now(treasurer: Client) -> None:
    payment = troubled()
    page = treasurer.get(PAGE).text
    assert payment.ref in page and "the sum differs" in page
    assert treasurer.post(reverse("billing:look", args=[payment.ref])).status_code == 302
    payment.refresh_from_db()
    assert payment.next_look_at <= timezone.now()
    assert Record.objects.get(act="payments.look_again").subject == payment.ref


def test_only_keepers_may_ask_and_the_refusal_is_kept() -> None:
    with pytest.raises(Refused):
        services.look_again(actor=user(), payment=troubled())
    assert Record.objects.get(outcome=Record.REFUSED).act == "payments.look_again"


def test_a_payment_that_is_over_is_not_looked_at(treasurer: Client) -> None:
    payment = troubled()
    Payment.objects.filter(pk=payment.pk).update(state=Payment.State.FAILED)
    assert treasurer.post(reverse("billing:look", args=[payment.ref])).status_code == 409


@pytest.mark.parametrize(("days", "shown"), [(2, False), (3, True)])
def test_a_renewal_that_nobody_made_is_shown_although_every_job_says_that_it_ran(treasurer: Client, days: int, shown: bool) -> None:
    sponsorship = builders.sign_up().sponsorship
    Sponsorship.objects.filter(pk=sponsorship.pk).update(state="active", paid_through=clock.today() - dt.timedelta(days=days))
    assert (sponsorship.ref in treasurer.get(PAGE).text) is shown


def test_one_sponsor_who_cannot_be_billed_is_shown_and_stops_nobody(monkeypatch: pytest.MonkeyPatch, treasurer: Client) -> None:
    """The failure is planted in the verb; what is tested is what the run makes of it."""
    tier = builders.tier()
    first, second = builders.sign_up(tier).sponsorship, builders.sign_up(tier, email="eve@example.org").sponsorship
    Sponsorship.objects.update(state="active", paid_through=clock.today() - dt.timedelta(days=1), payment_method="pm_1")
    Payment.objects.update(state=Payment.State.ABANDONED)
    reached = []

    def planted(sponsorship_id: int, until: dt.date, run: renewing.BillingRun) -> None:
        reached.append(sponsorship_id)
        if sponsorship_id == first.pk:
            raise ValueError("a row that nobody foresaw")

    with monkeypatch.context() as patch:
        patch.setattr(renewing, "_bill", planted)
        assert services.run_billing().failed == 1
        assert sorted(reached) == [first.pk, second.pk]
        assert "a row that nobody foresaw" in treasurer.get(PAGE).text
        patch.setattr(renewing, "_bill", lambda *args: None)
        assert services.run_billing().failed == 0
    assert not Trouble.objects.filter(over_at=None).exists()
