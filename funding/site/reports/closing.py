"""Closing the books up to a date: where they stand, up to when they can be closed, and what is unfinished in the period.

Nothing here hinders a close, because a fact from outside is never refused: what is late is dated after the period and keeps its own date.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding import clock
from funding.components import formats
from funding.funds.entries import vouchers
from funding.funds.models import FundMove, Voucher
from funding.ledger.models import BookDay, Entry
from funding.payments.models import Difference, TopUp
from funding.web.forms import DateField
from grants.payouts.models import Payout, PayoutRun
from sponsors.invoices.models import Payment
from sponsors.refunds.models import Refund

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stand:
    """Up to which date the books are closed (None: never yet), the day that is open, and the first day that has an entry."""

    closed: dt.date | None
    open_day: dt.date
    began: dt.date | None

    @property
    def first(self) -> dt.date | None:
        """The first day of the period that is open; None where nothing was ever booked."""
        return self.closed + ONE_DAY if self.closed else self.began

    def suggested(self) -> dt.date | None:
        """The end of the last month that is over, or else of the last day; None where there is nothing to close."""
        month = self.open_day.replace(day=1) - ONE_DAY
        found = [day for day in (month, self.open_day - ONE_DAY) if self.hindrance(day) == ""]
        return found[0] if found else None

    def hindrance(self, through: dt.date) -> str:
        """Why the books cannot be closed up to that day, as a sentence; "" where they can."""
        if through >= self.open_day:
            said = _("{day} is not over. The open day of the books is {open}; choose an earlier one.")
            return said.format(day=formats.date(through), open=formats.date(self.open_day))
        if self.closed and through <= self.closed:
            return _("The books are closed up to {day} already, and a period is never opened again.").format(day=formats.date(self.closed))
        if self.began is None or through < self.began:
            return _("Nothing was booked by then, so there is nothing to close.")
        return ""


def stand() -> Stand:
    """Where the books stand, in two queries."""
    day = BookDay.objects.filter(closed_at=None).first()
    began = Entry.objects.order_by("effective_on").values_list("effective_on", flat=True).first()
    return Stand(day.closed_through if day else None, day.day if day else clock.today(), began)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A kind of thing that is not done, how many of it the period holds, and where it is done."""

    what: str
    count: int
    url: str


def unfinished(through: dt.date) -> list[Unfinished]:
    """What of the period is not finished, each kind with a count above zero. It may be closed all the same."""
    before = clock.end_of(through)
    waiting = Voucher.objects.filter(state=Voucher.State.ASKED, effective_on__lte=through)
    runs = PayoutRun.objects.filter(state=PayoutRun.State.PREPARED, prepared_at__lt=before)
    paying = Payout.objects.filter(run__state=PayoutRun.State.RELEASED, run__released_at__lt=before)
    paying = paying.filter(state__in=[Payout.State.READY, Payout.State.SENT, Payout.State.FAILED])
    refunds = Refund.objects.filter(state__in=[Refund.State.REQUESTED, Refund.State.APPROVED, Refund.State.SENT], asked_at__lt=before)
    unsealed = BookDay.objects.filter(closed_at__isnull=False, seal=None, day__lte=through)
    held = [it for it in vouchers.held() if it.kind == Voucher.Kind.RECEIPT and it.effective_on <= through]
    found = [
        Unfinished(_("Receipts whose payer is not found"), len(held), reverse("funds:vouchers")),
        Unfinished(_("Vouchers that wait for a second person"), waiting.count(), reverse("funds:vouchers")),
        Unfinished(
            _("Moves between funds that wait for a second person"),
            FundMove.objects.filter(state=FundMove.State.ASKED, asked_at__lt=before).count(),
            reverse("funds:desk"),
        ),
        Unfinished(
            _("Payments that are paid and not booked yet"),
            Payment.objects.filter(state=Payment.State.PAID, paid_on__lte=through).count(),
            reverse("recovery:waiting"),
        ),
        Unfinished(_("Payout runs that wait for their release"), runs.count(), reverse("payouts:index")),
        Unfinished(_("Payouts that are released and not confirmed"), paying.count(), reverse("payouts:index")),
        Unfinished(_("Refunds that are not finished"), refunds.count(), reverse("refunds:index")),
        Unfinished(
            _("Money on its way to the processor"),
            TopUp.objects.filter(state__in=TopUp.UNDER_WAY, asked_at__lt=before).count(),
            reverse("payments:cash"),
        ),
        Unfinished(
            _("Differences with the processor that are open"),
            Difference.objects.filter(state=Difference.State.OPEN, opened_at__lt=before).count(),
            reverse("payments:reconciliation"),
        ),
        Unfinished(_("Days that are over and not sealed yet"), unsealed.count(), reverse("pages:books")),
    ]
    return [it for it in found if it.count]


class Through(forms.Form):
    """The day is in the address, so that what is shown is a link."""

    use_required_attribute = False
    through = DateField(label=gettext_lazy("Close up to and including"))

    def __init__(self, at: Stand, data: dict[str, str] | None = None, *, initial: dict[str, Any] | None = None) -> None:
        self.at = at
        super().__init__(data, initial=initial, label_suffix="")

    def clean_through(self) -> dt.date:
        day: dt.date = self.cleaned_data["through"]
        if hindrance := self.at.hindrance(day):
            raise forms.ValidationError(hindrance)
        return day
