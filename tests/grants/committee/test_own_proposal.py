"""Nobody chooses their own judges: an administrator who asks, or would be paid, gives and ends no seat on the committee that decides."""

from __future__ import annotations

import pytest

from funding.audit.models import Record
from funding.errors import Refused
from funding.people import roles
from funding.people.models import RoleGrant, User
from funding.people.roles import Role
from grants.proposals import services as proposals
from grants.proposals.models import Proposal
from tests.grants import builders

pytestmark = pytest.mark.django_db
CORE = "committee:core"


def applying_admin(sitting: builders.Sitting) -> User:
    builders.give(sitting.applicant, Role.ADMIN)
    return sitting.applicant


def refused(actor: User, sitting: builders.Sitting) -> bool:
    """Both ways, for every role on it."""
    seated = RoleGrant.objects.get(user=sitting.members[1], subject=CORE)
    said = []
    for role in (Role.CHAIR, Role.DEPUTY, Role.MEMBER, Role.ALTERNATE):
        with pytest.raises(Refused) as refusal:
            roles.grant(actor=actor, user=builders.user(), role=role, subject=CORE)
        said.append(refusal.value.rule)
    with pytest.raises(Refused) as refusal:
        roles.end(actor=actor, user=seated.user, grant=seated)
    said.append(refusal.value.rule)
    assert RoleGrant.objects.filter(subject=CORE, until=None).count() == 5
    return said == ["own-proposal"] * 5


def test_the_applicant_gives_and_ends_no_seat_while_it_is_open() -> None:
    sitting = builders.sitting()
    assert refused(applying_admin(sitting), sitting)
    assert Record.objects.filter(act="people.end_role", outcome="refused", rule="own-proposal").count() == 1


def test_nor_does_whoever_acts_for_the_payee() -> None:
    sitting = builders.sitting()
    owner, company = builders.holder(Role.ADMIN), builders.organisation("Parse Ltd")
    builders.tie(owner, company, "owner")
    Proposal.objects.update(payee=company)
    assert refused(owner, sitting)


def test_nor_while_it_is_taken_back_to_be_changed() -> None:
    sitting = builders.sitting()
    admin = applying_admin(sitting)
    proposals.reopen(actor=admin, proposal=sitting.proposal)
    assert refused(admin, sitting)


def test_another_administrator_does_and_so_does_the_applicant_elsewhere_and_afterwards() -> None:
    sitting = builders.ready("fffaa")
    admin = applying_admin(sitting)
    roles.grant(actor=builders.holder(Role.ADMIN), user=builders.user(), role=Role.ALTERNATE, subject=CORE)
    builders.committee("other", members=["Elsewhere One"])
    roles.grant(actor=admin, user=builders.user(), role=Role.MEMBER, subject="committee:other")
    roles.grant(actor=admin, user=builders.user(), role=Role.AUDITOR)
    sitting.determine()
    roles.grant(actor=admin, user=builders.user(), role=Role.MEMBER, subject=CORE)
