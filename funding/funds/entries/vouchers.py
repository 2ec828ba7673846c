"""The paper that stands behind an entry: written once for a key, booked once, by one person or by two.

A voucher holds what the desk needs to know; the entry that it leads to holds ids and sums. The verbs beside this module say what each
kind books. Source of the rules: docs/ledger.md, “Vouchers”.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from funding import clock
from funding.errors import Conflict, Invalid
from funding.funds import reserve
from funding.funds import services as funds
from funding.funds.models import Fund, Voucher
from funding.ledger import services as ledger
from funding.ledger.models import Account, Entry, Transfer
from funding.ledger.services import Line
from funding.mail import services as mail
from funding.money import Money
from funding.people import roles
from funding.people.models import User

Role = roles.Role
Kind, State = Voucher.Kind, Voucher.State
SOURCE = "voucher"
"""In the ledger's entries, and as the kind of what a transfer is about."""
SAME = ("kind", "amount", "currency", "effective_on", "place", "owed", "fund_id", "taker_id", "party_id", "of_id", "line_id", "tax")
SAME_TOO = ("host_fee", "into_amount", "into_currency")


def write(*, actor: User, kind: str, money: Money, reason: str, on: dt.date | None = None, **fields: Any) -> tuple[Voucher, bool]:
    """The voucher that says this, and whether it is new. `on` is the date of the fact, not after today; what is decided takes the day on
    which it is agreed to, so it has none. `reason` says what it is.

    Only a treasurer. A repeat returns the first; Conflict when its key stands on a voucher of other content. Raises Refused, Invalid.
    """
    roles.require(actor, Role.TREASURER)
    if money.amount <= 0:
        raise Invalid(_("Enter an amount above zero."), field="amount")
    if not reason.strip():
        raise Invalid(_("Say what it is, and where the evidence is."), field="reason")
    if on is not None and on > max(clock.today(), timezone.localdate(clock.now())):
        raise Invalid(_("That day is still to come. It is booked when it has happened."), field="on")
    made = Voucher(
        kind=kind,
        state=State.ASKED,
        amount=money.amount,
        currency=money.currency,
        effective_on=on or clock.today(),
        reason=reason.strip(),
        asked_by=actor,
        asked_at=clock.now(),
        **fields,
    )
    made.key = f"{kind}:{_key(made)}"
    first, new = Voucher.objects.get_or_create(key=made.key, defaults=_values(made))
    if not new and _content(first) != _content(made):
        raise Conflict(_("{ref} has this reference already, with other content.").format(ref=first.ref))
    return first, new


def _key(made: Voucher) -> str:
    """What makes two papers of a kind one: the bank's reference; else the paper or the line that it is about; else all that it says."""
    if made.bank_reference:
        return made.bank_reference
    if made.of is not None:
        return made.of.ref
    if made.line_id is not None:
        return str(made.line_id)
    said = [*_content(made), made.effective_on, made.reason]
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()


def _content(voucher: Voucher) -> list[Any]:
    """What a repeat has to say again. Where somebody decides, the day is that of the decision and no part of it."""
    decided = voucher.kind in Voucher.DECIDED
    return [getattr(voucher, name) for name in (*SAME, *SAME_TOO) if not (decided and name == "effective_on")]


def _values(made: Voucher) -> dict[str, Any]:
    return {field.attname: getattr(made, field.attname) for field in Voucher._meta.concrete_fields if not field.primary_key}


def tell_approvers(voucher: Voucher) -> None:
    """To everybody who may agree to it."""
    people = {user.pk: user for user in [*roles.holders(Role.TREASURER), *roles.holders(Role.ADMIN)] if user.pk != voucher.asked_by_id}
    for user in people.values():
        context = {"voucher": voucher, "url": mail.absolute(reverse("funds:vouchers"))}
        mail.queue(kind="voucher_waits", to=user.email, key=f"voucher:{voucher.pk}:{user.pk}", context=context)


def book(voucher: Voucher, lines: Sequence[Line], actor: User) -> Voucher:
    """Post the entry of a voucher, in the transaction that decides it."""
    return booked(voucher, actor, entry=post(voucher, lines))


def post(voucher: Voucher, lines: Sequence[Line]) -> Entry:
    """The entry of a voucher: its own kind, its own date, and no word of the paper."""
    return ledger.post(
        kind=voucher.kind,
        source=SOURCE,
        reference=voucher.ref,
        lines=[line for line in lines if line.amount],
        at=clock.now(),
        effective_on=voucher.effective_on,
    )


def booked(voucher: Voucher, actor: User, **fields: Any) -> Voucher:
    Voucher.LIFECYCLE.check(voucher.state, State.BOOKED)
    voucher.state, voucher.decided_by, voucher.decided_at = State.BOOKED, actor, clock.now()
    for name, value in fields.items():
        setattr(voucher, name, value)
    voucher.save()
    return voucher


def about(voucher: Voucher) -> tuple[str, int]:
    return SOURCE, voucher.pk


def borne_by_host(voucher: Voucher, to: Account, kind: str) -> list[Line]:
    """What the host bears whether it can or not: its general fund first, the shortfall for the rest. A fact is never refused."""
    host, short = funds.host_fund(voucher.currency), reserve.shortfall_account(voucher.currency)
    ledger.hold(currency=voucher.currency)
    able = min(voucher.amount, max(0, ledger.account(host.account.code).available.amount))
    lines = [
        Line(host.account, to, able, kind, about=about(voucher)),
        Line(short, to, voucher.amount - able, kind, about=about(voucher)),
    ]
    return [line for line in lines if line.amount]


def available(fund: Fund) -> Money:
    """What the fund has free, read now."""
    return ledger.account(fund.account.code).available


def item(voucher: Voucher) -> Transfer:
    """The owed item that a booked voucher made."""
    found = (
        Transfer.objects.filter(entry=voucher.entry_id, credit_account__klass=Account.Klass.OWED).select_related("credit_account").first()
    )
    if found is None:
        raise Conflict(_("{ref} holds nothing.").format(ref=voucher.ref))
    return found


def open_of(found: Transfer) -> int:
    """How much of an owed item is not settled."""
    return found.amount - sum(found.settlements.values_list("amount", flat=True))


def held() -> list[Voucher]:
    """What is held for somebody, whole: receipts without a payer, and debts that were there before. Two queries."""
    booked_ones = Voucher.objects.filter(state=State.BOOKED, kind__in=[Kind.RECEIPT, Kind.OPENING], taker=None)
    items = Transfer.objects.filter(entry__in=booked_ones.values("entry"), credit_account__klass=Account.Klass.OWED)
    open_ones = items.filter(settlements=None).values_list("entry_id", flat=True)
    return list(booked_ones.filter(entry__in=list(open_ones)).order_by("pk"))
