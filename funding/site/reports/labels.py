"""What an account, a kind of transfer or an entry is called on a page. The ledger itself knows only codes."""

from __future__ import annotations

from collections.abc import Iterable

from funding.funds.models import Fund
from funding.ledger.models import Account

CASH = {"stripe": "Stripe balance", "bank": "Bank account", "disputed": "Held by Stripe for disputes"}
OWED = {
    "payouts": "Owed to payees",
    "refunds": "Owed back to sponsors",
    "disputes": "Claimed in disputes",
    "unidentified": "Paid twice, owed back",
    "advances": "Grants held until a condition is met",
}
OTHER = {"clearing": "Clearing", "shortfall": "Shortfall"}

KINDS = {
    "contribution": "Contribution",
    "processor_fee": "Card fee",
    "host_fee": "Host's share",
    "allocation": "To the fund",
    "surplus": "Paid twice",
    "owed_back": "Owed back to the payer",
    "payout_sent": "Work owed to payee",
    "payout_confirmed": "Paid to payee",
    "refund_owed": "Refund begun",
    "refund_paid": "Refund",
    "refund_returned": "Refund came back",
    "refund_restored": "Refund undone",
    "dispute_opened": "Dispute opened",
    "dispute_won": "Dispute won",
    "dispute_lost": "Dispute lost",
    "given_back": "Unspent money of the sponsor",
    "cover": "Covered for agreed work",
    "carried": "Carried for what was spent",
    "lost_fee": "Fee that the host bears",
    "restored": "Put back",
    "uncover": "Cover taken back",
    "disputed": "Withdrawn by the bank",
    "reinstated": "Returned by the bank",
    "dispute_fee": "Dispute fee",
    "award_received": "Tranche of an award",
    "award_advance": "Tranche held until its condition is met",
    "condition_met": "Condition of a tranche met",
    "award_returned": "Tranche given back to the grantor",
    "award_unspent": "Unspent money given back to the grantor",
    "top_up": "From the bank to the processor",
    "top_up_returned": "Taken back by the bank",
    "reserve_move": "Set aside",
    "to_reserve": "To the reserve",
    "fund_move": "Moved to another fund",
    "repayment": "Shortfall repaid",
    "shortfall_repaid": "Shortfall repaid",
    "payout_returned": "Came back from payee",
    "payout_cancelled": "Debt to payee cancelled",
}


def kind_name(kind: str) -> str:
    """`processor_fee` → “Card fee”; a kind that nobody named reads as its own words."""
    return KINDS.get(kind, kind.replace("_", " ").capitalize())


def account_names(accounts: Iterable[Account]) -> dict[int, str]:
    """Names for accounts by id, in one query: a fund by its own name, the others by what their code says."""
    wanted = {account.pk: account for account in accounts}
    names = dict(Fund.objects.filter(account__in=wanted).values_list("account_id", "name"))
    return {pk: names.get(pk) or _from_code(account.code) for pk, account in wanted.items()}


def _from_code(code: str) -> str:
    group, *rest = code.split(":")
    where = rest[0] if len(rest) > 1 else ""
    named = {"cash": CASH, "owed": OWED}.get(group, {})
    return named.get(where) or OTHER.get(group) or " ".join([group, *rest[:-1]]).capitalize()
