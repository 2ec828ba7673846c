"""Write the table, and move an invoice through it. No network, no mail: billing does both.

Except `write_schedule`, every function runs inside the caller's transaction, which has locked the sponsorship first.
"""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict
from funding.people import roles
from funding.people.models import User
from funding.people.roles import Role
from sponsors.dunning.models import Course, Schedule, StepTaken
from sponsors.dunning.plan import DELIVERED, Plan
from sponsors.invoices.models import Invoice, Payment

Outcome = Course.Outcome


def in_force(at: dt.datetime | None = None) -> tuple[int, Plan]:
    """The version and table that held at that instant (now unless told). Version 0 is the one as delivered."""
    found = Schedule.objects.filter(created_at__lte=at) if at else Schedule.objects.all()
    newest = found.order_by("-version").first()
    return (newest.version, newest.plan) if newest else (0, DELIVERED)


@audited("dunning.write_schedule", subject="plan")
def write_schedule(*, actor: User, version: int, plan: Plan) -> Schedule:
    """Put a new table in force for invoices that fall due from now on. `version` is the one that the form was opened with.

    Invoices that are unpaid already keep the table that they fell due under. Raises Refused, Invalid, Conflict.
    """
    roles.require(actor, Role.TREASURER)
    plan.check()
    current = in_force()[0]
    if current != version:
        raise Conflict(_("Somebody else changed the steps after you opened them. Nothing of yours was saved; look at them again."))
    made, new = Schedule.objects.get_or_create(
        version=current + 1, defaults={"content": plan.as_json(), "written_by": actor, "created_at": clock.now()}
    )
    if not new:
        raise Conflict(_("Somebody else changed the steps at the same moment. Nothing of yours was saved; look at them again."))
    return made


def begin(*, invoice: Invoice, on: dt.date) -> Course:
    """The invoice was refused on its day; a repeat returns the first. It keeps the table of when it was issued."""
    version, plan = in_force(invoice.created_at)
    return Course.objects.get_or_create(
        invoice=invoice,
        defaults={"content": plan.as_json(), "version": version, "begun_on": on, "next_on": plan.next_on(taken=0, last_on=on)},
    )[0]


def of_invoice(invoice: Invoice) -> Course | None:
    """The invoice's open course, locked."""
    return Course.objects.select_for_update(no_key=True).filter(invoice=invoice, outcome=Outcome.OPEN).first()


def take(*, course: Course, payment: Payment | None, on: dt.date) -> StepTaken:
    """Note that the next step happens now. With a payment it is over when that is; without one, `advance` at once."""
    step = course.step
    if step is None:
        raise ValueError(f"{course} has no step left")
    return StepTaken.objects.create(course=course, day=step.day, payment=payment, mail=step.mail, taken_on=on)


def advance(*, course: Course, on: dt.date) -> None:
    """The step that was taken is over: the next one keeps its distance from today."""
    course.taken += 1
    course.next_on = course.plan.next_on(taken=course.taken, last_on=on)
    course.save(update_fields=["taken", "next_on"])


def close(*, invoice: Invoice, outcome: str, on: dt.date) -> None:
    """No step follows. Safe to repeat; the first outcome stays, except that a payment overtakes any other."""
    course = Course.objects.select_for_update(no_key=True).filter(invoice=invoice).first()
    if course is not None and (course.outcome == Outcome.OPEN or outcome == Outcome.PAID):
        course.outcome, course.closed_on = outcome, on
        course.save(update_fields=["outcome", "closed_on"])
