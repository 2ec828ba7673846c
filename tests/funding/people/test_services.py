"""The first host, parties and who may act for them, and what people declare about themselves."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed

from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.people import roles, services
from funding.people.models import Host, Membership, Party, User
from funding.people.roles import Role
from tests.funding import builders

pytestmark = pytest.mark.django_db

HOST = {"name": "Fjord Open Source Fund", "code": "fjord", "currency": "USD", "country": "NO", "fee_basis_points": 500}


def test_the_installer_sets_up_the_host_and_becomes_its_administrator() -> None:
    root = builders.user(is_superuser=True)
    host = services.create_host(actor=root, **HOST)
    assert Host.get() == host
    assert roles.has(root, Role.ADMIN)
    assert Membership.objects.get(user=root).party == host.party


def test_nobody_else_sets_it_up_and_nobody_twice() -> None:
    root = builders.user(is_superuser=True)
    with pytest.raises(Refused):
        services.create_host(actor=builders.user(), **HOST)
    services.create_host(actor=root, **HOST)
    with pytest.raises(Conflict):
        services.create_host(actor=root, **{**HOST, "code": "other"})
    assert Host.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"currency": "XXX"}, {"fee_basis_points": 5001}, {"fee_basis_points": -1}])
def test_a_host_with_an_absurd_currency_or_share_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        services.create_host(actor=builders.user(is_superuser=True), **{**HOST, **wrong})
    assert Host.get() is None


def test_a_person_has_one_party_of_their_own() -> None:
    person = builders.user("Idris Bellamy")
    party = services.person_party(user=person)
    assert services.person_party(user=person) == party
    assert (party.kind, party.name) == (Party.Kind.PERSON, "Idris Bellamy")


class TestClaims:
    """A verified address claims the parties that signed up with it and have nobody."""

    def signed_up(self) -> Party:
        return services.create_party(kind=Party.Kind.ORGANISATION, name="Aldermoor Labs", email="Pay@Aldermoor.example")

    def test_an_unverified_address_claims_nothing(self) -> None:
        self.signed_up()
        thief = builders.user(email="pay@aldermoor.example")
        builders.browser(thief)
        assert not Membership.objects.exists()

    def test_confirming_the_address_claims_the_party(self) -> None:
        party, person = self.signed_up(), builders.user(email="pay@aldermoor.example")
        address = EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        email_confirmed.send(sender=EmailAddress, request=None, email_address=address)
        assert Membership.objects.get(user=person).party == party
        assert Record.objects.filter(act="people.claim_party", subject=f"party:{party.pk}").exists()

    def test_signing_in_claims_what_came_after_the_confirmation(self, client: object) -> None:
        person = builders.user(email="pay@aldermoor.example", password="only for this test")
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        party = self.signed_up()
        answer = client.post("/accounts/login/", {"login": person.email, "password": "only for this test"})  # type: ignore[attr-defined]
        assert answer.status_code == 302
        assert Membership.objects.get(user=person).party == party

    def test_a_party_that_somebody_acts_for_is_not_claimed(self) -> None:
        party, owner, late = self.signed_up(), builders.user(), builders.user(email="pay@aldermoor.example")
        builders.tie(owner, party, Membership.Role.OWNER)
        assert services.claim_parties(user=late, email=late.email) == []

    def test_somebody_who_names_it_as_a_workplace_keeps_its_owner_from_nothing(self) -> None:
        party = self.signed_up()
        assert services.name_employer(actor=builders.user(), name="aldermoor labs").party == party
        owner = builders.user(email="pay@aldermoor.example")
        services.name_employer(actor=owner, name="Aldermoor Labs")
        assert services.claim_parties(user=owner, email=owner.email) == [party]
        assert Membership.objects.get(user=owner).role == Membership.Role.OWNER

    def test_an_empty_address_claims_no_workplace(self) -> None:
        services.name_employer(actor=builders.user(), name="Harwick Systems")
        assert services.claim_parties(user=builders.user(), email="") == []

    def test_another_address_claims_nothing(self) -> None:
        self.signed_up()
        assert services.claim_parties(user=builders.user(), email="pay@aldermoor.example.org") == []


class TestEmployers:
    def test_a_new_organisation_is_added_by_name_and_cannot_be_claimed(self) -> None:
        person = builders.user()
        membership = services.name_employer(actor=person, name="  Harwick   Systems ")
        assert (membership.party.name, membership.role) == ("Harwick Systems", Membership.Role.EMPLOYEE)

    def test_colleagues_meet_in_one_organisation_however_they_write_it(self) -> None:
        first, second = builders.user(), builders.user()
        assert (
            services.name_employer(actor=first, name="Harwick Systems").party
            == services.name_employer(actor=second, name="harwick systems").party
        )

    def test_twice_the_same_and_nothing_at_all_are_refused_at_the_field(self) -> None:
        person = builders.user()
        services.name_employer(actor=person, name="Harwick Systems")
        for name in ("Harwick Systems", "   "):
            with pytest.raises(Invalid) as refused:
                services.name_employer(actor=person, name=name)
            assert refused.value.field == "name"

    def test_a_sponsor_that_nobody_works_for_is_not_on_offer(self) -> None:
        builders.organisation("Secret Sponsor Ltd")
        services.name_employer(actor=builders.user(), name="Harwick Systems")
        assert services.workplaces() == ["Harwick Systems"]

    def test_leaving_ends_only_the_employment(self) -> None:
        person, firm = builders.user(), builders.organisation()
        builders.tie(person, firm, Membership.Role.OWNER)
        with pytest.raises(Conflict):
            services.leave_employer(actor=person, party=firm)
        job = services.name_employer(actor=person, name="Harwick Systems")
        services.leave_employer(actor=person, party=job.party)
        assert [row.party for row in Membership.objects.filter(user=person)] == [firm]


def test_a_relation_is_declared_once_and_not_with_oneself() -> None:
    person, other = builders.user(), builders.user()
    first = services.declare_relation(actor=person, other=other, kind="family")
    assert services.declare_relation(actor=person, other=other, kind="business") == first
    with pytest.raises(Invalid):
        services.declare_relation(actor=person, other=person, kind="family")
    services.withdraw_relation(actor=person, relation=first)
    with pytest.raises(Conflict):
        services.withdraw_relation(actor=person, relation=first)


def test_a_new_name_reaches_one_s_own_party_and_no_other() -> None:
    person, firm = builders.user("Old Name"), builders.organisation("Firm")
    own = builders.own_party(person)
    builders.tie(person, firm, Membership.Role.OWNER)
    services.rename(actor=person, name=" New\tName ", unnamed=False)
    own.refresh_from_db()
    firm.refresh_from_db()
    assert (User.objects.get(pk=person.pk).name, own.name, firm.name) == ("New Name", "New Name", "Firm")
