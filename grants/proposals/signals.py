"""News about proposals, sent inside the transaction that makes it true. The committee stands above and listens.

Each is sent with `proposal` (a Proposal); a receiver that raises undoes the act.
"""

from django.dispatch import Signal

proposal_submitted = Signal()
proposal_reopened = Signal()
proposal_withdrawn = Signal()
