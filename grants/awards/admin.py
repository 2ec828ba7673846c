from funding.web.admin import at, inspect
from grants.awards.models import Award, AwardLine, Correction, GivingBack, Tranche

inspect(
    Award, "title number grantor state amount currency", search="title number slug", desk=at("awards:desk-award", "slug"), filters="state"
)  # fmt: skip
inspect(AwardLine, "award name amount position", search="name award__title", desk=at("awards:desk-award", "award.slug"))
inspect(
    Tranche, "award position amount due_on state", search="award__title bank_reference", desk=at("awards:desk-award", "award.slug"),
    filters="state",
)  # fmt: skip
inspect(
    GivingBack, "award amount bank_reference asked_by state decided_by", search="award__title bank_reference",
    desk=at("awards:desk-award", "award.slug"), filters="state",
)  # fmt: skip
inspect(
    Correction, "tranche was_amount amount asked_by state decided_by", search="tranche__award__title bank_reference",
    desk=at("awards:desk-award", "tranche.award.slug"), joins="tranche__award", filters="state",
)  # fmt: skip
