from django.contrib import admin

from funding.web.admin import InspectionAdmin
from sponsors.invoices.models import Invoice, Payment


@admin.register(Invoice)
class InvoiceAdmin(InspectionAdmin):
    list_display = ["number", "sponsorship", "period_start", "amount", "currency", "state", "due_on"]
    list_filter = ["state"]
    search_fields = ["number"]


@admin.register(Payment)
class PaymentAdmin(InspectionAdmin):
    list_display = ["ref", "invoice", "method", "state", "gross", "fee", "currency", "paid_on", "failure_code"]
    list_filter = ["state", "method"]
    search_fields = ["ref", "charge_id", "checkout_id"]
