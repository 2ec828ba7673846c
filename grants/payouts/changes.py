"""A change of payee details cools off: for some days nothing is paid there, everybody concerned is told, and the releaser sees it.

What counts is a change of the bank account, as the processor knows it, and of who acts for the payee. A payee's first bank
account holds nothing: there is no earlier payee from whom the money would be led away. It is told and shown all the same.
Whoever made a change cannot release what it pays (rule `changed`), until the payee has been paid once since.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited, record
from funding.errors import Conflict, Invalid, Refused
from funding.mail import services as mail
from funding.payments.models import ConnectedAccount
from funding.people import independence, roles
from funding.people.models import Membership, Party, User
from grants.payouts import holding
from grants.payouts.models import Freeze, PayeeChange, PayoutTransfer

What = PayeeChange.What
SALT = "grants.payouts.freeze"


@transaction.atomic
def note(
    *,
    party: Party,
    what: str,
    before: str,
    after: str,
    first: bool,
    by: User | None,
    agreed_by: User | None = None,
    also: Iterable[str] = (),
) -> PayeeChange:
    """Write the change down, hold what is prepared for the payee, and tell their old and present addresses (and those in `also`).

    `before` and `after` are labels; `first` when there was nothing before, which holds nothing.
    """
    now = clock.now()
    until = now if first else now + dt.timedelta(days=settings.PAYEE_COOLING_OFF_DAYS)
    change = PayeeChange.objects.create(
        party=party, what=what, before=before[:200], after=after[:200], at=now, holds_until=until, by=by, agreed_by=agreed_by
    )
    record(actor=by, act="payouts.payee_changed", subject=f"party:{party.pk}", reason=_kept(change))
    holding.set_aside_prepared(party=party)
    for to in sorted(_addresses(party, also)):
        mail.queue(
            kind="payee_changed",
            to=to,
            key=f"payee-changed:{change.pk}:{to}",
            context={"change": change, "party": party, "url": mail.absolute(reverse("payouts:freeze", args=[token(change)]))},
        )
    return change


def unpaid_since(parties: Iterable[Party | int]) -> QuerySet[PayeeChange]:
    """The changes of these payees after which nothing has reached them yet, the newest first."""
    paid = PayoutTransfer.objects.filter(payout__payee=OuterRef("party"), at__gt=OuterRef("at"))
    found = PayeeChange.objects.filter(~Exists(paid), party__in=list(parties))
    return found.select_related("party", "by", "agreed_by").order_by("party__name", "-pk")


def hindrance(user: User, parties: Sequence[Party]) -> independence.Hindrance | None:
    """Why somebody who changed a payee's details may not release money to them, or None."""
    mine = unpaid_since(parties).filter(Q(by=user) | Q(agreed_by=user)).first()
    if mine is None:
        return None
    return independence.Hindrance(
        "changed", _("You took part in changing the details of {party}, so it takes somebody else.").format(party=mine.party)
    )


def require_others(user: User, act: str, parties: Sequence[Party]) -> None:
    """Raise Refused (rule changed) for whoever took part in a change that has not been paid since."""
    found = hindrance(user, parties)
    if found is not None:
        raise Refused(_("You cannot {act}. {sentence}").format(act=act, sentence=found.sentence), rule=found.rule)


# "This was not me"


LINK_LASTS = dt.timedelta(days=60)
"""In real time: long enough to be found after weeks away, and no way to stop somebody's pay with a mail from years ago."""


def token(change: PayeeChange) -> str:
    return signing.TimestampSigner(salt=SALT).sign(str(change.pk))


def of_token(text: str) -> PayeeChange:
    """The change that a mailed link names. Raises Http404 for one that was not made here, Conflict for one that is too old."""
    try:
        pk = int(signing.TimestampSigner(salt=SALT).unsign(text, max_age=LINK_LASTS))
    except signing.SignatureExpired:
        raise Conflict(_("This link is too old. If something is wrong with your payee details, write to the host.")) from None
    except (signing.BadSignature, ValueError):
        raise Http404("This link is not complete.") from None
    found = PayeeChange.objects.select_related("party", "by").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@transaction.atomic
def freeze(*, change: PayeeChange) -> Freeze:
    """Stop payouts to the payee until a treasurer has looked. Who holds the mailed link may, without signing in; it pays nobody.

    A link freezes once: a repeat returns the first freeze. Raises Conflict once a treasurer has looked and lifted it.
    """
    Party.objects.select_for_update().get(pk=change.party_id)
    existing = Freeze.objects.filter(change=change).first()
    if existing is not None and existing.lifted_at is not None:
        raise Conflict(_("A treasurer has looked into this already. Write to the host if something is wrong again."))
    if existing is not None:
        return existing
    made = Freeze.objects.create(party=change.party, change=change, at=clock.now())
    record(actor=None, act="payouts.freeze", subject=made, reason=f"By the mailed link. {_kept(change)}")
    holding.set_aside_prepared(party=change.party)
    for user in roles.holders(roles.Role.TREASURER):
        mail.queue(
            kind="payee_frozen",
            to=user.email,
            key=f"payee-frozen:{made.pk}:{user.pk}",
            context={"freeze": made, "change": change, "url": mail.absolute(reverse("payouts:payees"))},
        )
    return made


@audited("payouts.lift_freeze", subject="freeze")
def lift(*, actor: User, freeze: Freeze, reason: str) -> Freeze:
    """Let payouts to the payee go on, after a treasurer has found out what happened.

    Raises Refused (role, changed, benefits, employer, relation), Invalid without a reason, Conflict when it is lifted already.
    """
    roles.require(actor, roles.Role.TREASURER)
    if not reason.strip():
        raise Invalid(_("Say what you found out, and how."), field="reason")
    locked = Freeze.objects.select_for_update(of=("self",)).select_related("party", "change").get(pk=freeze.pk)
    independence.require(actor, _("lift this"), beneficiaries=[locked.party])
    require_others(actor, _("lift this"), [locked.party])
    if locked.lifted_at is not None:
        raise Conflict(_("This is lifted already."))
    locked.lifted_by, locked.lifted_at, locked.lift_reason = actor, clock.now(), reason.strip()[:300]
    locked.save()
    return locked


def _kept(change: PayeeChange) -> str:
    """The change as the audit log keeps it: in English, whoever reads it later."""
    with translation.override(None):
        return str(change)


def _addresses(party: Party, also: Iterable[str]) -> set[str]:
    """Where the payee can be reached: as they signed up, as their account was opened, and whoever acts for them."""
    owners = User.objects.filter(memberships__party=party, memberships__role=Membership.Role.OWNER).values_list("email", flat=True)
    accounts = ConnectedAccount.objects.filter(party=party).values_list("email", flat=True)
    return {address.lower() for address in (party.email, *owners, *accounts, *also) if address}
