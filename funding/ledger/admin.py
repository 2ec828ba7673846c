from funding.ledger.models import (
    Account,
    AccountTotal,
    BookDay,
    Commitment,
    Entry,
    Reservation,
    ReservationMove,
    SealedBalance,
    SealedDocument,
    SealedText,
    Transfer,
)  # fmt: skip
from funding.web.admin import at, inline, inspect

BOOKS = at("pages:books")
LINES = "line debit_account credit_account currency amount kind spend_from spend_to pinned"

inspect(Account, "code klass currency debits credits reserved head", search="code", desk=BOOKS, filters="klass currency")
inspect(AccountTotal, "account shard debits credits", search="account__code", desk=BOOKS)
inspect(BookDay, "day closed_at seal", search="day", desk=at("pages:day", "day"))
inspect(
    Entry, "number kind source reference revision book_day effective_on", search="reference source", desk=at("pages:entry", "number"),
    filters="kind", inlines=[inline(Transfer, LINES)],
)  # fmt: skip
inspect(
    Transfer, "entry line debit_account credit_account amount currency kind",
    search="entry__reference debit_account__code credit_account__code",
    desk=at("pages:entry", "entry_id"), filters="kind currency",
)  # fmt: skip
inspect(
    Reservation, "id account holder_kind holder_id reserved drawn released", search="holder_id account__code", desk=at("funds:desk"),
    filters="holder_kind", inlines=[inline(ReservationMove, "kind amount reserved_before key at")],
)  # fmt: skip
inspect(ReservationMove, "reservation kind amount reserved_before at", search="key", desk=at("funds:desk"), filters="kind")
inspect(SealedText, "day host", search="day__day", desk=at("pages:day", "day_id"))
inspect(SealedBalance, "account day debits credits reserved head", search="account__code", desk=at("pages:day", "day_id"))
inspect(SealedDocument, "book_day source reference digest", search="source reference", desk=at("pages:day", "book_day_id"))
inspect(Commitment, "entry transfer digest", search="digest", desk=BOOKS, hidden="salt text")
