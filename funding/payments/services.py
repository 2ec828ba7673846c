"""Parties at the processor: their customer for paying, their connected account for being paid."""

from __future__ import annotations

from dataclasses import dataclass

from babel.numbers import get_territory_currencies
from django.db import transaction
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Invalid
from funding.payments import gateway, signals
from funding.payments.models import ConnectedAccount, Customer
from funding.people.models import Host, Party, User


def customer_for(*, party: Party) -> str:
    """The party's customer at the processor (`cus_…`), made on first use. Raises gateway.Rejected, gateway.Unavailable.

    The key and what is sent are stored before the call; a repeat after an unknown outcome is the same request and
    finds the same customer. Call it outside a transaction, so that what is stored stays stored.
    """
    row, _created = Customer.objects.get_or_create(
        party=party, defaults={"name": party.name, "email": party.email, "created_at": clock.now()}
    )
    if row.processor_id:
        return row.processor_id
    made = gateway.create_customer(name=row.name, email=row.email, metadata={"party": str(party.pk)}, key=f"customer-{row.key}")
    Customer.objects.filter(pk=row.pk).update(processor_id=made)
    return made


@audited("payments.start_onboarding", subject="party")
def _open_account(*, actor: User, party: Party) -> ConnectedAccount:
    # Two presses at once: the second waits here and finds the first one's row.
    Party.objects.select_for_update().get(pk=party.pk)
    existing = ConnectedAccount.objects.filter(party=party).first()
    return existing or ConnectedAccount.objects.create(
        party=party,
        name=party.name,
        email=party.email,
        country=party.country,
        currency=_currency_of(party.country),
        updated_at=clock.now(),
    )


def start_onboarding(*, party: Party, actor: User, return_url: str, refresh_url: str) -> str:
    """The address of the processor's own form for the party's identity and bank account; it works once, for minutes.

    Makes the connected account on first use. Both addresses are absolute. Raises Invalid(field="country") for a party
    without a country, gateway.Rejected, gateway.Unavailable. Whether `actor` acts for the party is the caller's rule.
    """
    if not party.country:
        raise Invalid(_("Say in which country you are paid first."), field="country")
    row = ConnectedAccount.objects.filter(party=party).first() or _open_account(actor=actor, party=party)
    if not row.account_id:
        made = gateway.create_account(
            name=row.name,
            email=row.email,
            country=row.country,
            currency=row.currency,
            metadata={"party": str(party.pk)},
            key=f"account-{row.key}",
        )
        _store(row.pk, made)
        row.account_id = made.id
    address = gateway.onboarding_link(account=row.account_id, refresh_url=refresh_url, return_url=return_url)
    ConnectedAccount.objects.filter(pk=row.pk).update(form_opened_by=actor, form_opened_at=clock.now())
    return address


def refresh_account(*, account_id: str) -> ConnectedAccount | None:
    """Read a connected account again and keep what the processor says of it. None for an account that is not ours.

    Raises gateway.Rejected, gateway.Unavailable.
    """
    row = ConnectedAccount.objects.filter(account_id=account_id).first()
    if row is None:
        return None
    return _store(row.pk, gateway.read_account(account_id))


def on_account(account_id: str, event_type: str) -> None:
    """News of a connected account: keep what is true of it now. Raises gateway.Rejected, gateway.Unavailable."""
    refresh_account(account_id=account_id)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the processor said of an account."""

    payouts_enabled: bool
    details_submitted: bool
    requirements: tuple[str, ...]
    destination: str
    destination_mark: str


def _seen(of: ConnectedAccount | gateway.Account) -> Seen:
    return Seen(of.payouts_enabled, of.details_submitted, tuple(of.requirements), of.destination, of.destination_mark)


@transaction.atomic
def _store(pk: int, account: gateway.Account) -> ConnectedAccount:
    row = ConnectedAccount.objects.select_for_update(of=("self",)).select_related("party", "form_opened_by").get(pk=pk)
    before, now = _seen(row), _seen(account)
    row.account_id = account.id
    row.details_submitted = now.details_submitted
    row.payouts_enabled = now.payouts_enabled
    row.requirements = list(now.requirements)
    row.destination, row.destination_mark = now.destination, now.destination_mark
    row.able_at = row.able_at or (clock.now() if now.payouts_enabled else None)
    row.updated_at = clock.now()
    row.save()
    if before != now:
        signals.account_read.send(sender=ConnectedAccount, account=row, before=before)
    return row


def _currency_of(country: str) -> str:
    """The currency that the country's banks keep accounts in; the host's where that is not known."""
    tenders = get_territory_currencies(country)
    host = Host.get()
    return str(tenders[0]) if tenders else host.currency if host else "USD"
