from django.contrib import admin

from funding.mail.models import Message
from funding.web.admin import InspectionAdmin


@admin.register(Message)
class MessageAdmin(InspectionAdmin):
    closed_by = "about"
    list_display = ["created_at", "kind", "to", "subject", "state", "attempts"]
    list_filter = ["state", "kind"]
    search_fields = ["to", "subject", "key"]
    exclude = ["body"]
