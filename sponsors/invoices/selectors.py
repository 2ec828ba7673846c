"""Reads of invoices and payments for pages above: by sponsorship, what is stuck, and who sponsored a project in a month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funding import days
from funding.components.parts import FeeLine
from funding.funds.models import Project
from funding.money import Money
from funding.web import ahead
from sponsors.invoices.models import Payment
from sponsors.sponsorships import naming
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.fees import part_of_day

State = Payment.State
MANY_LOOKS = 10
"""After about three hours without an outcome somebody has to ask the processor."""
FEE_LATE = dt.timedelta(hours=24)
"""Real time: a card fee that is not known after a day does not come by itself."""


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


def kept_by_month(sponsorships: Iterable[Sponsorship], last: dt.date, months: int = 12) -> dict[dt.date, Money] | None:
    """What was paid in each of so many months up to that of `last`, less what went back. None where nothing was, or currencies meet."""
    first = last.replace(day=1)
    shown = [first]
    while len(shown) < months:
        shown.insert(0, (shown[0] - dt.timedelta(days=1)).replace(day=1))
    taken = Payment.objects.filter(invoice__sponsorship__in=sponsorships, state__in=Payment.TAKEN, surplus=False, paid_on__gte=shown[0])
    rows = (
        taken.order_by()
        .annotate(month=TruncMonth("paid_on"))
        .values_list("currency", "month")
        .annotate(sum=Sum(F("gross") - F("returned")))
    )
    found = [(currency, month, amount) for currency, month, amount in rows if month <= first]
    if len({row[0] for row in found}) != 1:
        return None
    sums = {month: amount for currency, month, amount in found}
    begun = min(sums)
    return {month: Money(sums.get(month, 0), found[0][0]) for month in shown if month >= begun}


def lines(payment: Payment) -> list[FeeLine]:
    """The four lines as they were posted; none while the card fee is not known."""
    return payment.shares.lines if payment.shares else []


def returned(payment: Payment) -> list[FeeLine]:
    """What was paid, what went back of it and what stays, for the receipt; none while nothing went back."""
    if not payment.returned:
        return []
    back = Money(payment.returned, payment.currency)
    return [
        FeeLine(_("You paid"), payment.money),
        FeeLine(_("Refunded, or returned by your bank"), -back),
        FeeLine(_("Stays with the project and the host"), payment.money - back),
    ]


def stuck() -> QuerySet[Payment]:
    """Payments that will not come right by themselves, the oldest first. An open card page is no trouble, however long.

    A surplus stays until it is returned: nobody keeps it silently.
    """
    late = Q(state=State.PAID, paid_at__lt=timezone.now() - FEE_LATE)
    hanging = Q(looks__gt=MANY_LOOKS, method=Payment.Method.SAVED_CARD, state__in=Payment.UNDECIDED)
    wrong = ~Q(trouble="") & Q(state__in=Payment.OPEN)
    return payments().filter(wrong | hanging | late | Q(surplus=True, state=State.BOOKED, returned__lt=F("gross"))).order_by("pk")


def why_stuck(payment: Payment) -> str:
    """What is wrong with a payment of that list, in a sentence for staff."""
    if payment.surplus and payment.state == State.BOOKED:
        return _("Paid although {invoice} was paid already. It is owed back to the sponsor; nothing was bought with it.").format(
            invoice=payment.invoice
        )
    if payment.trouble:
        return payment.trouble
    if payment.state == State.PAID:
        return _("Paid, and the processor has not told its fee for more than a day. It is not in the books yet.")
    return ngettext("No outcome after {n} look.", "No outcome after {n} looks.", payment.looks).format(n=payment.looks)


def sponsors_in_month(project: Project, day: dt.date) -> list[MonthlySponsor]:
    """Who paid in the month of `day`, by name A to Z; then the unnamed ones as one line, then the secret ones as one.

    Counts what was booked, by the date of payment. Pledges are not for a month and stand on their goal's page. One query.
    """
    named: list[tuple[str, int]] = []
    withheld = {naming.UNNAMED: [0, 0], naming.SECRET: [0, 0]}
    for how, name, net in ahead.rows(paid_in_month(project, day)):
        if how == naming.PUBLIC:
            named.append((name, net))
        else:
            withheld[how][0] += 1
            withheld[how][1] += net
    found = [_line(project, name, 1, net) for name, net in sorted(named, key=lambda item: (item[0].casefold(), item[0]))]
    return found + [_line(project, naming.shown_name(how, ""), count, net) for how, (count, net) in withheld.items() if count]


def paid_in_month(project: Project, day: dt.date) -> QuerySet[Payment, Any]:
    """What `sponsors_in_month` asks, for a page that looks ahead: how each is named, by which name, and what they brought."""
    first, after = days.month_bounds(day)
    booked = Payment.objects.filter(
        surplus=False,
        state=State.BOOKED,
        invoice__sponsorship__project=project,
        invoice__sponsorship__tier__isnull=False,
        paid_on__gte=first,
        paid_on__lt=after,
    )
    sponsorship = "invoice__sponsorship__"
    found: QuerySet[Payment, Any] = (
        booked.order_by()
        .values(f"{sponsorship}party", f"{sponsorship}naming", f"{sponsorship}public_name")
        .annotate(net_sum=Sum("net"))
        .values_list(f"{sponsorship}naming", f"{sponsorship}public_name", "net_sum")
    )
    return found


def _line(project: Project, name: str, sponsors: int, net: int) -> MonthlySponsor:
    money = Money(net, project.rate_currency)
    return MonthlySponsor(name, sponsors, money, part_of_day(money, project.rate))
