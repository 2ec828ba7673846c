"""A fund at a past day, and its statement between two: what its public page, the file and the API read.

The past is what was recorded by then (`ledger.selectors`), so nothing that is told of a day that is over ever changes. A day is one of
the site's time zone, to its last microsecond.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from funding import clock
from funding.components import formats
from funding.errors import Invalid
from funding.funds import sources
from funding.funds.models import Fund
from funding.funds.sources import Label
from funding.ledger import selectors
from funding.ledger.models import Transfer
from funding.ledger.selectors import Statement
from funding.money import Money
from funding.people.roles import Viewer
from funding.site.reports import labels
from funding.web import reading
from funding.web.cells import defused

MOST = 50_000
"""Lines that a file holds; a longer statement is asked for in parts."""
AT_ONCE = 1_000
"""Lines that are named in one go."""
EARLIEST, LATEST = 2000, 2100
MALFORMED = gettext_lazy("Write a day as 2026-03-31, or an instant with its zone as 2026-03-31T12:00:00Z.")
TICK = dt.timedelta(microseconds=1)


def today() -> dt.date:
    """The date of now in the site's time zone."""
    return clock.now().astimezone(timezone.get_default_timezone()).date()


def last_instant(day: dt.date) -> dt.datetime:
    """The last instant of a day of the site's time zone."""
    midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), timezone.get_default_timezone())
    return midnight.astimezone(dt.UTC) - TICK


def zone_name() -> str:
    """`UTC`, `Europe/Berlin`: in which a day ends."""
    return timezone.get_default_timezone_name()


def opened(fund: Fund) -> dt.datetime:
    """The first instant at which there was such a fund."""
    return dt.datetime.combine(fund.account.opened_day_id, dt.time(), dt.UTC)


def require_past(fund: Fund, at: dt.datetime, *, day: dt.date | None = None, field: str) -> dt.datetime:
    """The same instant, if it lies between the fund's opening and the end of today; raises Invalid with what to choose instead.

    `day`: the day that was asked for, if it was one.
    """
    if at > last_instant(today()) or (day is None and at > clock.now()):
        said = formats.date(day) if day else formats.instant(at)
        raise Invalid(_("{day} is still to come. Choose today or an earlier day.").format(day=said), field=field)
    if at < opened(fund):
        said = _("{fund} was opened on {day}. Choose that day or a later one.")
        raise Invalid(said.format(fund=fund.name, day=formats.date(fund.account.opened_day_id)), field=field)
    return at


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a statement, both included."""

    first: dt.date
    last: dt.date

    @property
    def since(self) -> dt.datetime:
        return last_instant(self.first - dt.timedelta(days=1))

    @property
    def until(self) -> dt.datetime:
        return last_instant(self.last)

    def of(self, fund: Fund) -> Statement:
        return selectors.statement(fund.account, since=self.since, until=self.until)


def month_to(day: dt.date) -> Period:
    """The month of a day, up to that day."""
    return Period(day.replace(day=1), day)


def require_period(fund: Fund, first: dt.date, last: dt.date) -> Period:
    """The period, which may begin before the fund did, with nothing. Raises Invalid for one that ends before the fund began, or to come."""
    if first > last:
        raise Invalid(_("The first day is after the last one. Write the earlier day first."), field="since")
    require_past(fund, last_instant(last), day=last, field="until")
    return Period(first, last)


def read_until(fund: Fund, text: str, *, field: str) -> dt.datetime:
    """A day (then its end) or an instant of RFC 3339, as a program writes it, within the fund's life. Raises Invalid."""
    day, at = _day_or_instant(text, field)
    return require_past(fund, last_instant(day) if day else at, day=day, field=field)


def read_since(text: str, *, field: str) -> dt.datetime:
    """A day (then the end of the day before) or an instant, which may lie before the fund's opening. Raises Invalid."""
    day, at = _day_or_instant(text, field)
    return last_instant(day - dt.timedelta(days=1)) if day else at


def _day_or_instant(text: str, field: str) -> tuple[dt.date | None, dt.datetime]:
    """The day that was written, or None, and the instant (of a day, its midnight)."""
    try:
        day = dt.date.fromisoformat(text) if len(text) == len("2026-10-14") else None
        at = dt.datetime.fromisoformat(text) if day is None else dt.datetime.combine(day, dt.time(), dt.UTC)
    except ValueError:
        raise Invalid(MALFORMED, field=field) from None
    if at.tzinfo is None or not EARLIEST <= at.year <= LATEST:
        raise Invalid(MALFORMED, field=field)
    return day, at.astimezone(dt.UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer into or out of the fund, named for a reader, with what was in the fund after it."""

    transfer: Transfer
    kind: str
    label: Label | None
    came: bool
    balance: Money

    @property
    def amount(self) -> Money:
        return self.transfer.money

    @property
    def signed(self) -> Money:
        return self.amount if self.came else -self.amount

    @property
    def on(self) -> dt.date:
        """The day on which it was recorded, in the site's time zone."""
        return self.transfer.entry.recorded_at.astimezone(timezone.get_default_timezone()).date()

    @property
    def of(self) -> dt.date | None:
        """The fact's own date, where it was recorded on another day."""
        own = self.transfer.entry.stated_on or self.transfer.entry.effective_on
        return own if own != self.on else None


def lines(told: Statement, rows: Sequence[Transfer], viewer: Viewer) -> list[Line]:
    """Some lines of a statement that follow each other, named for this reader: privacy is that of every page of the books."""
    if not rows:
        return []
    account = told.opening.account
    found = sources.describe({(row.about_kind, row.about_id) for row in rows if row.about_kind and row.about_id}, viewer)
    balance, named = told.before(rows[0]), []
    for row in rows:
        came = row.credit_account_id == account.pk
        balance += row.money if came else -row.money
        label = found.get((row.about_kind or "", row.about_id or 0))
        named.append(Line(row, labels.kind_name(row.kind), label, came, balance))
    return named


HEADS = ["recorded_on", "own_date", "entry", "line", "what", "about", "in", "out", "balance", "currency"]


def as_csv(fund: Fund, period: Period, viewer: Viewer) -> str:
    """The statement as a file for programs: sums in major units with a point, headers in English. Raises Invalid above `MOST` lines."""
    told = period.of(fund)
    rows = list(told.lines().select_related("entry")[: MOST + 1])
    if len(rows) > MOST:
        raise Invalid(_("That is more than {most} lines. Ask for fewer days at a time.").format(most=MOST), field="since")
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADS)

    def row(*cells: Any) -> None:
        writer.writerow([defused(cell) for cell in cells])

    row(period.first, "", "", "", "Opening balance", "", "", "", told.opening.amount.decimal, fund.currency)
    for first in range(0, len(rows), AT_ONCE):
        with reading.afresh(), override(None):
            for it in lines(told, rows[first : first + AT_ONCE], viewer):
                own, amount = it.of or it.on, it.amount.decimal
                came, left = (amount, "") if it.came else ("", amount)
                about = it.label.text if it.label else ""
                entry = it.transfer.entry_id, it.transfer.line
                row(it.on, own, *entry, it.kind, about, came, left, it.balance.decimal, fund.currency)
    row(period.last, "", "", "", "Closing balance", "", "", "", told.closing.amount.decimal, fund.currency)
    return out.getvalue()
