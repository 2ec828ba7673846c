"""Signed addresses that work without signing in: each opens one page for one row and nothing else.

A token is the row's reference with a signature made for that page only, so that a link to a receipt is no link to stop.
A receipt and the way to stop are good for ever. The pages that take a card are good for `CARD_LINK_DAYS` of real time: an
old mail must not open them. Each act behind a link is on a page of its own and takes a second press.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core import signing
from django.http import Http404
from django.urls import reverse

from funding.mail.services import absolute
from sponsors.invoices.models import Payment
from sponsors.sponsorships.models import Sponsorship

PAID, STOP, CARD, PAY, SAVED, BACK = "paid", "stop", "card", "pay", "saved", "back"
EXPIRING = (CARD, PAY)


class TooOld(Exception):
    """The link was good once. `ref` is what it was about: for whoever sends a fresh one, never for the reader."""

    def __init__(self, ref: str) -> None:
        super().__init__("This link is too old.")
        self.ref = ref


def lifetime() -> dt.timedelta:
    return dt.timedelta(days=settings.CARD_LINK_DAYS)


class _AsOf(signing.TimestampSigner):
    """Signs as of an instant in place of now."""

    def __init__(self, at: dt.datetime, *, salt: str) -> None:
        super().__init__(salt=salt)
        self.at = at

    def timestamp(self) -> str:
        return signing.b62_encode(int(self.at.timestamp()))


def sign(purpose: str, ref: str, at: dt.datetime | None = None) -> str:
    """`at`: the instant from which a link that expires counts; now unless told."""
    if at is not None and purpose in EXPIRING:
        return _AsOf(at, salt=_salt(purpose)).sign(ref)
    return _signer(purpose).sign(ref)


def read(purpose: str, token: str) -> str:
    """The reference in a token. Raises Http404 for one that was not made here for this page, TooOld for one that expired."""
    signer = _signer(purpose)
    try:
        return signer.unsign(token, max_age=lifetime()) if isinstance(signer, signing.TimestampSigner) else signer.unsign(token)
    except signing.SignatureExpired:
        raise TooOld(str(signer.unsign(token))) from None
    except signing.BadSignature:
        raise Http404("This link is not complete.") from None


def _signer(purpose: str) -> signing.Signer:
    kind = signing.TimestampSigner if purpose in EXPIRING else signing.Signer
    return kind(salt=_salt(purpose))


def _salt(purpose: str) -> str:
    return f"sponsors.billing.{purpose}"


def paid(payment: Payment) -> str:
    """The receipt, or where it will be."""
    return absolute(reverse("billing:paid", args=[sign(PAID, payment.ref)]))


def proof(payment: Payment) -> str:
    """What proves the payment without naming anybody, to save beside the receipt. The address is the receipt's."""
    return absolute(reverse("billing:proof", args=[sign(PAID, payment.ref)]))


def stop(sponsorship: Sponsorship) -> str:
    return absolute(reverse("billing:stop", args=[sign(STOP, sponsorship.ref)]))


def card(sponsorship: Sponsorship, *, at: dt.datetime | None = None) -> str:
    """Where the card is changed; what is owed is charged to the new one at once."""
    return absolute(reverse("billing:card", args=[sign(CARD, sponsorship.ref, at)]))


def pay(sponsorship: Sponsorship, *, at: dt.datetime | None = None) -> str:
    """Where what is owed is paid in person: with any card, and with whatever the bank asks of its owner."""
    return absolute(reverse("billing:pay", args=[sign(PAY, sponsorship.ref, at)]))


def saved(change_ref: str) -> str:
    """Where the card page leads back to: whether the new card is kept, and what became of what was owed."""
    return absolute(reverse("billing:card-saved", args=[sign(SAVED, change_ref)]))


def choose(sponsorship: Sponsorship) -> str:
    """The prices of the project, to begin again."""
    return absolute(reverse("billing:choose", args=[sponsorship.project.slug]))


def back(sponsorship: Sponsorship) -> str:
    """The sign-up page with what was typed, for somebody who left the card page. For a sponsorship of a tier."""
    path = reverse("billing:join", args=[sponsorship.project.slug, sponsorship.tier_id])
    return absolute(f"{path}?back={sign(BACK, sponsorship.ref)}")


def again(sponsorship: Sponsorship, *, at: dt.datetime | None = None) -> str:
    """Where somebody who left a card page pays: the sign-up page before the first payment for a tier, else the page of what is owed.

    `at` is when the key of a call to the processor was stored: a repeat under that key has to say the same, or it is refused.
    """
    return back(sponsorship) if sponsorship.paid_through is None and sponsorship.tier_id is not None else pay(sponsorship, at=at)


def entry(number: int) -> str:
    """The public page of an entry of the books."""
    return absolute(f"/books/entries/{number}/")
