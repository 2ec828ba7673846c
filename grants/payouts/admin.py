from funding.web.admin import at, inline, inspect
from grants.payouts import models

PAYEES = at("payouts:payees")
PAYOUT = at("payouts:payout", "payout.ref")

inspect(
    models.PayoutRun, "number currency state control_total count prepared_by released_by", search="number",
    desk=at("payouts:run", "number"),
    filters="state currency",
)  # fmt: skip
inspect(
    models.Payout, "ref run payee amount currency state transfer_id", search="payee__name transfer_id", desk=at("payouts:payout", "ref"),
    filters="state", inlines=[inline(models.PayoutLine, "work_entry amount")],
)  # fmt: skip
inspect(models.Withholding, "payout amount reason by at", search="payout__payee__name", desk=PAYOUT)
inspect(models.PayoutTransfer, "payout transfer_id amount returned at", search="transfer_id", desk=PAYOUT)
inspect(models.PayoutReturn, "transfer amount at reversal_id", search="reversal_id", desk=at("payouts:payout", "transfer.payout.ref"),
        joins="transfer__payout")  # fmt: skip
inspect(models.DebtCancellation, "payout amount state asked_by decided_by", search="payout__payee__name", desk=PAYOUT, filters="state")
inspect(models.PayoutLine, "payout work_entry amount", search="payout__payee__name work_entry__note", desk=PAYOUT)
inspect(models.PayoutShare, "line source amount", search="line__payout__payee__name", desk=at("payouts:payout", "line.payout.ref"),
        joins="line__payout source__engagement source__fund")  # fmt: skip
inspect(models.PayeeChange, "party what at holds_until by agreed_by", search="party__name", desk=PAYEES, filters="what")
inspect(models.Freeze, "party change at lifted_by lifted_at", search="party__name", desk=PAYEES)
