"""Where a payee's money goes: their account at the processor, set up by themselves on the processor's pages."""

from __future__ import annotations

from babel.numbers import get_territory_currencies
from django.db.models import QuerySet

from funding.audit.services import audited
from funding.errors import Invalid, Refused
from funding.payments import gateway
from funding.payments import services as payments
from funding.payments.models import ConnectedAccount
from funding.people.models import Membership, Party, User
from funding.web.forms import country_name
from grants.engagements.models import Engagement


def parties_of(user: User) -> QuerySet[Party]:
    """The parties that the user acts for and that an engagement pays, and their own as a person."""
    own = Party.objects.filter(memberships__user=user, memberships__role=Membership.Role.OWNER)
    paid = own.filter(pk__in=Engagement.objects.values("payee"))
    return (paid | own.filter(kind=Party.Kind.PERSON)).distinct().order_by("name", "pk")


def begin(*, actor: User, party: Party, country: str, return_url: str, refresh_url: str) -> str:
    """The address of the processor's form for this payee; the browser goes there next. Both addresses given are absolute.

    Not in a transaction, because it calls the processor. Raises Refused for anybody who does not act for the party, Invalid for a
    country that is none or that the processor does not take, gateway.Unavailable.
    """
    _set_country(actor=actor, party=party, country=country)
    party.refresh_from_db()
    try:
        return payments.start_onboarding(party=party, actor=actor, return_url=return_url, refresh_url=refresh_url)
    except gateway.Rejected as error:
        raise Invalid(f"The processor cannot open this account: {error.message}", field="country") from error


def refresh(*, user: User) -> list[ConnectedAccount]:
    """Read the user's payee accounts again at the processor, as when they come back from its form. Raises gateway.Unavailable."""
    accounts = ConnectedAccount.objects.filter(party__in=parties_of(user).values("pk")).exclude(account_id="")
    found = [payments.refresh_account(account_id=account.account_id) for account in accounts]
    return [account for account in found if account is not None]


@audited("payouts.set_up_account", subject="party")
def _set_country(*, actor: User, party: Party, country: str) -> None:
    """Keep the country of a payee. Once the processor has made the account, the country cannot change here."""
    if not Membership.objects.filter(user=actor, party=party, role=Membership.Role.OWNER).exists():
        raise Refused("You cannot set up this account. Only somebody who acts for the payee can.", rule="owner")
    code = country.strip().upper()
    if not get_territory_currencies(code):
        raise Invalid("Choose the country in which the account is kept.", field="country")
    existing = ConnectedAccount.objects.select_for_update().filter(party=party).first()
    if existing is not None and existing.country != code:
        if existing.account_id:
            raise Invalid(
                f"The account was opened in {country_name(existing.country)}, and the processor does not move accounts.", field="country"
            )
        # The processor refused it or never answered: the next request is another one and takes another key.
        existing.delete()
    party.country = code
    party.save(update_fields=["country"])
