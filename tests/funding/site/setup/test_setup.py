"""The task list of an empty installation: what a visitor, the installer and an administrator see, and what closes each task."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from funding.funds import services as funds
from funding.funds.models import Project
from funding.mail import probe as mail_probe
from funding.mail.models import Message
from funding.money import Money
from funding.payments import bank
from funding.payments.models import Probe
from funding.people.roles import Role
from funding.site.setup import steps
from tests.funding.builders import browser, give, holder, host, passkey, user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_demo(settings: Any) -> None:
    settings.DEMO = False


TITLES = [
    "Protect your account",
    "Name the host and its currency",
    "Connect payments",
    "Try the mail",
    "Name the bank account",
    "Open the first project",
    "Name a second person",
]


def text(client: Client, address: str = "/") -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def open_titles(person: Any) -> list[str]:
    return [step.title for step in steps.steps(person) if not step.done]


def test_a_visitor_of_an_empty_installation_is_told_how_it_begins() -> None:
    html = text(Client())
    assert "not set up yet" in html
    assert "createsuperuser" in html
    assert "To do" not in html


def test_somebody_who_signed_up_early_is_shown_no_task() -> None:
    assert "To do" not in text(browser(user("Early Bird")))


def test_the_installer_finds_the_tasks_as_the_home_page() -> None:
    installer = user("Ada Berg", is_superuser=True, is_staff=True)
    html = text(browser(installer, factor=False))
    assert "0 of 7 tasks done" in html
    assert [title for title in TITLES if title in html] == TITLES


def test_what_waits_for_the_host_is_no_link_and_says_so() -> None:
    installer = browser(user("Ada Berg", is_superuser=True, is_staff=True))
    html = text(installer)
    assert html.count("Waits until the host has its name.") == 4
    assert 'href="/desk/projects/new/"' not in html and 'href="/desk/host/"' in html
    for address in ("/desk/projects/new/", "/desk/projects/", "/desk/funds/", "/desk/vouchers/", "/desk/processor/"):
        refused = installer.get(address)
        assert (refused.status_code, "The host comes first." in refused.text) == (403, True), address
    host()
    assert "Waits until the host has its name." not in text(browser(holder(Role.ADMIN)))


def test_visitors_see_the_ordinary_home_once_there_is_a_host_and_the_administrator_the_tasks_until_there_is_a_project() -> None:
    host()
    admin = holder(Role.ADMIN)
    assert "No projects yet" in text(Client())
    assert "tasks done" in text(browser(admin))
    project(admin)
    assert "tasks done" not in text(browser(admin))
    assert "tasks done" in text(browser(admin), "/setup/")


def project(admin: Any) -> None:
    made = funds.create_project(
        actor=admin, slug="quillon", name="Quillon", summary="Parser", target_half_days=40, rate=Money(45_900, "USD"), story="Why."
    )
    funds.set_project_state(actor=admin, project=made, state=Project.State.OPEN)


def test_each_task_closes_when_the_thing_is_there_and_opens_when_it_is_gone(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.STRIPE_SECRET_KEY = "sk_test_1"
    admin = user("Ada Berg", is_superuser=True, is_staff=True)
    assert open_titles(admin) == TITLES

    passkey(admin)
    house = host()
    give(admin, Role.ADMIN)
    assert open_titles(admin) == TITLES[2:]

    probe = Probe.objects.create(asked_by=admin, asked_at=admin.date_joined, began_at=admin.date_joined, finished_at=admin.date_joined)
    assert "Connect payments" in open_titles(admin)
    Probe.objects.filter(pk=probe.pk).update(news_at=admin.date_joined)
    assert open_titles(admin) == TITLES[3:]

    mail_probe.confirm(actor=admin, code=mail_probe.send(actor=admin).code)
    assert open_titles(admin) == TITLES[4:]

    bank.name_account(actor=admin, host=house, holder="Fjord", number="NO9386011117947", bic="", bank="DNB")
    project(admin)
    assert open_titles(admin) == TITLES[6:]

    first = give(admin, Role.TREASURER)
    assert open_titles(admin) == TITLES[6:]
    holder(Role.COSIGNER, name="Olav Outside")
    assert open_titles(admin) == []
    first.until = first.since
    first.save()
    assert open_titles(admin) == TITLES[6:]


def test_the_task_says_what_is_wrong_in_the_words_of_who_refused(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_1"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    admin = holder(Role.ADMIN)
    host()
    refused = [{"name": "payee", "ok": False, "said": "Sign up for Connect first."}]
    Probe.objects.create(
        asked_by=admin, asked_at=admin.date_joined, began_at=admin.date_joined, finished_at=admin.date_joined, steps=refused
    )
    mail_probe.send(actor=admin)
    Message.objects.update(error="SMTPAuthenticationError: 535")
    html = text(browser(admin))
    assert "Sign up for Connect first." in html
    assert "SMTPAuthenticationError: 535" in html


def test_the_code_is_typed_in_by_whoever_asked_and_a_wrong_one_is_refused() -> None:
    admin, other = holder(Role.ADMIN), holder(Role.TREASURER)
    host()
    page = browser(admin)
    assert page.post("/setup/mail/").headers["Location"] == "/setup/mail/code/"
    sent = Message.objects.get(kind="mail_probe")
    code = mail_probe.Probe.objects.get().code
    assert sent.to == admin.email and code in sent.body
    assert page.post("/setup/mail/code/", {"code": "000000" if code != "000000" else "1"}).status_code == 422
    assert browser(other).post("/setup/mail/code/", {"code": code}).status_code == 422
    assert mail_probe.passed() is None
    assert page.post("/setup/mail/code/", {"code": f" {code[:3]} {code[3:]}"}).status_code == 302
    assert mail_probe.passed() is not None


def test_the_list_is_for_administrators() -> None:
    host()
    assert browser(holder(Role.TREASURER)).get("/setup/").status_code == 403
