"""A payout run is prepared by one treasurer and released by another. What happens after the release is in `executing`."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils import translation
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.funds.models import Fund
from funding.ledger.models import Account
from funding.mail import services as mail
from funding.money import Money
from funding.people import independence, roles
from funding.people.models import Party, User
from funding.states import lifecycle
from funding.web.queue import enqueue_on_commit
from grants.engagements.models import Engagement
from grants.payouts import changes, holding, planning, signers
from grants.payouts.models import PAYOUT, DebtCancellation, Payout, PayoutLine, PayoutRun, PayoutShare, Withholding
from grants.timesheets.models import WorkEntry

RUN = lifecycle("payout run", prepared="released cancelled", released="done", done="released", cancelled="")
State = Payout.State


@audited("payouts.prepare", subject="currency")
def prepare(*, actor: User, currency: str, up_to: dt.date) -> PayoutRun:
    """Gather every approved, unpaid half day up to and including `up_to` into one payout per payee, with a control total.

    Only a treasurer. Payees who cannot be paid are held with the reason and told; their days stay free for the next run.
    Raises Refused, Invalid (field up_to: a date to come, or nothing to pay up to it), Conflict (a run is waiting already).
    """
    roles.require(actor, roles.Role.TREASURER)
    if up_to > clock.today():
        raise Invalid(_("Choose today or an earlier date. Work still to come cannot be paid."), field="up_to")
    candidates = planning.unpaid(currency, up_to)
    _lock_engagements(candidates.values_list("engagement", flat=True))
    list(WorkEntry.objects.select_for_update().filter(pk__in=candidates.values("pk")).order_by("pk"))
    with translation.override(None):  # why somebody is held is kept with the payout, and read by others
        plan = planning.plan(currency, up_to)
    waiting = _("A run in {currency} is waiting for its release. Release or cancel it first.").format(currency=currency)
    if PayoutRun.objects.filter(currency=currency, state=PayoutRun.State.PREPARED).exists():
        raise Conflict(waiting)
    if not plan.payees:
        raise Invalid(_("Nothing is approved and unpaid up to that date, so there is no run to prepare."), field="up_to")
    try:
        with transaction.atomic():
            run = PayoutRun.objects.create(
                currency=currency,
                up_to=up_to,
                prepared_by=actor,
                prepared_at=clock.now(),
                control_total=plan.control_total.amount,
                count=len(plan.payable),
            )
    except IntegrityError:
        raise Conflict(waiting) from None
    for payee in plan.payees:
        _add(run, payee)
    _tell_signers(run)
    return run


def _add(run: PayoutRun, plan: planning.PayeePlan) -> None:
    payout = Payout.objects.create(
        run=run,
        payee=plan.payee,
        amount=plan.amount.amount,
        currency=run.currency,
        half_days=plan.half_days,
        state=State.HELD if plan.hold else State.READY,
        hold_reason=plan.hold,
        hold_remedy=plan.held.remedy if plan.held else "",
    )
    lines = PayoutLine.objects.bulk_create(
        [PayoutLine(payout=payout, work_entry=line.entry, amount=line.entry.amount.amount) for line in plan.lines]
    )
    PayoutShare.objects.bulk_create(
        [
            PayoutShare(line=line, source=share.source, amount=share.amount)
            for line, planned in zip(lines, plan.lines, strict=True)
            for share in planned.shares
        ]
    )
    if plan.hold:
        holding.tell(payout)


def release(*, actor: User, run: PayoutRun, control_total: int, withheld: int) -> PayoutRun:
    """Let a prepared run be paid: by a treasurer or the co-signer, who did not prepare it and whom nothing in it benefits.

    `control_total` and `withheld` (of it, for tax) are the sums, in minor units, that the treasurer read and agreed to. Payees who may
    not be paid any more (their details changed since) are set aside first and for good, so the sum is another one and the run is read
    again.
    Raises Refused (rule role, prepared, changed, benefits, employer, relation, recused or shortfall), Conflict when a sum is
    another one, a half day does not match its engagement any more, or the run is not waiting.
    """
    if signers.may_sign(actor):
        holding.set_aside_held(run_id=run.pk)
    return _release(actor=actor, run=run, control_total=control_total, withheld=withheld)


@audited("payouts.release", subject="run")
def _release(*, actor: User, run: PayoutRun, control_total: int, withheld: int) -> PayoutRun:
    roles.require(actor, *sorted(signers.SIGNERS))
    locked = PayoutRun.objects.select_for_update().get(pk=run.pk)
    rows = locked.payouts.select_for_update(of=("self",)).select_related("payee")
    payouts = list(rows.filter(state=State.READY).order_by("pk"))
    independence.require(
        actor,
        _("release this run"),
        prepared_by=makers(locked),
        beneficiaries=beneficiaries(locked),
        subjects=subjects(locked),
    )
    if tie := signers.tied(actor, locked):
        raise Refused(_("You cannot release this run.") + f" {tie.sentence}", rule=tie.rule)
    changes.require_others(actor, _("release this run"), [payout.payee for payout in payouts])
    RUN.check(locked.state, PayoutRun.State.RELEASED)
    if not payouts:
        raise Conflict(_("Every payout in this run is held, so there is nothing to release."))
    _check_total(locked, payouts, control_total)
    _check_withheld(locked, payouts, withheld)
    _check_match(payouts)
    _check_shortfall(locked)
    locked.state, locked.released_by, locked.released_at = PayoutRun.State.RELEASED, actor, clock.now()
    locked.save(update_fields=["state", "released_by", "released_at"])
    for payout in payouts:
        payout.next_try_at = clock.now()
        payout.save(update_fields=["next_try_at"])
    enqueue_on_commit("grants.payouts.tasks.execute_run", locked.pk)
    return locked


@audited("payouts.cancel", subject="run")
def cancel(*, actor: User, run: PayoutRun, reason: str) -> PayoutRun:
    """Cancel a run that nobody has released. Its half days are free for the next one; the payouts stay as a record of what was planned."""
    roles.require(actor, roles.Role.TREASURER)
    if not reason.strip():
        raise Invalid(_("Say why the run is cancelled."), field="reason")
    locked = PayoutRun.objects.select_for_update().get(pk=run.pk)
    RUN.check(locked.state, PayoutRun.State.CANCELLED)
    payouts = Payout.objects.select_for_update().filter(run=locked)
    PayoutShare.objects.filter(line__payout__in=payouts.values("pk")).delete()
    PayoutLine.objects.filter(payout__in=payouts.values("pk")).delete()
    payouts.update(state=State.CANCELLED)
    locked.state, locked.cancelled_by, locked.cancelled_at = PayoutRun.State.CANCELLED, actor, clock.now()
    locked.save(update_fields=["state", "cancelled_by", "cancelled_at"])
    return locked


@audited("payouts.retry", subject="payout")
def retry(*, actor: User, payout: Payout) -> Payout:
    """Try a failed payout again, under a new key, because the processor's answer to the old one is final.

    Only what is outstanding of it; whoever had asked for the debt to be cancelled asked in vain. A treasurer whom it does not
    benefit. Raises Refused, Conflict when it has not failed or nothing may be paid to them now.
    """
    roles.require(actor, roles.Role.TREASURER)
    locked = Payout.objects.select_for_update(of=("self",)).select_related("run", "payee").get(pk=payout.pk)
    independence.require(actor, _("send this payout again"), beneficiaries=beneficiaries(locked.run, locked), subjects=subjects(locked.run))
    changes.require_others(actor, _("send this payout again"), [locked.payee])
    if locked.state != State.FAILED:
        raise Conflict(_("Only a failed payout is sent again."))
    if hold := holding.of([locked.payee]).get(locked.payee_id):
        raise Conflict(hold.reason)
    PAYOUT.check(locked.state, State.SENT)
    locked.state = State.SENT
    locked.attempt += 1
    locked.idempotency_key = key_of(locked)
    locked.sending, locked.tries, locked.failure, locked.next_try_at = locked.outstanding, 0, "", clock.now()
    locked.save()
    locked.cancellations.filter(state=DebtCancellation.State.ASKED).update(state=DebtCancellation.State.DECLINED, decided_at=clock.now())
    enqueue_on_commit("grants.payouts.tasks.execute_payout", locked.pk)
    return locked


def key_of(payout: Payout) -> str:
    """The processor's idempotency key for this attempt."""
    return f"payout:{payout.ref_at_processor}:{payout.attempt}"


def beneficiaries(run: PayoutRun, payout: Payout | None = None) -> list[User | Party]:
    """Everybody whom the run (or one payout of it) would pay: the payees and the workers of their half days."""
    lines = PayoutLine.objects.filter(payout=payout) if payout else PayoutLine.objects.filter(payout__run=run)
    payees = Party.objects.filter(pk__in=lines.values("payout__payee"))
    return [*payees, *User.objects.filter(pk__in=lines.values("work_entry__worker"))]


def makers(run: PayoutRun) -> list[User]:
    """Who made the run what it is, and so does not release it: who prepared it, and whoever decided about tax in what it would pay."""
    said = Withholding.objects.filter(payout__run=run, payout__state=State.READY).exclude(by=run.prepared_by_id)
    return [run.prepared_by, *User.objects.filter(pk__in=said.values("by"))]


def subjects(run: PayoutRun) -> list[str]:
    """The proposals whose work the run pays, as bars name them."""
    paid = PayoutLine.objects.filter(payout__run=run).values("work_entry__engagement")
    return [engagement.proposal.subject for engagement in Engagement.objects.filter(pk__in=paid).select_related("proposal")]


def _lock_engagements(ids: object) -> None:
    list(Engagement.objects.select_for_update().filter(pk__in=ids).order_by("pk"))  # type: ignore[misc]


def _check_total(run: PayoutRun, payouts: list[Payout], control_total: int) -> None:
    """The sum that was agreed to, the run's, its payouts', its lines' and its shares' are one sum."""
    lines = PayoutLine.objects.filter(payout__in=payouts).aggregate(sum=Sum("amount"))["sum"] or 0
    shares = PayoutShare.objects.filter(line__payout__in=payouts).aggregate(sum=Sum("amount"))["sum"] or 0
    if len({control_total, run.control_total, sum(payout.amount for payout in payouts), lines, shares}) != 1:
        agreed = Money(control_total, run.currency)
        raise Conflict(
            _("The control total is {total} and you agreed to {agreed}. Look at the run again before you release it.").format(
                total=run.total, agreed=agreed
            )
        )


def _check_withheld(run: PayoutRun, payouts: list[Payout], withheld: int) -> None:
    """What would be kept back for tax is what was agreed to. The control total does not tell: it is the same with and without."""
    now = sum(payout.withheld for payout in payouts)
    if withheld != now:
        raise Conflict(
            _("{withheld} is withheld for tax and you agreed to {agreed}. Look at the run again before you release it.").format(
                withheld=Money(now, run.currency), agreed=Money(withheld, run.currency)
            )
        )


def _check_match(payouts: list[Payout]) -> None:
    """The match of the preparation, once more: each half day is approved, its payee's, and at the rate that was agreed."""
    lines = PayoutLine.objects.filter(payout__in=payouts)
    agreed = lines.filter(
        work_entry__state=WorkEntry.State.APPROVED,
        work_entry__engagement__payee=F("payout__payee"),
        work_entry__rate_amount=F("work_entry__engagement__rate_amount"),
    )
    if odd := lines.exclude(pk__in=agreed.values("pk")).select_related("work_entry", "payout").first():
        raise Conflict(
            _("{ref} in {payout} does not match its engagement any more. Cancel the run and prepare another.").format(
                ref=odd.work_entry.ref, payout=odd.payout.ref
            )
        )


def _check_shortfall(run: PayoutRun) -> None:
    """While the host's shortfall is open, nothing is paid from the host's own funds."""
    open_ = Account.objects.filter(klass=Account.Klass.SHORTFALL, currency=run.currency)
    if not any(account.debits > account.credits for account in open_):
        return
    drawn = PayoutShare.objects.filter(line__payout__run=run).values("source__fund")
    if Fund.objects.filter(pk__in=drawn, project=None, kind=Fund.Kind.GENERAL).exists():
        raise Refused(_("The host has a shortfall. Nothing is paid from the host's own fund until it is made up."), rule="shortfall")


def _tell_signers(run: PayoutRun) -> None:
    for user in roles.holders(roles.Role.COSIGNER).exclude(pk=run.prepared_by_id):
        mail.queue(
            kind="payout_run_cosign",
            to=user.email,
            key=f"run-cosign:{run.number}:{user.pk}",
            context={"run": run, "url": signers.link(user, run)},
        )
    for user in roles.holders(roles.Role.TREASURER).exclude(pk=run.prepared_by_id):
        mail.queue(
            kind="payout_run_prepared",
            to=user.email,
            key=f"run-prepared:{run.number}:{user.pk}",
            context={"run": run, "url": mail.absolute(run.get_absolute_url())},
        )
