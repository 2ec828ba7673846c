"""News about cards and money for apps above, sent inside the transaction that stores it; the sponsorship is locked then.

A receiver that raises undoes it. `card_kept` is sent with `change` (CardChange) once a new card is saved, `money_taken` with
`payment` (Payment) once the processor took the money of an invoice. Neither is sent twice for the same row.
"""

from django.dispatch import Signal

card_kept = Signal()
money_taken = Signal()
