from funding.web.admin import at, inspect
from sponsors.dunning.models import Course, Schedule, StepTaken

STEPS = at("billing:steps")

inspect(Schedule, "version written_by created_at", search="version", desk=STEPS)
inspect(Course, "invoice version begun_on taken next_on outcome", search="invoice__number", desk=STEPS, filters="outcome")
inspect(StepTaken, "course day payment mail taken_on", search="course__invoice__number mail", desk=STEPS, joins="course__invoice")
