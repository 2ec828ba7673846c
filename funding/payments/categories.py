"""What the processor's reporting categories are called on a page. Source: docs.stripe.com/reports/reporting-categories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CATEGORIES: dict[str, StrOrPromise] = {
    "charge": gettext_lazy("charge"),
    "charge_failure": gettext_lazy("failed charge"),
    "refund": gettext_lazy("refund"),
    "refund_failure": gettext_lazy("failed refund"),
    "dispute": gettext_lazy("dispute"),
    "dispute_reversal": gettext_lazy("dispute won"),
    "fee": gettext_lazy("fee"),
    "network_cost": gettext_lazy("network cost"),
    "tax": gettext_lazy("tax"),
    "other_adjustment": gettext_lazy("adjustment"),
    "payout": gettext_lazy("payout to the bank"),
    "payout_reversal": gettext_lazy("returned payout to the bank"),
    "topup": gettext_lazy("top-up"),
    "topup_reversal": gettext_lazy("returned top-up"),
    "transfer": gettext_lazy("transfer to a payee"),
    "transfer_reversal": gettext_lazy("returned transfer"),
    "connect_reserved_funds": gettext_lazy("reserve for payees"),
    "risk_reserved_funds": gettext_lazy("reserve for risks"),
}


def words(kind: str) -> str:
    """`transfer to a payee` for `transfer`. One that Stripe made later is told by its code."""
    return str(CATEGORIES.get(kind, kind))
