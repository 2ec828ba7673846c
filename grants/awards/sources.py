"""What a transfer about ("award", tranche id) was for: the grantor, unless unnamed, and the tranche."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from funding.funds.sources import Label
from funding.people import roles
from funding.people.roles import Role, Viewer
from funding.web import ahead
from funding.web.ahead import Question
from grants.awards.models import Tranche

DESK = {Role.TREASURER, Role.ADMIN, Role.AUDITOR}


def describe(ids: Iterable[int], viewer: Viewer) -> Mapping[int, Label]:
    """One query for any number of tranches, and one for the viewer. The host's desk reads the name of an unnamed grantor."""
    tranches = ahead.rows(_tranches(ids))
    named = any(it.award.unnamed for it in tranches) and roles.has_any(viewer, DESK)
    return {it.pk: _label(it, desk=named) for it in tranches}


def public_names(ids: Iterable[int]) -> dict[int, str]:
    """Tranches of awards that name their grantor → the name. For what the books disclose of a sealed day."""
    return dict(Tranche.objects.filter(pk__in=list(ids), award__unnamed=False).values_list("pk", "award__grantor__name"))


def asks(ids: Iterable[int], viewer: Viewer) -> list[Question]:
    return [_tranches(ids)]


def _tranches(ids: Iterable[int]) -> QuerySet[Tranche]:
    return Tranche.objects.filter(pk__in=list(ids)).select_related("award__grantor")


def _label(tranche: Tranche, *, desk: bool) -> Label:
    award = tranche.award
    if award.unnamed and not desk:
        return Label(_("An unnamed grantor, tranche {number}").format(number=tranche.number), award.get_absolute_url(), private=True)
    return Label(
        _("{grantor}, award {award}, tranche {number}").format(grantor=award.grantor.name, award=award.number, number=tranche.number),
        award.get_absolute_url(),
    )
