from funding.site.recovery.models import Pulse
from funding.web.admin import at, inspect

inspect(Pulse, "task began_at finished_at failed_at alarmed_at", search="task error", desk=at("recovery:waiting"))
