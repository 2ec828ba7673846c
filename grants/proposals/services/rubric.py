"""Say by what a call's proposals are judged. Fixed from the moment in which the call opens, so that all are judged alike."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from funding.audit.services import audited
from funding.errors import Conflict
from funding.people import roles
from funding.people.models import User
from grants.proposals import rubrics
from grants.proposals.models import Call, Criterion


@audited("calls.rubric", subject="call")
def set_rubric(*, actor: User, call: Call, version: int, criteria: Sequence[rubrics.Terms]) -> Call:
    """Replace the criteria of a call in draft; an empty list leaves recommendation and reasons only.

    `version` is the call's that the form showed. Raises Refused for anybody but an administrator; Invalid (rubrics.check);
    Conflict when the call was opened, has an answer that was submitted, or changed since.
    """
    roles.require(actor, roles.Role.ADMIN)
    locked = Call.objects.select_for_update().get(pk=call.pk)
    if locked.state != Call.State.DRAFT or locked.proposals.exclude(submitted_at=None).exists():
        raise Conflict(_("This call was opened, so what its proposals are judged by stays as it is."))
    if locked.version != version:
        raise Conflict(_("Somebody else changed this call since you opened the form."))
    rubrics.check(criteria)
    locked.criteria.all().delete()
    Criterion.objects.bulk_create(
        Criterion(
            call=locked,
            position=position,
            name=item.name.strip(),
            asks=item.asks.strip(),
            weight=item.weight,
            anchors=[anchor.strip() for anchor in item.anchors],
            may_skip=item.may_skip,
        )
        for position, item in enumerate(criteria)
    )
    locked.version += 1
    locked.save(update_fields=["version"])
    return locked
