"""What stands behind refunds and disputes: the host's reserve, and the shortfall, which is what no fund can bear.

The reserve is an ordinary fund of kind "reserve". Money gets into it from a general fund, as between any two
funds (moves.py). The shortfall is one account for each currency, in red until it is repaid; what the host earns or sets
aside repays it before anything else. `repaid_first` holds that for every entry that somebody decides, whoever gives and
takes in it; `repay` does for what a payment earns. Source of the rules: docs/refunds.md.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from django.utils.translation import gettext as _

from funding import clock
from funding.errors import Refused
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
    short = shortfall(fund.currency) if _is_hosts(fund) else None
    words = _("The host is short of {short}. {fund} repays that before it pays for work.")
    return Breach("shortfall", words.format(short=short, fund=fund.name)) if short else None


def require_not_short(giver: Fund, taker: Fund) -> None:
    """Raise Refused (shortfall) if the giver is the host's own fund or the reserve, and is to repay before it gives elsewhere."""
    if is_own(giver) and not (taker.kind == Fund.Kind.RESERVE and taker.currency == giver.currency):
        _refuse_while(shortfall(giver.currency))


def repaid_first(lines: Sequence[Line]) -> list[Line]:
    """The lines of an entry that somebody decided, and behind them what the shortfall takes of what they bring the host and its reserve.

    Under `ledger.hold`. Raises Refused (shortfall) where they take from either of the two for anything else.
    """
    short = shortfall(lines[0].debit.currency) if lines else None
    if not short:
        return list(lines)
    owed, spare = shortfall_account(short.currency), reserve_fund(short.currency).account
    own = {account.pk: account for account in (funds.host_fund(short.currency).account, spare)}
    brought: Counter[int] = Counter()
    for line in lines:
        if line.debit.pk in own and line.credit.pk != spare.pk:
            _refuse_while(short)
        brought[line.credit.pk] += line.amount
        brought[line.debit.pk] -= line.amount
    repaid, rest = [], short.amount
    for pk, account in own.items():
        if (part := min(rest, brought[pk])) > 0:
            repaid.append(Line(account, owed, part, "repayment"))
            rest -= part
    return [*lines, *repaid]


def is_own(fund: Fund) -> bool:
    """True for the two funds that repay a shortfall: the host's general fund, and the reserve."""
    return fund.kind == Fund.Kind.RESERVE or _is_hosts(fund)


def _is_hosts(fund: Fund) -> bool:
    return fund.slug == HOST_FUND.format(fund.currency.lower())


def _refuse_while(short: Money) -> None:
    if short:
        words = _("The host is short of {short}. Its own money repays that before it goes anywhere else.")
        raise Refused(words.format(short=short), rule="shortfall")


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
