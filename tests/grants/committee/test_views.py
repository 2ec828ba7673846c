"""The committee's pages: what each person reaches, that closed content is nowhere on them, and that forms keep what was typed."""

from __future__ import annotations

from typing import Any

import pytest

from funding import clock
from funding.audit.models import Record
from funding.funds import services as funds
from funding.funds import sources
from funding.ledger import services as ledger
from funding.ledger.models import Reservation
from funding.mail.models import Message
from funding.people import services as people
from funding.people.models import User
from funding.people.roles import Role
from grants.committee import counting, services
from grants.committee.models import Committee, Determination, Review, Seat, Vote
from tests.grants import builders
from tests.grants.builders import CANARY, browser

pytestmark = pytest.mark.django_db
PAGES = ("", "declare/", "review/", "vote/", "determine/")


def surfaces(ref: str) -> list[str]:
    """Every address that could say something about a proposal before its decision."""
    of_panel = [f"/committee/{ref}/{page}" for page in PAGES]
    of_proposal = [f"/proposals/{ref}/", f"/proposals/{ref}/edit/", f"/proposals/{ref}/submit/", f"/proposals/{ref}/revisions/1/"]
    lists = ["/committee/", "/proposals/", "/decisions/", f"/decisions/{ref}/", "/calls/", "/calls/winter/", "/desk/", "/desk/audit/", "/"]
    return of_panel + of_proposal + lists


def seen_by(person: User | None, ref: str) -> str:
    """Everything that the person's browser gets from those addresses, posts included, redirects followed."""
    client = browser(person)
    bodies = []
    for address in surfaces(ref):
        answer = client.get(address, follow=True)
        bodies.append(f"{address} {answer.status_code}\n{answer.content.decode()}")
    for page in PAGES[1:]:
        answer = client.post(f"/committee/{ref}/{page}", {"choice": "", "recommendation": "nonsense"}, follow=True)
        bodies.append(answer.content.decode())
    return "\n".join(bodies)


def recused_sitting() -> tuple[builders.Sitting, User]:
    sitting = builders.sitting(money=800000)
    recused = sitting.members[4]
    services.declare(actor=recused, panel=sitting.panel, conflict=True, because="We share an office")
    sitting.clear(*sitting.members[:4])
    sitting.review(*sitting.members[:2])
    sitting.vote("ffa")
    return sitting, recused


def test_the_recused_see_that_they_stepped_back_and_nothing_else() -> None:
    sitting, recused = recused_sitting()
    body = seen_by(recused, sitting.proposal.ref)
    assert CANARY not in body
    assert f"You stepped back from {sitting.proposal.ref}" in body
    for word in ("Reasons of", "Notes of", "Inger Dahl", "4,590.00", "eligible.", "2 for"):
        assert word not in body, word


def test_the_recused_get_no_mail_about_it_after_they_stepped_back() -> None:
    sitting, recused = recused_sitting()
    before = Message.objects.filter(to=recused.email).count()
    sitting.vote("ffff", *sitting.members[:4])
    sitting.determine()
    assert Message.objects.filter(to=recused.email).count() == before
    assert not Message.objects.filter(body__contains=CANARY).exclude(to=sitting.applicant.email).exists()


def test_a_recused_vote_is_refused_on_a_page_and_on_record() -> None:
    sitting, recused = recused_sitting()
    answer = browser(recused).post(f"/committee/{sitting.proposal.ref}/vote/", {"choice": "for"})
    assert answer.status_code == 403
    assert "You stepped back from this proposal." in answer.content.decode()
    assert Record.objects.filter(actor_id=recused.pk, outcome="refused", rule="recused").count() == 1


@pytest.mark.parametrize("who", ["nobody", "stranger", "administrator", "undeclared", "left"])
def test_others_see_no_content_before_the_decision(who: str) -> None:
    sitting, _ = recused_sitting()
    person = {
        "nobody": lambda: None,
        "stranger": lambda: builders.user("Some Body"),
        "administrator": builders.admin,
        "undeclared": lambda: joined("New Member"),
        "left": lambda: joined("Old Member", ended=True),
    }[who]()
    body = seen_by(person, sitting.proposal.ref)
    assert CANARY not in body
    assert "Reasons of" not in body


def joined(name: str, *, ended: bool = False) -> User:
    """A member since today; with `ended`, one who declared and then left."""
    person = builders.user(name)
    grant = builders.give(person, Role.MEMBER, "committee:core")
    panel = counting.Panel.objects.select_related("committee", "proposal").get()
    services.seat_newcomer(user=person, committee=panel.committee)
    if ended:
        services.declare(actor=person, panel=panel, conflict=False)
        grant.until = clock.today()
        grant.save()
    return person


def test_the_panel_does_not_exist_for_a_stranger() -> None:
    sitting, _ = recused_sitting()
    client = browser(builders.user("Some Body"))
    for page in PAGES:
        assert client.get(f"/committee/{sitting.proposal.ref}/{page}").status_code == 404
    assert client.get(f"/proposals/{sitting.proposal.ref}/").status_code == 404
    assert client.get(f"/decisions/{sitting.proposal.ref}/").status_code == 404


def test_a_cleared_member_reads_the_proposal_and_the_arithmetic() -> None:
    sitting, _ = recused_sitting()
    page = browser(sitting.members[0]).get(f"/committee/{sitting.proposal.ref}/").content.decode()
    assert CANARY in page
    assert "5 seated − 1 recused = 4 eligible." in page
    assert "Quorum: more than 50% of 4, which is 3; 3 voted." in page


def test_how_the_votes_stand_opens_with_ones_own() -> None:
    sitting, _ = recused_sitting()
    address = f"/committee/{sitting.proposal.ref}/"
    fourth = browser(sitting.members[3])
    assert "2 for" not in fourth.get(address).content.decode()
    sitting.vote("f", sitting.members[3])
    assert "3 for, 1 against" in fourth.get(address).content.decode()


def test_numbers_of_votes_stay_closed_before_the_quorum_because_they_would_name_names() -> None:
    sitting = builders.sitting()
    sitting.clear()
    sitting.vote("fa")
    address = f"/committee/{sitting.proposal.ref}/"
    assert "1 for, 1 against" not in browser(sitting.chair).get(address).content.decode()
    assert "1 for, 1 against" not in browser(sitting.chair).get(f"{address}determine/").content.decode()
    sitting.vote("o", sitting.members[2])
    assert "1 for, 1 against" in browser(sitting.chair).get(address).content.decode()
    assert "1 for, 1 against" not in browser(sitting.members[3]).get(address).content.decode()


def test_the_declaration_names_who_would_benefit_and_no_content() -> None:
    sitting = builders.sitting()
    page = browser(sitting.members[1]).get(f"/committee/{sitting.proposal.ref}/", follow=True).content.decode()
    assert "Inger Dahl" in page
    assert "Quillon" in page
    assert CANARY not in page
    assert "4,590.00" not in page


def test_the_whole_way_by_pages() -> None:
    sitting = builders.sitting()
    base = f"/committee/{sitting.proposal.ref}/"
    for member in sitting.members:
        client = browser(member)
        assert client.post(f"{base}declare/", {"conflict": "clear"})["Location"] == base
        answer = client.post(
            f"{base}review/", {"recommendation": "fund", "reasons": "Clear", "notes": "", "version": "0", "then": "submit"}
        )
        assert answer["Location"] == base
    for member in sitting.members:
        assert browser(member).post(f"{base}vote/", {"choice": "for"})["Location"] == base
    chair = browser(sitting.chair)
    form = chair.get(f"{base}determine/")
    assert "Outcome: <b>Funded</b>" in form.content.decode()
    seen = form.context["form"].initial["seen"]
    answer = chair.post(f"{base}determine/", {"reasons": "It is needed.", "seen": seen})
    assert answer["Location"] == f"/decisions/{sitting.proposal.ref}/"
    record = browser().get(answer["Location"]).content.decode()
    for word in (CANARY, "It is needed.", "5 for, 0 against, 0 abstained", "$4,590.00", "Quillon fund", "Nobody."):
        assert word in record, word
    assert "Lena Aas" not in record.replace("Published by Lena Aas", "")


def test_reasons_are_kept_when_the_count_changed() -> None:
    sitting = builders.ready()
    client, address = browser(sitting.chair), f"/committee/{sitting.proposal.ref}/determine/"
    seen = client.get(address).context["form"].initial["seen"]
    sitting.vote("a", sitting.members[0])
    answer = client.post(address, {"reasons": "Kept as it was written.", "seen": seen})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "The count has changed" in page
    assert "Kept as it was written." in page
    again = answer.context["form"]["seen"].value()
    assert again != seen
    assert client.post(address, {"reasons": "Kept as it was written.", "seen": again}).status_code == 302


def test_the_record_names_who_stepped_back_and_the_kind_of_reason_only() -> None:
    sitting, recused = recused_sitting()
    sitting.vote("ffff", *sitting.members[:4])
    sitting.determine()
    record = browser().get(f"/decisions/{sitting.proposal.ref}/").content.decode()
    assert "Priya Raman: declared a conflict" in record
    assert "share an office" not in record
    assert "Reasons of" not in record
    assert "Reasons of" not in browser(sitting.applicant).get(f"/decisions/{sitting.proposal.ref}/").content.decode()
    assert CANARY in browser(recused).get(f"/decisions/{sitting.proposal.ref}/").content.decode()


def test_short_of_money_is_said_before_and_refused_on_a_page() -> None:
    sitting = builders.ready(money=100000)
    client = browser(sitting.chair)
    address = f"/committee/{sitting.proposal.ref}/determine/"
    preview = client.get(address)
    assert "$3,590.00 of $4,590.00 is missing." in preview.content.decode()
    answer = client.post(address, {"reasons": "It is needed.", "seen": preview.context["form"].initial["seen"]})
    assert answer.status_code == 422
    assert "$3,590.00 of $4,590.00 is missing. Quillon fund has" in answer.content.decode()
    assert "It is needed." in answer.content.decode()
    assert Record.objects.filter(act="committee.determine", outcome="refused", rule="funds-short").count() == 1
    assert not Determination.objects.exists()


def test_a_draft_review_is_kept_and_a_stale_one_is_a_conflict() -> None:
    sitting = builders.sitting()
    sitting.clear()
    client = browser(sitting.members[1])
    address = f"/committee/{sitting.proposal.ref}/review/"
    draft = {"recommendation": "", "reasons": "Half a thought", "notes": "", "version": "0", "then": "save"}
    assert client.post(address, draft)["Location"] == address
    assert "Half a thought" in client.get(address).content.decode()
    assert client.post(address, draft).status_code == 409
    answer = client.post(address, {**draft, "version": "1", "then": "submit", "reasons": "Kept when refused"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Say what you recommend." in page
    assert "Kept when refused" in page
    assert Review.objects.get().submitted_at is None
    assert "Half a thought" not in browser(sitting.members[0]).get(f"/committee/{sitting.proposal.ref}/").content.decode()


@pytest.mark.parametrize(
    ("page", "data"),
    [
        ("declare/", {"conflict": "perhaps"}),
        ("declare/", {"conflict": "conflict", "because": ""}),
        ("declare/", {"conflict": "conflict", "because": "x" * 301}),
        ("vote/", {"choice": "maybe"}),
        ("vote/", {"choice": "for\x00"}),
        ("review/", {"recommendation": "fund", "reasons": "x" * 4001, "version": "0"}),
        ("review/", {"recommendation": "fund", "reasons": "\x00", "version": "0"}),
        ("review/", {"recommendation": "fund", "reasons": "ok", "version": "first"}),
        ("determine/", {"reasons": ""}),
    ],
)
def test_bad_input_is_explained_and_changes_nothing(page: str, data: dict[str, Any]) -> None:
    sitting = builders.ready("ff")
    answer = browser(sitting.chair).post(f"/committee/{sitting.proposal.ref}/{page}", data)
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert (Vote.objects.count(), Review.objects.count(), Determination.objects.count()) == (2, 2, 0)
    assert Seat.objects.filter(state="recused").count() == 0


def test_pressing_twice_votes_once() -> None:
    sitting = builders.sitting()
    sitting.clear()
    sitting.open_reviews()
    client = browser(sitting.chair)
    address = f"/committee/{sitting.proposal.ref}/vote/"
    data = {"choice": "for", "once": str(client.get(address).context["form"]["once"].value())}
    assert client.post(address, data)["Location"] == client.post(address, data)["Location"]
    assert Vote.objects.count() == 1


def test_text_in_any_script_is_drawn_and_no_markup_of_it() -> None:
    sitting = builders.sitting()
    sitting.clear()
    sitting.vote("fffff")
    sitting.review(sitting.members[1])
    services.save_review(
        actor=sitting.chair,
        panel=sitting.panel,
        version=0,
        recommendation="fund",
        reasons="שלום <script>x</script> 🌲",
        notes="",
        submit=True,
    )
    page = browser(sitting.chair).get(f"/committee/{sitting.proposal.ref}/").content.decode()
    assert "שלום" in page
    assert "<script>x" not in page


def test_the_queue_counts_what_waits() -> None:
    sitting = builders.sitting()
    member = sitting.members[1]
    client = browser(member)
    assert client.get("/committee/").context["counts"] == {"declare": 1, "review": 0, "sealed": 0, "vote": 0, "done": 0, "recused": 0}
    sitting.clear(member)
    assert client.get("/committee/").context["counts"]["review"] == 1
    sitting.review(member)
    assert client.get("/committee/").context["counts"]["sealed"] == 1
    sitting.open_reviews()
    assert client.get("/committee/").context["counts"]["vote"] == 1
    sitting.vote("f", member)
    assert client.get("/committee/").context["counts"]["done"] == 1


def test_the_queue_shows_nothing_of_what_a_rule_closed_since() -> None:
    sitting = builders.sitting()
    tied, lead, free = sitting.members[1:4]
    sitting.clear()
    people.declare_relation(actor=sitting.applicant, other=tied, kind="family")
    builders.give(lead, Role.MAINTAINER, sitting.project.subject)
    for member, state in ((tied, "declare"), (lead, "declare")):
        page = browser(member).get("/committee/")
        assert CANARY not in page.content.decode() and "Quillon" not in page.content.decode()
        assert page.context["counts"][state] == 1
    assert CANARY in browser(free).get("/committee/").content.decode()


def test_empty_pages_say_so() -> None:
    builders.the_host()
    assert "No decisions yet" in browser().get("/decisions/").content.decode()
    assert "You sit on no committee." in browser(builders.user("Some Body")).get("/committee/").content.decode()
    _, members = builders.committee()
    assert "Nothing waits for the committee" in browser(members[0]).get("/committee/").content.decode()


def test_an_administrator_sets_up_a_committee_by_its_page() -> None:
    builders.the_host()
    admin = builders.admin()
    data = {
        "name": "Grants",
        "slug": "grants",
        "quorum_percent": "50",
        "majority_percent": "66",
        "minimum_reviews": "3",
        "tie": "decline",
        "review_days": "10",
    }
    assert browser(admin).post("/committee/new/", data)["Location"] == "/committee/rules/grants/"
    assert Committee.objects.get().rules.majority_percent == 66
    assert "more than 66% of the votes" in browser().get("/committee/rules/grants/").content.decode()
    stale = {**data, "version": "7"}
    assert browser(admin).post("/committee/rules/grants/edit/", stale).status_code == 409
    assert browser(builders.user("Some Body")).post("/committee/new/", data).status_code == 403
    for field, value in [
        ("quorum_percent", "100"),
        ("majority_percent", "49"),
        ("minimum_reviews", "-1"),
        ("slug", "no good"),
        ("tie", "coin"),
    ]:
        assert browser(admin).post("/committee/new/", {**data, "slug": "other", field: value}).status_code == 422, field
    assert Committee.objects.count() == 1


def test_the_books_name_a_proposal_only_to_those_who_may_see_it() -> None:
    sitting = builders.ready("fffff")
    ref, pk = sitting.proposal.ref, sitting.proposal.pk
    before = sources.describe([("proposal", pk)], sitting.members[0])["proposal", pk]
    assert (before.text, before.url, before.private) == (f"Proposal {ref}", "", True)
    assert CANARY in sources.describe([("proposal", pk)], sitting.applicant)["proposal", pk].text
    sitting.determine()
    after = sources.describe([("proposal", pk)], builders.user("Some Body"))["proposal", pk]
    assert CANARY in after.text
    assert after.url == f"/proposals/{ref}/"


def test_the_money_of_a_record_is_read_from_the_books() -> None:

    sitting = builders.ready("fffff")
    sitting.determine()
    ledger.release(reservation=Reservation.objects.get(), amount=59000, key="test", at=clock.now())
    record = browser().get(f"/decisions/{sitting.proposal.ref}/").content.decode()
    assert "$590.00" in record
    assert "$4,000.00" in record
    assert builders.available(funds.project_fund(sitting.project)) == 59000
