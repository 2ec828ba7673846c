from __future__ import annotations

import datetime as dt
from typing import Any

from django.dispatch import receiver

from funding import clock
from funding.payments.models import ConnectedAccount
from funding.payments.services import Seen
from funding.payments.signals import account_read
from funding.people import acting
from funding.people.models import ActingChange, User
from funding.people.signals import acting_changed
from grants.engagements.models import Engagement
from grants.payouts import accounts, changes
from grants.payouts.models import PayeeChange, Payout, PayoutTransfer

FORM_STAYS_OPEN = dt.timedelta(days=1)
"""How long after somebody was sent to the processor's form a change there is taken for theirs."""


@receiver(account_read)
def note_another_bank_account(sender: Any, account: ConnectedAccount, before: Seen, **kwargs: Any) -> None:
    if account.destination_mark == before.destination_mark:
        return
    known = PayeeChange.objects.filter(party=account.party_id, what=PayeeChange.What.BANK).exclude(after="").exists()
    # An account from before changes were written down has no mark: where money went already, there was an account before this one.
    paid = PayoutTransfer.objects.filter(payout__payee=account.party_id).exists()
    confirmed = Payout.objects.filter(payee=account.party_id, state=Payout.State.CONFIRMED).exists()
    changes.note(
        party=account.party,
        what=PayeeChange.What.BANK,
        before=before.destination,
        after=account.destination,
        first=not (known or paid or confirmed or before.destination_mark),
        by=_changed_by(account),
    )


@receiver(account_read)
def tell_what_became_of_the_account(sender: Any, account: ConnectedAccount, before: Seen, **kwargs: Any) -> None:
    accounts.tell(account, before)


@receiver(acting_changed)
def note_who_acts(sender: Any, change: ActingChange, before: str, **kwargs: Any) -> None:
    """Who acts for a payee says where it is paid, so a change of that cools off too, the first one as well."""
    if not Engagement.objects.filter(payee=change.party).exists():
        return
    changes.note(
        party=change.party,
        what=PayeeChange.What.ACTING,
        before=before,
        after=", ".join(str(user) for user in acting.owners(change.party)),
        first=False,
        by=change.asked_by,
        agreed_by=change.decided_by,
        also=[change.user.email],
    )


def _changed_by(account: ConnectedAccount) -> User | None:
    opened = account.form_opened_at
    return account.form_opened_by if opened and clock.now() - opened <= FORM_STAYS_OPEN else None
