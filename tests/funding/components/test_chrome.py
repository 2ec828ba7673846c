"""Icons, pills, crumbs, empty states, and the frame around every page."""

from __future__ import annotations

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template import TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse

from funding.components import navigation
from funding.components.icons import ICONS
from funding.components.parts import Pill
from tests.funding.components.drawing import draw, words


@pytest.mark.parametrize("name", sorted(ICONS))
def test_icons_are_hidden_from_assistive_technology(name: str) -> None:
    assert 'aria-hidden="true"' in draw("{% icon name %}", name=name)


def test_pills() -> None:
    assert draw('{% pill "paid" "Bank confirmed" %}') == '<span class="pill paid">Bank confirmed</span>'
    assert draw("{% pill value %}", value=Pill("<b>", "stop")) == '<span class="pill stop">&lt;b&gt;</span>'
    with pytest.raises(TemplateSyntaxError):
        draw('{% pill "green" "x" %}')


def test_crumbs_end_with_the_page_itself() -> None:
    html = draw('{% crumbs "Projects" "/projects/" name %}', name="<Quillon>")
    assert html.count("<li") == 2
    assert '<a href="/projects/">Projects</a>' in html
    assert '<li aria-current="page">&lt;Quillon&gt;</li>' in html


def test_an_empty_state_has_a_reason_and_at_most_one_action() -> None:
    assert "btn" not in draw('{% empty "Nothing waits" "All is approved." %}')
    assert '<a class="btn ghost" href="/projects/new/">Add a project</a>' in draw(
        '{% empty "No projects yet" "Nobody has added one." "/projects/new/" "Add a project" %}'
    )


class Name(forms.Form):
    name = forms.CharField()


@pytest.mark.django_db
def test_the_title_begins_with_error_when_a_form_came_back(rf: RequestFactory) -> None:
    def title(form: forms.Form) -> str:
        html = render_to_string("components/form_page.html", {"form": form, "title": "Your name"}, request=rf.get("/"))
        return html[html.index("<title>") + 7 : html.index("</title>")]

    assert title(Name({})) == "Error: Your name · Daybook"
    assert title(Name({"name": "Ada"})) == "Your name · Daybook"
    assert title(Name()) == "Your name · Daybook"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "template",
    ["400.html", "403.html", "403_csrf.html", "404.html", "500.html", "refused.html", "conflict.html", "unavailable.html", "invalid.html"],
)
def test_every_error_page_stands_with_one_heading_and_a_way_on(rf: RequestFactory, template: str) -> None:
    html = render_to_string(template, {"error": None}, request=rf.get("/payouts/runs/7/?next=1"))
    assert html.count("<h1>") == 1
    assert "href=" in html[html.index("<main") :]
    assert "sorry" not in words(html).lower()


def test_the_server_error_page_needs_no_context() -> None:
    assert "Something failed on our side" in render_to_string("500.html")


def request_to(path: str) -> HttpRequest:
    return RequestFactory().get(path)


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "_entries", {})


@pytest.mark.usefixtures("links")
def test_links_come_in_order_and_only_to_those_who_may_see_them() -> None:
    navigation.register("Second", "account_login", 20)
    navigation.register("First", "account_signup", 10)
    navigation.register("Hidden", "account_logout", 5, visible=lambda request: False)
    navigation.register("Third", "account_email", 30, visible=lambda request: True)
    request = request_to("/")
    request.user = AnonymousUser()
    assert [item.label for item in navigation.items(request)] == ["First", "Second", "Third"]


@pytest.mark.usefixtures("links")
def test_a_request_without_a_user_sees_what_everyone_sees() -> None:
    navigation.register("Mine", "account_login", 10, visible=lambda request: request.user.is_authenticated)
    navigation.register("Open", "account_signup", 20)
    assert [item.label for item in navigation.items(request_to("/"))] == ["Open"]


@pytest.mark.usefixtures("links")
def test_a_name_that_the_site_does_not_have_is_left_out() -> None:
    navigation.register("Goals", "goals:list", 10)
    assert navigation.items(request_to("/")) == []


@pytest.mark.usefixtures("links")
def test_the_page_itself_and_the_pages_below_it_are_marked() -> None:
    navigation.register("Sign in", "account_login", 10)
    here, below = navigation.items(request_to("/accounts/login/"))[0], navigation.items(request_to("/accounts/login/code/"))[0]
    assert (here.here, here.inside) == (True, True)
    assert (below.here, below.inside) == (False, True)
    assert not navigation.items(request_to("/"))[0].inside


@pytest.mark.usefixtures("links")
def test_places_do_not_mix_and_a_name_is_registered_once() -> None:
    navigation.register("Old words", "account_login", 10)
    navigation.register("Sign in", "account_login", 10)
    navigation.register("Password", "account_change_password", 10, place="account")
    assert [item.label for item in navigation.items(request_to("/"))] == ["Sign in"]
    assert [item.label for item in navigation.items(request_to("/"), "account")] == ["Password"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["account_login", "account_signup", "account_request_login_code", "account_reset_password"])
def test_sign_in_pages_keep_the_bar_and_our_words(client: Client, name: str) -> None:
    html = client.get(reverse(name)).content.decode()
    assert 'aria-label="Main"' in html
    assert html.count("<h1>") == 1
    assert "please" not in words(html).lower()
    assert "placeholder" not in html


@pytest.mark.django_db
def test_an_empty_sign_in_form_comes_back_with_its_errors(client: Client) -> None:
    html = client.post(reverse("account_login"), {}).content.decode()
    assert "<title>Error: Sign in · " in html
    assert html.count('class="problem"') == 1
