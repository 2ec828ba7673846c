from funding.web.admin import at, inspect
from sponsors.goals.models import Goal, Pledge

inspect(
    Goal, "slug project title half_days minimum_amount currency rule state deadline_at", search="slug title",
    desk=at("goals:list", "project.slug"), filters="state",
)  # fmt: skip
inspect(Pledge, "ref goal sponsorship state pledged_at", search="ref", desk=at("goals:goal", "goal.slug"), filters="state")
