"""The bar of a demo: become its people and nobody else, move its calendar, read its mail. None of it without DEMO."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import NoReverseMatch, reverse

from funding import clock
from funding.components import formats
from funding.mail import services as mail
from funding.mail.models import Message
from funding.people.models import User
from funding.site.demo import calendar, schedule
from funding.site.demo.models import Calendar, Person
from tests.funding import builders


def player(name: str = "Marit Solheim", position: int = 0) -> Person:
    return Person.objects.create(user=builders.user(name), part="Quillon, paid by the day", group=Person.Group.PROJECT, position=position)


def signed_in(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


@pytest.mark.django_db
class TestWithoutDemo:
    def test_there_is_no_such_page(self, client: Client) -> None:
        person = player()
        for path in ("become/", "advance/", "people/", "fold/", "start/", "mail/", "mail/1/"):
            assert client.get(f"/demo/{path}").status_code == 404
            assert client.post(f"/demo/{path}", {"person": person.pk, "step": "day"}).status_code == 404
        assert signed_in(client) is None
        with pytest.raises(NoReverseMatch):
            reverse("demo:become")

    def test_there_is_no_bar(self, client: Client) -> None:
        player()
        assert "demo-bar" not in client.get("/accounts/login/").content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
class TestBecoming:
    def test_one_of_its_people_without_a_password(self, client: Client) -> None:
        person = player()
        answer = client.post("/demo/become/", {"person": person.pk, "next": "/desk/"})
        assert answer["Location"] == "/desk/"
        assert signed_in(client) == str(person.user.pk)
        page = client.get("/desk/").content.decode()
        assert "You are Marit Solheim." in page
        assert "no money moves, and nobody is asked for a second factor" in page

    def test_a_visitor_again(self, client: Client) -> None:
        client.post("/demo/become/", {"person": player().pk})
        client.post("/demo/become/", {"person": ""})
        assert signed_in(client) is None

    def test_nobody_who_is_not_of_the_demo(self, client: Client) -> None:
        stranger = builders.user(is_superuser=True)
        player()
        for pk in (stranger.pk + 1000, "x", -1, "0", "9" * 30):
            assert client.post("/demo/become/", {"person": pk}).status_code == 422
        assert signed_in(client) is None

    @pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", ""])
    def test_it_leads_to_no_other_site(self, client: Client, address: str) -> None:
        assert client.post("/demo/become/", {"person": player().pk, "next": address})["Location"] == "/"

    def test_only_a_press_of_our_own_button(self) -> None:
        browser = Client(enforce_csrf_checks=True)
        assert browser.post("/demo/become/", {"person": player().pk}).status_code == 403
        assert browser.get("/demo/become/").status_code == 405
        assert browser.post("/demo/advance/", {"step": "day"}).status_code == 403
        assert browser.post("/demo/fold/").status_code == 403

    def test_the_bar_costs_one_query_for_any_number_of_people(self, client: Client, django_assert_max_num_queries: Any) -> None:
        for position in range(5):
            player(f"Person of the demo {position}", position)
        client.get("/accounts/login/")
        with django_assert_max_num_queries(4):
            client.get("/accounts/login/")


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
class TestSomebodyElse:
    def test_everybody_is_found_by_name_address_or_part(self, client: Client) -> None:
        person = player()
        other = Person.objects.create(user=builders.user("Office of Tidewater"), part="sponsor of Quillon", position=1_000)
        page = client.get("/demo/people/").content.decode()
        assert "2 people" in page
        assert f'name="person" value="{other.pk}"' in page
        for words in ("tide", other.user.email.upper(), "SPONSOR quillon", "Office  Tide"):
            found = client.get("/demo/people/", {"q": words}).content.decode()
            assert "1 person with" in found and f'name="person" value="{person.pk}"' not in found, words
        assert "Nobody like that" in client.get("/demo/people/?q=%00<script>").content.decode()

    def test_only_the_main_cast_is_in_the_bar_in_groups(self, client: Client) -> None:
        player()
        Person.objects.create(user=builders.user("Office of Tidewater"), part="sponsor of Quillon", position=1_000)
        bar = client.get("/accounts/login/").content.decode().partition("demo-bar")[2]
        assert '<optgroup label="Work for a project">' in bar and "Marit Solheim: Quillon, paid by the day" in bar
        assert "Tidewater" not in bar and 'label="Decide"' not in bar
        assert "Somebody else …" in bar

    def test_it_folds_and_stays_folded_for_whoever_i_become(self, client: Client) -> None:
        person = player()
        assert client.post("/demo/fold/", {"next": "/accounts/login/"})["Location"] == "/accounts/login/"
        client.post("/demo/become/", {"person": person.pk})
        page = client.get("/desk/").content.decode()
        assert "You are Marit Solheim." in page and "Next month" not in page
        client.post("/demo/fold/", {"next": "https://elsewhere.example/"})
        assert "Next month" in client.get("/desk/").content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("demo")
class TestAdvancing:
    @pytest.fixture(autouse=True)
    def _one_task(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """The whole schedule is played in test_schedule; here it is the days that count. Nobody hears of the job but we."""
        settings.CELERY_BEAT_SCHEDULE = {"book-day": {"task": "funding.ledger.tasks.advance_book_day", "schedule": 60.0}}
        monkeypatch.setattr("funding.web.queue.enqueue", lambda *_: None)
        calendar.move_to(dt.timedelta())

    def test_by_a_day_at_once(self, client: Client) -> None:
        today = clock.today()
        answer = client.post("/demo/advance/", {"step": "day", "next": "/accounts/login/"}, follow=True)
        assert clock.today() == today + dt.timedelta(days=1)
        assert f"It is now {formats.date(clock.today())}. Nothing was due." in answer.content.decode()

    def test_by_a_month_by_a_worker_with_a_page_that_looks_again(self, client: Client) -> None:
        today = clock.today()
        answer = client.post("/demo/advance/", {"step": "month", "next": "/accounts/login/"}, follow=True)
        page = answer.content.decode()
        assert clock.today() == today and '<meta http-equiv="refresh"' in page and "0 of " in page
        assert client.post("/demo/advance/", {"step": "month"}).status_code == 409
        assert schedule.go_on()
        assert dt.timedelta(days=28) <= clock.today() - today <= dt.timedelta(days=31)
        there = client.get("/demo/advance/?next=/accounts/login/", follow=True)
        assert there.redirect_chain == [("/accounts/login/", 302)]
        assert f"It is now {formats.date(clock.today())}." in there.content.decode()

    def test_a_long_way_is_gone_on_by_the_next_job(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        client.post("/demo/advance/", {"step": "month"})
        asked: list[tuple[str, ...]] = []
        monkeypatch.setattr(schedule, "SHIFT", -1.0)
        monkeypatch.setattr(schedule, "enqueue", lambda *words: asked.append(words))
        assert not schedule.go_on()
        assert asked == [(schedule.TASK,)] and Calendar.objects.get().moving_to is not None

    def test_a_demo_without_a_story_is_moved_by_a_month_too(self, client: Client) -> None:
        Calendar.objects.all().delete()
        today = clock.today()
        assert client.post("/demo/advance/", {"step": "month"}).status_code == 302
        assert clock.today() == today and Calendar.objects.get().moving_to > today

    def test_whoever_looks_asks_again_where_nobody_moves_it(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        client.post("/demo/advance/", {"step": "month"})
        asked: list[tuple[str, ...]] = []
        monkeypatch.setattr(schedule, "enqueue", lambda *words: asked.append(words))
        client.get("/demo/advance/")
        assert asked == [(schedule.TASK,)]

    def test_not_while_the_story_is_told_and_not_by_a_year(self, client: Client) -> None:
        today = clock.today()
        assert client.post("/demo/advance/", {"step": "year"}).status_code == 422
        Calendar.objects.update(began_on=today)
        assert client.post("/demo/advance/", {"step": "month"}).status_code == 409
        calendar.offset.forget()
        assert "The story is being told" in client.get("/accounts/login/").content.decode()
        assert clock.today() == today

    def test_nothing_moves_for_whoever_only_looks(self, client: Client) -> None:
        assert client.get("/demo/advance/")["Location"] == "/"


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
class TestStarting:
    NEW = {"name": "Ada Berg", "email": "Ada@fjord.example"}

    def test_the_first_person_of_an_empty_demo_becomes_its_administrator(self, client: Client) -> None:
        assert "Your name" in client.get("/demo/start/").content.decode()
        assert client.post("/demo/start/", {"name": "", "email": "x"}).status_code == 422
        assert client.post("/demo/start/", self.NEW)["Location"] == "/"
        ada = User.objects.get()
        assert (ada.email, ada.is_superuser, ada.has_usable_password()) == ("ada@fjord.example", True, False)
        assert signed_in(client) == str(ada.pk)
        assert Person.objects.get().user == ada

    def test_nobody_else_does(self, client: Client) -> None:
        builders.user()
        page = client.get("/demo/start/").content.decode()
        assert "Your name" not in page and "bin/demo --empty" in page
        assert client.post("/demo/start/", self.NEW).status_code == 409
        assert signed_in(client) is None and not User.objects.filter(is_superuser=True).exists()

    def test_nor_while_a_story_is_on_its_way(self, client: Client) -> None:
        Calendar.objects.create(began_on=dt.date(2026, 4, 1))
        assert client.post("/demo/start/", self.NEW).status_code == 409
        assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
class TestMail:
    def test_newest_first_and_by_address(self, client: Client) -> None:
        for number in range(25):
            mail.write(kind="x", to=f"a{number}@example.org", key=f"x:{number}", subject=f"Subject {number}", body="Hello <b>you</b>\n")
        page = client.get("/demo/mail/").content.decode()
        assert page.index("Subject 24") < page.index("Subject 23")
        assert "Subject 3<" not in page
        assert "Subject 3<" in client.get("/demo/mail/?page=2").content.decode()
        assert client.get("/demo/mail/?to=A3@example.org").content.decode().count("<li><h2>") == 1
        assert client.get("/demo/mail/?words=subject+17").content.decode().count("<li><h2>") == 1
        assert client.get("/demo/mail/?words=HELLO&to=example.org&page=2").content.decode().count("<li><h2>") == 5
        assert "No such mail" in client.get("/demo/mail/?to=a3@example.org&words=subject+17").content.decode()
        message = Message.objects.get(key="x:3")
        assert "Hello &lt;b&gt;you&lt;/b&gt;" in client.get(f"/demo/mail/{message.pk}/").content.decode()

    def test_none_yet_and_none_such(self, client: Client) -> None:
        assert "No mail yet" in client.get("/demo/mail/").content.decode()
        assert client.get("/demo/mail/1/").status_code == 404
        assert client.get("/demo/mail/?page=9").status_code == 404
        assert client.get("/demo/mail/?to=%00").status_code == 200

    def test_a_sign_in_code_is_read_there_and_works(self, client: Client) -> None:
        person = User.objects.get(pk=player().user.pk)
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        client.post("/accounts/login/code/", {"email": person.email})
        message = Message.objects.get(to=person.email)
        page = client.get(f"/demo/mail/{message.pk}/").content.decode()
        code = next(
            word
            for line in message.body.splitlines()
            for word in [line.strip()]
            if word and " " not in word and word.isascii() and len(word) <= 12
        )
        assert code in page
        client.post("/accounts/login/code/confirm/", {"code": code})
        assert signed_in(client) == str(person.pk)
