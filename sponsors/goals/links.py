"""A signed address of a pledge, which works without signing in; and the addresses of a goal's pages.

The link is good for ever and opens only this one page; what it can do ends at the deadline.
"""

from __future__ import annotations

from django.core import signing
from django.http import Http404
from django.urls import reverse

from funding.mail.services import absolute
from sponsors.goals.models import Goal, Pledge

SALT = "sponsors.goals.pledge"


def goal(of: Goal) -> str:
    return absolute(reverse("goals:goal", args=[of.slug]))


def pledge(of: Pledge) -> str:
    return absolute(reverse("goals:own", args=[of.goal.slug, token(of)]))


def withdraw(of: Pledge) -> str:
    return absolute(reverse("goals:withdraw", args=[of.goal.slug, token(of)]))


def token(of: Pledge) -> str:
    return signing.Signer(salt=SALT).sign(of.ref)


def read(text: str) -> str:
    """The reference in a token. Raises Http404 for one that was not made here."""
    try:
        return str(signing.Signer(salt=SALT).unsign(text))
    except signing.BadSignature:
        raise Http404("This link is not complete.") from None
