from __future__ import annotations

import datetime as dt
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from funding import clock
from sponsors.billing import tasks
from sponsors.invoices.models import Payment
from tests.funding.payments.standin import StandIn
from tests.sponsors import builders

pytestmark = pytest.mark.django_db
FEBRUARY = dt.datetime(2026, 2, 28, 12, tzinfo=dt.UTC)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("run_billing", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_counts_and_sums_and_is_safe_to_run_twice(stripe_stand_in: StandIn) -> None:
    with clock.at(builders.JOINED):
        builders.sponsor(stripe_stand_in)
        with pytest.raises(CommandError, match="has not come yet"):
            run("--until", "2026-02-28")
    with clock.at(FEBRUARY):
        assert "Renewed 1: 1 paid ($100.00)" in run("--until", "2026-02-28")
        again = run("--until", "2026-02-28")
        assert "Renewed 0: 0 paid" in again and "Steps taken 0: 0 cards tried again" in again


def test_an_error_ends_it_with_a_failure_after_everybody_else_was_billed(stripe_stand_in: StandIn, settings: Any) -> None:
    with clock.at(builders.JOINED):
        builders.sponsor(stripe_stand_in)
    settings.STRIPE_SECRET_KEY = ""
    with clock.at(FEBRUARY), pytest.raises(CommandError, match="1 errors"):
        run("--until", "2026-02-28")
    assert Payment.objects.latest("pk").state == Payment.State.PROCESSING, "our mistake is not the sponsor's"


def test_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="not a date"):
        run("--until", "tomorrow")


def test_the_tasks_call_the_same_verbs(stripe_stand_in: StandIn) -> None:
    with clock.at(builders.JOINED):
        joined = builders.sponsor(stripe_stand_in)
    with clock.at(FEBRUARY):
        assert tasks.run_billing().startswith("Renewed 1: 1 paid")
        assert tasks.sweep_payments() == 0
        assert tasks.settle_payment(joined.payment.pk) == Payment.State.BOOKED
