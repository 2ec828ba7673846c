from funding.web.admin import at, inspect
from sponsors.invoices.models import Invoice, Payment

inspect(
    Invoice, "number sponsorship period_start amount currency state due_on", search="number billed_name", desk=at("billing:stuck"),
    filters="state",
)  # fmt: skip
inspect(
    Payment, "ref invoice method state gross fee currency paid_on failure_code", search="ref charge_id checkout_id",
    desk=at("refunds:ask", "ref"), filters="state method",
)  # fmt: skip
