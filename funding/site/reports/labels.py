"""What an account, a kind of transfer or an entry is called on a page. The ledger itself knows only codes."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy

from funding.funds.models import Fund
from funding.ledger.models import Account

CASH = {
    "stripe": gettext_lazy("Stripe balance"),
    "bank": gettext_lazy("Bank account"),
    "disputed": gettext_lazy("Held by Stripe for disputes"),
}
OWED = {
    "payouts": gettext_lazy("Owed to payees"),
    "refunds": gettext_lazy("Owed back to sponsors"),
    "disputes": gettext_lazy("Claimed in disputes"),
    "unidentified": gettext_lazy("Paid twice, owed back"),
    "advances": gettext_lazy("Grants held until a condition is met"),
    "receipts": gettext_lazy("Received, payer not found yet"),
    "tax": gettext_lazy("Tax collected or withheld"),
}
OTHER = {"clearing": gettext_lazy("Clearing"), "shortfall": gettext_lazy("Shortfall")}

KINDS = {
    "contribution": gettext_lazy("Contribution"),
    "processor_fee": gettext_lazy("Card fee"),
    "host_fee": gettext_lazy("Host's share"),
    "allocation": gettext_lazy("To the fund"),
    "surplus": gettext_lazy("Paid twice"),
    "owed_back": gettext_lazy("Owed back to the payer"),
    "payout_sent": gettext_lazy("Work owed to payee"),
    "payout_confirmed": gettext_lazy("Paid to payee"),
    "refund_owed": gettext_lazy("Refund begun"),
    "refund_paid": gettext_lazy("Refund"),
    "refund_returned": gettext_lazy("Refund came back"),
    "refund_restored": gettext_lazy("Refund undone"),
    "dispute_opened": gettext_lazy("Dispute opened"),
    "dispute_won": gettext_lazy("Dispute won"),
    "dispute_lost": gettext_lazy("Dispute lost"),
    "given_back": gettext_lazy("Unspent money of the sponsor"),
    "cover": gettext_lazy("Covered for agreed work"),
    "carried": gettext_lazy("Carried for what was spent"),
    "lost_fee": gettext_lazy("Fee that the host bears"),
    "restored": gettext_lazy("Put back"),
    "uncover": gettext_lazy("Cover taken back"),
    "disputed": gettext_lazy("Withdrawn by the bank"),
    "reinstated": gettext_lazy("Returned by the bank"),
    "dispute_fee": gettext_lazy("Dispute fee"),
    "award_received": gettext_lazy("Tranche of an award"),
    "award_advance": gettext_lazy("Tranche held until its condition is met"),
    "condition_met": gettext_lazy("Condition of a tranche met"),
    "award_returned": gettext_lazy("Tranche given back to the grantor"),
    "award_unspent": gettext_lazy("Unspent money given back to the grantor"),
    "top_up": gettext_lazy("From the bank to the processor"),
    "top_up_returned": gettext_lazy("Taken back by the bank"),
    "reserve_move": gettext_lazy("Set aside"),
    "to_reserve": gettext_lazy("To the reserve"),
    "fund_move": gettext_lazy("Moved to another fund"),
    "repayment": gettext_lazy("Shortfall repaid"),
    "shortfall_repaid": gettext_lazy("Shortfall repaid"),
    "payout_returned": gettext_lazy("Came back from payee"),
    "payout_cancelled": gettext_lazy("Debt to payee cancelled"),
    "recall": gettext_lazy("Called back from another fund"),
    "receipt": gettext_lazy("Received, payer not found yet"),
    "matched": gettext_lazy("Receipt whose payer was found"),
    "paid_off": gettext_lazy("Held money paid out"),
    "bank_fee": gettext_lazy("Bank fee"),
    "processor_fees": gettext_lazy("Processor's fees of a month"),
    "tax_collected": gettext_lazy("Tax collected"),
    "tax_withheld": gettext_lazy("Tax withheld"),
    "tax_paid": gettext_lazy("Tax paid to the authority"),
    "opening": gettext_lazy("Opening balance"),
    "conversion": gettext_lazy("Currency conversion"),
    "wrong_fund": gettext_lazy("Put into the right fund"),
    "made_up": gettext_lazy("Made up for what was spent"),
    "release": gettext_lazy("Restriction released"),
    "bridge": gettext_lazy("Paid ahead for an award"),
    "bridge_repaid": gettext_lazy("Paid ahead, given back"),
    "match": gettext_lazy("Match of a gift"),
    "match_released": gettext_lazy("Match of a returned gift"),
}


def kind_name(kind: str) -> str:
    """`processor_fee` → “Card fee”; a kind that nobody named reads as its own words."""
    return str(KINDS.get(kind) or kind.replace("_", " ").capitalize())


def account_names(accounts: Iterable[Account]) -> dict[int, str]:
    """Names for accounts by id, in one query: a fund by its own name, the others by what their code says."""
    wanted = {account.pk: account for account in accounts}
    names = dict(Fund.objects.filter(account__in=wanted).values_list("account_id", "name"))
    return {pk: names.get(pk) or _from_code(account.code) for pk, account in wanted.items()}


def _from_code(code: str) -> str:
    group, *rest = code.split(":")
    where = rest[0] if len(rest) > 1 else ""
    named = {"cash": CASH, "owed": OWED}.get(group, {})
    return str(named.get(where) or OTHER.get(group) or " ".join([group, *rest[:-1]]).capitalize())
