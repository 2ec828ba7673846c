"""The floor that both sides share, and the site on top. Which line may import which: docs/architecture.md."""

from funding.celery import app as celery_app

__all__ = ["celery_app"]
