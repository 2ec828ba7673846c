"""Reads of invoices and payments for pages above: by sponsorship, what is stuck, and who sponsored a project in a month."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from django.db.models import Q, QuerySet, Sum

from funding import days
from funding.components.parts import FeeLine
from funding.funds.models import Project
from funding.money import Money
from sponsors.invoices.models import Payment
from sponsors.sponsorships import naming
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.fees import part_of_day

State = Payment.State
MANY_LOOKS = 10
"""After about three hours without an outcome somebody has to ask the processor."""


@dataclass(frozen=True, slots=True)
class MonthlySponsor:
    """One line of a project's month. `sponsors` is 1 for a named sponsor and a count where names are withheld."""

    name: str
    sponsors: int
    net: Money
    days: Fraction
    """Days bought at the project's present day rate, exactly."""


def payments() -> QuerySet[Payment]:
    """Payments with all that their pages show, so that a list needs one query."""
    return Payment.objects.select_related("invoice__sponsorship__project", "invoice__sponsorship__party", "entry")


def of_sponsorship(sponsorship: Sponsorship) -> list[Payment]:
    """Every attempt to collect, newest first."""
    return list(payments().filter(invoice__sponsorship=sponsorship).order_by("-pk"))


def newest(sponsorship: Sponsorship) -> Payment | None:
    return payments().filter(invoice__sponsorship=sponsorship).order_by("-pk").first()


def lines(payment: Payment) -> list[FeeLine]:
    """The four lines as they were posted; none while the card fee is not known."""
    return payment.shares.lines if payment.shares else []


def stuck() -> QuerySet[Payment]:
    """Open payments that will not come right by themselves, the oldest first. An open card page is no trouble, however long."""
    hanging = Q(looks__gt=MANY_LOOKS) & (Q(state=State.PAID) | Q(method=Payment.Method.SAVED_CARD))
    return payments().filter(~Q(trouble="") | hanging, state__in=Payment.OPEN).order_by("pk")


def sponsors_in_month(project: Project, day: dt.date) -> list[MonthlySponsor]:
    """Who paid in the month of `day`, by name A to Z; then the unnamed ones as one line, then the secret ones as one.

    Counts what was booked, by the date of payment. Two queries, whatever the number of sponsors.
    """
    first, after = days.month_bounds(day)
    booked = Payment.objects.filter(state=State.BOOKED, invoice__sponsorship__project=project, paid_on__gte=first, paid_on__lt=after)
    sponsorship = "invoice__sponsorship__"
    rows = (
        booked.order_by()
        .values(f"{sponsorship}party", f"{sponsorship}naming", f"{sponsorship}public_name")
        .annotate(net_sum=Sum("net"))
        .values_list(f"{sponsorship}naming", f"{sponsorship}public_name", "net_sum")
    )
    named: list[tuple[str, int]] = []
    withheld = {naming.UNNAMED: [0, 0], naming.SECRET: [0, 0]}
    for how, name, net in rows:
        if how == naming.PUBLIC:
            named.append((name, net))
        else:
            withheld[how][0] += 1
            withheld[how][1] += net
    found = [_line(project, name, 1, net) for name, net in sorted(named, key=lambda item: (item[0].casefold(), item[0]))]
    words = {naming.UNNAMED: naming.UNNAMED_WORDS, naming.SECRET: naming.SECRET_WORDS}
    return found + [_line(project, words[how], count, net) for how, (count, net) in withheld.items() if count]


def _line(project: Project, name: str, sponsors: int, net: int) -> MonthlySponsor:
    money = Money(net, project.rate_currency)
    return MonthlySponsor(name, sponsors, money, part_of_day(money, project.rate))
