from funding.web.admin import at, inspect
from grants.timesheets.models import WorkEntry

inspect(
    WorkEntry, "ref worker date slot note state engagement", search="worker__name note", desk=at("timesheets:entry", "ref"), filters="state"
)  # fmt: skip
