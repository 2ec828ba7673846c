"""News about roles, for apps above: the outbox tells the person. Sent inside the transaction of the fact."""

from django.dispatch import Signal

role_given = Signal()
"""`grant`: the RoleGrant that begins today."""

role_ended = Signal()
"""`grant`: the RoleGrant that ended today; `actor`: who ended it."""

relation_declared = Signal()
"""`relation`: the Relation that somebody has just declared with another user."""
