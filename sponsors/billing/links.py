"""Signed addresses that work without signing in: each opens one page for one row and nothing else.

A token is the row's reference with a signature made for that page only, so that a link to a receipt is no link to stop.
They do not expire: a receipt is kept for years. Each act behind one is on a page of its own and takes a second press.
"""

from __future__ import annotations

from django.core import signing
from django.http import Http404
from django.urls import reverse

from funding.mail.services import absolute
from sponsors.invoices.models import Payment
from sponsors.sponsorships.models import Sponsorship

PAID, STOP, CARD, BACK = "paid", "stop", "card", "back"


def sign(purpose: str, ref: str) -> str:
    return signing.Signer(salt=f"sponsors.billing.{purpose}").sign(ref)


def read(purpose: str, token: str) -> str:
    """The reference in a token. Raises Http404 for one that was not made here for this page."""
    try:
        return signing.Signer(salt=f"sponsors.billing.{purpose}").unsign(token)
    except signing.BadSignature:
        raise Http404("This link is not complete.") from None


def paid(payment: Payment) -> str:
    """The receipt, or where it will be."""
    return absolute(reverse("billing:paid", args=[sign(PAID, payment.ref)]))


def stop(sponsorship: Sponsorship) -> str:
    return absolute(reverse("billing:stop", args=[sign(STOP, sponsorship.ref)]))


def card(sponsorship: Sponsorship) -> str:
    """Where a failed payment is made good with another card."""
    return absolute(reverse("billing:card", args=[sign(CARD, sponsorship.ref)]))


def back(sponsorship: Sponsorship) -> str:
    """The sign-up page with what was typed, for somebody who left the card page."""
    path = reverse("billing:join", args=[sponsorship.project.slug, sponsorship.tier_id])
    return absolute(f"{path}?back={sign(BACK, sponsorship.ref)}")


def entry(number: int) -> str:
    """The public page of an entry of the books."""
    return absolute(f"/books/entries/{number}/")
