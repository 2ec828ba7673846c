from funding.funds.models import BudgetLine, Carried, Fund, FundMove, LineReservation, Matched, Need, Project, Voucher
from funding.web.admin import at, inspect

inspect(
    Project, "name slug state target_half_days rate_amount rate_currency", search="name slug", desk=at("funds:project-edit", "slug"),
    filters="state",
)  # fmt: skip
inspect(Fund, "name kind project currency purpose", search="name slug", desk=at("funds:fund", "slug"), filters="kind currency")
inspect(
    Need, "about project half_days rate_amount currency fund state opened_at", search="about", desk=at("funds:need-top-up", "pk"),
    filters="state currency",
)  # fmt: skip
inspect(BudgetLine, "fund name amount position", search="name fund__name", desk=at("funds:fund", "fund.slug"))
inspect(
    LineReservation, "reservation line", search="line__name", desk=at("funds:fund", "line.fund.slug"), joins="line__fund reservation",
)  # fmt: skip
inspect(
    Carried, "inflow start end by undone_by", search="inflow__entry__reference", desk=at("pages:entry", "inflow.entry_id"), joins="inflow"
)
inspect(FundMove, "ref giver taker amount currency state asked_by decided_by", search="reason giver__name taker__name",
        desk=at("funds:desk"), filters="state")  # fmt: skip
inspect(Voucher, "ref kind money effective_on state fund taker asked_by decided_by", search="reason bank_reference",
        desk=at("funds:vouchers"), filters="kind state")  # fmt: skip
inspect(Matched, "promise line amount released due", search="promise__reason", desk=at("funds:vouchers"), joins="promise")
