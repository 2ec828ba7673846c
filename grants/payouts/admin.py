from django.contrib import admin

from funding.web.admin import InspectionAdmin
from grants.payouts.models import Payout, PayoutLine, PayoutRun


@admin.register(PayoutRun)
class PayoutRunAdmin(InspectionAdmin):
    list_display = ["number", "currency", "state", "control_total", "count", "prepared_by", "released_by"]
    list_filter = ["state", "currency"]


class LineInline(admin.TabularInline):
    model = PayoutLine
    can_delete = False
    extra = max_num = 0


@admin.register(Payout)
class PayoutAdmin(InspectionAdmin):
    list_display = ["ref", "run", "payee", "amount", "currency", "state", "transfer_id"]
    list_filter = ["state"]
    search_fields = ["payee__name", "transfer_id"]
    inlines = [LineInline]
