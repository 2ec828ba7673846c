"""The admin shows rows and changes none: staff act on the site's own pages, where the rules are."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class InspectionAdmin(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
