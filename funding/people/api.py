"""The host, and whoever asks."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext_noop
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from funding.api.fields import Out
from funding.api.views import Base, Route
from funding.people import selectors
from funding.people.models import Host


class HostOut(Out):
    name = serializers.CharField()
    code = serializers.CharField()
    currency = serializers.CharField()
    fee_basis_points = serializers.IntegerField(help_text="The host's share of each contribution: 500 is 5 %.")


class HostView(Base):
    """The organisation that runs this installation and holds the money."""

    title = gettext_noop("Host")

    @extend_schema(responses=HostOut)
    def retrieve(self, request: Any) -> Response:
        """The organisation that runs this installation and holds the money."""
        found = Host.get()
        if found is None:
            raise Http404
        return Response(HostOut(found).data)


class RoleOut(Out):
    role = serializers.CharField(source="grant.role")
    subject = serializers.CharField(source="grant.subject")
    over = serializers.CharField()
    since = serializers.DateField(source="grant.since")


class PartyOut(Out):
    name = serializers.CharField()
    kind = serializers.CharField()


class MeOut(Out):
    name = serializers.CharField()
    email = serializers.EmailField()
    roles = RoleOut(many=True)
    acts_for = PartyOut(many=True)
    works_at = PartyOut(many=True)
    scopes = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Those of the token; null in a browser's session."
    )


class Me(Base):
    """You, your roles, and what this token may do."""

    title = gettext_noop("Me")
    signed_in = True

    @extend_schema(responses=MeOut)
    def retrieve(self, request: Any) -> Response:
        """You, your roles, and what this token may do."""
        profile = selectors.profile(request.user)
        found = {
            "name": request.user.name,
            "email": request.user.email,
            "roles": profile.held,
            "acts_for": profile.parties,
            "works_at": profile.employers,
            "scopes": getattr(request.auth, "scopes", None),
        }
        return Response(MeOut(found).data)


routes = [Route("host", HostView, "host", alone=True), Route("me", Me, "me", alone=True)]
