"""One row for every address of ours that takes a POST: who sends what, and what a second, different press of it meets.

The bad values are not listed here: they follow from the kind of each field (`values.py`), so that a new field is tried
as soon as its form is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from funding import clock
from funding.funds import moves as fund_moves
from funding.funds.models import Voucher
from funding.funds.reserve import reserve_fund
from funding.funds.services import host_fund, project_fund
from funding.ledger import services as ledger
from funding.mail import probe as mail_probe
from funding.payments import cash
from funding.people import acting
from grants.payouts import changes, debts, executing
from grants.payouts import services as payouts
from sponsors.sponsorships.models import Sponsorship
from tests.site.world import World

NEW = "new"
"""The same words again are a second act that somebody may mean: another vote, another draft."""
SAME = "same"
"""The same again is answered as the first time and changes nothing."""
LOOKS = NEW
"""The same again reads the payment from the processor once more, and keeps when."""

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """`again` is what a fresh press of the same form meets once the first is done: a status, or NEW or SAME."""

    who: str
    args: Callable[[World], list[Any]]
    valid: Callable[[World], Data]
    again: int | str
    stranger: int | None = None
    """What somebody else meets who sends the same; None where the form is everybody's own."""
    before: Callable[[World], object] | None = None
    query: str = ""
    processor: bool = False
    """The act calls the processor, so a valid press needs the stand-in."""


def nothing(world: World) -> list[Any]:
    return []


def press(world: World) -> Data:
    return {}


def project_fields(world: World) -> Data:
    return {
        "summary": "Renders text.",
        "headline": "A maintainer",
        "story": "Why it matters.",
        "homepage": "https://quillon.example/",
        "target_half_days": "20",
        "rate": "459.00",
    }


def move_fields(world: World) -> Data:
    giver, taker = host_fund("USD"), reserve_fund("USD")
    return {"giver": str(giver.pk), "taker": str(taker.pk), "amount": "1.00", "reason": "A dispute is likely."}


def approve_the_move(world: World) -> None:
    fund_moves.approve(actor=world.people["second treasurer"], move=world.move)


def fee_fields(world: World) -> Data:
    return {"amount": "1.00", "currency": "USD", "on": clock.today().isoformat(), "bank_reference": "F-1", "reason": "Account fee."}


def top_up_fields(world: World) -> Data:
    return {"fund": f"{project_fund(world.project).pk}-now-4"}


def tier_fields(world: World) -> Data:
    return {"name": "Gold", "amount": "100.00", "interval": "month", "audience": "anyone", "description": "A seat.",
            "benefits": "A mail a month", "position": "1"}  # fmt: skip


def goal_fields(world: World) -> Data:
    day = (clock.today() + dt.timedelta(days=30)).isoformat()
    return {"title": "Tables", "summary": "Tables that read both ways.", "story": "Why.", "half_days": "4", "rate": "459.00",
            "minimum": "900.00", "rule": "all", "day": day, "time": "18:00", "zone": "Europe/London"}  # fmt: skip


def pledge_fields(world: World) -> Data:
    return {"amount": "250.00", "kind": "organisation", "name": "Aldermoor Labs", "country": "NO", "email": "pay@aldermoor.example",
            "naming": "public", "public_name": "Aldermoor"}  # fmt: skip


def call_fields(world: World) -> Data:
    fund = world.call.call_funds.get().fund_id
    return {"title": "Spring call", "brief": "Ask for days.", "kind": "dated", "opens_on": "2026-11-01", "closes_on": "2026-12-01",
            "committee": "core", "max_half_days": "10", "max_rate": "500.00", "funds": [str(fund)]}  # fmt: skip


def award_fields(world: World) -> Data:
    return {"title": "Dogwood", "number": "D-1", "grantor": "Dogwood Trust", "amount": "100.00", "purpose": "Parsers",
            "projects": [str(world.project.pk)], "starts_on": "2026-10-01", "ends_on": "2027-03-31", "closeout_on": "2027-05-31",
            "lines": "100.00 Work", "tranches": "2026-11-01 100.00 Signature"}  # fmt: skip


def rule_fields(world: World) -> Data:
    return {"name": "Core committee", "quorum_percent": "50", "majority_percent": "50", "minimum_reviews": "1", "tie": "defer",
            "review_days": "14"}  # fmt: skip


def rubric_fields() -> Data:
    one = {"name_0": "Use", "asks_0": "Who is better off", "weight_0": "100", "anchors_0": "Nothing\nLittle\nSome\nGood\nStrong\nBest"}
    return {**one, "may_skip_0": "on"}


def proposal_fields(world: World) -> Data:
    return {"project": str(world.project.pk), "title": "Faster parsing", "story": "We would.", "outcome": "A parser.", "half_days": "4.5",
            "payee": "me"}  # fmt: skip


def release_fields(world: World) -> Data:
    return {"control_total": str(world.run.control_total), "withheld": "0"}


def free_the_days(world: World) -> None:
    payouts.cancel(actor=world.people["treasurer"], run=world.run, reason="Wrong month")


def fail_the_payout(world: World) -> None:
    payouts.release(actor=world.people["second treasurer"], run=world.run, control_total=world.run.control_total, withheld=0)
    owed = executing.owe(payout_id=world.payout.pk)
    executing.fail(payout_id=owed.pk, key=str(owed.idempotency_key), reason="The account is closed.")


def name_the_lead(world: World) -> None:
    acting.ask(actor=world.people["admin"], party=world.employer, user=world.people["lead"], begins=True, reason="They wrote.")


def put_in_the_bank(world: World) -> None:
    owed = ledger.open_account(code="owed:unidentified:USD", klass="owed", currency="USD")
    line = ledger.Line(cash.bank("USD"), owed, 500, "unidentified")
    ledger.post(kind="unidentified", source="test", reference="BANK-1", lines=[line], at=clock.now(), effective_on=clock.today())


def promise_to_match(world: World) -> None:
    """The world's voucher becomes one that gifts are matched by, with a hundred units held."""
    taker, giver = world.voucher.taker or world.voucher.fund, host_fund("USD")
    books = ledger.open_account(code="cash:bank:USD", klass="cash", currency="USD")
    line = ledger.Line(books, giver.account, 100, "opening")
    ledger.post(kind="opening", source="test", reference="HOST-1", lines=[line], at=clock.now(), effective_on=clock.today())
    held = ledger.reserve(account=giver.account, amount=100, holder=("match", world.voucher.pk), key="match:test", at=clock.now())
    Voucher.objects.filter(pk=world.voucher.pk).update(
        kind="matching", state="booked", fund=giver, taker=taker, reservation=held, entry=None, decided_at=clock.now(),
        decided_by=world.people["second treasurer"],
    )  # fmt: skip


def yesterday(world: World) -> list[Any]:
    return [str(clock.today() - dt.timedelta(days=1))]


def today_opens(world: World) -> None:
    """The books have come as far as the calendar, so that the days before are over."""
    ledger.advance_book_day(clock.today())


def the_code(world: World) -> Data:
    sent = mail_probe.last()
    return {"code": sent.code if sent else "123456"}


def mail_a_code(world: World) -> None:
    mail_probe.send(actor=world.people["treasurer"])


def ask_to_cancel(world: World) -> None:
    fail_the_payout(world)
    debts.ask(actor=world.people["treasurer"], payout=world.payout, reason="The company is dissolved.")


def step_fields(world: World) -> Data:
    return {"steps": "3 try\n10 try last", "grace_days": "10", "lapse_after": "20", "never_retried": "lost_card", "version": "0"}


def run_the_sponsorship(world: World) -> None:
    Sponsorship.objects.filter(pk=world.sponsorship.pk).update(state="active", paid_through=clock.today())


def refuse_the_renewal(world: World) -> None:
    Sponsorship.objects.filter(pk=world.sponsorship.pk).update(state="grace", paid_through=clock.today())


def of_project(world: World) -> list[Any]:
    return [world.project.slug]


def of_draft_tier(world: World) -> list[Any]:
    return [world.project.slug, world.draft_tier.pk]


def ref(panel: str) -> Callable[[World], list[Any]]:
    return lambda world: [getattr(world, panel).proposal.ref]


ROWS: dict[str, Row] = {
    # people
    "people:role-give": Row("admin", nothing, lambda w: {"email": w.people["stranger"].email, "role": "auditor", "subject": "host"},
                            409, stranger=403),
    "people:invitation-withdraw": Row("admin", lambda w: [w.invitation.pk], press, 409, stranger=403),
    "people:role-end": Row("admin", lambda w: [w.grant.pk], press, 409, stranger=403),
    "people:factors-reset": Row("admin", lambda w: [w.people["lead"].pk], lambda w: {"reason": "Lost; we spoke."}, 409, stranger=403),
    "people:sessions-end": Row("stranger", nothing, press, NEW),
    "people:rename": Row("stranger", nothing, lambda w: {"name": "Somebody New"}, SAME),
    "people:employer-add": Row("stranger", nothing, lambda w: {"name": "Aldermoor Labs"}, 422),
    "people:employer-leave": Row("stranger", lambda w: [w.employer.pk], press, 404, stranger=404),
    "people:relation-add": Row("stranger", nothing, lambda w: {"email": w.people["lead"].email, "kind": "family",
                                                          "words": "Cousins"}, SAME),
    "people:acting-name": Row("admin", lambda w: [w.employer.pk], lambda w: {"email": w.people["worker"].email, "reason": "They wrote."},
                              422, stranger=403),
    "people:acting-end": Row("admin", lambda w: [w.employer.pk], lambda w: {"email": w.people["lead"].email, "reason": "They left."},
                             422, stranger=403, before=name_the_lead),
    "people:acting-decide": Row("treasurer", lambda w: [w.acting.pk], lambda w: {"decision": "agree"}, 409, stranger=403),
    "people:relation-withdraw": Row("stranger", lambda w: [w.relation.pk], press, 404, stranger=404),
    "people:relation-confirm": Row("friend", lambda w: [w.relation.pk], press, SAME, stranger=404),
    "people:relation-contest": Row("friend", lambda w: [w.relation.pk], lambda w: {"why": "We have never met."}, 409, stranger=404),
    "people:tie-settle": Row("admin", lambda w: [w.contested.pk], lambda w: {"holds": "no", "because": "They have never met."}, 409,
                             stranger=404),
    "people:tie-months": Row("admin", nothing, lambda w: {"cooling": "6", "cowork": "18"}, SAME, stranger=403),
    # projects
    "funds:project-new": Row("admin", nothing, lambda w: {**project_fields(w), "name": "Moss", "slug": "moss"}, 422, stranger=403),
    "funds:project-edit": Row("lead", of_project, lambda w: {**project_fields(w), "version": str(w.project.version)}, 409, stranger=403),
    "funds:project-open": Row("admin", lambda w: [w.draft_project.slug], press, 409, stranger=403),
    "funds:project-pause": Row("lead", of_project, press, 409, stranger=403),
    # funds
    "funds:move-ask": Row("treasurer", nothing, move_fields, NEW, stranger=403),
    "funds:move-approve": Row("second treasurer", lambda w: [w.move.pk], press, 409, stranger=403),
    "funds:move-withdraw": Row("second treasurer", lambda w: [w.move.pk], lambda w: {"reason": "Not now."}, 409, stranger=403),
    "funds:move-recall": Row("treasurer", lambda w: [w.move.pk], lambda w: {"amount": "0.50", "reason": "Not needed."}, NEW, stranger=403,
                             before=approve_the_move),
    "funds:voucher-new": Row("treasurer", lambda w: ["bank_fee"], fee_fields, SAME, stranger=403, before=put_in_the_bank),
    "funds:voucher-approve": Row("second treasurer", lambda w: [w.voucher.pk], press, 409, stranger=403),
    "funds:voucher-withdraw": Row("second treasurer", lambda w: [w.voucher.pk], lambda w: {"reason": "Not now."}, 409, stranger=403),
    "reports:period-close": Row("treasurer", yesterday, press, 409, stranger=403, before=today_opens),
    "funds:voucher-match": Row("treasurer", lambda w: [w.voucher.pk], press, SAME, stranger=403, before=promise_to_match),
    "funds:need-top-up": Row("treasurer", lambda w: [w.need.pk], top_up_fields, SAME, stranger=403),
    # refunds
    "refunds:ask": Row("treasurer", lambda w: [w.paid.payment.ref],
                       lambda w: {"amount": "40.00", "category": "duplicate", "reason": "They paid twice."}, NEW, stranger=403),
    "refunds:approve": Row("second treasurer", lambda w: [w.refund.ref], lambda w: {"from_others": str(w.refund.from_others)}, 409,
                           stranger=403),
    "refunds:decline": Row("second treasurer", lambda w: [w.refund.ref], lambda w: {"reason": "They keep it."}, 409, stranger=403),
    # cash, and the processor's inbox
    "payments:probe": Row("treasurer", nothing, press, NEW, stranger=403, processor=True),
    "payments:bank": Row("treasurer", nothing, lambda w: {"holder": "Fjord", "bank": "DNB", "number": "NO9386011117947", "bic": ""},
                         NEW, stranger=403),
    "setup:mail": Row("treasurer", nothing, press, NEW, stranger=403),
    "setup:mail-code": Row("treasurer", nothing, the_code, SAME, stranger=403, before=mail_a_code),
    "payments:cash-move": Row("treasurer", nothing, lambda w: {"amount": "1.00"}, NEW, stranger=403, before=put_in_the_bank),
    "payments:reconcile-now": Row("treasurer", nothing, press, NEW, stranger=403),
    "payments:difference-explain": Row(
        "treasurer", lambda w: [w.difference.pk], lambda w: {"reason": "The bank took it"}, 409, stranger=403
    ),
    "payments:inbox-replay": Row("treasurer", lambda w: [w.event.pk], press, 409, stranger=403),
    "payments:inbox-close": Row("treasurer", lambda w: [w.event.pk], lambda w: {"reason": "An old test"}, 409, stranger=403),
    # tiers and sponsors
    "tiers:new": Row("lead", of_project, tier_fields, NEW, stranger=403),
    "tiers:edit": Row("lead", of_draft_tier, lambda w: {**tier_fields(w), "version": str(w.draft_tier.version)}, 409, stranger=403),
    "tiers:publish": Row("lead", of_draft_tier, lambda w: {"version": str(w.draft_tier.version)}, 409, stranger=403),
    "tiers:retire": Row("lead", lambda w: [w.project.slug, w.tier.pk], press, 409, stranger=403),
    "billing:join": Row("nobody", lambda w: [w.project.slug, w.tier.pk],
                        lambda w: {"kind": "organisation", "name": "Aldermoor Labs", "country": "NO", "email": "pay@aldermoor.example",
                                   "naming": "public", "public_name": "Aldermoor"}, NEW, processor=True),
    "billing:stop": Row("nobody", lambda w: [w.signed("stop")], press, SAME),
    "billing:card": Row("nobody", lambda w: [w.signed("card")], press, LOOKS, before=run_the_sponsorship, processor=True),
    "billing:pay": Row("nobody", lambda w: [w.signed("pay")], press, LOOKS, before=refuse_the_renewal, processor=True),
    "billing:steps-edit": Row("treasurer", nothing, step_fields, 409, stranger=403),
    # goals
    "goals:new": Row("lead", of_project, lambda w: {**goal_fields(w), "slug": "tables"}, 422, stranger=403),
    "goals:edit": Row("lead", lambda w: [w.draft_goal.slug], lambda w: {**goal_fields(w), "version": str(w.draft_goal.version)}, 409,
                      stranger=403),
    "goals:publish": Row("lead", lambda w: [w.draft_goal.slug], lambda w: {"version": str(w.draft_goal.version)}, 409, stranger=403),
    "goals:call-off": Row("lead", lambda w: [w.goal.slug], lambda w: {"reason": "The plan changed."}, 409, stranger=403),
    "goals:pledge": Row("nobody", lambda w: [w.goal.slug], pledge_fields, NEW, processor=True),
    "goals:own": Row("nobody", World.of_pledge, lambda w: {"amount": "20.00", "naming": "unnamed", "public_name": ""}, SAME),
    "goals:card": Row("nobody", World.of_pledge, press, LOOKS, processor=True),
    "goals:withdraw": Row("nobody", World.of_pledge, press, SAME),
    # awards
    "awards:new": Row("treasurer", nothing, lambda w: {**award_fields(w), "slug": "dogwood"}, 422, stranger=403),
    "awards:edit": Row("treasurer", lambda w: [w.draft_award.slug],
                       lambda w: {**award_fields(w), "version": str(w.draft_award.version)}, 409, stranger=403),
    "awards:move": Row("treasurer", lambda w: [w.draft_award.slug], lambda w: {"to": "applied", "words": "Sent today"}, 422, stranger=403),
    "awards:activate": Row("second treasurer", lambda w: [w.agreed_award.slug], lambda w: {"version": str(w.agreed_award.version)}, 409,
                           stranger=403),
    "awards:book": Row("treasurer", lambda w: [w.award.slug, 1],
                       lambda w: {"amount": "400.00", "arrived_on": "2026-10-30", "bank_reference": "ABC 1", "evidence": "Statement"},
                       409, stranger=403),
    "awards:claim": Row("treasurer", lambda w: [w.award.slug, 2], lambda w: {"back": "met", "words": "Their letter"}, 409, stranger=403),
    "awards:decide": Row("second treasurer", lambda w: [w.award.slug, 3], lambda w: {"decision": "open", "words": "It is not signed."},
                         409, stranger=403),
    "awards:withhold": Row("treasurer", lambda w: [w.award.slug, 1], lambda w: {"words": "They have no money"}, NEW, stranger=403),
    "awards:give-back": Row("treasurer", lambda w: [w.booked_award.slug],
                            lambda w: {"amount": "10.00", "bank_reference": "OUT 7", "reason": "The work is done"}, 409, stranger=403),
    "awards:give-back-decide": Row("second treasurer", lambda w: [w.asked_back.award.slug, w.asked_back.pk],
                                   lambda w: {"decision": "agree", "words": "Right."}, 409, stranger=403),
    "awards:correct": Row("treasurer", lambda w: [w.booked_award.slug, 1],
                          lambda w: {"amount": "390.00", "arrived_on": "2026-10-30", "bank_reference": "RIGHT 7", "evidence": "Statement",
                                     "reason": "A typing mistake"}, 409, stranger=403),
    "awards:correct-decide": Row("second treasurer",
                                 lambda w: [w.asked_correction.tranche.award.slug, 1, w.asked_correction.pk],
                                 lambda w: {"decision": "agree", "words": "Right."}, 409, stranger=403),
    # rates
    "rates:propose": Row("worker", nothing, lambda w: {"amount": "480.00", "effective_from": "2026-11-01"}, 422),
    "rates:approve": Row("treasurer", lambda w: [w.card.pk], press, 409, stranger=404),
    "rates:decline": Row("treasurer", lambda w: [w.card.pk], lambda w: {"reason": "Too high."}, 409, stranger=404),
    "rates:withdraw": Row("friend", lambda w: [w.card.pk], press, 409, stranger=404),
    # calls and proposals
    "proposals:call-new": Row("admin", nothing, lambda w: {**call_fields(w), "slug": "summer"}, 422, stranger=403),
    "proposals:call-edit": Row("admin", lambda w: [w.draft_call.slug], lambda w: {**call_fields(w), "version": str(w.draft_call.version)},
                               409, stranger=403),
    "proposals:call-open": Row("admin", lambda w: [w.draft_call.slug], press, 409, stranger=403),
    "proposals:call-close": Row("admin", lambda w: [w.call.slug], press, 409, stranger=403),
    "proposals:rubric": Row("admin", lambda w: [w.draft_call.slug], lambda w: {**rubric_fields(), "version": str(w.draft_call.version)},
                            409, stranger=403),
    "proposals:start": Row("stranger", lambda w: [w.call.slug], proposal_fields, NEW),
    "proposals:edit": Row("worker", lambda w: [w.draft.ref], lambda w: {**proposal_fields(w), "version": str(w.draft.version)},
                          409, stranger=404),
    "proposals:submit": Row("worker", lambda w: [w.draft.ref], press, 409, stranger=404),
    "proposals:reopen": Row("second applicant", ref("undeclared"), press, 409, stranger=404),
    "proposals:withdraw": Row("second applicant", ref("undeclared"), press, 409, stranger=404),
    # committee
    "committee:new": Row("admin", nothing, lambda w: {**rule_fields(w), "slug": "third"}, 422, stranger=403),
    "committee:rules": Row("admin", lambda w: [w.committee.slug], lambda w: {**rule_fields(w), "version": str(w.committee.version)},
                           409, stranger=403),
    "committee:declare": Row("member 1", ref("undeclared"), lambda w: {"conflict": "conflict", "because": "We wrote a paper."},
                             403, stranger=404),
    "committee:review": Row("member 2", ref("ready"), lambda w: {"recommendation": "fund", "reasons": "Sound.", "notes": "Ask later.",
                                                                  "version": "0", "then": "submit"}, 409, stranger=404),
    "committee:unseal": Row("member 1", ref("sealed"), press, 409, stranger=404),
    "committee:excuse": Row("member 2", ref("sealed"), lambda w: {"ground": "load", "reason": "Away in May."}, 409, stranger=404),
    "committee:end-waiting": Row("member 0", lambda w: [w.approved.panel.proposal.ref], lambda w: {"reason": "The project ended."}, 409,
                                 stranger=403),
    "committee:letter": Row("member 0", lambda w: [w.engagement.proposal.ref],
                            lambda w: {"body": "Dear applicant, it is funded.", "names_confirmed": "",
                                                                   "then": "send"}, 409, stranger=404),
    "committee:vote": Row("member 2", ref("ready"), lambda w: {"choice": "against"}, NEW, stranger=404),
    "committee:determine": Row("member 0", ref("ready"), lambda w: {"reasons": "It is needed.", "seen": w.mark()}, SAME, stranger=404),
    # work
    "timesheets:week": Row("worker", nothing, lambda w: {"cells": ["2026-10-29:am"], "note": "Fix the race",
                                                         "evidence_url": "https://code.example/1"}, 422),
    "timesheets:approve": Row("lead", lambda w: [w.engagement.ref], lambda w: {"entries": [str(entry.pk) for entry in w.entries],
                                                                               "reason": "Seen.", "decision": "return"}, 422, stranger=404),
    "timesheets:withdraw": Row("worker", lambda w: [w.entries[0].ref], press, 409, stranger=404),
    "timesheets:end": Row("lead", lambda w: [w.idle.ref], lambda w: {"reason": "They found other work."}, 409, stranger=404),
    # payouts
    "payouts:account_start": Row("idle worker", lambda w: [w.idle.payee_id], lambda w: {"country": "US"}, SAME, stranger=404,
                                 processor=True),
    "payouts:prepare": Row("treasurer", nothing, lambda w: {"currency": "USD", "up_to": "2026-10-30"}, 422, stranger=403,
                           before=free_the_days),
    "payouts:release": Row("second treasurer", lambda w: [w.run.number], release_fields, 409, stranger=403),
    "payouts:cancel": Row("treasurer", lambda w: [w.run.number], lambda w: {"reason": "Wrong month."}, 409, stranger=403),
    "payouts:withhold": Row("treasurer", lambda w: [w.payout.ref], lambda w: {"amount": "10.00", "reason": "Section 50a."}, SAME,
                            stranger=404),
    "payouts:retry": Row("treasurer", lambda w: [w.payout.ref], press, 409, stranger=404, before=fail_the_payout),
    "payouts:debt_ask": Row("treasurer", lambda w: [w.payout.ref], lambda w: {"reason": "The company is dissolved."}, 409, stranger=404,
                            before=fail_the_payout),
    "payouts:debt_decide": Row("second treasurer", lambda w: [w.payout.ref], lambda w: {"decision": "agree"}, 409, stranger=404,
                               before=ask_to_cancel),
    "payouts:lift": Row("treasurer", lambda w: [w.frozen.pk], lambda w: {"reason": "Called them."}, 409, stranger=403),
    "payouts:freeze": Row("nobody", lambda w: [changes.token(w.change)], press, SAME),
    "payouts:cosign": Row("cosigner", lambda w: [w.signed_run()], release_fields, 409, stranger=404),
    # tokens
    "tokens:new": Row("stranger", nothing, lambda w: {"name": "My laptop", "scopes": ["read"], "days": "30"}, NEW),
    "tokens:revoke": Row("stranger", lambda w: [w.token.token_key], press, 409, stranger=404),
    # recovery
    "billing:look": Row("treasurer", lambda w: [w.giving.payment.ref], press, LOOKS, stranger=403),
    "recovery:trouble-again": Row("admin", lambda w: [w.trouble.pk], press, SAME, stranger=403),
    "recovery:trouble-close": Row("admin", lambda w: [w.trouble.pk], lambda w: {"reason": "It was a test."}, 409, stranger=403),
    "recovery:mail-again": Row("admin", lambda w: [w.parked_mail.pk], press, 409, stranger=403),
    "recovery:mail-close": Row("admin", lambda w: [w.parked_mail.pk], lambda w: {"reason": "They left."}, 409, stranger=403),
}  # fmt: skip

ELSEWHERE = {
    "people:host": "needs an installation without a host: TestFirstHost",
    "payments:webhook": "signed by the processor, no form: tests/funding/payments/test_views.py",
    "pages:livez": "reads nothing of the request",
    "pages:readyz": "reads nothing of the request",
    "api/": "JSON and no forms: tests/site/test_schema.py and each app's test_api.py",
    "accounts/": "allauth's own forms and their tests; what we add to sign-up is tried in TestSignUp",
    "admin/": "the admin shows rows and changes none: tests/funding/people/test_views.py and funding/web/admin.py",
    "demo/": "only in the demo: tests/funding/site/demo/test_views.py",
}
"""Addresses that answer a POST and are tried somewhere else, by name or by how they begin, with the reason."""


def address(name: str, world: World) -> str:
    row = ROWS[name]
    return reverse(name, args=row.args(world)) + row.query
