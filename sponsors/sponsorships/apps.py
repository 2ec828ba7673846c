from django.apps import AppConfig


class SponsorshipsConfig(AppConfig):
    name = "sponsors.sponsorships"
    label = "sponsorships"
