"""What the gateway gives and what it raises: frozen values and errors, with no word of the processor's library."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from funding.errors import DaybookError
from funding.errors import Unavailable as SiteUnavailable
from funding.money import Money

ChargeStatus = Literal["succeeded", "processing", "requires_action", "requires_payment_method", "canceled"]


@dataclass(frozen=True, slots=True)
class Checkout:
    """A hosted payment page. `url` is empty once it is paid or expired; `payment_intent` is known from the first attempt."""

    id: str
    url: str
    open: bool
    paid: bool
    payment_intent: str | None


@dataclass(frozen=True, slots=True)
class Charge:
    """One payment intent (`pi_…`) as it stands. `fee` is None until the processor has booked the charge.

    `card_label` reads `Visa ending 4242`. `failure_*` are of the last attempt that failed, None after a success.
    """

    id: str
    status: ChargeStatus
    amount: Money
    fee: Money | None
    balance_transaction: str | None
    payment_method: str | None
    customer: str | None
    card_label: str | None
    failure_code: str | None
    failure_message: str | None
    metadata: dict[str, str]
    created: dt.datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A connected account (`acct_…`). `requirements` names what the processor still wants before it pays out."""

    id: str
    details_submitted: bool
    payouts_enabled: bool
    requirements: tuple[str, ...]
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money sent to a connected account (`tr_…`). `reversed` is True only when all of it came back."""

    id: str
    account: str
    amount: Money
    reversed: bool
    balance_transaction: str | None
    metadata: dict[str, str]
    created: dt.datetime


@dataclass(frozen=True, slots=True)
class Event:
    """News that something happened to `object_id`. Never more than news: read the object again before acting.

    News of a card charge (`charge.updated`) names the payment intent (`pi_…`) that `read_charge` takes.
    """

    id: str
    type: str
    object_id: str
    object_type: str
    metadata: dict[str, str]
    created: dt.datetime


class GatewayError(DaybookError):
    """The processor answered, and the answer is no."""


class Declined(GatewayError):
    """The card was refused. `code` and `decline_code` are the processor's; `charge_id` is the `pi_…` that failed."""

    def __init__(self, message: str, *, code: str, decline_code: str | None, charge_id: str | None) -> None:
        super().__init__(message)
        self.code = code
        self.decline_code = decline_code
        self.charge_id = charge_id


class AuthenticationRequired(GatewayError):
    """The bank wants the card's owner present. `charge_id` is the `pi_…` that failed; a hosted page solves it."""

    def __init__(self, message: str, *, charge_id: str | None) -> None:
        super().__init__(message)
        self.charge_id = charge_id


class Rejected(GatewayError):
    """Our request is wrong for the processor: a bug or a setting, never retried. `code` is the processor's, or empty."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class InsufficientBalance(Rejected):
    """The platform's available balance is below the transfer. Nothing moved; try later with a new key."""


class CannotReceive(Rejected):
    """The connected account is not able to receive transfers yet. Nothing moved; try later with a new key."""


class Unavailable(SiteUnavailable, GatewayError):
    """No answer, or one without an outcome. Repeat with the same key: it cannot act twice."""


class BadSignature(GatewayError):
    """The bytes did not come from the processor, or are older than five minutes."""
