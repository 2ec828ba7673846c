from funding.web.admin import at, inspect
from grants.rates.models import RateCard

inspect(
    RateCard, "user amount currency effective_from state decided_by", search="user__name", desk=at("rates:index"), filters="state currency"
)  # fmt: skip
