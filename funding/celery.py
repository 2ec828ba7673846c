"""The Celery application. Queues: `money` (billing, payouts, webhooks), `mail`, `slow` (reports, sweepers)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "funding.settings")

app = Celery("daybook")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
