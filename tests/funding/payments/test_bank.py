from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from funding.errors import Invalid, Refused
from funding.mail.models import Message
from funding.payments import bank
from funding.payments.models import BankAccount
from funding.people.models import Host, User
from funding.people.roles import Role
from tests.funding.builders import browser, holder, host, user

pytestmark = pytest.mark.django_db
IBAN = "NO93 8601 1117 947"


@pytest.fixture
def admin() -> User:
    return holder(Role.ADMIN, name="Ada Berg")


def name(admin: User, fund: Host, number: str = IBAN, bic: str = "DNBANOKK") -> BankAccount:
    return bank.name_account(actor=admin, host=fund, holder="Fjord", number=number, bic=bic, bank="DNB")


def test_the_latest_account_holds_and_every_keeper_is_told_of_it(admin: User) -> None:
    holder(Role.TREASURER, name="Terry Vance")
    fund = host()
    name(admin, fund, number="GB33BUKB20201555555555", bic="")
    latest = name(admin, fund)
    assert bank.account() == latest
    assert latest.number == "NO9386011117947"
    assert sorted(Message.objects.filter(kind="bank_account_named").values_list("to", flat=True)) == sorted(
        ["ada.berg@example.org", "terry.vance@example.org"] * 2
    )
    assert "NO9386011117947" not in "".join(Message.objects.values_list("body", flat=True))


@pytest.mark.parametrize("number", ["NO93 8601 1117 948", "GB33BUKB2020155555555", "no", "ＮＯ93", "1" * 35])
def test_an_iban_with_a_wrong_digit_is_refused(admin: User, number: str) -> None:
    with pytest.raises(Invalid) as refused:
        name(admin, host(), number=number)
    assert refused.value.field == "number"


def test_a_number_without_a_country_is_kept_as_it_is_written(admin: User) -> None:
    assert name(admin, host(), number="123-456 789", bic="").number == "123-456789"


def test_a_bic_has_a_form(admin: User) -> None:
    with pytest.raises(Invalid) as refused:
        name(admin, host(), bic="DNB")
    assert refused.value.field == "bic"


def test_only_administrators_and_treasurers_name_it() -> None:
    with pytest.raises(Refused):
        name(user(), host())


def test_the_database_keeps_every_account(admin: User) -> None:
    row = name(admin, host())
    with pytest.raises(DatabaseError), transaction.atomic():
        BankAccount.objects.filter(pk=row.pk).update(number="NO1")


def test_the_page_shows_it_and_the_form_says_what_is_wrong(admin: User) -> None:
    host()
    page = browser(admin)
    assert "No bank account is named" in page.get("/desk/processor/").content.decode()
    form = {"holder": "Fjord", "bank": "DNB", "number": IBAN[:-1] + "1", "bic": ""}
    refused = page.post("/desk/processor/bank/", form)
    assert refused.status_code == 422
    assert "a digit is wrong" in refused.content.decode()
    assert page.post("/desk/processor/bank/", {**form, "number": IBAN}).status_code == 302
    assert "NO9386011117947" in page.get("/desk/processor/").content.decode()
