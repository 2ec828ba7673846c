"""Pledge, change a pledge, withdraw it: until the deadline. A pledge counts once its card is saved; nothing is charged here."""

from __future__ import annotations

from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.funds.models import Project
from funding.money import Money
from funding.people.roles import Viewer
from sponsors.billing import defence
from sponsors.billing import services as billing
from sponsors.billing.models import CardChange
from sponsors.billing.services import recording
from sponsors.goals import emails, links
from sponsors.goals.models import PLEDGE, Goal, Pledge
from sponsors.goals.services import writing
from sponsors.sponsorships import naming as names
from sponsors.sponsorships import numbers
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.fees import estimate
from sponsors.tiers.models import Interval
from sponsors.tiers.services import MAX_AMOUNT, MIN_AMOUNT

State = Pledge.State


@audited("goals.pledge", subject="goal")
def start_pledge(
    *,
    actor: Viewer,
    goal: Goal,
    amount: Money,
    kind: str,
    name: str,
    email: str,
    country: str = "",
    naming: str = names.PUBLIC,
    public_name: str = "",
    place: str = "",
) -> Pledge:
    """Promise `amount` before the deadline, as a person or an organisation (`kind` of Party), signed in or not.

    It counts once its card is saved (`open_card_page`). `place` is the network address that it came from; empty is not counted.
    Raises Invalid, Conflict (at the deadline and after), Refused or Throttled after too many, Unavailable while nobody can count.
    """
    name, public_name = names.tidy(name), names.tidy(public_name)
    billing.check_payer(kind, name, country, naming)
    defence.sign_up(actor=actor, email=email, place=place)
    locked = lock_open(goal.pk)
    _check_amount(locked, amount)
    if locked.fund is None:
        raise ValueError(f"{locked.ref} is open and has no fund")
    sponsorship_pk, sponsorship_ref = numbers.take(Sponsorship, "S")
    sponsorship = Sponsorship.objects.create(
        pk=sponsorship_pk,
        ref=sponsorship_ref,
        party=billing.party_for(actor, kind=kind, name=name, email=email, country=country),
        tier=None,
        project=locked.project,
        fund=locked.fund,
        tier_name=locked.title,
        amount=amount.amount,
        currency=amount.currency,
        interval=Interval.ONCE,
        host_fee_basis_points=locked.host_fee_basis_points,
        naming=naming,
        public_name=shown(naming, public_name, name),
        payer_name=name,
        payer_country=country,
        contact_email=email.lower(),
        anchor_on=clock.today(),
        created_at=clock.now(),
    )
    pk, ref = numbers.take(Pledge, "PL")
    return Pledge.objects.create(pk=pk, ref=ref, goal=locked, sponsorship=sponsorship, created_at=clock.now())


def open_card_page(*, actor: Viewer, pledge: Pledge, place: str = "") -> str:
    """The address of the page that saves the pledge's card, or another one in its place; no money is taken there.

    Call it outside a transaction. Raises Conflict when the goal does not take pledges any more, Throttled, gateway.Unavailable,
    gateway.Rejected.
    """
    if not takes_pledges(pledge.goal) or pledge.state not in (State.STARTED, State.PLEDGED):
        raise _over()
    return billing.change_card(
        actor=actor, sponsorship=pledge.sponsorship, place=place, saved_url=links.pledge(pledge), cancel_url=links.pledge(pledge)
    )


def pledge(
    *,
    actor: Viewer,
    goal: Goal,
    amount: Money,
    kind: str,
    name: str,
    email: str,
    country: str = "",
    naming: str = names.PUBLIC,
    public_name: str = "",
    place: str = "",
) -> str:
    """`start_pledge` and `open_card_page`: the address to go to, which is the card page. Raises as those two do."""
    who = {"kind": kind, "name": name, "email": email, "country": country, "naming": naming, "public_name": public_name}
    started = start_pledge(actor=actor, goal=goal, amount=amount, place=place, **who)
    return open_card_page(actor=actor, pledge=started, place=place)


@audited("goals.change_pledge", subject="pledge")
def change_pledge(*, actor: Viewer, pledge: Pledge, amount: Money, naming: str, public_name: str) -> Pledge:
    """Another sum or name, until the deadline. Whoever has the signed link or acts for the party may do it: the page checks.

    Raises Invalid, Conflict (at the deadline and after, or a pledge that is over).
    """
    locked = _locked(pledge.pk)
    if locked.state not in (State.STARTED, State.PLEDGED):
        raise Conflict(_("This pledge is over, so there is nothing to change."))
    if naming not in Sponsorship.Naming.values:
        raise Invalid(_("Choose how you are named."), field="naming")
    _check_amount(locked.goal, amount)
    sponsorship = locked.sponsorship
    before = sponsorship.price
    sponsorship.amount, sponsorship.naming = amount.amount, naming
    sponsorship.public_name = shown(naming, names.tidy(public_name), sponsorship.payer_name)
    sponsorship.save(update_fields=["amount", "naming", "public_name"])
    if before != amount and locked.state == State.PLEDGED:
        emails.changed(locked, before)
    return locked


@audited("goals.withdraw_pledge", subject="pledge")
def withdraw(*, actor: Viewer, pledge: Pledge) -> Pledge:
    """Take a pledge back until the deadline: its card is forgotten. Safe to repeat. Raises Conflict at the deadline and after."""
    found = Pledge.objects.get(pk=pledge.pk)
    if found.state == State.WITHDRAWN:
        return found
    locked = _locked(pledge.pk)
    if locked.state == State.WITHDRAWN:
        return locked
    counted = locked.state == State.PLEDGED
    end(locked, State.WITHDRAWN)
    if counted:
        emails.withdrawn(locked)
    return locked


def on_card_kept(sender: object, change: CardChange, **kwargs: object) -> None:
    """A card was saved. The pledge counts from now on, if its goal is not decided yet. The sponsorship is locked."""
    found = Pledge.objects.filter(sponsorship=change.sponsorship_id).values("pk", "goal").first()
    if found is None:
        return
    goal = writing.lock(found["goal"])
    row = Pledge.objects.select_for_update(no_key=True).get(pk=found["pk"])
    row.goal, row.sponsorship = goal, change.sponsorship
    if row.state == State.STARTED and goal.state == Goal.State.OPEN:
        PLEDGE.check(row.state, State.PLEDGED)
        row.state, row.pledged_at = State.PLEDGED, clock.now()
        row.save(update_fields=["state", "pledged_at"])
        emails.pledged(row)
    elif row.state in (State.PLEDGED, State.OWED):
        emails.card_changed(row, change)
    else:
        billing.forget_card(row.sponsorship)
        emails.too_late(row, change)


def takes_pledges(goal: Goal) -> bool:
    """Whether a pledge that is sent now counts: the deadline is the first instant at which none does."""
    return goal.state == Goal.State.OPEN and clock.now() < goal.deadline_at and goal.project.state != Project.State.DRAFT


def lock_open(pk: int) -> Goal:
    """The goal, locked, while it takes pledges. Raises Conflict."""
    goal = writing.lock(pk)
    if not takes_pledges(goal):
        raise _over()
    return goal


def _over() -> Conflict:
    return Conflict(_("This goal does not take pledges any more. Nothing was changed and nothing is charged."))


def end(pledge: Pledge, state: str) -> None:
    """The pledge is over without a payment: no card is kept. Sponsorship and pledge are locked."""
    PLEDGE.check(pledge.state, state)
    pledge.state, pledge.ended_at = state, clock.now()
    pledge.save(update_fields=["state", "ended_at"])
    if not pledge.sponsorship.over:
        recording.end(pledge.sponsorship)
    billing.forget_card(pledge.sponsorship)


def locked_pledge(pk: int) -> Pledge:
    """The pledge with its sponsorship, both locked, in the order that every verb keeps."""
    found = Pledge.objects.values("sponsorship_id").get(pk=pk)
    sponsorship = recording.lock_sponsorship(found["sponsorship_id"])
    pledge = Pledge.objects.select_for_update(no_key=True, of=("self",)).select_related("goal__project", "goal__fund").get(pk=pk)
    pledge.sponsorship = sponsorship
    return pledge


def _locked(pk: int) -> Pledge:
    """The pledge with sponsorship and goal, all locked, while the goal takes pledges."""
    found = Pledge.objects.values("sponsorship_id", "goal_id").get(pk=pk)
    sponsorship = recording.lock_sponsorship(found["sponsorship_id"])
    goal = lock_open(found["goal_id"])
    pledge = Pledge.objects.select_for_update(no_key=True).get(pk=pk)
    pledge.sponsorship, pledge.goal = sponsorship, goal
    return pledge


def shown(naming: str, public_name: str, name: str) -> str:
    return (public_name or name)[:80] if naming == names.PUBLIC else ""


def _check_amount(goal: Goal, amount: Money) -> None:
    if amount.currency != goal.currency:
        raise Invalid(_("This goal is in {currency}.").format(currency=goal.currency), field="amount")
    if not MIN_AMOUNT <= amount.amount <= MAX_AMOUNT:
        low, high = Money(MIN_AMOUNT, amount.currency), Money(MAX_AMOUNT, amount.currency)
        raise Invalid(_("Enter an amount between {low} and {high}.").format(low=low, high=high), field="amount")
    if estimate(amount, goal.host_fee_basis_points).net.amount <= 0:
        raise Invalid(_("After the card fee and the host's share nothing of {amount} would be left.").format(amount=amount), field="amount")
