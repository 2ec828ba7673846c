"""The news that work may begin, sent inside the transaction of the determination.

`determination_published` is sent with `proposal` (Proposal), `determination` (Determination) and `reservations` (a list of
the ledger's Reservation, in the order in which the funds are to be spent; empty unless the outcome is “funded”).
A receiver that raises undoes the determination.
"""

from django.dispatch import Signal

determination_published = Signal()
