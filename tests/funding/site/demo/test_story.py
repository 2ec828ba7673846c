"""The story, told once through the services and the stand-in, leaves books that hold and work for a visitor to do."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from django.test import Client

from funding import clock
from funding.audit.models import Record
from funding.funds.models import Need, Project
from funding.ledger.models import BookDay, Entry
from funding.ledger.sealing import export
from funding.mail.models import Message
from funding.payments import reconciliation
from funding.payments.models import Difference
from funding.people.models import Host, RoleGrant
from funding.site.demo.models import Calendar, Person
from funding.site.demo.story import award, calls, founding, player
from funding.site.demo.story.cast import CAST, user
from funding.site.reports import month, verifying
from funding.site.setup.steps import steps
from grants.awards.models import Award, Tranche
from grants.committee.models import Determination, DeterminationRecusal, Panel, Review, Seat
from grants.engagements.models import Engagement
from grants.payouts.models import Payout, PayoutRun
from grants.proposals.models import Call, Proposal
from grants.timesheets.models import WorkEntry
from sponsors.goals import selectors as goals
from sponsors.goals.models import Goal, Pledge
from sponsors.invoices.models import Payment
from sponsors.refunds.models import Dispute, Refund
from sponsors.sponsorships.models import Sponsorship
from tests.funding.ledger.test_check_books import run


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
def test_the_story_with_a_few_sponsors_from_an_empty_site_to_the_present(tmp_path: Path) -> None:
    lines = load("--short")
    told = verifying.last()
    assert told is not None and told.holds and told.last_entry == Entry.objects.latest("number").number
    assert "It takes about a minute" in lines and "The story is loaded:" in lines
    assert clock.today() == dt.datetime.now(dt.UTC).date()
    _every_thread_has_come_to_its_end()
    _the_books_hold()
    _is_not_loaded_twice()
    _lists_its_people()
    _goes_on_for_a_day()
    _a_stranger_checks_the_books(tmp_path)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("demo", "stripe_stand_in")
def test_the_whole_story(client: Client) -> None:
    load()
    _every_thread_has_come_to_its_end()
    _the_books_hold()
    late = clock.today().day >= LAST_JOINING
    quillon = Sponsorship.objects.filter(project__slug="quillon", state="active", tier__interval="month")
    assert Counter(quillon.values_list("tier__name", flat=True)) == {"Whole day": 2, "Company seat": 52, "Individual": 55} or not late
    it = month.of(Project.objects.get(slug="quillon"), clock.today(), AnonymousUser())
    assert it.days_paid_for == Decimal("14.02") or not late
    assert it.worked == 19 or not late
    assert 0 < it.half_days_paid_for <= 28
    (goal,) = goals.figures(Goal.objects.filter(state="open"))
    assert (goal.promised.count, goal.half_days, goal.needed) == (37, 17, 24)
    page = client.get("/projects/quillon/").content.decode()
    assert "Marit Solheim can work for your company full time." in page and "Namespace rewrite, third part (#2214)" in page


LAST_JOINING = 20
"""From this day of a month on, everybody has joined and paid who does so in it."""


def _a_stranger_checks_the_books(folder: Path) -> None:
    """Every day of the story is sealed, and the program of docs/ finds nothing wrong in the export."""
    assert not BookDay.objects.filter(closed_at__isnull=False, seal=None).exists()
    out = StringIO()
    counts = export.as_json(full=False, to=out)
    code, said = run(folder, json.loads(out.getvalue()))
    assert code == 0, said
    assert f"Right: {counts.days} sealed days," in said and counts.days > 200 and counts.disclosed > 0


def _every_thread_has_come_to_its_end() -> None:
    host = Host.get()
    assert host is not None
    assert (host.code, host.currency, host.fee_basis_points) == ("fjord", "USD", 500)
    assert [step.title for step in steps(user("ingrid")) if not step.done] == []
    assert RoleGrant.objects.filter(role="treasurer").count() == 2
    assert RoleGrant.objects.filter(subject="committee:core").count() == 6
    _it_has_what_it_is_to_have()
    _of_the_sponsors()
    _of_the_goals_and_the_award()
    _of_the_committee()
    _of_the_work()
    first = Entry.objects.earliest("number")
    assert first.book_day_id == first.effective_on
    assert not Record.objects.filter(outcome="refused").exists()


def _it_has_what_it_is_to_have() -> None:
    """The list of the story, one line for each thing in it, whoever sponsors."""
    assert Project.objects.count() == 3
    assert Call.objects.count() == 2
    assert Counter(Proposal.objects.values_list("state", flat=True)) == {"funded": 3, "approved": 1, "declined": 1, "submitted": 1}
    assert Counter(Determination.objects.values_list("outcome", flat=True)) == {"funded": 3, "declined": 1, "approved": 1}
    assert Seat.objects.filter(state="recused", ground="declared").count() == 1
    assert set(Engagement.objects.values_list("worker__name", "payee__kind")) == {
        ("Marit Solheim", "person"),
        ("Theo Brandt", "organisation"),
    }
    assert PayoutRun.objects.count() == 5
    assert Counter(Goal.objects.values_list("state", flat=True)) == {"met": 1, "failed": 1, "open": 1}
    assert Award.objects.count() == 1
    assert Counter(Tranche.objects.values_list("state", flat=True)) == {"received": 2, "scheduled": 1}
    assert Payment.objects.filter(state="failed").exists()
    assert Refund.objects.count() == 1
    assert Dispute.objects.count() == 1
    assert Message.objects.filter(kind="payout_returned").count() == 1


def _of_the_sponsors() -> None:
    states = dict(Sponsorship.objects.filter(tier__isnull=False).values_list("payer_name", "state"))
    assert (states["Larkspur Tools"], states["Pilcrow Fonts"], states["Elsinore Cinemas"]) == ("grace", "lapsed", "ended")
    assert set(Sponsorship.objects.filter(payer_name="Saltmarsh Energy").values_list("tier_name", "state")) == {
        ("Company seat", "ended"),
        ("Whole day", "active"),
    }
    assert list(Refund.objects.values_list("state", "amount")) == [("succeeded", 10_000)]
    assert list(Dispute.objects.values_list("state", "amount")) == [("lost", 10_000)]


def _of_the_goals_and_the_award() -> None:
    assert dict(Goal.objects.values_list("slug", "state")) == {
        "rebuild-farm": "met",
        "ferry-feeds": "failed",
        "fuzz-every-entry-point": "open",
    }
    farm = Counter(Pledge.objects.filter(goal__slug="rebuild-farm").values_list("state", flat=True))
    assert farm == {"collected": 9, "dropped": 1}
    assert list(Tranche.objects.order_by("position").values_list("state", flat=True)) == ["received", "received", "scheduled"]


def _of_the_committee() -> None:
    outcomes = dict(Determination.objects.values_list("panel__proposal__title", "outcome"))
    assert outcomes == {
        calls.OVERFLOW.title: "funded",
        calls.WEBSITE.title: "declined",
        calls.TRIAGE.title: "funded",
        calls.NAMESPACES.title: "funded",
        calls.FUZZING.title: "approved",
    }
    recused = DeterminationRecusal.objects.values_list("name", "determination__panel__proposal__title")
    assert set(recused) == {("Priya Raman", calls.OVERFLOW.title), ("Priya Raman", calls.NAMESPACES.title)}
    need = Need.objects.get(state=Need.State.WANTED)
    assert Goal.objects.get(state="open").need == need
    panel = Panel.objects.get(determination=None)
    assert panel.proposal.title == calls.BUILDS.title
    assert [seat.user.name for seat in panel.seats.filter(state="recused")] == ["Priya Raman"]
    sealed = {(review.seat.user.name, review.submitted_at is not None) for review in Review.objects.filter(seat__panel=panel)}
    assert sealed == {("Adaeze Nwosu", True), ("Jonas Lindqvist", True), ("Lena Aas", False)}


def _of_the_work() -> None:
    assert set(PayoutRun.objects.values_list("state", flat=True)) == {"done"}
    assert all((run.prepared_by, run.released_by) == (user("solveig"), user("mateus")) for run in PayoutRun.objects.all())
    assert set(Payout.objects.values_list("payee__name", "state")) == {("Marit Solheim", "confirmed"), ("Eide Software AS", "confirmed")}
    assert Payout.objects.filter(payee__name="Eide Software AS", attempt=2).count() == 1
    assert WorkEntry.objects.filter(state="logged").exists()


def _the_books_hold() -> None:
    assert "10 of 10 invariants" in verify_books()
    assert reconciliation.reconcile(grace=dt.timedelta()).opened == 0
    assert not Difference.objects.filter(state=Difference.State.OPEN).exists()
    assert all(not standing.unaccounted and not standing.apart for standing in reconciliation.overview().standings)


def _is_not_loaded_twice() -> None:
    before = (Entry.objects.count(), Record.objects.count())
    assert load() == "The story is loaded already.\n"
    assert (Entry.objects.count(), Record.objects.count()) == before


def _lists_its_people() -> None:
    listed = load("--people").splitlines()
    assert len(listed) == len(CAST) < Person.objects.count()
    assert listed[0] == "Ingrid Halvorsen  Run the host: administrator"


def _goes_on_for_a_day() -> None:
    """A visitor presses “Next day”, and the books still hold."""
    today = clock.today()
    answer = Client().post("/demo/advance/", {"step": "day", "next": "/accounts/login/"}, follow=True)
    assert "tried again" not in answer.content.decode()
    assert BookDay.objects.get(closed_at=None).day == clock.today() == today + dt.timedelta(days=1)
    assert "10 of 10 invariants" in verify_books()


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
def test_without_the_stand_in_it_says_what_is_missing_and_is_told_later(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = "sk_test_nobody", "http://127.0.0.1:1"
    for _ in range(2):
        with pytest.raises(CommandError, match="The story stopped"):
            load()
        assert Calendar.objects.get().loaded_at is None


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_an_act_that_was_done_changes_nothing() -> None:
    """So an interrupted story goes on: the day on which it stopped is played again from its first scene."""
    player.begin()
    first = [*founding.scenes(), *award.scenes()[:1], *calls.scenes()[:1]]
    for scene in first:
        scene.act()
    before = (Record.objects.count(), RoleGrant.objects.count(), Person.objects.count())
    for scene in first:
        scene.act()
    assert (Record.objects.count(), RoleGrant.objects.count(), Person.objects.count()) == before == (before[0], before[1], len(CAST))
