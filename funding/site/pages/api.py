"""The public books: every entry and transfer, where its money came from or went, and one payment's way to the days it paid for."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from funding import clock
from funding.api.fields import Address, MoneyField, Out
from funding.api.views import Base, Listing, Resource, Route
from funding.errors import Invalid
from funding.funds import sources
from funding.funds.models import Fund
from funding.ledger import selectors
from funding.ledger.models import Entry, Transfer
from funding.money import Money
from funding.site.pages import books, fund_page, statements, trail
from funding.site.reports import labels

STATED = "The fact's own date, where that lies in a period that was closed already."


class LabelOut(Out):
    """What money was for, as this reader may know it."""

    text = serializers.CharField()
    page = serializers.SerializerMethodField()
    private = serializers.BooleanField(help_text="Whether a name is withheld from you.")

    def get_page(self, row: Any) -> str:
        return f"{settings.BASE_URL}{row.url}" if row.url else ""


class EntryRow(Out):
    number = serializers.IntegerField(source="entry.number")
    kind = serializers.CharField(source="entry.kind")
    name = serializers.CharField(source="kind")
    sum = MoneyField()
    about = LabelOut(source="label", allow_null=True)
    effective_on = serializers.DateField(source="entry.effective_on")
    stated_on = serializers.DateField(source="entry.stated_on", allow_null=True, help_text=STATED)
    book_day = serializers.DateField(source="entry.book_day_id")
    recorded_at = serializers.DateTimeField(source="entry.recorded_at")
    url = Address("api:entry-detail", "entry.number")
    page = Address("pages:entry", "entry.number")


class TrailOut(Out):
    about = LabelOut(source="label")
    amount = MoneyField()


class LineOut(Out):
    line = serializers.IntegerField(source="transfer.line")
    kind = serializers.CharField(source="transfer.kind")
    name = serializers.CharField(source="kind")
    debit = serializers.CharField()
    credit = serializers.CharField()
    amount = MoneyField(source="transfer.money")
    about = LabelOut(source="label", allow_null=True)
    provenance = TrailOut(many=True, source="shares", help_text="Of money leaving a fund, whose it was; else what it has paid for so far.")


class EntryOut(Out):
    number = serializers.IntegerField()
    kind = serializers.CharField()
    name = serializers.CharField()
    effective_on = serializers.DateField()
    stated_on = serializers.DateField(allow_null=True, help_text=STATED)
    book_day = serializers.DateField(source="book_day_id")
    recorded_at = serializers.DateTimeField()
    reverses = serializers.IntegerField(source="reverses_id", allow_null=True)
    lines = LineOut(many=True)
    page = Address("pages:entry", "number")


class Entries(Resource):
    """The entries of the books, newest first: each is one fact."""

    title = gettext_noop("Entries")
    serializer_class = EntryRow
    lookup_field = "number"
    numbered = True
    filters = {"kind": "kind"}

    def get_queryset(self) -> QuerySet[Any]:
        return Entry.objects.all()

    def prepare(self, rows: list[Any]) -> list[Any]:
        return list(books.rows(rows, self.request.user))

    @extend_schema(responses=EntryOut)
    def retrieve(self, request: Any, number: str) -> Response:
        """One entry: its transfers, and for each whose money it was or what it has paid for."""
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            raise Http404
        entry = Entry.objects.filter(pk=int(number)).first()
        if entry is None:
            raise Http404
        entry.name = labels.kind_name(entry.kind)
        entry.lines = [_with_shares(line) for line in books.lines(entry, request.user)]
        return Response(EntryOut(entry).data)


def _with_shares(line: books.Line) -> dict[str, Any]:
    shares = [{"label": label, "amount": amount} for label, amount in line.trail]
    return {"transfer": line.transfer, "kind": line.kind, "debit": line.debit, "credit": line.credit, "label": line.label, "shares": shares}


class TransferOut(Out):
    entry = serializers.IntegerField(source="entry_id")
    line = serializers.IntegerField()
    kind = serializers.CharField()
    debit = serializers.CharField()
    credit = serializers.CharField()
    amount = MoneyField(source="money")
    about = LabelOut(source="label", allow_null=True)
    effective_on = serializers.DateField(source="entry.effective_on")
    url = Address("api:entry-detail", "entry_id")


class Transfers(Listing):
    """Every transfer of the books: a positive amount from one account to another."""

    title = gettext_noop("Transfers")
    serializer_class = TransferOut
    filters = {"kind": "kind", "currency": "currency"}

    def get_queryset(self) -> QuerySet[Any]:
        return Transfer.objects.select_related("entry", "debit_account", "credit_account")

    def prepare(self, rows: list[Any]) -> list[Any]:
        names = labels.account_names([account for row in rows for account in (row.debit_account, row.credit_account)])
        refs = {(row.about_kind, row.about_id) for row in rows if row.about_kind and row.about_id}
        found = sources.describe(refs, self.request.user)
        for row in rows:
            row.debit, row.credit = names[row.debit_account_id], names[row.credit_account_id]
            row.label = found.get((row.about_kind, row.about_id))
        return rows


class PaidDayOut(Out):
    day = serializers.CharField(source="work.entry.ref")
    date = serializers.DateField(source="work.entry.date")
    slot = serializers.CharField(source="work.entry.slot")
    worker = serializers.CharField(source="work.entry.worker.public_name")
    note = serializers.CharField(source="work.entry.note")
    costs = MoneyField(source="work.cost")
    from_this_payment = MoneyField(source="amount")


class WayOut(Out):
    ref = serializers.CharField(source="payment.ref")
    sponsor = LabelOut(source="label")
    paid = MoneyField(source="gross")
    card_fee = MoneyField()
    host_fee = MoneyField()
    pooled = MoneyField(help_text="What reached the fund: days + returned + other + unspent.")
    days = PaidDayOut(many=True)
    returned = MoneyField()
    other = MoneyField()
    unspent = MoneyField()
    page = Address("pages:payment-trail", "payment.ref")


class Trails(Base):
    """One payment's way to the cent: paid in, fees, the fund, the half days that it paid for."""

    title = gettext_noop("Trails")
    serializer_class = WayOut
    lookup_field = "ref"

    def retrieve(self, request: Any, ref: str) -> Response:
        """One payment's way to the cent: paid in, fees, the fund, the half days that it paid for."""
        found = trail.of(ref, request.user)
        if found is None:
            raise Http404
        return Response(WayOut(found).data)


FUND = OpenApiParameter("fund", OpenApiTypes.STR, OpenApiParameter.PATH)
WHEN = "A day, to its end in the site's time zone, or an instant of RFC 3339; without it, now."
SINCE = "The first day, from its beginning in the site's time zone, or an instant; without it, the fund's opening."


class BalanceOut(Out):
    fund = serializers.CharField()
    at = serializers.DateTimeField()
    came_in = MoneyField()
    went_out = MoneyField()
    balance = MoneyField(help_text="came in − went out")
    reserved = MoneyField()
    left = MoneyField(help_text="balance − reserved")
    page = Address("pages:fund", "fund")


class Balances(Base):
    """What a fund held at an instant: what was recorded by then, and nothing later."""

    title = gettext_noop("Funds")
    serializer_class = BalanceOut
    lookup_field = "fund"

    @extend_schema(parameters=[FUND, OpenApiParameter("at", OpenApiTypes.STR, OpenApiParameter.QUERY, description=WHEN)])
    def retrieve(self, request: Any, fund: str) -> Response:
        """What a fund held at an instant: came in − went out = balance; balance − reserved = left."""
        found = fund_page.shown(fund)
        at = _asked(request, found, "at")
        return Response(BalanceOut(_balance(found, selectors.balances_at([found.account], at)[found.account_id], at)).data)


class StatementLine(Out):
    entry = serializers.IntegerField(source="transfer.entry_id")
    line = serializers.IntegerField(source="transfer.line")
    kind = serializers.CharField(source="transfer.kind")
    name = serializers.CharField(source="kind")
    amount = MoneyField(source="signed", help_text="Negative where it left the fund.")
    about = LabelOut(source="label", allow_null=True)
    recorded_at = serializers.DateTimeField(source="transfer.entry.recorded_at")
    effective_on = serializers.DateField(source="transfer.entry.effective_on")
    stated_on = serializers.DateField(source="transfer.entry.stated_on", allow_null=True, help_text=STATED)
    url = Address("api:entry-detail", "transfer.entry_id")


class StatementOut(Out):
    fund = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    opening = MoneyField()
    came_in = MoneyField()
    went_out = MoneyField()
    closing = MoneyField(help_text="opening + came in − went out")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = StatementLine(many=True)
    page = Address("pages:fund", "fund")


class Statements(Base):
    """A fund between two instants: what it held, what came and left, and every line of it, newest first."""

    title = gettext_noop("Funds")
    serializer_class = StatementOut
    lookup_field = "fund"

    @extend_schema(
        parameters=[
            FUND,
            OpenApiParameter("since", OpenApiTypes.STR, OpenApiParameter.QUERY, description=SINCE),
            OpenApiParameter("until", OpenApiTypes.STR, OpenApiParameter.QUERY, description=WHEN),
            OpenApiParameter("cursor", OpenApiTypes.STR, OpenApiParameter.QUERY, description="From `next` and `previous`."),
            OpenApiParameter("page_size", OpenApiTypes.INT, OpenApiParameter.QUERY, description="Lines of one answer, at most 100."),
        ]
    )
    def retrieve(self, request: Any, fund: str) -> Response:
        """A fund between two instants: opening + came in − went out = closing, and the lines, newest first."""
        found = fund_page.shown(fund)
        until, since = _asked(request, found, "until"), statements.opened(found) - statements.TICK
        if "since" in request.query_params:
            since = statements.read_since(request.query_params["since"], field="since")
        if since >= until:
            raise Invalid(_("The first day is after the last one. Write the earlier day first."), field="since")
        told = selectors.statement(found.account, since=since, until=until)
        rows = list(reversed(self.paginator.paginate_queryset(told.lines().select_related("entry"), request, view=self)))
        links = {"next": self.paginator.get_next_link(), "previous": self.paginator.get_previous_link()}
        sums = {"opening": told.opening.amount, "came_in": told.came, "went_out": told.left, "closing": told.closing.amount}
        results = statements.lines(told, rows, request.user)[::-1]
        return Response(StatementOut({"fund": found.slug, "since": since, "until": until, **sums, **links, "results": results}).data)


def _asked(request: Any, fund: Fund, field: str) -> dt.datetime:
    """The instant in the address, or now. Raises Invalid."""
    if field not in request.query_params:
        return clock.now()
    return statements.read_until(fund, request.query_params[field], field=field)


def _balance(fund: Fund, held: selectors.Balance, at: dt.datetime) -> dict[str, Any]:
    sums = {"came_in": held.credits, "went_out": held.debits, "reserved": held.reserved}
    money = {name: Money(amount, fund.currency) for name, amount in sums.items()}
    return {"fund": fund.slug, "at": at, **money, "balance": held.amount, "left": held.available}


routes = [
    Route("entries", Entries, "entry"),
    Route("transfers", Transfers, "transfer"),
    Route("trails", Trails, "trail"),
    Route("balances", Balances, "balance"),
    Route("statements", Statements, "statement"),
]
