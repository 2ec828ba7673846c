from funding.web.admin import at, inline, inspect
from grants.engagements.models import Engagement, EngagementFund

inspect(
    Engagement, "ref title project worker payee cap_half_days state", search="title worker__name",
    desk=at("timesheets:engagement", "ref"), filters="state", inlines=[inline(EngagementFund, "fund reservation position")],
)  # fmt: skip
inspect(
    EngagementFund, "engagement fund reservation position", search="engagement__title fund__name",
    desk=at("timesheets:engagement", "engagement.ref"),
)  # fmt: skip
