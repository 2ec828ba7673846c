"""A sponsor who has paid, people who decide, and money that was spent meanwhile."""

from __future__ import annotations

from funding.funds import services as funds
from funding.ledger import services as ledger
from funding.ledger.models import Account, Transfer
from funding.ledger.services import Line
from funding.money import Money
from funding.people.models import User
from funding.people.roles import Role
from sponsors.billing.services import Joined
from sponsors.invoices.models import Payment
from sponsors.refunds import services as refunds
from sponsors.refunds.models import Refund
from tests.funding import builders as people
from tests.funding.ledger import books
from tests.funding.payments.standin import StandIn
from tests.sponsors import builders


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def paid(stand_in: StandIn) -> Joined:
    """A sponsor whose $100.00 are booked, and a host with money of its own for lost fees."""
    joined = builders.sponsor(stand_in)
    earn(10_000)
    return joined


def earn(amount: int) -> None:
    """Income of the host's general fund from somewhere else."""
    books.contribute(fresh(funds.host_fund("USD").account), amount)


def spend(joined: Joined, amount: int) -> Transfer:
    """Work is paid out of the project's fund."""
    return books.pay_out(fresh(joined.sponsorship.fund.account), amount)


def set_aside(amount: int) -> None:
    from funding.funds import reserve

    earn(amount)
    books.post(Line(funds.host_fund("USD").account, reserve.reserve_fund("USD").account, amount, "to_reserve"))


def treasurer(name: str = "") -> User:
    return people.holder(Role.TREASURER, name=name)


def ask(payment: Payment, amount: int = 10_000, actor: User | None = None, **fields: object) -> Refund:
    details = {"category": "requested_by_customer", "reason": "They asked.", **fields}
    return refunds.ask(actor=actor or treasurer(), payment=payment, amount=usd(amount), **details)  # type: ignore[arg-type]


def fresh(account: Account) -> Account:
    return ledger.account(account.code)


def balance(code: str) -> int:
    account = Account.objects.filter(code=code).first()
    return account.credits - account.debits if account else 0


def cash(name: str = "stripe") -> int:
    from funding.ledger.selectors import balances

    account = Account.objects.filter(code=f"cash:{name}:USD").first()
    return balances([account])[account.pk].amount.amount if account else 0
