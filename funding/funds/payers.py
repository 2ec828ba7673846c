"""Whose money paid an outflow of a fund, named for a viewer and to the cent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from funding.funds import provenance, sources
from funding.funds.flows import PAID
from funding.funds.sources import Label, Ref
from funding.ledger.models import Transfer
from funding.money import Money
from funding.people.roles import Viewer


@dataclass(frozen=True, slots=True)
class Payer:
    """A part of one half day's pay, and whose money it was."""

    label: Label
    amount: Money
    about: Ref | None = None


def of(outflows: Iterable[Transfer], viewer: Viewer) -> dict[int, tuple[Payer, ...]]:
    """Who paid each of these outflows, by its id, oldest money first; a constant number of queries for each hop between funds."""
    rows = list(outflows)
    origins = provenance.origins(row.pk for row in rows)
    labels = sources.describe({share.about for shares in origins.values() for share in shares if share.about}, viewer)
    return {
        row.pk: tuple(
            Payer(labels.get(share.about or ("", 0), Label(_("The fund"))), Money(share.amount, row.currency), share.about)
            for share in origins.get(row.pk, [])
        )
        for row in rows
    }


def of_work(ids: Iterable[int], viewer: Viewer) -> dict[int, tuple[Payer, ...]]:
    """The same for half days by their ids; what is not paid out yet is left out."""
    sent = list(Transfer.objects.filter(kind=PAID, about_kind="work", about_id__in=list(ids)).order_by("pk"))
    found: dict[int, tuple[Payer, ...]] = defaultdict(tuple)
    named = of(sent, viewer)
    for row in sent:
        found[row.about_id or 0] += named[row.pk]
    return dict(found)


def merged(payers: Iterable[Payer]) -> list[Payer]:
    """Each payment once, with the sum of its parts. Two payments of one sponsor stay two, and so do two sponsors without a name."""
    found: dict[Ref | str, Payer] = {}
    for payer in payers:
        key = payer.about or payer.label.text
        found[key] = replace(payer, amount=found[key].amount + payer.amount) if key in found else payer
    return list(found.values())


def words(payers: Iterable[Payer]) -> SafeString:
    """“Aldermoor Labs $91.80, Unnamed sponsor $45.90”, each name with its link; nothing where nobody has paid yet."""
    said = format_html_join(
        ", ",
        "{} {}",
        (
            (format_html('<a href="{}">{}</a>', it.label.url, it.label.text) if it.label.url else it.label.text, it.amount)
            for it in merged(payers)
        ),
    )
    return format_html("<span>{}</span>", said) if said else said
