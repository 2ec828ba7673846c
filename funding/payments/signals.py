"""News about payees' accounts, for apps above. Sent inside the transaction that stores what the processor said."""

from django.dispatch import Signal

account_read = Signal()
"""`account`: the ConnectedAccount as it is now; `before`: a `services.Seen` of what was known of it until then. Sent when they differ."""
