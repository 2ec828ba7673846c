from funding.audit.models import Record
from funding.web.admin import at, inspect

inspect(
    Record, "at actor_label act subject outcome rule", search="actor_label subject act", desk=at("people:audit"), filters="outcome act",
    closed_by="subject",
)  # fmt: skip
