from funding.web.admin import at, inspect
from sponsors.refunds.models import Dispute, Refund, TakenPart, Taking

inspect(
    Refund, "ref payment amount currency category state asked_by decided_by", search="ref processor_id payment__ref",
    desk=at("refunds:refund", "ref"), filters="state category",
)  # fmt: skip
inspect(
    Dispute, "ref payment amount currency status state opened_on", search="ref processor_id payment__ref",
    desk=at("refunds:dispute", "ref"), filters="state status",
)  # fmt: skip
inspect(Taking, "contribution amount currency entry", search="contribution__reference", desk=at("pages:entry", "contribution_id"))
inspect(
    TakenPart, "taking inflow amount", search="taking__contribution__reference", desk=at("pages:entry", "taking.contribution_id"),
    joins="taking__contribution",
)  # fmt: skip
