from funding.site.reports.models import Verification
from funding.web.admin import at, inspect

inspect(
    Verification, "began_at whole holds last_entry seal_day milliseconds", search="seal", desk=at("pages:verify"), filters="whole holds",
)  # fmt: skip
