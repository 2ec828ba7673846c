"""Who may see which address: one line of `matrix.txt` for each, one column for each kind of person.

The addresses are the URLconf's. One without a line fails, and so does a line without an address: a new page is shown to
nobody by accident. An address that looks different for different things has a line for each, `name@thing`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.urls import reverse

from funding.funds.services import project_fund
from tests.site.forms import ROWS
from tests.site.world import World

PEOPLE = {
    "nobody": "nobody",
    "stranger": "stranger",
    "sponsor": "sponsor",
    "applicant": "applicant",
    "worker": "worker",
    "lead": "lead",
    "chair": "member 0",
    "clear": "member 2",
    "recused": "member 4",
    "treasurer": "treasurer",
    "auditor": "auditor",
    "admin": "admin",
    "installer": "installer",
}
"""Column → the person of the world. `applicant`, `chair` and `clear` are so for the panel `ready`, where `recused` is clear too.

To the panel `undeclared` the applicant is a stranger, the chair and the clear member have not declared, and `recused` stepped
back. `worker` works on `engagement` and is paid in `run`; `sponsor` gives in `giving`; `installer` is the superuser, no more.
"""

ANSWERS = {
    "ok": "200",
    "no": "403",
    "--": "404",
    "in": "to the sign-in",
    "go": "elsewhere on this site",
    "401": "sign in first",
    "405": "405",
}
"""What a cell says, and what it means."""

Args = Callable[[World], list[Any]]


def _ref(panel: str) -> Args:
    return lambda world: [getattr(world, panel).proposal.ref]


ARGS: dict[str, Args] = {
    "funds:fund": lambda w: [w.project.slug],
    "tiers:list": lambda w: [w.project.slug],
    "goals:goal": lambda w: [w.goal.slug],
    "goals:goal@draft": lambda w: [w.draft_goal.slug],
    "goals:list": lambda w: [w.project.slug],
    "billing:choose": lambda w: [w.project.slug],
    "billing:paid": lambda w: [w.signed_payment()],
    "billing:card-saved": lambda w: [w.signed_change()],
    "billing:plan": lambda w: [w.giving.sponsorship.ref],
    "billing:receipt": lambda w: [w.giving.sponsorship.ref, w.giving.payment.ref],
    "refunds:refund": lambda w: [w.refund.ref],
    "refunds:dispute": lambda w: [w.dispute.ref],
    "awards:award": lambda w: [w.award.slug],
    "awards:award@draft": lambda w: [w.draft_award.slug],
    "awards:report": lambda w: [w.award.slug],
    "awards:report-csv": lambda w: [w.award.slug],
    "awards:desk-award": lambda w: [w.award.slug],
    "proposals:call": lambda w: [w.call.slug],
    "proposals:call@draft": lambda w: [w.draft_call.slug],
    "proposals:proposal@draft": lambda w: [w.draft.ref],
    "proposals:proposal@ready": _ref("ready"),
    "proposals:proposal@undeclared": _ref("undeclared"),
    "proposals:proposal@decided": lambda w: [w.engagement.proposal.ref],
    "proposals:revision@ready": lambda w: [w.ready.proposal.ref, 1],
    "proposals:revision@undeclared": lambda w: [w.undeclared.proposal.ref, 1],
    "committee:committee": lambda w: ["core"],
    "committee:decision": lambda w: [w.engagement.proposal.ref],
    "committee:decision@ready": _ref("ready"),
    "timesheets:entry": lambda w: [w.entries[0].ref],
    "timesheets:engagement": lambda w: [w.engagement.ref],
    "payouts:run": lambda w: [w.run.number],
    "people:organisation": lambda w: [w.employer.pk],
    "payouts:account_again": lambda w: [w.idle.payee_id],
    "payouts:payout": lambda w: [w.payout.ref],
    "reports:months": lambda w: [w.project.slug],
    "reports:month": lambda w: [w.project.slug, "2026-10"],
    "reports:month-csv": lambda w: [w.project.slug, "2026-10"],
    "pages:project": lambda w: [w.project.slug],
    "pages:project@draft": lambda w: [w.draft_project.slug],
    "pages:project-month": lambda w: [w.project.slug],
    "pages:work-log": lambda w: [w.project.slug],
    "pages:sponsors": lambda w: [w.project.slug],
    "pages:fund": lambda w: [project_fund(w.project).slug],
    "pages:fund@draft": lambda w: [project_fund(w.draft_project).slug],
    "pages:fund-csv": lambda w: [project_fund(w.project).slug],
    "pages:entry": lambda w: [w.an_entry()],
    "pages:day": lambda w: [w.a_book_day()],
    "pages:day-text": lambda w: [w.a_book_day()],
    "billing:proof": lambda w: [w.signed_payment()],
    "pages:payment-trail": lambda w: [w.giving.payment.ref],
    "api:balance-detail": lambda w: [project_fund(w.project).slug],
    "api:statement-detail": lambda w: [project_fund(w.project).slug],
    "api:statement-detail@draft": lambda w: [project_fund(w.draft_project).slug],
    "api:fund-detail": lambda w: [project_fund(w.project).slug],
    "api:project-detail": lambda w: [w.project.slug],
    "api:project-detail@draft": lambda w: [w.draft_project.slug],
    "api:goal-detail": lambda w: [w.goal.slug],
    "api:goal-detail@draft": lambda w: [w.draft_goal.slug],
    "api:award-detail": lambda w: [w.award.slug],
    "api:award-detail@draft": lambda w: [w.draft_award.slug],
    "api:sponsorship-detail": lambda w: [w.giving.sponsorship.ref],
    "api:invoice-detail": lambda w: [w.giving.payment.invoice.number],
    "api:payment-detail": lambda w: [w.giving.payment.ref],
    "api:receipt-detail": lambda w: [w.giving.payment.ref],
    "api:call-detail": lambda w: [w.call.slug],
    "api:call-detail@draft": lambda w: [w.draft_call.slug],
    "api:proposal-detail@draft": lambda w: [w.draft.ref],
    "api:proposal-detail@ready": _ref("ready"),
    "api:proposal-detail@decided": lambda w: [w.engagement.proposal.ref],
    **{f"api:proposal-{verb}": lambda w: [w.draft.ref] for verb in ("submit", "reopen", "withdraw")},
    "api:decision-detail": lambda w: [w.engagement.proposal.ref],
    "api:decision-detail@ready": _ref("ready"),
    "api:panel-detail@ready": _ref("ready"),
    "api:panel-detail@undeclared": _ref("undeclared"),
    "api:engagement-detail": lambda w: [w.engagement.ref],
    "api:timesheet-detail": lambda w: ["2026-10-28"],
    "api:payout-detail": lambda w: [w.payout.ref],
    "api:run-detail": lambda w: [w.run.number],
    "api:entry-detail": lambda w: [w.an_entry()],
    "api:trail-detail": lambda w: [w.paid.payment.ref],
    "api:report-detail": lambda w: [w.project.slug, "2026-10"],
    "api:day-detail": lambda w: [w.entries[0].ref],
    "api:day-withdraw": lambda w: [w.entries[0].ref],
    **{
        f"committee:{page}@{panel}": _ref(panel)
        for page in ("panel", "declare", "review", "vote", "determine")
        for panel in ("ready", "undeclared")
    },
}
"""How to fill in an address that no row of `forms.py` fills in, or of which there is more than one thing to look at."""


@dataclass(frozen=True, slots=True)
class Line:
    """One address, or one thing at it, with the answer that each column gets."""

    key: str
    answers: dict[str, str]

    @property
    def name(self) -> str:
        return self.key.partition("@")[0]

    def address(self, world: World) -> str:
        row = ROWS.get(self.name)
        args = ARGS.get(self.key) or (row.args if row else lambda world: [])
        return reverse(self.name, args=args(world)) + (row.query if row else "")


def lines() -> list[Line]:
    """The table, as it is written."""
    rows = [line.split() for line in (Path(__file__).parent / "matrix.txt").read_text().splitlines() if line and line[0] != "#"]
    columns, *found = rows
    assert columns == ["address", *PEOPLE], "the head of matrix.txt names the columns"
    return [Line(key, dict(zip(PEOPLE, answers, strict=True))) for key, *answers in found]


def answer(response: Any) -> str:
    """What a response says, as a cell of the table writes it."""
    if response.status_code == 302:
        return "in" if response["Location"].startswith("/accounts/login/") else "go"
    return {200: "ok", 403: "no", 404: "--"}.get(response.status_code, str(response.status_code))
