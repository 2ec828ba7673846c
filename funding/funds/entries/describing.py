"""What a transfer about ("voucher", id) was for, in public words. A voucher names nobody here: who paid stays with the desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from funding.funds.models import Voucher
from funding.funds.sources import Label
from funding.people import roles
from funding.people.roles import Role, Viewer
from funding.web import ahead
from funding.web.ahead import Question

DESK = {Role.TREASURER, Role.ADMIN, Role.AUDITOR}


def describe(ids: Iterable[int], viewer: Viewer) -> Mapping[int, Label]:
    """One query for any number of vouchers, and one for the viewer. The host's desk reads who paid."""
    found = ahead.rows(_vouchers(ids))
    desk = any(it.party for it in found) and roles.has_any(viewer, DESK)
    return {it.pk: _label(it, desk=desk) for it in found}


def asks(ids: Iterable[int], viewer: Viewer) -> list[Question]:
    return [_vouchers(ids)]


def _vouchers(ids: Iterable[int]) -> QuerySet[Voucher]:
    return Voucher.objects.filter(pk__in=list(ids)).select_related("party")


def _label(voucher: Voucher, *, desk: bool) -> Label:
    if voucher.kind == Voucher.Kind.OPENING:
        return Label(_("Brought forward"))
    if voucher.party is None:
        return Label(str(voucher.get_kind_display()))
    if desk:
        return Label(_("Unnamed, by bank transfer ({payer})").format(payer=voucher.party.name))
    return Label(_("Unnamed, by bank transfer"), private=True)
