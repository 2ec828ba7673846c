"""The processor's balance against the books, movement by movement. It finds differences; people explain them.

Each movement on the balance is read and written down once. The apps that booked them say which entry each belongs to:

    reconciliation.register("payments", claims, makers)

`claims` gets movements that nobody has claimed yet and answers, by their ids, with one `Claim` or several. Then both ways
are checked: a movement is the sum of its claims, and an entry's movement on the processor's cash is the sum of its own.
`makers` answers who asked for or approved an entry, by its number, for those entries that the processor knows nothing of.
It posts nothing: what is wrong in the books is put right in the books.
"""

from funding.payments.reconciliation.claims import Claim, Claims, Makers, register
from funding.payments.reconciliation.services import GRACE, Overview, explain, makers_of, overview, reconcile, request, run_when_due

__all__ = [
    "GRACE",
    "Claim",
    "Claims",
    "Makers",
    "Overview",
    "explain",
    "makers_of",
    "overview",
    "reconcile",
    "register",
    "request",
    "run_when_due",
]
