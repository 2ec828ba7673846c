"""News about roles, for apps above: the outbox tells the person. Sent inside the transaction of the fact."""

from django.dispatch import Signal

role_given = Signal()
"""`grant`: the RoleGrant that begins today."""

role_ended = Signal()
"""`grant`: the RoleGrant that ended today; `actor`: who ended it."""

relation_declared = Signal()
"""`relation`: the Relation that somebody has just declared with another user."""

factors_reset = Signal()
"""`user`: whose second factors were taken away; `actor`: the administrator who did it, or None for the operator."""

relation_contested = Signal()
"""`relation`: the Relation that the person named in it contests."""

relation_settled = Signal()
"""`relation`: the contested Relation that was just confirmed or dismissed."""

ties_changed = Signal()
"""`users`: the users (a list) about whom the register says something new, so that open panels look again."""

acting_asked = Signal()
"""`change`: an ActingChange that waits for a second person."""

acting_changed = Signal()
"""`change`: the ActingChange that was just done; `before`: the names of those who acted for the organisation until then."""

signed_out = Signal()
"""`user`: who signed themselves out everywhere else."""

invited = Signal()
"""`invitation`: the Invitation that somebody without an account is to hear of."""
