"""A person asks for a payment to be looked at now instead of at its next turn."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from funding.audit.services import audited
from funding.errors import Conflict
from funding.payments import policies
from funding.people.models import User
from funding.web.queue import enqueue_on_commit
from sponsors.billing.services.recording import SETTLE
from sponsors.invoices.models import Payment


@audited("payments.look_again", subject="payment")
def look_again(*, actor: User, payment: Payment) -> Payment:
    """Settle an open payment as soon as a worker can. Administrators and treasurers. Raises Refused, Conflict when it is not open."""
    policies.require_keeper(actor)
    locked = Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)
    if locked.state not in Payment.OPEN:
        raise Conflict(_("{ref} is not open any more.").format(ref=locked.ref))
    locked.next_look_at = timezone.now()
    locked.save(update_fields=["next_look_at"])
    enqueue_on_commit(SETTLE, locked.pk)
    return locked
