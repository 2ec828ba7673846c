"""Projects and the funds that open with them."""

from __future__ import annotations

from typing import Any

import pytest

from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.funds import services
from funding.funds.models import Fund, Project
from funding.money import Money
from funding.people.roles import Role
from tests.funding import builders

pytestmark = pytest.mark.django_db

QUILLON: dict[str, Any] = {
    "slug": "quillon",
    "name": "Quillon",
    "summary": "A streaming parser underneath 41,000 packages.",
    "target_half_days": 40,
    "rate": Money(45900, "USD"),
}


@pytest.fixture
def admin() -> Any:
    builders.host()
    return builders.holder(Role.ADMIN)


def test_a_project_opens_its_fund_and_the_fund_its_account(admin: Any) -> None:
    project = services.create_project(actor=admin, **QUILLON)
    fund = services.project_fund(project)
    assert (project.state, fund.kind, fund.currency) == (Project.State.DRAFT, Fund.Kind.RESTRICTED, "USD")
    assert (fund.account.code, fund.account.klass) == ("fund:quillon:USD", "fund")
    assert services.host_fund("USD") == services.host_fund("USD")


def test_only_an_administrator_adds_one(admin: Any) -> None:
    with pytest.raises(Refused):
        services.create_project(actor=builders.holder(Role.MAINTAINER, "project:quillon"), **QUILLON)
    assert not Project.objects.exists()
    assert Record.objects.get(act="projects.create").outcome == Record.REFUSED


def test_an_address_is_taken_once_and_nothing_is_left_of_the_second(admin: Any) -> None:
    services.create_project(actor=admin, **QUILLON)
    with pytest.raises(Invalid) as refused:
        services.create_project(actor=admin, **QUILLON)
    assert refused.value.field == "slug"
    assert Fund.objects.count() == 1


def test_without_a_host_nothing_begins() -> None:
    with pytest.raises(Conflict):
        services.create_project(actor=builders.holder(Role.ADMIN), **QUILLON)


@pytest.mark.parametrize("rate", [Money(0, "USD"), Money(45901, "USD"), Money(45900, "EUR")])
def test_rates_that_are_refused(admin: Any, rate: Money) -> None:
    with pytest.raises(Invalid):
        services.create_project(actor=admin, **{**QUILLON, "rate": rate})


def edit(actor: Any, project: Project, **change: Any) -> Project:
    fields = {"summary": "New", "headline": "", "story": "", "homepage": "", "target_half_days": 20, "rate": Money(50000, "USD")}
    return services.edit_project(actor=actor, project=project, **{**fields, **change})


def test_its_maintainer_edits_it_and_another_s_does_not(admin: Any) -> None:
    project = services.create_project(actor=admin, **QUILLON)
    assert edit(builders.holder(Role.MAINTAINER, "project:quillon"), project).summary == "New"
    with pytest.raises(Refused):
        edit(builders.holder(Role.MAINTAINER, "project:harrow"), project, summary="Stolen")
    project.refresh_from_db()
    assert (project.summary, project.version) == ("New", 2)


def test_an_edit_from_an_old_page_is_a_conflict(admin: Any) -> None:
    project = services.create_project(actor=admin, **QUILLON)
    edit(admin, project, version=1, summary="First")
    with pytest.raises(Conflict):
        edit(admin, project, version=1, summary="Second")
    project.refresh_from_db()
    assert project.summary == "First"


def test_opened_and_paused_and_not_twice(admin: Any) -> None:
    project = services.create_project(actor=admin, **QUILLON)
    with pytest.raises(Conflict):
        services.set_project_state(actor=admin, project=project, state="paused")
    services.set_project_state(actor=admin, project=project, state="open")
    with pytest.raises(Conflict):
        services.set_project_state(actor=admin, project=project, state="open")
    assert services.set_project_state(actor=admin, project=project, state="paused").state == "paused"
