from django.contrib import admin

from funding.payments.models import ConnectedAccount, Customer, InboxEvent
from funding.web.admin import InspectionAdmin


@admin.register(Customer)
class CustomerAdmin(InspectionAdmin):
    list_display = ["party", "processor_id", "created_at"]
    list_select_related = ["party"]


@admin.register(ConnectedAccount)
class ConnectedAccountAdmin(InspectionAdmin):
    list_display = ["party", "account_id", "country", "payouts_enabled", "updated_at"]
    list_select_related = ["party"]


@admin.register(InboxEvent)
class InboxEventAdmin(InspectionAdmin):
    list_display = ["event_id", "type", "kind", "reference", "state", "attempts", "received_at"]
    list_filter = ["state", "type"]
    search_fields = ["event_id", "object_id", "reference"]
    exclude = ["payload"]
