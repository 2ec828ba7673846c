"""What a payment is called where money is followed: the sponsor as they chose to be named, and the page of its trail.

Those who act for the sponsor, treasurers, auditors and administrators read the real name; nobody else does.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse

from funding.funds.sources import Label
from funding.people import roles
from funding.people.models import User
from funding.people.roles import Role, Viewer
from funding.web import ahead
from funding.web.ahead import Question
from sponsors.invoices.models import Payment
from sponsors.sponsorships import naming
from sponsors.sponsorships.selectors import parties_of

TRAIL = "pages:payment-trail"
OFFICE = {Role.TREASURER, Role.AUDITOR, Role.ADMIN}


def describe(ids: Iterable[int], viewer: Viewer) -> dict[int, Label]:
    """Labels for payments, in at most three queries."""
    office = roles.has_any(viewer, OFFICE)
    mine = set(ahead.rows(parties_of(viewer))) if isinstance(viewer, User) and not office else set()
    labels = {}
    for payment in ahead.rows(_payments(ids)):
        sponsorship = payment.invoice.sponsorship
        hidden = sponsorship.naming != naming.PUBLIC
        if hidden and (office or sponsorship.party_id in mine):
            # The words for the public stand first, so that the reader knows what others see.
            text, private = f"{sponsorship.shown_name} ({sponsorship.payer_name})", False
        else:
            text, private = sponsorship.shown_name, hidden
        labels[payment.pk] = Label(text, "" if payment.surplus else _trail(payment.ref), private=private)
    return labels


def public_names(ids: Iterable[int]) -> dict[int, str]:
    """Payments whose sponsor is named in public now → that name. For what the books disclose of a sealed day."""
    rows = Payment.objects.filter(pk__in=list(ids), invoice__sponsorship__naming=naming.PUBLIC)
    return dict(rows.values_list("pk", "invoice__sponsorship__public_name"))


def asks(ids: Iterable[int], viewer: Viewer) -> list[Question]:
    """What `describe` asks, besides the viewer's roles."""
    parties = [parties_of(viewer)] if isinstance(viewer, User) and not roles.has_any(viewer, OFFICE) else []
    return [_payments(ids), *parties]


def _payments(ids: Iterable[int]) -> QuerySet[Payment]:
    return Payment.objects.filter(pk__in=list(ids)).select_related("invoice__sponsorship")


def _trail(ref: str) -> str:
    try:
        return reverse(TRAIL, args=[ref])
    except NoReverseMatch:
        return ""
