"""What the gateway gives and what it raises: frozen values and errors, with no word of the processor's library."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from funding.errors import DaybookError
from funding.errors import Unavailable as SiteUnavailable
from funding.money import Money

RefundStatus = Literal["pending", "requires_action", "succeeded", "failed", "canceled"]
TopUpStatus = Literal["pending", "succeeded", "failed", "canceled", "reversed"]
ChargeStatus = Literal["succeeded", "processing", "requires_action", "requires_payment_method", "canceled"]


@dataclass(frozen=True, slots=True)
class Checkout:
    """A hosted page: to pay, or only to save a card. `url` is empty once it is complete or expired.

    `payment_intent` is known from the first attempt. `payment_method` (`pm_…`) and `card_label` are known once the page
    is complete: the card that paid, or the one that was saved. `paid` stays False on a page that only saves a card.
    """

    id: str
    url: str
    open: bool
    paid: bool
    payment_intent: str | None
    payment_method: str | None
    card_label: str | None
    card_expires_on: dt.date | None = None
    """The last day on which the card is good, as far as the processor knows."""


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
    card_expires_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A connected account (`acct_…`). `requirements` names what the processor still wants before it pays out.

    `destination` reads `Bank ending 6789`, empty for none. `destination_mark` is opaque and changes whenever money would
    end up in another bank account; empty for none.
    """

    id: str
    details_submitted: bool
    payouts_enabled: bool
    requirements: tuple[str, ...]
    metadata: dict[str, str]
    destination: str
    destination_mark: str


@dataclass(frozen=True, slots=True)
class Reversal:
    """A part of a transfer that came back (`trr_…`)."""

    id: str
    amount: Money
    balance_transaction: str | None
    created: dt.datetime


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money sent to a connected account (`tr_…`). `reversed` is True only when all of it came back.

    `amount_reversed` is the sum of all that came back; `reversals` are its ten latest parts, oldest first.
    """

    id: str
    account: str
    amount: Money
    amount_reversed: Money
    reversed: bool
    reversals: tuple[Reversal, ...]
    balance_transaction: str | None
    metadata: dict[str, str]
    created: dt.datetime


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back to a card (`re_…`) for the charge `pi_…`. `pending` may take days; `failed` can come after `succeeded`.

    `balance_transaction` took it from the balance; `failure_balance_transaction` brought it back after a failure.
    """

    id: str
    charge: str
    amount: Money
    status: RefundStatus
    failure_reason: str | None
    balance_transaction: str | None
    failure_balance_transaction: str | None
    metadata: dict[str, str]
    created: dt.datetime


@dataclass(frozen=True, slots=True)
class TopUp:
    """Money that the processor collects from our bank onto the balance (`tu_…`). `pending` takes days; `reversed` can come after.

    `balance_transaction` put it on the balance; None while it is pending.
    """

    id: str
    amount: Money
    status: TopUpStatus
    failure: str | None
    balance_transaction: str | None
    metadata: dict[str, str]
    created: dt.datetime


@dataclass(frozen=True, slots=True)
class BalanceTransaction:
    """One movement (`txn_…`) on the platform's balance. `net` = `amount` − `fee`; all signed, in minor units as we count them.

    `kind` is Stripe's reporting category: charge, refund, refund_failure, dispute, dispute_reversal, transfer,
    transfer_reversal, topup, payout, fee and more. `source` is the object that caused it (`ch_…`, `re_…`, `dp_…`, `tr_…`,
    `trr_…`), empty for none.
    """

    id: str
    kind: str
    amount: int
    fee: int
    net: int
    currency: str
    source: str
    created: dt.datetime
    available_on: dt.datetime


@dataclass(frozen=True, slots=True)
class Balance:
    """What the platform holds in one currency. `pending` is not yet ours to send."""

    available: Money
    pending: Money

    @property
    def total(self) -> Money:
        return self.available + self.pending


@dataclass(frozen=True, slots=True)
class Dispute:
    """A charge that its owner's bank disputes (`dp_…` or `du_…`). It has no metadata of ours; `charge` (`pi_…`) names it.

    `status` is Stripe's word: needs_response, under_review, won, lost, prevented; with `warning_` before it an inquiry, which
    moves no money. `movements` are what it took from the balance with its fee, and what came back, in that order.
    """

    id: str
    charge: str
    amount: Money
    status: str
    reason: str
    evidence_due: dt.datetime | None
    movements: tuple[BalanceTransaction, ...]
    metadata: dict[str, str]
    created: dt.datetime


@dataclass(frozen=True, slots=True)
class Event:
    """News that something happened to `object_id`. Never more than news: read the object again before acting.

    News of a card charge (`charge.updated`, `charge.refunded`) names the payment intent (`pi_…`) that `read_charge` takes;
    news of a dispute the dispute, of a refund the refund, of a payee's bank account the account.
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


class AlreadyRefunded(Rejected):
    """The refund is above what is left of the charge, or nothing is left. Nothing moved; read what was refunded before."""


class CannotReceive(Rejected):
    """The connected account is not able to receive transfers yet. Nothing moved; try later with a new key."""


class Unavailable(SiteUnavailable, GatewayError):
    """No answer, or one without an outcome. Repeat with the same key: it cannot act twice."""


class BadSignature(GatewayError):
    """The bytes did not come from the processor, or are older than five minutes."""
