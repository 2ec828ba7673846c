"""I10, rule by rule: who may not decide, and who may."""

from __future__ import annotations

from typing import Any

import pytest

from funding import clock
from funding.errors import Refused
from funding.people import independence, services
from funding.people.models import Membership, Relation
from tests.funding import builders

pytestmark = pytest.mark.django_db


def rule(*args: object, **kwargs: object) -> str | None:
    found = independence.hindrance(*args, **kwargs)  # type: ignore[arg-type]
    return found.rule if found else None


def test_a_stranger_is_independent() -> None:
    judge, worker = builders.user(), builders.user()
    assert rule(judge, prepared_by=[worker], beneficiaries=[worker, builders.own_party(worker)], subjects=["proposal:P-0001"]) is None


def test_not_what_you_prepared() -> None:
    judge = builders.user()
    assert rule(judge, prepared_by=[builders.user(), judge]) == "prepared"


def test_not_what_benefits_yourself_or_your_own_party() -> None:
    judge = builders.user()
    assert rule(judge, beneficiaries=[judge]) == "benefits"
    assert rule(judge, beneficiaries=[builders.own_party(judge)]) == "benefits"


def test_not_what_benefits_an_organisation_that_you_act_for() -> None:
    judge, firm = builders.user(), builders.organisation()
    builders.tie(judge, firm, Membership.Role.OWNER)
    assert rule(judge, beneficiaries=[firm]) == "benefits"


def test_not_your_employer_nor_a_colleague() -> None:
    judge, colleague, firm = builders.user(), builders.user(), builders.organisation()
    builders.tie(judge, firm)
    builders.tie(colleague, firm)
    assert rule(judge, beneficiaries=[firm]) == "employer"
    assert rule(judge, beneficiaries=[colleague]) == "employer"


def test_the_host_s_own_staff_may_decide_about_one_another() -> None:
    judge, colleague, host = builders.user(), builders.user(), builders.host()
    builders.tie(judge, host.party)
    builders.tie(colleague, host.party)
    assert rule(judge, beneficiaries=[colleague]) is None
    assert rule(judge, beneficiaries=[host.party]) is None
    assert rule(judge, beneficiaries=[judge]) == "benefits"


def test_host_staff_who_also_share_another_employer_may_not() -> None:
    judge, colleague, host, firm = builders.user(), builders.user(), builders.host(), builders.organisation()
    for person in (judge, colleague):
        builders.tie(person, host.party)
        builders.tie(person, firm)
    assert rule(judge, beneficiaries=[colleague]) == "employer"


@pytest.mark.parametrize("declared_by_judge", [True, False])
def test_a_declared_relation_counts_in_both_directions(declared_by_judge: bool) -> None:
    judge, worker = builders.user(), builders.user()
    user, other = (judge, worker) if declared_by_judge else (worker, judge)
    Relation.objects.create(user=user, other=other, kind="family", declared_at=clock.now())
    assert rule(judge, beneficiaries=[worker]) == "relation"
    assert rule(judge, beneficiaries=[builders.own_party(worker)]) == "relation"
    assert rule(judge, beneficiaries=[builders.user()]) is None


def test_not_what_you_stepped_back_from() -> None:
    judge = builders.user()
    services.bar(user=judge, subject="proposal:P-0001", reason="Works with an applicant")
    assert rule(judge, subjects=["proposal:P-0001"]) == "recused"
    assert rule(judge, subjects=["proposal:P-0002"]) is None


def test_stepping_back_twice_keeps_the_first_reason() -> None:
    judge = builders.user()
    first = services.bar(user=judge, subject="proposal:P-0001", reason="Family")
    assert services.bar(user=judge, subject="proposal:P-0001", reason="Something else") == first
    assert first.reason == "Family"


def test_the_refusal_says_what_was_tried_and_why() -> None:
    judge = builders.user()
    with pytest.raises(Refused, match=r"^You cannot approve these days\. You prepared this") as refused:
        independence.require(judge, "approve these days", prepared_by=[judge])
    assert refused.value.rule == "prepared"


def test_the_number_of_queries_does_not_grow_with_the_parties(django_assert_max_num_queries: object) -> None:
    judge, host = builders.user(), builders.host()
    builders.tie(judge, host.party)
    workers = [builders.user() for _ in range(5)]
    parties = [builders.own_party(worker) for worker in workers]
    with django_assert_max_num_queries(2):  # type: ignore[operator]
        assert rule(judge, prepared_by=workers, beneficiaries=[*workers, *parties], subjects=["proposal:P-0001"]) is None


def test_a_company_that_signed_up_twice_is_one_employer() -> None:
    builders.host()
    worker, colleague = builders.user("Worker"), builders.user("Colleague")
    builders.tie(worker, builders.organisation("Acme Ltd"))
    builders.tie(colleague, builders.organisation("ACME Ltd"))
    found = independence.hindrance(colleague, beneficiaries=[worker])
    assert found is not None
    assert found.rule == "employer"


def test_many_are_asked_in_as_many_queries_as_one(django_assert_max_num_queries: Any) -> None:
    builders.host()
    people = [builders.user(f"Member {number}") for number in range(9)]
    applicant = builders.user("Applicant")
    party = builders.own_party(applicant)
    with django_assert_max_num_queries(2):
        found = independence.hindrances([*people, applicant], beneficiaries=[applicant, party], subjects=["proposal:P-0001"])
    assert {applicant.pk: "benefits"} == {pk: hindrance.rule for pk, hindrance in found.items()}
