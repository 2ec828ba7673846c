"""What happened while the calendar moved is counted from what is on record, in words."""

from __future__ import annotations

import datetime as dt

import pytest

from funding import clock
from funding.mail import services as mail
from funding.site.demo import happened
from sponsors.sponsorships.models import Sponsorship
from tests.sponsors import builders as sponsors
from tests.sponsors.goals import builders as goals

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


@pytest.mark.django_db
def test_nothing_and_something_in_words() -> None:
    assert happened.between(NOON, NOON + dt.timedelta(days=30)) == []
    for number, day in enumerate((1, 2, 60)):
        with clock.at(NOON + dt.timedelta(days=day)):
            mail.write(kind="x", to="a@example.org", key=f"x:{number}", subject="A", body="B")
    assert happened.between(NOON, NOON + dt.timedelta(days=1)) == ["1 mail written"]
    assert happened.between(NOON, NOON + dt.timedelta(days=30)) == ["2 mails written"]


@pytest.mark.django_db
def test_a_pledge_that_ends_is_no_sponsorship_that_ended() -> None:
    with clock.at(NOON):
        tier = sponsors.tier()
        goal = goals.goal(tier.project, deadline=NOON + 20 * goals.DAY)
        kept, pledge = sponsors.sign_up(tier).sponsorship, goals.started(goal)
    ended = NOON + dt.timedelta(days=2)
    Sponsorship.objects.filter(pk__in=[kept.pk, pledge.sponsorship_id]).update(state="ended", ended_at=ended)
    assert "1 sponsorship ended" in happened.between(NOON, ended)
