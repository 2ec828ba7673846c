"""The pages about people: who sees them, what a form says, and how many queries a list costs."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from funding import clock
from funding.audit.models import Record
from funding.audit.services import record
from funding.people import roles, services
from funding.people.models import Host, Membership, Relation, RoleGrant
from funding.people.roles import Role
from tests.funding import builders

pytestmark = pytest.mark.django_db

PAGES = [
    "people:desk",
    "people:host",
    "people:people",
    "people:role-give",
    "people:audit",
    "people:profile",
    "people:rename",
    "people:employer-add",
    "people:relation-add",
]


@pytest.mark.parametrize("name", PAGES)
def test_a_visitor_is_asked_to_sign_in(client: Any, name: str) -> None:
    answer = client.get(reverse(name))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("role", [None, Role.TREASURER, Role.AUDITOR, Role.ADMIN])
def test_who_sees_what(name: str, role: str | None) -> None:
    builders.host()
    builders.holder(Role.ADMIN)
    person = builders.holder(role) if role else builders.user()
    answer = builders.browser(person).get(reverse(name))
    closed = {
        None: {"people:people", "people:role-give", "people:audit"},
        Role.TREASURER: {"people:people", "people:role-give", "people:audit"},
        Role.AUDITOR: {"people:people", "people:role-give"},
        Role.ADMIN: set(),
    }[role]
    assert answer.status_code == (403 if name in closed else 200)


def test_the_audit_log_hides_what_its_reader_stepped_back_from() -> None:
    builders.host()
    reader = builders.holder(Role.AUDITOR)
    record(actor=reader, act="committee.vote", subject="P-0007")
    record(actor=reader, act="committee.vote", subject="P-0008")
    services.bar(user=reader, subject="proposal:P-0007", reason="An old friend asks.")
    page = builders.browser(reader).get("/desk/audit/").content.decode()
    assert "P-0008" in page
    assert "P-0007" not in page


class TestHost:
    DATA = {"name": "Fjord Open Source Fund", "code": "fjord", "country": "NO", "currency": "usd", "fee": "5"}

    def test_the_installer_sets_it_up_and_then_sees_it(self) -> None:
        browser = builders.browser(builders.user(is_superuser=True))
        assert "Set up this Daybook" in browser.get("/desk/host/").content.decode()
        answer = browser.post("/desk/host/", self.DATA, follow=True)
        assert "Fjord Open Source Fund" in answer.content.decode()
        host = Host.get()
        assert host is not None
        assert (host.currency, host.fee_basis_points, host.party.country) == ("USD", 500, "NO")

    def test_somebody_else_is_told_who_does(self) -> None:
        assert builders.browser(builders.user()).get("/desk/host/").status_code == 403

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("currency", "XXX"),
            ("fee", "51"),
            ("fee", "-1"),
            ("fee", "0.001"),
            ("fee", "NaN"),
            ("country", "Norway"),
            ("code", "a b"),
            ("name", "a\x00b"),
        ],
    )
    def test_bad_input_is_named_kept_and_changes_nothing(self, field: str, value: str) -> None:
        browser = builders.browser(builders.user(is_superuser=True))
        answer = browser.post("/desk/host/", {**self.DATA, field: value})
        assert answer.status_code == 422
        assert answer.context["form"].errors.keys() == {field}
        assert 'value="Fjord Open Source Fund"' in answer.content.decode() or field == "name"
        assert Host.get() is None


class TestRoles:
    def test_given_on_a_page_and_ended_on_a_page(self) -> None:
        admin, person = builders.holder(Role.ADMIN), builders.user("Theo Brandt")
        browser = builders.browser(admin)
        browser.post("/desk/people/give/", {"email": "THEO.brandt@example.org", "role": Role.AUDITOR, "subject": "host"})
        assert roles.has(person, Role.AUDITOR)
        listed = browser.get("/desk/people/").content.decode()
        assert "Auditor" in listed
        assert f"given by {admin}" in listed
        end = reverse("people:role-end", args=[person.role_grants.get().pk])
        assert "Theo Brandt" in browser.get(end).content.decode()
        browser.post(end)
        assert not roles.has(person, Role.AUDITOR)

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"email": "theo.brandt@example.org", "role": "king", "subject": "host"}, "role"),
            ({"email": "theo.brandt@example.org", "role": "auditor", "subject": "project:none"}, "subject"),
            ({"email": "theo.brandt@example.org", "role": "maintainer", "subject": "host"}, "subject"),
            ({"email": "no address", "role": "auditor", "subject": "host"}, "email"),
        ],
    )
    def test_bad_input_comes_back_at_its_field(self, data: dict[str, str], field: str) -> None:
        builders.user("Theo Brandt")
        answer = builders.browser(builders.holder(Role.ADMIN)).post("/desk/people/give/", data)
        assert answer.status_code == 422
        assert field in answer.context["form"].errors
        assert RoleGrant.objects.count() == 1

    def test_nobody_else_posts(self) -> None:
        builders.holder(Role.ADMIN)
        person = builders.holder(Role.TREASURER)
        answer = builders.browser(person).post("/desk/people/give/", {"email": person.email, "role": "admin", "subject": "host"})
        assert answer.status_code == 403
        assert not roles.has(person, Role.ADMIN)

    def test_the_list_costs_the_same_for_one_and_for_many(self) -> None:
        browser = builders.browser(builders.holder(Role.ADMIN))
        browser.get("/desk/people/")
        with _counted() as few:
            browser.get("/desk/people/")
        for _ in range(3):
            builders.holder(Role.AUDITOR)
        with _counted() as many:
            browser.get("/desk/people/")
        assert len(few) == len(many)

    @pytest.mark.parametrize("query", ["?page=0", "?page=99", "?page=x", "?page=%F0%9F%98%80", "?q=%00", "?q=" + "x" * 3000])
    def test_addresses_that_nobody_meant_still_answer(self, query: str) -> None:
        assert builders.browser(builders.holder(Role.ADMIN)).get(f"/desk/people/{query}").status_code == 200


class TestAudit:
    def test_filtered_by_outcome_and_act_and_paged_backwards(self) -> None:
        auditor = builders.holder(Role.AUDITOR)
        for number in range(60):
            record(actor=auditor, act="tiers.publish", subject=f"tier:{number}")
        record(actor=auditor, act="runs.release", subject="run:1", outcome=Record.REFUSED, rule="prepared", reason="You prepared this.")
        browser = builders.browser(auditor)
        first = browser.get("/desk/audit/").context["screen"]
        assert (len(first.records), first.records[0].act) == (50, "runs.release")
        second = browser.get(f"/desk/audit/?before={first.older}").context["screen"]
        assert (len(second.records), second.older) == (11, None)
        refused = browser.get("/desk/audit/?outcome=refused")
        assert "You prepared this." in refused.content.decode()
        assert [row.subject for row in refused.context["screen"].records] == ["run:1"]
        assert browser.get("/desk/audit/?act=runs.release&outcome=done").context["screen"].records == []

    @pytest.mark.parametrize("query", ["?before=x", "?before=-1", "?before=99999999999999999999", "?outcome=maybe", "?act=none"])
    def test_addresses_that_nobody_meant_still_answer(self, query: str) -> None:
        assert builders.browser(builders.holder(Role.AUDITOR)).get(f"/desk/audit/{query}").status_code == 200


class TestProfile:
    def test_a_name_an_employer_and_a_relation(self) -> None:
        person, other = builders.user("Lena Aas"), builders.user("Priya Raman")
        browser = builders.browser(person)
        browser.post("/profile/name/", {"name": "Lena Aas-Berg"})
        browser.post("/profile/work/", {"name": "Northgate Bank"})
        browser.post("/profile/relations/new/", {"email": other.email, "kind": "family"})
        page = browser.get("/profile/").content.decode()
        for shown in ("Lena Aas-Berg", "Northgate Bank", other.email):
            assert shown in page
        assert "Priya Raman" not in page, "the address may be anybody's"
        browser.post(reverse("people:employer-leave", args=[Membership.objects.get(user=person).party_id]))
        browser.post(reverse("people:relation-withdraw", args=[Relation.objects.get().pk]))
        assert not Membership.objects.exists()
        assert Relation.objects.get().until == clock.today()
        assert "Over" in browser.get("/profile/").content.decode()

    def test_somebody_else_s_ties_do_not_exist_for_you(self) -> None:
        person, other = builders.user(), builders.user()
        tie = builders.tie(other, builders.organisation())
        relation = Relation.objects.create(user=other, other=builders.user(), kind="family", words="Twins", declared_at=clock.now())
        browser = builders.browser(person)
        assert browser.get(reverse("people:employer-leave", args=[tie.party_id])).status_code == 404
        assert browser.get(reverse("people:relation-withdraw", args=[relation.pk])).status_code == 404
        assert "Twins" not in browser.get("/profile/").content.decode()

    @pytest.mark.parametrize("name", ["", "   ", "a\x00b", "x" * 121])
    def test_a_name_that_is_none(self, name: str) -> None:
        person = builders.user("Lena Aas")
        assert builders.browser(person).post("/profile/name/", {"name": name}).status_code == 422
        person.refresh_from_db()
        assert person.name == "Lena Aas"

    @pytest.mark.parametrize("name", ["😀 Ltd", "شركة", "<b>Ltd</b>"])
    def test_names_of_every_script_are_kept_and_drawn_as_text(self, name: str) -> None:
        browser = builders.browser(builders.user())
        browser.post("/profile/work/", {"name": name})
        assert Membership.objects.get().party.name == name
        assert "<b>Ltd</b>" not in browser.get("/profile/").content.decode()


def _counted() -> CaptureQueriesContext:
    return CaptureQueriesContext(connection)
