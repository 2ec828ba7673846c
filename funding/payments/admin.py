from funding.payments.models import (
    BankAccount,
    ConnectedAccount,
    Customer,
    Difference,
    InboxEvent,
    Match,
    Probe,
    ProcessorLine,
    Reconciliation,
    TopUp,
)
from funding.web.admin import at, inspect

COMPARISON = at("payments:reconciliation")
PROCESSOR = at("payments:processor")

inspect(Customer, "party processor_id created_at", search="name email processor_id", desk=at("billing:stuck"))
inspect(
    ConnectedAccount, "party account_id country payouts_enabled updated_at", search="name account_id", desk=at("payouts:payees"),
    filters="payouts_enabled country",
)  # fmt: skip
inspect(
    InboxEvent, "event_id type kind reference state attempts received_at", search="event_id object_id reference",
    desk=at("payments:inbox"), hidden="payload", filters="state type",
)  # fmt: skip
inspect(ProcessorLine, "txn_id kind net fee currency source created_at", search="txn_id source", desk=COMPARISON, filters="kind currency")
inspect(Match, "line entry net claimed_by", search="line__txn_id claimed_by", desk=COMPARISON, filters="claimed_by")
inspect(
    Difference, "ref reason line entry at_processor in_books currency state", search="line__txn_id explanation", desk=COMPARISON,
    filters="state reason",
)  # fmt: skip
inspect(Reconciliation, "at since until read matched opened settled", search="at", desk=COMPARISON)
inspect(TopUp, "ref amount currency state asked_by asked_at", search="processor_id", desk=at("payments:cash"), filters="state")
inspect(Probe, "ref asked_by asked_at finished_at news_at", search="asked_by__name", desk=PROCESSOR)
inspect(BankAccount, "holder bank number named_by named_at", search="holder bank number", desk=PROCESSOR)
