from django.contrib import admin

from funding.people import models
from funding.web.admin import InspectionAdmin


@admin.register(models.User)
class UserAdmin(InspectionAdmin):
    list_display = ["name", "email", "is_active", "date_joined"]
    search_fields = ["name", "email"]
    exclude = ["password"]


@admin.register(models.Party)
class PartyAdmin(InspectionAdmin):
    list_display = ["name", "kind", "email", "country"]
    list_filter = ["kind"]
    search_fields = ["name", "email"]


@admin.register(models.RoleGrant)
class RoleGrantAdmin(InspectionAdmin):
    list_display = ["user", "role", "subject", "since", "until", "granted_by"]
    list_filter = ["role"]
    search_fields = ["user__name", "subject"]


@admin.register(models.Bar)
class BarAdmin(InspectionAdmin):
    closed_by = "subject"
    list_display = ["user", "subject", "created_at"]
    exclude = ["reason"]
    search_fields = ["user__name", "subject"]
