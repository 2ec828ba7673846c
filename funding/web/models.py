from django.conf import settings
from django.db import models


class Submission(models.Model):
    """One press of a button. The token came with the form; a second press finds the first one's result."""

    token = models.UUIDField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=500)
    result_url = models.CharField(max_length=2000, blank=True)
    at = models.DateTimeField(auto_now_add=True)
