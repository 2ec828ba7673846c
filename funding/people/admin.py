from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group

from funding.people import models
from funding.web.admin import at, inspect

PEOPLE = at("people:people")

# Theirs can write. Nobody here is in a group: roles say who may act.
for theirs in (Group, EmailAddress, Authenticator):
    if admin.site.is_registered(theirs):
        admin.site.unregister(theirs)

inspect(models.User, "name email is_active date_joined", search="name email", desk=PEOPLE, hidden="password epoch", filters="is_active")
inspect(EmailAddress, "email user verified primary", search="email user__name", desk=PEOPLE, filters="verified")
inspect(Authenticator, "user type created_at last_used_at", search="user__name", desk=PEOPLE, hidden="data", filters="type")
inspect(
    models.Party, "name kind email country", search="name email", desk=at("people:organisations"), filters="kind",
)  # fmt: skip
inspect(models.Membership, "user party role until", search="user__name party__name", desk=at("people:organisations"), filters="role")
inspect(
    models.Relation, "user kind state declared_at until", search="user__name", desk=at("people:ties"),
    hidden="words contest address settlement other", filters="state kind",
)  # fmt: skip
inspect(models.ActingChange, "party user begins state asked_by decided_by", search="party__name user__name",
        desk=at("people:organisations"), filters="state")  # fmt: skip
inspect(models.Host, "name code currency fee_basis_points", search="name code", desk=at("people:host"))
inspect(models.RoleGrant, "user role subject since until granted_by", search="user__name subject", desk=PEOPLE, filters="role")
inspect(models.Invitation, "email role subject state invited_by invited_at", search="email subject", desk=PEOPLE, filters="state role")
inspect(
    models.Bar, "user subject created_at", search="user__name subject", desk=at("people:ties"), hidden="reason", closed_by="subject"
)  # fmt: skip
