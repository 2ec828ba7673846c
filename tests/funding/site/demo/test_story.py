"""The story, told once through the services and the stand-in, leaves books that hold and work for a visitor to do."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from funding import clock
from funding.audit.models import Record
from funding.funds.models import Fund
from funding.ledger.models import BookDay, Entry
from funding.people.models import Host, RoleGrant
from funding.site.demo.models import Calendar, Person
from funding.site.demo.story import script
from funding.site.demo.story.cast import CAST, user
from grants.committee.models import Determination, DeterminationRecusal
from grants.payouts.models import Payout, PayoutRun
from grants.timesheets.models import WorkEntry
from sponsors.goals.models import Pledge
from sponsors.sponsorships.models import Sponsorship


def load(*options: str) -> str:
    out = StringIO()
    call_command("load_demo", *options, stdout=out)
    return out.getvalue()


def verify_books() -> str:
    out = StringIO()
    call_command("verify_books", stdout=out)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("demo", "stripe_stand_in")
def test_the_story_from_an_empty_site_to_the_present() -> None:
    lines = load()
    assert "Marit works a day" in lines
    assert "The story is loaded:" in lines

    assert clock.today() == dt.datetime.now(dt.UTC).date()
    host = Host.get()
    assert host is not None
    assert (host.code, host.currency, host.fee_basis_points) == ("fjord", "USD", 500)
    assert RoleGrant.objects.filter(role="treasurer").count() == 2
    assert RoleGrant.objects.filter(subject="committee:core").count() == 5

    states = sorted(Sponsorship.objects.filter(tier__isnull=False).values_list("state", flat=True))
    assert states == ["active"] * 12 + ["grace"]
    assert Entry.objects.filter(kind="contribution").count() > len(script.SPONSORS)
    assert list(Pledge.objects.values_list("goal__state", "state")) == [("open", "pledged")] * len(script.PROMISES)
    first = Entry.objects.earliest("number")
    assert first.book_day_id == first.effective_on

    outcomes = dict(Determination.objects.values_list("panel__proposal__title", "outcome"))
    assert outcomes == {script.OVERFLOW.title: "funded", script.WEBSITE.title: "declined"}
    assert [row.name for row in DeterminationRecusal.objects.filter(determination__outcome="funded")] == ["Priya Raman"]

    run, payout = PayoutRun.objects.get(), Payout.objects.get()
    assert (run.state, run.prepared_by, run.released_by) == ("done", user("solveig"), user("mateus"))
    assert (payout.state, payout.amount) == ("confirmed", 5 * 22_950)
    assert WorkEntry.objects.filter(state="logged").count() == 1
    assert Fund.objects.get(slug="quillon").account.reserved == 3 * 22_950
    assert "9 of 9 invariants" in verify_books()
    assert not Record.objects.filter(outcome="refused").exists()

    _is_not_loaded_twice()
    _lists_its_people()
    _goes_on_for_a_month()


def _is_not_loaded_twice() -> None:
    before = (Entry.objects.count(), Record.objects.count())
    assert load() == "The story is loaded already.\n"
    assert (Entry.objects.count(), Record.objects.count()) == before


def _lists_its_people() -> None:
    listed = load("--people").splitlines()
    assert len(listed) == len(CAST) == Person.objects.count()
    assert listed[0].split() == ["Ingrid", "Halvorsen", "Administrator", "of", "the", "host"]


def _goes_on_for_a_month() -> None:
    """A visitor presses “Next month”: renewals are collected on their days, and the books still hold."""
    before, today = Entry.objects.filter(kind="contribution").count(), clock.today()
    answer = Client().post("/demo/advance/", {"step": "month", "next": "/accounts/login/"}, follow=True)
    assert "tried again" not in answer.content.decode()
    assert Entry.objects.filter(kind="contribution").count() == before + 12
    assert BookDay.objects.get(closed_at=None).day == clock.today() > today
    late = Entry.objects.filter(kind="contribution").order_by("-number")[:12]
    assert all(entry.book_day_id == entry.effective_on for entry in late)
    assert "9 of 9 invariants" in verify_books()
    assert set(Pledge.objects.values_list("goal__state", "state")) == {("failed", "released")}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("demo")
def test_an_empty_demo_stands_on_the_real_calendar_and_takes_no_story() -> None:
    assert clock.today() < dt.datetime.now(dt.UTC).date()
    load("--empty")
    assert clock.today() == dt.datetime.now(dt.UTC).date()
    assert load() == "This demo was begun empty, so no story is loaded.\n"
    assert Host.get() is None
    assert load("--people") == ""


@pytest.mark.django_db
def test_without_demo_nothing_is_loaded(settings: Any) -> None:
    assert not settings.DEMO
    for options in ([], ["--people"], ["--empty"]):
        with pytest.raises(CommandError, match="DEMO is not 1"):
            load(*options)
    assert not Calendar.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("demo")
def test_without_the_stand_in_it_says_what_is_missing_and_goes_on_later(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = "sk_test_nobody", "http://127.0.0.1:1"
    with pytest.raises(CommandError, match="The story stopped"):
        load()
    calendar = Calendar.objects.get()
    assert calendar.loaded_at is None
    assert Host.get() is not None
    with pytest.raises(CommandError, match="The story stopped"):
        load()
    assert Person.objects.count() == len(CAST)
