"""The pages of payouts and runs: a whole run by two treasurers, what the payee sees, and what others do not."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from funding import clock
from funding.audit.models import Record
from funding.money import Money
from funding.payments.models import ConnectedAccount
from funding.people import services as people
from grants.engagements.models import Engagement
from grants.payouts import executing, services
from grants.payouts.models import Payout, PayoutRun
from tests.funding.builders import browser
from tests.funding.payments.standin import StandIn
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _october() -> Any:
    with clock.at(work.NOW):
        yield


@pytest.fixture
def desk() -> builders.Desk:
    return builders.desk()


@pytest.fixture
def engagement(desk: builders.Desk) -> Engagement:
    made = work.engagement(work.user("Marit Solheim"))
    builders.approved(made, 5, desk.lead)
    builders.able(made.payee)
    return made


def signed_in(somebody: Any) -> Client:
    return browser(somebody)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_two_treasurers_deal_with_a_run(desk: builders.Desk, engagement: Engagement) -> None:
    builders.approved(work.engagement(work.user("Anna Berg")), 2, desk.lead)
    maker, checker = signed_in(desk.maker), signed_in(desk.checker)
    assert "3½ days are approved and in no run" in text(maker.get("/payouts/"))
    preview = text(maker.get("/payouts/runs/new/"))
    assert "Anna Berg has no account that can receive money yet." in preview
    assert "$1,147.50" in preview
    answer = maker.post("/payouts/runs/new/", {"currency": "USD", "up_to": "2026-10-30"})
    run = PayoutRun.objects.get()
    address = f"/payouts/runs/{run.number}/"
    assert answer.headers["Location"] == address
    own = text(maker.get(address))
    assert "You cannot release this run." in own and "You prepared this" in own
    page = text(checker.get(address))
    assert "This is the first run in USD" in page
    assert "Release $1,147.50" in page
    confirm = checker.get(f"{address}release/")
    assert "Release $1,147.50 to 1 payee" in text(confirm)
    assert "You cannot release this run." not in text(confirm)
    assert "You cannot release this run." in text(maker.get(f"{address}release/"))
    refused = maker.post(f"{address}release/", {"control_total": run.control_total, "withheld": 0})
    assert refused.status_code == 403
    assert Record.objects.get(act="payouts.release").rule == "prepared"
    stale = checker.post(f"{address}release/", {"control_total": run.control_total - 100, "withheld": 0})
    assert stale.status_code == 409
    assert checker.post(f"{address}release/", {"control_total": run.control_total, "withheld": 0}).status_code == 302
    assert "Released by <b>Ivar Checker</b>" in text(checker.get(address))
    assert checker.post(f"{address}release/", {"control_total": run.control_total, "withheld": 0}).status_code == 409


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"currency": "USD", "up_to": "2026-10-31"}, "Work still to come cannot be paid."),
        ({"currency": "USD", "up_to": "31 October"}, "Enter a date as year-month-day"),
        ({"currency": "USD", "up_to": "0001-01-01"}, "between 2000 and 2100"),
        ({"currency": "USD", "up_to": "2026-01-05"}, "Nothing is approved and unpaid up to that date"),
        ({"currency": "XXX", "up_to": "2026-10-30"}, "Nothing is approved and unpaid in this currency"),
    ],
)
def test_bad_input_prepares_nothing(desk: builders.Desk, engagement: Engagement, data: dict[str, str], words: str) -> None:
    answer = signed_in(desk.maker).post("/payouts/runs/new/", data)
    assert answer.status_code == 422
    assert words in text(answer)
    assert not PayoutRun.objects.exists()


@pytest.mark.parametrize("total", ["", "nonsense", "-1", "9" * 40])
def test_a_total_that_is_none_releases_nothing(desk: builders.Desk, engagement: Engagement, total: str) -> None:
    run = builders.prepared(desk.maker)
    answer = signed_in(desk.checker).post(f"/payouts/runs/{run.number}/release/", {"control_total": total, "withheld": 0})
    assert answer.status_code in {409, 422}
    assert PayoutRun.objects.get().state == "prepared"


def test_a_run_is_cancelled_with_a_reason(desk: builders.Desk, engagement: Engagement) -> None:
    run = builders.prepared(desk.maker)
    client = signed_in(desk.maker)
    address = f"/payouts/runs/{run.number}/cancel/"
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "Wrong month"}).status_code == 302
    assert "Cancelled" in text(client.get(f"/payouts/runs/{run.number}/"))
    assert Record.objects.get(act="payouts.cancel").reason == "Wrong month"


def test_what_differs_from_the_last_run(desk: builders.Desk, engagement: Engagement) -> None:
    first = builders.prepared(desk.maker)
    services.release(actor=desk.checker, run=first, control_total=first.control_total, withheld=0)
    anna = work.engagement(work.user("Anna Berg"))
    builders.able(anna.payee)
    builders.approved(anna, 2, desk.lead)
    later = work.log(engagement, 1, first=work.START.replace(day=20))
    work.approve(engagement, later, desk.lead)
    second = builders.prepared(desk.maker)
    page = text(signed_in(desk.checker).get(f"/payouts/runs/{second.number}/"))
    assert "New payee" in page and "Changed" in page
    assert f'href="/payouts/runs/{first.number}/">run {first.number}</a>' in page


def test_the_payee_follows_the_money(desk: builders.Desk, stripe_stand_in: StandIn) -> None:
    engagement = work.engagement(work.user("Marit Solheim"))
    (entry, *_) = builders.approved(engagement, 3, desk.lead)
    client = signed_in(engagement.worker)
    assert "1½ days of yours are approved" in text(client.get("/payouts/"))
    builders.onboarded(engagement.payee, engagement.worker, stripe_stand_in, balance=Money(10**6, "USD"))
    (payout,) = builders.released(desk)
    executing.execute(payout_id=payout.pk)
    assert payout.ref in text(client.get("/payouts/"))
    page = text(client.get(f"/payouts/{payout.ref}/"))
    assert "$688.50</span> to Marit Solheim" in page
    assert "Thu 1 Oct 2026, morning" in page and "Lead Person" in page and "Ivar Checker" in page
    assert f'href="/payouts/{payout.ref}/"' in text(client.get(f"/days/{entry.ref}/"))
    assert "Confirmed" in text(client.get("/days/"))


def test_a_worker_of_a_company_sees_their_own_half_days(desk: builders.Desk, stripe_stand_in: StandIn) -> None:
    owner = work.user("Company Owner")
    company = people.create_party(kind="organisation", name="Parse Ltd", email="pay@parse.example", owner=owner)
    marit, anna = work.user("Marit Solheim"), work.user("Anna Berg")
    builders.approved(work.engagement(marit, payee=company), 1, desk.lead)
    builders.approved(work.engagement(anna, payee=company), 2, desk.lead)
    builders.onboarded(company, owner, stripe_stand_in, balance=Money(10**6, "USD"))
    (payout,) = builders.released(desk)
    executing.execute(payout_id=payout.pk)
    page = text(signed_in(anna).get(f"/payouts/{payout.ref}/"))
    assert "You see your own half days." in page
    assert "Marit Solheim" not in page
    assert "Marit Solheim" in text(signed_in(owner).get(f"/payouts/{payout.ref}/"))


def test_strangers_see_no_payout_and_no_run(desk: builders.Desk, engagement: Engagement) -> None:
    run = builders.prepared(desk.maker)
    payout = run.payouts.get()
    stranger = signed_in(work.user("A Stranger", "chair@committee:core", "maintainer@project:quillon"))
    for address, status in [
        (f"/payouts/{payout.ref}/", 404),
        (f"/payouts/{payout.ref}/retry/", 404),
        (f"/payouts/runs/{run.number}/", 403),
        (f"/payouts/runs/{run.number}/release/", 403),
        (f"/payouts/runs/{run.number}/cancel/", 403),
        ("/payouts/runs/new/", 403),
        (f"/payouts/account/{payout.payee_id}/", 404),
        ("/payouts/PO-x/", 404),
    ]:
        assert stranger.get(address).status_code == status, address
        assert Client().get(address).status_code == 302, address
    assert "No payout yet" in text(stranger.get("/payouts/"))


def test_an_auditor_reads_and_does_not_act(desk: builders.Desk, engagement: Engagement) -> None:
    run = builders.prepared(desk.maker)
    auditor = signed_in(work.user("The Auditor", "auditor"))
    page = text(auditor.get(f"/payouts/runs/{run.number}/"))
    assert "Marit Solheim" in page and "Release" not in page and "Cancel" not in page
    for page in ("release/", "cancel/"):
        assert auditor.get(f"/payouts/runs/{run.number}/{page}").status_code == 403
        assert auditor.post(f"/payouts/runs/{run.number}/{page}", {"reason": ""}).status_code == 403
    assert auditor.post(f"/payouts/runs/{run.number}/release/", {"control_total": run.control_total, "withheld": 0}).status_code == 403
    assert auditor.post(f"/payouts/runs/{run.number}/cancel/", {"reason": "no"}).status_code == 403


def test_the_payee_sets_up_the_account_on_the_processors_pages(desk: builders.Desk, stripe_stand_in: StandIn) -> None:
    engagement = work.engagement(work.user("Marit Solheim"))
    client = signed_in(engagement.worker)
    assert "Not set up" in text(client.get("/payouts/account/"))
    start = f"/payouts/account/{engagement.payee_id}/"
    assert client.post(start, {"country": "1"}).status_code == 422
    assert client.post(start, {"country": "12"}).status_code == 422
    answer = client.post(start, {"country": "NO"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(stripe_stand_in.base)
    account = ConnectedAccount.objects.get(party=engagement.payee)
    assert (account.country, account.payouts_enabled) == ("NO", False)
    client.get("/payouts/account/return/")
    assert "Can receive money" not in text(client.get("/payouts/account/"))
    pressed = stripe_stand_in.press(urlsplit(answer.headers["Location"]).path, "submit")
    assert pressed.status in {302, 303}
    back = client.get("/payouts/account/return/", follow=True)
    assert "Can receive money" in text(back)


def test_a_failed_payout_is_sent_again_from_its_page(desk: builders.Desk, stripe_stand_in: StandIn) -> None:
    engagement = work.engagement(work.user("Marit Solheim"))
    builders.approved(engagement, 1, desk.lead)
    account = builders.onboarded(engagement.payee, engagement.worker, stripe_stand_in)
    (payout,) = builders.released(desk)
    executing.execute(payout_id=payout.pk)
    client = signed_in(desk.checker)
    assert "The balance at the processor is too low." in text(client.get(f"/payouts/runs/{payout.run_id}/"))
    stripe_stand_in.onboard(account, "blocked")
    with clock.at(work.NOW + executing.LONGEST_WAIT):
        executing.execute(payout_id=payout.pk)
    assert "Not everything was paid." in text(client.get(f"/payouts/runs/{payout.run_id}/"))
    assert "stays owed to the payee" in text(client.get(f"/payouts/{payout.ref}/"))
    assert "The money stays owed to you" in text(signed_in(engagement.worker).get(f"/days/W-{payout.lines.get().work_entry_id:04d}/"))
    payee = signed_in(engagement.worker)
    assert payee.get(f"/payouts/{payout.ref}/retry/").status_code == payee.post(f"/payouts/{payout.ref}/retry/").status_code == 403
    assert signed_in(work.user("A Stranger")).get(f"/payouts/{payout.ref}/retry/").status_code == 404
    page = client.get(f"/payouts/{payout.ref}/retry/")
    assert "Send $229.50 again" in text(page)
    assert client.post(f"/payouts/{payout.ref}/retry/").status_code == 302
    assert client.post(f"/payouts/{payout.ref}/retry/").status_code == 409
    assert Payout.objects.get().attempt == 3


def test_two_treasurers_cancel_a_debt(desk: builders.Desk, engagement: Engagement) -> None:
    (payout,) = builders.released(desk)
    executing.owe(payout_id=payout.pk)
    executing.fail(payout_id=payout.pk, key=str(Payout.objects.get().idempotency_key), reason="The account is closed.")
    maker, checker, payee = signed_in(desk.maker), signed_in(desk.checker), signed_in(engagement.worker)
    where = f"/payouts/{payout.ref}/"
    assert "cancel the debt" in text(maker.get(where)) and "cancel the debt" not in text(payee.get(where))
    assert maker.post(f"{where}cancel-debt/", {"reason": ""}).status_code == 422
    assert maker.post(f"{where}cancel-debt/", {"reason": "Dissolved"}).status_code == 302
    assert "Cancelling this debt was asked for." in text(checker.get(where))
    assert maker.post(f"{where}cancel-debt/decide/", {"decision": "agree"}).status_code == 403
    assert "Dissolved" in text(checker.get(f"{where}cancel-debt/decide/"))
    assert checker.post(f"{where}cancel-debt/decide/", {"decision": ""}).status_code == 422
    assert checker.post(f"{where}cancel-debt/decide/", {"decision": "agree"}).status_code == 302
    page = text(payee.get(where))
    assert "is not owed any more" in page and "Dissolved" in page and "Not paid." not in page
    line = payout.lines.first()
    assert line is not None
    assert "two treasurers cancelled the debt" in text(payee.get(f"/days/W-{line.work_entry_id:04d}/"))


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


@pytest.mark.parametrize("address", ["/payouts/", "/payouts/runs/new/", "/payouts/runs/{run}/", "/payouts/{payout}/"])
def test_a_longer_list_takes_no_more_queries(desk: builders.Desk, address: str) -> None:
    counts = []
    for names, halves in ((["Marit Solheim"], 1), (["Anna Berg", "Bo Lind", "Cy Moe"], 3)):
        for name in names:
            engagement = work.engagement(work.user(name))
            builders.able(engagement.payee)
            builders.approved(engagement, halves, desk.lead)
        run = None if address.endswith("new/") else builders.prepared(desk.maker)
        where = address.format(run=run and run.number, payout=run and run.payouts.order_by("-half_days")[0].ref)
        counts.append(queries(signed_in(desk.checker), where))
        if run:
            services.cancel(actor=desk.maker, run=run, reason="again")
    assert counts[0] == counts[1]


def test_a_country_that_was_mistyped_can_be_put_right(desk: builders.Desk, stripe_stand_in: StandIn, settings: Any) -> None:
    engagement = work.engagement(work.user("Marit Solheim"))
    client, start = signed_in(engagement.worker), f"/payouts/account/{engagement.payee_id}/"
    assert client.post(start, {"country": "ZZ"}).status_code == 422
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    assert client.post(start, {"country": "SE"}).status_code == 503
    settings.STRIPE_API_BASE = stripe_stand_in.base
    assert client.post(start, {"country": "NO"}).status_code == 302
    assert ConnectedAccount.objects.get().country == "NO"
    moved = client.post(start, {"country": "SE"})
    assert moved.status_code == 422
    assert "The account was opened in Norway" in text(moved)
