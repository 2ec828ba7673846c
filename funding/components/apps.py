from django.apps import AppConfig
from django.utils.translation import gettext as _


class ComponentsConfig(AppConfig):
    name = "funding.components"
    label = "components"

    def ready(self) -> None:
        from funding.components import navigation

        # People stand below this app and cannot register their own pages.
        navigation.register(_("Your desk"), "people:desk", 10, place="account")
        navigation.register(_("Profile"), "people:profile", 15, place="account")
        navigation.register(_("E-mail addresses"), "account_email", 70, place="account")
        navigation.register(_("Password"), "account_change_password", 80, place="account")
        navigation.register(_("Second factor"), "mfa_index", 90, place="account")
