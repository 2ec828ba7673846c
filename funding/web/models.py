from django.db import models


class Submission(models.Model):
    """One press of a button. The token came with the form; a second press finds the first one's result.

    `user_id` is a number and no foreign key: people stand above this floor.
    """

    token = models.UUIDField(primary_key=True)
    user_id = models.BigIntegerField(null=True)
    path = models.CharField(max_length=500)
    digest = models.CharField(max_length=64, default="", help_text="Of what was sent; a repeat is the same form with the same content.")
    result_url = models.CharField(max_length=2000, blank=True)
    at = models.DateTimeField(auto_now_add=True)
