"""What stands behind refunds and disputes: the host's reserve, and the shortfall, which is what no fund can bear.

The reserve is an ordinary fund of kind "reserve". Money gets into it from a general fund, as between any two
funds (moves.py). The shortfall is one account for each currency, in red until it is repaid; what the host earns or sets
aside repays it before anything else. Source of the rules: docs/refunds.md.
"""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from funding import clock
from funding.funds import services as funds
from funding.funds.models import Fund
from funding.funds.restrictions import Breach
from funding.funds.services import HOST_FUND
from funding.ledger import services as ledger
from funding.ledger.models import Account, Entry
from funding.ledger.services import Line
from funding.money import Money


def reserve_fund(currency: str) -> Fund:
    """The host's reserve in that currency, opened on first use."""
    return funds.open_fund(
        slug=f"reserve-{currency.lower()}",
        name=_("{host}: reserve").format(host=funds.host().name),
        kind=Fund.Kind.RESERVE,
        purpose=_("Refunds and disputes of money that was spent already"),
        currency=currency,
    )


def shortfall_account(currency: str) -> Account:
    return ledger.open_account(code=f"shortfall:{currency}", klass=Account.Klass.SHORTFALL, currency=currency)


def shortfall(currency: str) -> Money:
    """What is to be repaid, as of now. Reads only; zero where there never was one."""
    found = Account.objects.filter(klass=Account.Klass.SHORTFALL, currency=currency).first()
    return Money(found.debits - found.credits if found else 0, currency)


def bars(fund: Fund) -> Breach | None:
    """Why no work may be promised out of that fund, whatever it is on: it is the reserve, or the host's own while the host is short."""
    if fund.kind == Fund.Kind.RESERVE:
        return Breach("purpose", _("{fund} stands behind refunds and disputes, and pays for no work.").format(fund=fund.name))
    short = shortfall(fund.currency) if fund.slug == HOST_FUND.format(fund.currency.lower()) else None
    words = _("The host is short of {short}. {fund} repays that before it pays for work.")
    return Breach("shortfall", words.format(short=short, fund=fund.name)) if short else None


def repay(*, up_to: Money, reference: str, effective_on: dt.date) -> Entry | None:
    """Repay the shortfall from the host's general fund with what it has just earned: `up_to`, and never more than is open.

    Call it inside the transaction that credited the fund, once for each `reference` (the fact that earned it). None when
    nothing is to be repaid or the fund has nothing available.
    """
    if not shortfall(up_to.currency):
        return None
    ledger.hold(currency=up_to.currency)
    host = ledger.account(funds.host_fund(up_to.currency).account.code)
    amount = min(up_to.amount, shortfall(up_to.currency).amount, host.available.amount)
    if amount <= 0:
        return None
    return ledger.post(
        kind="shortfall_repaid",
        source="repayment",
        reference=reference,
        lines=[Line(host, shortfall_account(up_to.currency), amount, "repayment")],
        at=clock.now(),
        effective_on=effective_on,
    )
