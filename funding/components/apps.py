from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ComponentsConfig(AppConfig):
    name = "funding.components"
    label = "components"

    def ready(self) -> None:
        from funding.components import navigation

        # People stand below this app and cannot register their own pages.
        navigation.register(gettext_lazy("Your desk"), "people:desk", 10, place="account")
        navigation.register(gettext_lazy("Profile"), "people:profile", 15, place="account")
        navigation.register(gettext_lazy("E-mail addresses"), "account_email", 70, place="account")
        navigation.register(gettext_lazy("Password"), "account_change_password", 80, place="account")
        navigation.register(gettext_lazy("Second factor"), "mfa_index", 90, place="account")
