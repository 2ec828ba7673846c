"""Who may release a run: a second treasurer, or the outside co-signer of a host that has one treasurer."""

from __future__ import annotations

from django.core import signing
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.mail import services as mail
from funding.people import independence, roles
from funding.people.lookback import binding, cooling_since
from funding.people.models import HOST, Party, Relation, User
from grants.payouts.models import Payout, PayoutLine, PayoutRun
from grants.timesheets.models import WorkEntry

Role = roles.Role
SIGNERS = {Role.TREASURER, Role.COSIGNER}
SALT = "grants.payouts.cosign"
ONE_SIGNER = gettext_lazy(
    "One signer: no payout can be released until there is a second treasurer or an outside co-signer. Runs can be prepared."
)


def one_signer() -> bool:
    """True while the host has a treasurer and nobody else who could release what they prepare."""
    held = roles.held_over(HOST)
    treasurers = {pk for role, pk in held if role == Role.TREASURER}
    others = {pk for role, pk in held if role == Role.COSIGNER}
    return len(treasurers) == 1 and not others - treasurers


def may_sign(user: roles.Viewer) -> bool:
    return roles.has_any(user, SIGNERS)


def tied(user: User, run: PayoutRun) -> independence.Hindrance | None:
    """Why a co-signer is not outside enough for this run, or None: a relation with its preparer, or runs of their own lately."""
    if roles.has(user, Role.TREASURER):
        return None
    pair = {user.pk, run.prepared_by_id}
    if PayoutRun.objects.filter(prepared_by=user, prepared_at__date__gt=cooling_since()).exists():
        return independence.Hindrance("outside", _("You prepared runs of this host yourself not long ago, so you are not outside yet."))
    if Relation.objects.filter(binding(), user__in=pair, other__in=pair).exists():
        return independence.Hindrance(
            "relation", _("A relation between you and {preparer}, who prepared this, is declared.").format(preparer=run.prepared_by)
        )
    return None


def link(user: User, run: PayoutRun) -> str:
    """The co-signer's page of one run, for one person; they sign in there with a second factor all the same."""
    text = signing.TimestampSigner(salt=SALT).sign(f"{run.number}:{user.pk}")
    return mail.absolute(reverse("payouts:cosign", args=[text]))


def run_of(token: str, user: roles.Viewer) -> PayoutRun:
    """The run that a link names to this person. Raises Http404 for a forged or strange one, or for somebody who signs no more."""
    try:
        number, pk = signing.TimestampSigner(salt=SALT).unsign(token, max_age=LINK_LASTS).split(":")
    except (signing.BadSignature, ValueError):
        raise Http404("This link is not complete, or too old.") from None
    found = PayoutRun.objects.select_related("prepared_by", "released_by", "cancelled_by").filter(pk=int(number)).first()
    if found is None or str(getattr(user, "pk", "")) != pk or not roles.has(user, Role.COSIGNER):
        raise Http404
    return found


LINK_LASTS = 30 * 24 * 3600
"""Seconds, in real time. A run that waits for longer is prepared anew."""


def waits_for_money(party: Party) -> bool:
    """Whether something is approved and not paid, or owed, to this payee: then who acts for it is not one person's word."""
    approved = WorkEntry.objects.filter(engagement__payee=party, state=WorkEntry.State.APPROVED)
    paid = PayoutLine.objects.filter(payout__state__in=[Payout.State.CONFIRMED, Payout.State.WRITTEN_OFF]).values("work_entry")
    return approved.exclude(pk__in=paid).exists()
