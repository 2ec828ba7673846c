"""The pages of goals, as a visitor, a pledger and a maintainer meet them."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from funding import clock
from funding.mail.models import Message
from sponsors.billing import defence
from sponsors.goals import links
from sponsors.goals import services as goals
from sponsors.goals.models import Goal, Pledge
from sponsors.sponsorships.models import Sponsorship
from tests.funding import builders as people
from tests.funding.payments.standin import FAILS_LATER, StandIn
from tests.sponsors import builders as sponsors
from tests.sponsors.goals import builders
from tests.sponsors.goals.builders import DAY, DEADLINE, OPENED

pytestmark = pytest.mark.django_db
FORM = {
    "amount": "300.00",
    "kind": "person",
    "name": "Ada Example",
    "email": "ada@example.org",
    "naming": "public",
    "public_name": "",
    "country": "",
}
GOAL = {"slug": "rtl", "title": "Right-to-left tables", "summary": "Tables.", "story": "Why. <script>x</script> **Now.**", "half_days": "4",
        "rate": "459.00", "minimum": "300.00", "rule": "all", "day": "2026-01-31", "time": "18:00", "zone": "Europe/Oslo"}  # fmt: skip


def local(address: str) -> str:
    return address.removeprefix("http://127.0.0.1:8000")


def text(client: Client, address: str) -> str:
    body = client.get(local(address)).content.decode().replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", body))


def test_a_maintainer_writes_previews_and_publishes_and_then_nothing_can_be_changed() -> None:
    with clock.at(OPENED):
        project = sponsors.project()
        lead = people.browser(sponsors.maintainer(project))
        made = lead.post(f"/projects/{project.slug}/goals/new/", GOAL)
        assert (made.status_code, made["Location"]) == (302, "/goals/rtl/")
        preview = lead.get("/goals/rtl/").content.decode()
        assert "share, 5%" in preview and "5% of each pledge" in text(lead, "/goals/rtl/publish/")
        assert "This is how the goal will be read" in preview and "<strong>Now.</strong>" in preview and "<script>x" not in preview
        assert Client().get("/goals/rtl/").status_code == 404 and "Right-to-left" not in text(Client(), "/goals/")
        assert Goal.objects.get().deadline_at.isoformat() == "2026-01-31T17:00:00+00:00"
        edited = {**GOAL, "minimum": "400.00", "version": "1"}
        assert lead.post("/goals/rtl/edit/", edited).status_code == 302
        assert lead.post("/goals/rtl/publish/", {"version": "1"}).status_code == 409
        assert lead.post("/goals/rtl/publish/", {"version": "2"}).status_code == 302
        assert lead.post("/goals/rtl/edit/", {**edited, "version": "2"}).status_code == 409
        said = text(Client(), "/goals/rtl/")
        assert "No card is charged unless $400.00 is pledged by Sat 31 Jan 2026, 18:00 Europe/Oslo (17:00 UTC)" in said
        assert (
            "21 days" in said
            and "Right-to-left tables" in text(Client(), "/")
            and "Right-to-left tables" in text(Client(), f"/projects/{project.slug}/")
        )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"day": "2026-01-01"}, "day"),
        ({"minimum": "200.00"}, "minimum"),
        ({"rate": "459.01"}, "rate"),
        ({"slug": "mine"}, "slug"),
        ({"day": "2026-03-29", "time": "02:30"}, "time"),
        ({"zone": "Nowhere/Land"}, "zone"),
    ],
)
def test_a_goal_that_cannot_be_meant_is_explained_beside_its_field(change: dict[str, str], field: str) -> None:
    with clock.at(OPENED):
        project = sponsors.project()
        answer = people.browser(sponsors.maintainer(project)).post(f"/projects/{project.slug}/goals/new/", {**GOAL, **change})
    assert answer.status_code == 422 and list(answer.context["form"].errors) == [field]


def test_a_visitor_pledges_changes_withdraws_and_pledges_again(stripe_stand_in: StandIn) -> None:
    visitor = Client()
    with clock.at(OPENED):
        goal = builders.goal()
        page = visitor.post("/goals/rtl/pledge/", FORM)["Location"]
        back = stripe_stand_in.press(page, "pay").location
        assert "It counts. Nothing was charged" in text(visitor, back)
        mail = Message.objects.get(kind="pledge_made")
        assert local(back) in mail.body.replace("http://127.0.0.1:8000", "") and "nobody is charged" in mail.body
        changed = visitor.post(local(back), {"amount": "250.00", "naming": "unnamed", "public_name": ""})
        assert changed.status_code == 302
        said = text(visitor, "/goals/rtl/")
        assert "Unnamed sponsor$250.00" in said and "Ada" not in said
        withdraw = local(back) + "withdraw/"
        assert "does not count any more" in text(visitor, withdraw)
        assert visitor.post(withdraw).status_code == 302
        assert "It is withdrawn" in text(visitor, back) and "Nobody yet" in text(visitor, "/goals/rtl/")
        assert Message.objects.get(kind="pledge_withdrawn").to == "ada@example.org"
        again = visitor.post("/goals/rtl/pledge/", {**FORM, "kind": "organisation", "name": "Aldermoor Labs", "country": "NO"})
        assert "No card is charged unless $300.00" in text(visitor, "/goals/rtl/")
        assert "It counts" in text(visitor, stripe_stand_in.press(again["Location"], "pay").location)
        assert "The minimum is reached: every card is charged at the deadline" in text(visitor, "/goals/rtl/")
    with clock.at(DEADLINE):
        assert visitor.get("/goals/rtl/pledge/").status_code == 410
        assert "being counted" in text(visitor, "/goals/rtl/")
        goals.collect_goals()
        assert "$300.00 were promised, $300.00 collected and $0.00 dropped" in text(visitor, "/goals/rtl/")
        assert "Who paid" in text(visitor, "/goals/rtl/") and "wait for work on Quillon" in text(visitor, "/goals/rtl/")
    assert [row.state for row in Pledge.objects.filter(goal=goal)] == ["withdrawn", "collected"]


def test_a_company_says_where_it_is_and_nobody_pledges_next_to_nothing() -> None:
    with clock.at(OPENED):
        builders.goal()
        for change, field in [({"kind": "organisation"}, "country"), ({"amount": "0.50"}, "amount"), ({"amount": "2000000"}, "amount")]:
            answer = Client().post("/goals/rtl/pledge/", {**FORM, **change})
            assert answer.status_code == 422 and list(answer.context["form"].errors) == [field]
    assert not Pledge.objects.exists()


def test_a_signed_in_pledger_finds_the_pledge_and_nobody_elses(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        ada, bo = people.user("Ada Example"), people.user("Bo Example")
        for who in (ada, bo):
            builders.pledge(stripe_stand_in, goal, actor=who, name=who.name, email=who.email)
        browser = people.browser(ada)
        said = text(browser, "/goals/mine/")
        assert "PL-" in said and said.count("Right-to-left tables") == 1
        assert "You pledged $100.00" in text(browser, "/goals/rtl/pledge/")
        assert "do not sponsor anything yet" in text(browser, "/giving/")
    with clock.at(DEADLINE):
        goals.collect_goals()


def test_a_pledge_link_opens_only_its_own_page(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        other = builders.goal(goal.project, slug="other")
        pledge = builders.pledge(stripe_stand_in, goal)
        token = links.token(pledge)
        for address in (
            reverse("goals:own", args=[other.slug, token]),
            reverse("goals:own", args=[goal.slug, token[:-1] + ("a" if token[-1] != "a" else "b")]),
            reverse("goals:withdraw", args=[goal.slug, pledge.ref]),
            reverse("billing:stop", args=[token]),
        ):
            assert Client().get(address).status_code == 404, address
        answer = Client().get(reverse("goals:own", args=[goal.slug, token]))
        assert answer["X-Robots-Tag"] == "noindex" and "no-store" in answer["Cache-Control"]


def test_a_refused_card_is_put_right_from_the_mail(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        pledge = builders.pledge(stripe_stand_in, goal, 30_000, card=FAILS_LATER)
    visitor = Client()
    with clock.at(DEADLINE):
        goals.collect_goals()
        body = Message.objects.get(kind="pledge_refused").body
        card = next(word for word in body.split() if "/giving/card/" in word)
        assert "Your card was refused" in text(visitor, links.pledge(pledge))
        assert "Goal" in text(visitor, card) and "is charged to the new card" in text(visitor, card)
        page = visitor.post(local(card))["Location"]
        saved = stripe_stand_in.press(page, "pay").location
        assert "$300.00 was charged to it" in text(visitor, saved)
        assert "your pledge is paid" in text(visitor, links.pledge(pledge))


def test_a_goal_that_is_called_off_charges_nobody_and_says_why(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        pledge = builders.pledge(stripe_stand_in, goal, 30_000)
        lead = people.browser(sponsors.maintainer(goal.project))
        assert lead.post("/goals/rtl/call-off/", {"reason": "Somebody else wrote it."}).status_code == 302
        goals.collect_goals()
        said = text(Client(), "/goals/rtl/")
        assert "Called off. Nobody was charged. Somebody else wrote it." in said
        assert "1 pledge. Nobody was charged, so nobody is named." in said and "Ada Example" not in said
    assert "Somebody else wrote it." in Message.objects.get(kind="pledge_released").body
    assert (builders.fresh(pledge).state, builders.fresh(pledge).sponsorship.state) == ("released", Sponsorship.State.ENDED)


def test_card_testers_meet_the_same_brake_as_on_the_pages_of_sponsors(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        builders.goal()
        for _ in range(defence.BRAKE_REFUSALS):
            defence.refused("CARD-1")
        assert Client().post("/goals/rtl/pledge/", FORM).status_code == 403
    assert not Pledge.objects.exists()


@pytest.mark.parametrize("address", ["/", "/goals/", "/goals/rtl/", "/projects/quillon/"])
def test_pages_ask_as_much_for_three_rows_as_for_one(address: str, stripe_stand_in: StandIn) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    with clock.at(OPENED):
        goal = builders.goal()
        builders.pledge(stripe_stand_in, goal)
        Client().get(address)
        for number in range(2):
            with CaptureQueriesContext(connection) as asked:
                assert Client().get(address).status_code == 200
            counts.append(len(asked))
            if not number:
                for slug in ("two", "three"):
                    builders.goal(goal.project, slug=slug, deadline=DEADLINE + DAY)
                builders.pledge(stripe_stand_in, goal, email="bo@example.org", name="Bo")
                builders.pledge(stripe_stand_in, goal, email="cy@example.org", name="Cy", naming="unnamed")
    assert counts[0] == counts[1], counts
