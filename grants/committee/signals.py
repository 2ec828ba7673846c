"""The news that work may begin, sent inside the transaction of the determination.

`determination_published` is sent with `proposal` (Proposal), `determination` (Determination) and `reservations` (a list of
the ledger's Reservation, in the order in which the funds are to be spent; empty unless the outcome is “funded”).
A receiver that raises undoes the determination.

`money_found` is sent inside the transaction in which approved work gets its money, with `proposal`, `funding` (Funding) and
`reservations`. A receiver that raises undoes that, and the work goes on waiting.
"""

from django.dispatch import Signal

determination_published = Signal()
money_found = Signal()
