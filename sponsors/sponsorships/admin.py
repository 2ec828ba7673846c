from funding.web.admin import at, inspect
from sponsors.sponsorships.models import Sponsorship

inspect(
    Sponsorship, "ref project tier_name amount currency interval state paid_through", search="ref payer_name contact_email",
    desk=at("billing:stuck"), filters="state interval",
)  # fmt: skip
