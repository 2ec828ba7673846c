"""What a person does about a job that failed: ask for it again, or say why nothing is to be done."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.payments import policies
from funding.people.models import User
from funding.web.models import Trouble
from funding.web.queue import enqueue_on_commit


@audited("recovery.again", subject="trouble")
def again(*, actor: User, trouble: Trouble) -> Trouble:
    """Ask for the job again. It stays open until the job succeeds. Raises Refused, Conflict when it is over."""
    policies.require_keeper(actor)
    found = _open(trouble)
    enqueue_on_commit(found.job, *found.args)
    return found


@audited("recovery.close", subject="trouble")
def close(*, actor: User, trouble: Trouble, reason: str) -> Trouble:
    """Put it aside, with a reason for the audit log; the next failure opens it anew. Raises Refused, Conflict, Invalid."""
    policies.require_keeper(actor)
    if not reason.strip():
        raise Invalid(_("Say why nothing is to be done about this."), field="reason")
    found = _open(trouble)
    found.over_at = timezone.now()
    found.save(update_fields=["over_at"])
    return found


def _open(trouble: Trouble) -> Trouble:
    found = Trouble.objects.select_for_update().get(pk=trouble.pk)
    if found.over_at is not None:
        raise Conflict(_("This is over already: the job has succeeded since, or somebody closed it."))
    return found
