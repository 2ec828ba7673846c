"""The bar of a demo: become its people and nobody else, move its calendar, read its mail. None of it without DEMO."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import NoReverseMatch, reverse

from funding import clock
from funding.mail import services as mail
from funding.mail.models import Message
from funding.people.models import User
from funding.site.demo import calendar
from funding.site.demo.models import Person
from tests.funding import builders


def player(name: str = "Marit Solheim", position: int = 0) -> Person:
    return Person.objects.create(user=builders.user(name), part="Maintainer of Quillon", position=position)


def signed_in(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


@pytest.mark.django_db
class TestWithoutDemo:
    def test_there_is_no_such_page(self, client: Client) -> None:
        person = player()
        for path in ("become/", "advance/", "mail/", "mail/1/"):
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
        assert browser.get("/demo/advance/").status_code == 405

    def test_the_bar_costs_one_query_for_any_number_of_people(self, client: Client, django_assert_max_num_queries: Any) -> None:
        for position in range(5):
            player(f"Person of the demo {position}", position)
        client.get("/accounts/login/")
        with django_assert_max_num_queries(4):
            client.get("/accounts/login/")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("demo")
class TestAdvancing:
    def test_by_a_day_and_by_a_month(self, client: Client) -> None:
        calendar.move_to(dt.timedelta())
        today = clock.today()
        answer = client.post("/demo/advance/", {"step": "day", "next": "/accounts/login/"}, follow=True)
        assert clock.today() == today + dt.timedelta(days=1)
        assert "What was due in between has been done." in answer.content.decode()
        client.post("/demo/advance/", {"step": "month"})
        assert dt.timedelta(days=28) < clock.today() - today <= dt.timedelta(days=32)

    def test_not_by_a_year(self, client: Client) -> None:
        calendar.move_to(dt.timedelta())
        assert client.post("/demo/advance/", {"step": "year"}).status_code == 422
        assert clock.today() == dt.datetime.now(dt.UTC).date()


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
