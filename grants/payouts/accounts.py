"""Where a payee's money goes: their account at the processor, set up by themselves on the processor's pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from babel.numbers import get_territory_currencies
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.audit.services import audited
from funding.components.parts import Pill
from funding.errors import Invalid, Refused
from funding.mail import services as mail
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


@dataclass(frozen=True, slots=True)
class State:
    """How far a payee's account is, for a reader: a code, the pill, one sentence, and what is missing in words."""

    code: Literal["none", "unfinished", "review", "able", "blocked"]
    pill: Pill
    sentence: str
    action: str
    missing: tuple[str, ...] = ()


WANTED = {
    "external_account": gettext_lazy("the bank account that the money goes to"),
    "tos_acceptance": gettext_lazy("your agreement to the processor's terms"),
    "business_type": gettext_lazy("whether you are a person or a company"),
    "business_profile": gettext_lazy("a few words about what you do"),
    "individual.verification": gettext_lazy("a document that proves who you are"),
    "individual": gettext_lazy("details about you"),
    "company.verification": gettext_lazy("a document about the company"),
    "company": gettext_lazy("details about the company"),
    "representative": gettext_lazy("who represents the company"),
    "person": gettext_lazy("details about a person behind the company"),
    "owners": gettext_lazy("who owns the company"),
    "directors": gettext_lazy("who directs the company"),
}
"""What the processor's names for what it still wants begin with, and what that is. Names it adds later read as “another detail”."""


def missing(requirements: Iterable[str]) -> tuple[str, ...]:
    """What the processor wants, in words, each once, in the order of `WANTED`."""
    found = {
        next((begin for begin in sorted(WANTED, key=len, reverse=True) if name == begin or name.startswith(f"{begin}.")), "")
        for name in requirements
    }
    words = tuple(str(WANTED[begin]) for begin in WANTED if begin in found)
    return words + ((_("another detail, which its form names"),) if "" in found else ())


def state_of(account: ConnectedAccount | None) -> State:
    """Whether this payee can be paid, and if not, whose turn it is."""
    if account is None or not account.account_id:
        return State("none", Pill(_("Not set up"), "stop"), _("Nothing is set up yet."), _("Set up the account"))
    wanted, onward = missing(account.requirements), _("Continue the set-up")
    if account.payouts_enabled:
        where = (
            _("Payouts go to {destination}.").format(destination=account.destination)
            if account.destination
            else _("Payouts are sent to this account in {currency}.").format(currency=account.currency)
        )
        return State("able", Pill(_("Can receive money"), "paid"), where, _("Change the bank details"), wanted)
    if account.able_at:
        sentence = _("The processor stopped payouts to this account until it has what is missing. Nothing is lost meanwhile.")
        return State("blocked", Pill(_("Blocked"), "stop"), sentence, onward, wanted)
    if account.details_submitted and not wanted:
        sentence = _("Everything is handed in. The processor checks it, which can take some days.")
        return State("review", Pill(_("Being checked"), "wait"), sentence, onward)
    return State("unfinished", Pill(_("Not finished"), "wait"), _("The set-up is not finished."), onward, wanted)


def tell(account: ConnectedAccount, before: payments.Seen) -> None:
    """Tell the payee that money can come now, or that the processor wants something again. Inside the transaction of the news."""
    state = state_of(account)
    if account.payouts_enabled and not before.payouts_enabled:
        kind = "account_able"
    elif (before.payouts_enabled and not account.payouts_enabled) or (
        account.details_submitted and set(account.requirements) - set(before.requirements)
    ):
        kind = "account_needs"
    else:
        return
    for to in sorted({address.lower() for address in (account.party.email, account.email) if address}):
        mail.queue(
            kind=kind,
            to=to,
            key=f"{kind}:{account.account_id}:{account.updated_at.isoformat()}:{to}",
            context={"party": account.party, "state": state, "url": mail.absolute(reverse("payouts:account"))},
        )


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
        raise Invalid(_("The processor cannot open this account: {message}").format(message=error.message), field="country") from error


def refresh(*, user: User) -> list[ConnectedAccount]:
    """Read the user's payee accounts again at the processor, as when they come back from its form. Raises gateway.Unavailable."""
    accounts = ConnectedAccount.objects.filter(party__in=parties_of(user).values("pk")).exclude(account_id="")
    found = [payments.refresh_account(account_id=account.account_id) for account in accounts]
    return [account for account in found if account is not None]


@audited("payouts.set_up_account", subject="party")
def _set_country(*, actor: User, party: Party, country: str) -> None:
    """Keep the country of a payee. Once the processor has made the account, the country cannot change here."""
    if not Membership.objects.filter(user=actor, party=party, role=Membership.Role.OWNER).exists():
        raise Refused(_("You cannot set up this account. Only somebody who acts for the payee can."), rule="owner")
    code = country.strip().upper()
    if not get_territory_currencies(code):
        raise Invalid(_("Choose the country in which the account is kept."), field="country")
    existing = ConnectedAccount.objects.select_for_update().filter(party=party).first()
    if existing is not None and existing.country != code:
        if existing.account_id:
            raise Invalid(
                _("The account was opened in {country}, and the processor does not move accounts.").format(
                    country=country_name(existing.country)
                ),
                field="country",
            )
        # The processor refused it or never answered: the next request is another one and takes another key.
        existing.delete()
    party.country = code
    party.save(update_fields=["country"])
