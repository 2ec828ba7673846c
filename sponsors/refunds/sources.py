"""What a refund or a dispute is called where money is followed: never by the sponsor's real name, only as the payment is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from funding.funds import sources
from funding.funds.sources import Label
from funding.people.roles import Viewer
from funding.web import ahead
from funding.web.ahead import Question
from sponsors.billing.services.collecting import KIND as PAYMENT
from sponsors.refunds.models import Dispute, Refund


def describe_refunds(ids: Iterable[int], viewer: Viewer) -> Mapping[int, Label]:
    """Labels for refunds, in the queries of their payments and one more."""
    return _describe(dict(ahead.rows(_payments(Refund, ids))), _("Refund to {sponsor}"), viewer)


def describe_disputes(ids: Iterable[int], viewer: Viewer) -> Mapping[int, Label]:
    return _describe(dict(ahead.rows(_payments(Dispute, ids))), _("Dispute of {sponsor}"), viewer)


def asks_of_refunds(ids: Iterable[int], viewer: Viewer) -> list[Question]:
    return [_payments(Refund, ids)]


def asks_of_disputes(ids: Iterable[int], viewer: Viewer) -> list[Question]:
    return [_payments(Dispute, ids)]


def _payments(model: type[Refund] | type[Dispute], ids: Iterable[int]) -> QuerySet[Any, tuple[int, int]]:
    return model._default_manager.filter(pk__in=list(ids)).values_list("pk", "payment_id")


def _describe(payments: dict[int, int], words: str, viewer: Viewer) -> dict[int, Label]:
    labels = sources.describe([(PAYMENT, pk) for pk in payments.values()], viewer)
    found = {}
    for pk, payment in payments.items():
        label = labels[PAYMENT, payment]
        found[pk] = Label(words.format(sponsor=label.text), label.url, private=label.private)
    return found
