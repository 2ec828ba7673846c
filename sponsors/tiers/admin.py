from funding.web.admin import at, inspect
from sponsors.tiers.models import Tier

inspect(
    Tier, "name project amount currency interval audience state", search="name project__name", desk=at("tiers:list", "project.slug"),
    filters="state interval",
)  # fmt: skip
