from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "funding.people"
    label = "people"
