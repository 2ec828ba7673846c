from django.db import models


class Submission(models.Model):
    """One press of a button, or one write of a program. The token came with the form, or is made from the program's key; a second
    press finds the first one's result.

    `user_id` is a number and no foreign key: people stand above this floor.
    """

    token = models.UUIDField(primary_key=True)
    user_id = models.BigIntegerField(null=True)
    path = models.CharField(max_length=500)
    digest = models.CharField(max_length=64, default="", help_text="Of what was sent; a repeat is the same form with the same content.")
    result_url = models.CharField(max_length=2000, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    answer = models.JSONField(null=True, help_text="What a program was answered: the status and the body.")
    acted_at = models.DateTimeField(null=True, help_text="When something that the press asked for was committed, together with it.")


class Trouble(models.Model):
    """A job that failed for a reason nobody foresaw, once for each thing that it was about. The job itself is tried again.

    It is open until the same job succeeds for the same thing, or a person closes it. `args` are those of the Celery task
    `job`, so that a person can ask for it again at once.
    """

    job = models.CharField(max_length=120)
    about = models.CharField(max_length=200)
    args = models.JSONField(default=list)
    error = models.CharField(max_length=500)
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    over_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "about"], condition=models.Q(over_at=None), name="trouble_open_once")]
        indexes = [models.Index(fields=["-last_at"], condition=models.Q(over_at=None), name="trouble_open")]

    def __str__(self) -> str:
        return f"{self.job} {self.about}".strip()

    @property
    def ref(self) -> str:
        """What the audit log calls it."""
        return f"trouble:{self.pk}"


class Draft(models.Model):
    """What somebody typed into a form and has not handed in (drafts.py). `fields` is empty once it was used.

    `version` only grows, so that a window that was open before never takes a new draft for the one that it knew.
    """

    user_id = models.BigIntegerField()
    path = models.CharField(max_length=200)
    fields = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user_id", "path"], name="draft_once_for_each_form")]
