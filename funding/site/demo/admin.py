from funding.site.demo.models import Calendar, Person
from funding.web.admin import at, inspect

inspect(Calendar, "offset_seconds began_on loaded_at", search="began_on", desk=at("pages:home"))
inspect(Person, "user part position", search="user__name part", desk=at("people:people"))
