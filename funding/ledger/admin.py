from django.contrib import admin

from funding.ledger.models import Account, BookDay, Entry, Reservation, ReservationMove, Transfer
from funding.web.admin import InspectionAdmin


class TransferInline(admin.TabularInline):
    model = Transfer
    fields = readonly_fields = ("line", "debit_account", "credit_account", "currency", "amount", "kind", "spend_from", "spend_to", "pinned")
    can_delete = False
    extra = 0


class MoveInline(admin.TabularInline):
    model = ReservationMove
    fields = readonly_fields = ("kind", "amount", "reserved_before", "key", "at")
    can_delete = False
    extra = 0


@admin.register(Account)
class AccountAdmin(InspectionAdmin):
    list_display = ["code", "klass", "currency", "debits", "credits", "reserved", "head"]
    list_filter = ["klass", "currency"]
    search_fields = ["code"]


@admin.register(BookDay)
class BookDayAdmin(InspectionAdmin):
    list_display = ["day", "closed_at", "seal"]


@admin.register(Entry)
class EntryAdmin(InspectionAdmin):
    list_display = ["number", "kind", "source", "reference", "revision", "book_day", "effective_on"]
    list_filter = ["kind"]
    search_fields = ["reference"]
    inlines = [TransferInline]


@admin.register(Reservation)
class ReservationAdmin(InspectionAdmin):
    list_display = ["id", "account", "holder_kind", "holder_id", "reserved", "drawn", "released"]
    list_filter = ["holder_kind"]
    inlines = [MoveInline]
