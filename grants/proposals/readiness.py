"""What a draft still lacks before it can be submitted: the same answer for the page that lists it and for the verb."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from funding import clock, days
from funding.money import Money
from grants.proposals import selectors
from grants.proposals.models import Proposal
from grants.rates import services as rates


@dataclass(frozen=True, slots=True)
class Missing:
    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Check:
    """`rate` is the approved day rate in force today, `rate_problem` why it cannot be used ("" when it can)."""

    rate: Money | None
    rate_problem: str
    missing: tuple[Missing, ...]
    price: Money | None

    @property
    def ready(self) -> bool:
        return not self.missing and not self.rate_problem


def check(proposal: Proposal) -> Check:
    """Looks at the proposal as it is now, with its call, its project and the applicant's rate."""
    call, currency = proposal.call, proposal.call.currency
    rate = rates.rate_on(user=proposal.applicant, currency=currency, day=clock.today())
    problem = ""
    if rate is None:
        problem = _(
            "You have no approved day rate in {currency} today. Ask for one on the page “Day rates”, and submit once it is approved."
        ).format(currency=currency)
    elif rate > call.rate_cap:
        problem = _("Your day rate of {rate} is above {rate_cap}, the most that this call pays.").format(rate=rate, rate_cap=call.rate_cap)
    missing = []
    if not proposal.story.strip():
        missing.append(Missing("story", _("Say what you would do, and why.")))
    if not proposal.outcome.strip():
        missing.append(Missing("outcome", _("Say what will exist when the days are worked.")))
    if not proposal.half_days:
        missing.append(Missing("half_days", _("Say how many days you ask for.")))
    elif proposal.half_days > call.max_half_days:
        missing.append(Missing("half_days", _("This call funds at most {days} days.").format(days=days.words(call.max_half_days))))
    if not selectors.eligible_funds(call, proposal.project):
        missing.append(Missing("project", _("No fund of this call may pay for work on this project.")))
    if not selectors.can_be_paid(proposal.payee):
        missing.append(Missing("payee", selectors.unpayable([proposal.payee.name])))
    price = days.price(proposal.half_days, rate) if rate and proposal.half_days else None
    return Check(rate, problem, tuple(missing), price)
