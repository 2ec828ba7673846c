from django.apps import AppConfig


class ComponentsConfig(AppConfig):
    name = "funding.components"
    label = "components"

    def ready(self) -> None:
        from funding.components import navigation

        # People stand below this app and cannot register their own pages.
        navigation.register("Your desk", "people:desk", 10, place="account")
        navigation.register("Profile", "people:profile", 15, place="account")
        navigation.register("E-mail addresses", "account_email", 70, place="account")
        navigation.register("Password", "account_change_password", 80, place="account")
        navigation.register("Second factor", "mfa_index", 90, place="account")
