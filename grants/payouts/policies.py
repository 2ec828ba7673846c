"""Who sees payouts and runs. Who may prepare and release is asked by the services."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from funding.people import roles
from funding.people.models import Membership, User
from grants.engagements.policies import DESK, engaged
from grants.payouts import signers
from grants.payouts.models import Payout, PayoutLine, PayoutRun

Role = roles.Role


def sees_runs(user: roles.Viewer) -> bool:
    """The host's desk: administrators, treasurers, auditors."""
    return roles.has_any(user, DESK)


def own_payouts(user: User) -> QuerySet[Payout]:
    """Payouts to a party that the user acts for, or of half days that they worked. Held ones are shown; cancelled ones never happened."""
    parties = Membership.objects.filter(user=user, role=Membership.Role.OWNER).values("party")
    worked = PayoutLine.objects.filter(work_entry__worker=user).values("payout")
    return Payout.objects.filter(Q(payee__in=parties) | Q(pk__in=worked)).exclude(state=Payout.State.CANCELLED)


def visible(user: User) -> QuerySet[Payout]:
    """Every payout that the user may open."""
    return Payout.objects.all() if sees_runs(user) else own_payouts(user)


def shows_runs(request: HttpRequest) -> bool:
    return sees_runs(request.user)


def shows_payouts(request: HttpRequest) -> bool:
    """The desk, and everybody who works under an engagement or acts for a party that one pays."""
    return isinstance(request.user, User) and (sees_runs(request.user) or engaged(request.user)[1])


def warns_of_one_signer(request: HttpRequest) -> bool:
    return roles.has_any(request.user, {Role.ADMIN, Role.TREASURER}) and signers.one_signer()


def count_waiting(request: HttpRequest) -> int:
    """Runs that this treasurer could release: prepared by somebody else."""
    if not roles.has(request.user, Role.TREASURER):
        return 0
    return PayoutRun.objects.filter(state=PayoutRun.State.PREPARED).exclude(prepared_by=request.user.pk).count()
