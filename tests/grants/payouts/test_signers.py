"""Two signatures, always: a second treasurer or the outside co-signer, and never one person for both."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from funding import clock
from funding.audit.models import Record
from funding.errors import Refused
from funding.mail.models import Message
from funding.people import roles
from funding.people import services as people
from funding.people.models import RoleGrant, User
from grants.engagements.models import Engagement
from grants.payouts import services, signers
from grants.payouts.models import PayoutRun
from tests.funding.builders import browser
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(work.NOW):
        yield


@pytest.fixture
def maker() -> User:
    return work.user("Tora Maker", "treasurer")


@pytest.fixture
def admin() -> User:
    return work.user("Signe Holm", "admin")


@pytest.fixture
def engagement(maker: User) -> Engagement:
    made = work.engagement(work.user("Marit Solheim"))
    builders.approved(made, 5, work.user("Lead Person", "maintainer@project:quillon"))
    builders.able(made.payee)
    return made


@pytest.fixture
def cosigner(admin: User) -> User:
    somebody = work.user("Olav Outside")
    roles.grant(actor=admin, user=somebody, role="cosigner")
    return somebody


def page(client: Client, where: str) -> str:
    return " ".join(client.get(where).content.decode().split())


def mailed(to: User) -> str:
    found = re.search(r"http://\S+(/payouts/cosign/\S+)", Message.objects.get(kind="payout_run_cosign", to=to.email).body)
    assert found
    return found[1]


def test_one_signer_is_said_wherever_it_matters(maker: User, admin: User, engagement: Engagement) -> None:
    assert signers.one_signer()
    run = builders.prepared(maker)
    words = "no payout can be released until there is a second treasurer or an outside co-signer"
    assert words in page(Client(), "/books/")
    for who, where in ((maker, run.get_absolute_url()), (maker, "/desk/"), (admin, "/desk/")):
        assert words in page(browser(who), where)
    assert words not in page(browser(engagement.worker), "/desk/")
    with pytest.raises(Refused):
        services.release(actor=maker, run=run, control_total=run.control_total, withheld=0)
    roles.grant(actor=admin, user=work.user("Olav Outside"), role="cosigner")
    assert not signers.one_signer()
    assert words not in page(Client(), "/books/") and words not in page(browser(maker), run.get_absolute_url())


def test_before_there_is_a_treasurer_nothing_is_said() -> None:
    assert not signers.one_signer()


def test_the_cosigner_reads_everything_on_one_page_and_releases(maker: User, engagement: Engagement, cosigner: User) -> None:
    held = work.engagement(work.user("Anna Berg"))
    lead = User.objects.get(name="Lead Person")
    builders.approved(held, 2, lead)
    run = builders.prepared(maker)
    where = mailed(cosigner)
    client = browser(cosigner)
    body = page(client, where)
    for words in ("$1,147.50", "Marit Solheim", "Anna Berg has no account", "Rewrite the tokenizer", "Lead Person", "first run in USD"):
        assert words in body
    assert client.post(where, {"control_total": run.control_total - 1, "withheld": 0}).status_code == 409
    assert client.post(where, {"control_total": run.control_total, "withheld": 0}).status_code == 302
    run.refresh_from_db()
    assert (run.state, run.released_by) == ("released", cosigner)
    assert "does not wait for a signature any more" in page(client, where)
    assert client.get(run.get_absolute_url()).status_code == 403


def test_the_link_alone_opens_nothing(maker: User, engagement: Engagement, cosigner: User) -> None:
    run = builders.prepared(maker)
    where = mailed(cosigner)
    assert "/accounts/login/" in Client().get(where).headers["Location"]
    without = browser(cosigner, factor=False)
    assert without.get(where).status_code == 302
    assert without.post(where, {"control_total": run.control_total, "withheld": 0}).status_code == 403
    for other in (maker, engagement.worker):
        assert browser(other).get(where).status_code == 404
        assert browser(other).post(where, {"control_total": run.control_total, "withheld": 0}).status_code == 404
    for forged in ("1:2", f"{run.number}:{cosigner.pk}:x:y", where.split("/")[3][:-2]):
        assert browser(cosigner).get(f"/payouts/cosign/{forged}/").status_code == 404
    RoleGrant.objects.filter(user=cosigner).update(until=clock.today())
    assert browser(cosigner).get(where).status_code == 404
    assert PayoutRun.objects.get().state == "prepared"


@pytest.mark.parametrize("rule", ["benefits", "relation", "employer", "recused", "tie"])
def test_a_cosigner_who_is_not_independent_is_refused_and_audited(maker: User, engagement: Engagement, cosigner: User, rule: str) -> None:
    run = builders.prepared(maker)
    if rule == "benefits":
        people.create_party(kind="organisation", name="x", email="x@x.example")
        work.engagement(cosigner)
        from funding.people.models import Membership

        Membership.objects.create(user=cosigner, party=engagement.payee, role="owner", created_at=clock.now())
    if rule == "relation":
        people.declare_relation(actor=cosigner, other=engagement.worker, kind="family")
    if rule == "employer":
        company = people.create_party(kind="organisation", name="Parse Ltd", email="hi@parse.example", owner=engagement.worker)
        people.set_employer(actor=cosigner, party=company)
    if rule == "recused":
        people.bar(user=cosigner, subject=engagement.proposal.subject, reason="co-author")
    if rule == "tie":
        people.declare_relation(actor=maker, other=cosigner, kind="family")
    with pytest.raises(Refused) as refused:
        services.release(actor=cosigner, run=run, control_total=run.control_total, withheld=0)
    expected = "relation" if rule == "tie" else rule
    assert refused.value.rule == expected
    assert Record.objects.get(act="payouts.release").rule == expected
    assert PayoutRun.objects.get().state == "prepared"


def test_nobody_is_treasurer_and_cosigner(admin: User, maker: User, cosigner: User) -> None:
    friend = work.user("A Friend")
    people.declare_relation(actor=maker, other=friend, kind="family")
    for user, role in ((maker, "cosigner"), (cosigner, "treasurer"), (admin, "cosigner"), (friend, "cosigner")):
        with pytest.raises(Refused) as refused:
            roles.grant(actor=admin, user=user, role=role)
        assert refused.value.rule == "outside"
    assert Record.objects.filter(act="people.grant_role", outcome="refused").count() == 4


def test_a_cosigner_prepares_nothing(cosigner: User, engagement: Engagement) -> None:
    with pytest.raises(Refused):
        builders.prepared(cosigner)
    with pytest.raises(Refused):
        services.cancel(actor=cosigner, run=builders.prepared(User.objects.get(name="Tora Maker")), reason="x")


def test_a_run_is_never_released_by_who_prepared_it_whatever_they_hold(maker: User, engagement: Engagement) -> None:
    """Rows that no verb would write: the preparer was made the co-signer behind everybody's back."""
    run: Any = builders.prepared(maker)
    work.grant(maker, "cosigner")
    with pytest.raises(Refused) as refused:
        services.release(actor=maker, run=run, control_total=run.control_total, withheld=0)
    assert refused.value.rule == "prepared"


@pytest.mark.parametrize("dismissed", [True, False])
def test_a_tie_that_was_dismissed_or_is_long_over_keeps_nobody_from_signing(
    admin: User, maker: User, engagement: Engagement, dismissed: bool
) -> None:
    friend = work.user("A Friend")
    with clock.at(work.NOW - dt.timedelta(days=800)):
        relation = people.declare_relation(actor=maker, other=friend, kind="family")
        if dismissed:
            people.contest_relation(actor=friend, relation=relation, why="We have never met")
            people.settle_relation(actor=admin, relation=relation, holds=False, because="Another person of that name")
        else:
            people.withdraw_relation(actor=maker, relation=relation)
    roles.grant(actor=admin, user=friend, role="cosigner")
    run = builders.prepared(maker)
    assert services.release(actor=friend, run=run, control_total=run.control_total, withheld=0).released_by == friend


def test_who_prepared_runs_lately_is_not_outside(maker: User, engagement: Engagement) -> None:
    """A treasurer steps down and is made the co-signer of the next one's runs."""
    former = work.user("Former Treasurer", "treasurer")
    services.cancel(actor=former, run=builders.prepared(former), reason="The next one does it")
    RoleGrant.objects.filter(user=former).update(until=clock.today())
    work.grant(former, "cosigner")
    run = builders.prepared(maker)
    with pytest.raises(Refused) as refused:
        services.release(actor=former, run=run, control_total=run.control_total, withheld=0)
    assert refused.value.rule == "outside"
