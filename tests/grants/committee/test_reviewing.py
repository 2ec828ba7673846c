"""Reviews are sealed until the panel opens: by all that were asked for, or by the deadline; nobody looks sooner."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.mail.models import Message
from funding.people import services as people
from grants.committee import counting, sealing, services
from grants.committee.models import Excuse, Opening, Review, Score
from grants.committee.rules import Rules
from grants.committee.services import Mark, opening
from grants.proposals import rubrics
from grants.proposals.models import Criterion
from tests.grants import builders
from tests.grants.builders import browser

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
DUE = NOW + dt.timedelta(days=14)


@pytest.fixture(autouse=True)
def monday() -> Any:
    with clock.at(NOW):
        yield


def seated(rules: Rules | None = None) -> builders.Sitting:
    sitting = builders.sitting(rules=rules)
    sitting.clear()
    return sitting


def rubric(sitting: builders.Sitting, terms: tuple[rubrics.Terms, ...] = rubrics.FULL) -> list[Criterion]:
    return builders.criteria(sitting.call, terms)


def save(sitting: builders.Sitting, person: Any, **changes: Any) -> Review:
    words = {"version": 0, "recommendation": "fund", "reasons": f"Reasons of {person.name}", "notes": "", "submit": True}
    return services.save_review(actor=person, panel=sitting.panel, **{**words, **changes})


def is_open(sitting: builders.Sitting) -> bool:
    return Opening.objects.filter(panel=sitting.panel).exists()


def test_the_last_review_that_was_asked_for_opens_them_all() -> None:
    sitting = seated()
    sitting.review(*sitting.members[:4])
    assert not is_open(sitting)
    sitting.review(sitting.members[4])
    assert Opening.objects.get().because == "all"
    told = Message.objects.filter(kind="reviews_open")
    assert {message.to for message in told} == {member.email for member in sitting.members}
    assert Record.objects.filter(act="committee.open_reviews", subject=sitting.proposal.ref).count() == 1


def test_the_deadline_opens_them_when_the_minimum_is_in() -> None:
    sitting = seated()
    sitting.review(*sitting.members[:2])
    with clock.at(DUE - dt.timedelta(seconds=1)):
        assert opening.sweep() == {"opened": 0, "failed": 0}
    with clock.at(DUE):
        assert opening.sweep() == {"opened": 1, "failed": 0}
        assert opening.sweep() == {"opened": 0, "failed": 0}
    assert Opening.objects.get().because == "deadline"


def test_below_the_minimum_they_stay_sealed_and_whoever_decides_is_told_once() -> None:
    sitting = seated()
    sitting.review(sitting.members[1])
    with clock.at(DUE):
        opening.sweep()
        opening.sweep()
        assert not is_open(sitting)
        assert [message.to for message in Message.objects.filter(kind="reviews_missing")] == [sitting.chair.email]
        page = browser(sitting.chair).get(f"/committee/{sitting.proposal.ref}/").content.decode()
        assert "1 of at least 2 are in. Not sealed yet: Lena Aas, Jonas Lind, Samuel Ortiz and Priya Raman." in page
        other = browser(sitting.members[1]).get(f"/committee/{sitting.proposal.ref}/").content.decode()
        assert "Not sealed yet: Lena Aas" not in other
        sitting.review(sitting.members[2])
    assert Opening.objects.get().because == "deadline"


def test_a_deadline_is_the_committees_rule_as_the_panel_was_seated() -> None:
    sitting = seated(Rules(review_days=3))
    sitting.panel.committee.review_days = 30
    sitting.panel.committee.save()
    assert counting.sheet(sitting.panel).due_at == NOW + dt.timedelta(days=3)


def test_a_recusal_of_the_last_one_missing_opens_them_at_the_next_sweep() -> None:
    sitting = seated()
    sitting.review(*sitting.members[:4])
    services.declare(actor=sitting.members[4], panel=sitting.panel, conflict=True, because="We share an office")
    opening.sweep()
    assert Opening.objects.get().because == "all"


def test_somebody_whom_a_rule_excludes_by_now_is_not_waited_for_and_not_counted() -> None:
    sitting = seated()
    sitting.review(*sitting.members[:4])
    people.declare_relation(actor=sitting.members[4], other=sitting.applicant, kind="family")
    opening.sweep()
    assert Opening.objects.get().because == "all"


@pytest.mark.parametrize("who", [0, 1, 4])
def test_nobody_sees_anothers_review_before_that_not_even_the_chair(who: int) -> None:
    sitting = seated()
    criteria = rubric(sitting)
    given_ = {item.pk: Mark(points=4, comment=f"Comment on {item.name} by hand") for item in criteria}
    for person in sitting.members[1:3]:
        save(sitting, person, marks=given_, notes="Notes of them")
    save(sitting, sitting.members[3], marks=given_, submit=False, reasons="A draft of Samuel")
    reader = sitting.members[who]
    for page in ("", "review/", "vote/", "determine/", "declare/"):
        address = f"/committee/{sitting.proposal.ref}/{page}"
        body = browser(reader).get(address, follow=True).content.decode()
        for other in (person for person in sitting.members if person != reader):
            assert f"Reasons of {other.name}" not in body, address
        assert "A draft of Samuel" not in body
        assert "Standard deviation" not in body
        if who != 1:
            for words in ("Notes of them", "by hand", "Weighted", ">Fund it<"):
                assert words not in body, (address, words)


def test_when_open_the_panel_reads_reviews_scores_and_spread() -> None:
    sitting = seated()
    criteria = rubric(sitting)
    for person, points in zip(sitting.members[:2], (5, 2), strict=True):
        marks = {item.pk: Mark(points=points) for item in criteria}
        marks[criteria[2].pk] = Mark(skipped=True, comment="I do not know them")
        save(sitting, person, marks=marks)
    with clock.at(DUE):
        opening.sweep()
        page = browser(sitting.members[4]).get(f"/committee/{sitting.proposal.ref}/").content.decode()
    for words in ("Reasons of Lena Aas", "Reasons of Adaeze Nwosu", "Standard deviation", "3.50", "1.50", "I do not know them"):
        assert words in page, words


def test_ones_own_is_taken_back_before_the_opening_and_not_after() -> None:
    sitting = seated()
    first, last = sitting.members[1], sitting.members[4]
    sitting.review(*sitting.members[:4])
    review = services.unseal_review(actor=first, panel=sitting.panel)
    assert review.submitted_at is None
    assert counting.sheet(sitting.panel).tally.reviews == 3
    sitting.review(last)
    assert not is_open(sitting)
    save(sitting, first, version=review.version, reasons="Better reasons")
    assert is_open(sitting)
    with pytest.raises(Conflict, match="open to the panel"):
        services.unseal_review(actor=first, panel=sitting.panel)
    assert Review.objects.get(pk=review.pk).submitted_at is not None


def test_nobody_votes_while_the_reviews_are_sealed() -> None:
    sitting = seated()
    sitting.review(*sitting.members[:4])
    with pytest.raises(Refused, match="Votes open once the reviews are open") as refusal:
        services.vote(actor=sitting.chair, panel=sitting.panel, choice="for")
    assert refusal.value.rule == "sealed"
    assert Record.objects.filter(act="committee.vote", outcome="refused", rule="sealed").count() == 1
    base = f"/committee/{sitting.proposal.ref}/"
    assert browser(sitting.chair).get(f"{base}vote/")["Location"] == base
    assert browser(sitting.chair).post(f"{base}vote/", {"choice": "for"}).status_code == 403
    sitting.review(sitting.members[4])
    services.vote(actor=sitting.chair, panel=sitting.panel, choice="for")


def test_a_review_after_the_opening_counts_and_says_that_it_is_late() -> None:
    sitting = seated()
    sitting.review(*sitting.members[:2])
    with clock.at(DUE):
        opening.sweep()
    with clock.at(DUE + dt.timedelta(hours=1)):
        sitting.review(sitting.members[3])
        page = browser(sitting.chair).get(f"/committee/{sitting.proposal.ref}/").content.decode()
    assert counting.sheet(sitting.panel).tally.reviews == 3
    assert page.count("Sealed after the reviews were open.") == 1


def test_a_saved_draft_says_so_once_and_what_is_open_is_marked() -> None:
    sitting = seated()
    page = browser(sitting.members[1])
    address = f"/committee/{sitting.proposal.ref}/review/"
    page.post(address, {"then": "save", "reasons": "Clear.", "notes": "", "version": "0"})
    found = page.get(address).text
    assert len(re.findall(r"Draft saved|>Saved ", found.replace('data-saved="Draft saved', ""))) == 1
    assert "Total at $459.00 a day" in " ".join(re.sub(r"<[^>]+>", "", found).split())
    assert '<h2 class="xl">The panel</h2>' in found


def test_who_declines_is_not_waited_for_and_keeps_seat_and_vote() -> None:
    sitting = seated()
    sitting.review(*sitting.members[:2])
    for person in sitting.members[2:]:
        services.excuse(actor=person, panel=sitting.panel, ground="expertise", reason="I know no parsers")
    assert Opening.objects.get().because == "all"
    sitting.vote("fffff")
    assert counting.sheet(sitting.panel).tally.voted == 5
    with pytest.raises(Conflict):
        services.excuse(actor=sitting.members[4], panel=sitting.panel, ground="load", reason="Again")
    with pytest.raises(Conflict):
        services.excuse(actor=sitting.chair, panel=sitting.panel, ground="load", reason="Mine is in")


@pytest.mark.parametrize(("ground", "reason", "field"), [("whim", "Because", "ground"), ("load", "  ", "reason")])
def test_declining_takes_a_ground_and_a_reason(ground: str, reason: str, field: str) -> None:
    sitting = seated()
    with pytest.raises(Invalid) as error:
        services.excuse(actor=sitting.chair, panel=sitting.panel, ground=ground, reason=reason)
    assert error.value.field == field
    assert not Excuse.objects.exists()


def test_a_review_undoes_having_declined() -> None:
    sitting = seated()
    services.excuse(actor=sitting.members[1], panel=sitting.panel, ground="load", reason="Away")
    sitting.review(sitting.members[1])
    member = counting.sheet(sitting.panel).member(sitting.members[1])
    assert member is not None and member.review is not None


def test_reminders_go_three_days_and_a_day_before_and_once_after_each_once() -> None:
    sitting = seated()
    sitting.review(*sitting.members[:1])
    services.excuse(actor=sitting.members[4], panel=sitting.panel, ground="load", reason="Away")
    sent = []
    for hours in range(0, 24 * 17, 6):
        with clock.at(NOW + dt.timedelta(hours=hours)):
            opening.sweep()
        sent.append(Message.objects.filter(kind="review_due").count())
    assert [index * 6 for index in range(1, len(sent)) if sent[index] > sent[index - 1]] == [11 * 24, 13 * 24, 14 * 24]
    late = {message.to for message in Message.objects.filter(kind="review_due")}
    assert late == {member.email for member in sitting.members[1:4]}
    assert sent[-1] == 9


def test_a_calendar_that_jumps_sends_only_the_last_reminder() -> None:
    sitting = seated()
    with clock.at(DUE - dt.timedelta(hours=2)):
        opening.sweep()
    assert Message.objects.filter(kind="review_due").count() == 5
    assert Message.objects.filter(kind="review_due", key__contains=":1:").count() == 5
    assert sitting.proposal.title not in "".join(Message.objects.filter(kind="review_due").values_list("body", flat=True))


def test_a_revision_is_sealed_anew() -> None:
    from grants.proposals import services as proposals

    sitting = seated()
    sitting.review(*sitting.members)
    assert is_open(sitting)
    proposals.reopen(actor=sitting.applicant, proposal=sitting.proposal)
    with clock.at(NOW + dt.timedelta(days=5)):
        proposals.submit(actor=sitting.applicant, proposal=sitting.proposal)
        sheet = counting.sheet(services.opening.lock_open(sitting.panel))
        assert (sheet.opening, sheet.due_at) == (None, NOW + dt.timedelta(days=19))
        with pytest.raises(Refused):
            services.vote(actor=sitting.chair, panel=sitting.panel, choice="for")


def test_handing_in_asks_for_every_score_or_a_reason_to_leave_it_out() -> None:
    sitting = seated()
    criteria = rubric(sitting)
    person = sitting.members[1]
    full = {item.pk: Mark(points=3) for item in criteria}

    def refused(marks: dict[int, Mark]) -> str | None:
        with pytest.raises(Invalid) as error:
            save(sitting, person, marks=marks)
        return error.value.field

    first, people_ = criteria[0].pk, criteria[2].pk
    assert refused({}) == f"score_{first}"
    assert refused({**full, first: Mark(points=6)}) == f"score_{first}"
    assert refused({**full, first: Mark(skipped=True, comment="No")}) == f"score_{first}"
    assert refused({**full, people_: Mark(skipped=True)}) == f"comment_{people_}"
    assert refused({**full, people_: Mark(points=3, skipped=True, comment="Both")}) == f"score_{people_}"
    assert not Review.objects.exists() and not Score.objects.exists()
    save(sitting, person, submit=False, recommendation="", reasons="", marks={first: Mark(points=2)})
    save(sitting, person, version=1, marks={**full, people_: Mark(skipped=True, comment="New here")})
    assert list(Score.objects.values_list("points", "skipped")) == [(3, False), (3, False), (None, True), (3, False), (3, False)]


def test_a_comment_of_nothing_that_can_be_seen_is_explained() -> None:
    sitting = seated()
    criteria = rubric(sitting, rubrics.LIGHT)
    words = {"recommendation": "fund", "reasons": "Sound", "notes": "", "version": "0", f"comment_{criteria[0].pk}": "\u200b\u2060"}
    answer = browser(sitting.members[1]).post(f"/committee/{sitting.proposal.ref}/review/", words)
    assert answer.status_code == 422
    assert "Nothing of this can be seen." in answer.content.decode()


def test_marks_for_another_calls_criteria_are_not_kept() -> None:
    sitting = seated()
    other = builders.call([], slug="other")
    foreign = Criterion.objects.create(call=other, position=0, name="Other", asks="?", weight=100, anchors=["x"] * 6)
    save(sitting, sitting.members[1], marks={foreign.pk: Mark(points=5)})
    assert not Score.objects.exists()


@pytest.mark.parametrize("table", ["committee_opening", "committee_excuse"])
def test_what_opened_and_who_declined_is_written_once(table: str) -> None:
    sitting = seated()
    services.excuse(actor=sitting.members[4], panel=sitting.panel, ground="load", reason="Away")
    sitting.open_reviews()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")


@settings(deadline=None)
@given(awaited=st.integers(0, 7), reviews=st.integers(0, 7), minimum=st.integers(0, 20), past=st.booleans())
def test_the_rule_of_opening_in_words(awaited: int, reviews: int, minimum: int, past: bool) -> None:
    eligible = awaited + reviews
    found = sealing.because(awaited=awaited, reviews=reviews, needed=min(minimum, eligible), eligible=eligible, past_due=past)
    if eligible == 0 or reviews < min(minimum, eligible):
        assert found is None
    elif awaited == 0:
        assert found == "all"
    else:
        assert found == ("deadline" if past else None)


def test_the_pages_of_ones_own_review() -> None:
    sitting = seated()
    criteria = rubric(sitting, rubrics.LIGHT)
    person, base = sitting.members[1], f"/committee/{sitting.proposal.ref}/"
    client = browser(person)
    words = {"recommendation": "changes", "reasons": "Fewer days", "notes": "", "version": "0", "then": "submit"}
    answer = client.post(f"{base}review/", {**words, f"score_{criteria[0].pk}": "4"})
    assert answer.status_code == 422
    assert "“Plan” is not scored yet." in answer.content.decode()
    full = {**words, **{f"score_{item.pk}": "4" for item in criteria}, f"comment_{criteria[0].pk}": "Wide"}
    assert client.post(f"{base}review/", full)["Location"] == base
    page = client.get(f"{base}review/").content.decode()
    assert "4.00" in page and "Take it back to change it" in page and "Wide" in page
    assert client.post(f"{base}review/unseal/", {})["Location"] == f"{base}review/"
    assert "Seal my review" in client.get(f"{base}review/").content.decode()
    assert client.post(f"{base}review/decline/", {"ground": "load", "reason": "Away"})["Location"] == base
    assert "Writes none" in browser(sitting.chair).get(base).content.decode()


def test_everything_that_a_review_lacks_is_said_at_once() -> None:
    sitting = seated()
    criteria = rubric(sitting)
    client = builders.browser(sitting.members[1])
    address = f"/committee/{sitting.proposal.ref}/review/"
    page = client.post(address, {"then": "submit", "version": "0"})
    assert page.status_code == 422
    body = html.unescape(page.content.decode())
    for words in (
        *(f"“{item.name}” is not scored yet." for item in criteria),
        "Say what you recommend.",
        "Give the applicant your reasons.",
    ):
        assert words in body
    assert "The draft is saved. Nobody else sees it." in client.post(address, {"version": "0"}, follow=True).content.decode()
