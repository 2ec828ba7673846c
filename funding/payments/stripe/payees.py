"""Connected accounts and transfers to them."""

from __future__ import annotations

import hashlib

from funding.money import Money
from funding.payments.currencies import from_processor, to_processor
from funding.payments.stripe.client import Plain, answers, client, group, labels, moment
from funding.payments.values import Account, Reversal, Transfer


def create_account(*, name: str, email: str, country: str, currency: str, metadata: dict[str, str], key: str) -> Account:
    with answers():
        made = client().v1.accounts.create(
            {
                "country": country,
                "email": email,
                "default_currency": currency.lower(),
                "controller": {
                    "fees": {"payer": "application"},
                    "losses": {"payments": "application"},
                    "requirement_collection": "stripe",
                    "stripe_dashboard": {"type": "express"},
                },
                "capabilities": {"transfers": {"requested": True}},
                "business_profile": {"name": name},
                "metadata": metadata,
            },
            {"idempotency_key": key},
        )
    return _account(made.to_dict())


def onboarding_link(*, account: str, refresh_url: str, return_url: str) -> str:
    with answers():
        made = client().v1.account_links.create(
            {"account": account, "refresh_url": refresh_url, "return_url": return_url, "type": "account_onboarding"}
        )
    return str(made.url)


def read_account(account: str) -> Account:
    with answers():
        return _account(client().v1.accounts.retrieve(account).to_dict())


def send_transfer(*, account: str, amount: Money, kind: str, reference: str, description: str, key: str) -> Transfer:
    with answers():
        made = client().v1.transfers.create(
            {
                "amount": to_processor(amount),
                "currency": amount.currency.lower(),
                "destination": account,
                "description": description,
                "metadata": labels(kind, reference),
                "transfer_group": group(kind, reference),
            },
            {"idempotency_key": key},
        )
    return _transfer(made.to_dict())


def read_transfer(transfer: str) -> Transfer:
    with answers():
        return _transfer(client().v1.transfers.retrieve(transfer).to_dict())


def find_transfer(*, kind: str, reference: str) -> Transfer | None:
    with answers():
        listed = client().v1.transfers.list({"transfer_group": group(kind, reference), "limit": 1})
    return _transfer(listed.data[0].to_dict()) if listed.data else None


def find_transfers(*, kind: str, reference: str) -> list[Transfer]:
    with answers():
        listed = client().v1.transfers.list({"transfer_group": group(kind, reference), "limit": 100})
        return [_transfer(entry.to_dict()) for entry in reversed(list(listed.auto_paging_iter()))]


def _account(account: Plain) -> Account:
    banks = list((account.get("external_accounts") or {}).get("data") or ())
    return Account(
        id=account["id"],
        details_submitted=bool(account.get("details_submitted")),
        payouts_enabled=bool(account.get("payouts_enabled")),
        requirements=tuple((account.get("requirements") or {}).get("currently_due") or ()),
        metadata=dict(account.get("metadata") or {}),
        destination=_destination(banks, account.get("default_currency") or ""),
        destination_mark=_mark(banks),
    )


def _destination(banks: list[Plain], currency: str) -> str:
    """Where money in the account's own currency ends up, in words."""
    if not banks:
        return ""
    used = min(banks, key=lambda bank: (bank.get("currency") != currency, not bank.get("default_for_currency")))
    return f"{'Card' if used.get('object') == 'card' else 'Bank'} ending {used['last4']}"


def _mark(banks: list[Plain]) -> str:
    """Changes when a bank account is added, taken away or exchanged; the same account entered once more is no change."""
    if not banks:
        return ""
    named = sorted(f"{bank.get('currency')}:{bank.get('fingerprint') or bank['id']}" for bank in banks)
    return hashlib.sha256("\n".join(named).encode()).hexdigest()[:32]


def _transfer(transfer: Plain) -> Transfer:
    currency = transfer["currency"]
    return Transfer(
        id=transfer["id"],
        account=transfer["destination"],
        amount=from_processor(transfer["amount"], currency),
        amount_reversed=from_processor(transfer["amount_reversed"], currency),
        reversed=transfer["reversed"],
        reversals=tuple(_reversal(one) for one in reversed(transfer["reversals"]["data"])),
        balance_transaction=transfer["balance_transaction"],
        metadata=dict(transfer["metadata"] or {}),
        created=moment(transfer["created"]),
    )


def _reversal(reversal: Plain) -> Reversal:
    return Reversal(
        id=reversal["id"],
        amount=from_processor(reversal["amount"], reversal["currency"]),
        balance_transaction=reversal["balance_transaction"],
        created=moment(reversal["created"]),
    )
