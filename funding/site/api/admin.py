from django.contrib import admin
from knox.models import AuthToken

from funding.site.api.models import Token
from funding.web.admin import at, inspect

# Its page could make tokens.
if admin.site.is_registered(AuthToken):
    admin.site.unregister(AuthToken)

inspect(
    Token, "token_key user name scopes created expiry revoked_at used_on", search="user__name name token_key",
    desk=at("people:people"), hidden="digest",
)  # fmt: skip
