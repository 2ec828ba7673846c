"""What the books refuse, and why. Every refusal writes nothing.

All are `Conflict`: the request contradicts what the books already hold. Sums are integer minor units.
"""

from __future__ import annotations

from funding.errors import Conflict


class LedgerError(Conflict):
    """The books refused. `rule` is the database function's short code; the more exact classes below follow from it."""

    def __init__(self, message: str, *, rule: str = "ledger") -> None:
        super().__init__(message)
        self.rule = rule


class Overdrawn(LedgerError):
    """An account, reservation or owed item has less than was asked of it. `missing` is how much less, never zero."""

    def __init__(self, message: str, *, account_code: str, missing: int, rule: str = "overdrawn") -> None:
        super().__init__(message, rule=rule)
        self.account_code = account_code
        self.missing = missing


class NotReserved(Overdrawn):
    """A draw or release asked for more than the reservation still holds."""


class ItemExceeded(Overdrawn):
    """A debit would pay off more of an owed item than is left of it, or money would return twice from one source."""


class WrongCurrency(LedgerError):
    """A line would join accounts of two currencies."""


class Unbalanced(LedgerError):
    """The clearing account would not net to zero within the entry."""


class BadLine(LedgerError):
    """A line is not one that its accounts can take: an owed debit without its item, a draw on another fund, and the like."""


class PinRefused(LedgerError):
    """The slice to give back is not one unspent stretch of one inflow (already spent, given back, or across two)."""


class ReferenceReused(LedgerError):
    """The same source, reference and revision was posted before with other content."""


class RevisionRefused(LedgerError):
    """A revision whose predecessor is not reversed, a second reversal, or a reversal that is not the mirror of its entry."""


class UnknownAccount(LedgerError):
    """No such account."""


class TooLarge(LedgerError):
    """A sum or a total would pass 2^63 - 1 minor units, which a row cannot hold."""


class PeriodOpen(LedgerError):
    """The period that is to be closed is not over by the books' own day."""


class NotToSeal(LedgerError):
    """The day is open, sealed already, or not next in the chain, or its file does not begin with its day and the seal before it."""
