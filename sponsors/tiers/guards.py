"""The database's own guard on tiers: once published, a tier's price and promise cannot be changed, only its state."""

from funding import fixed

INSTALL, REMOVE = fixed.once(
    "tiers_keep_published",
    "tiers_tier",
    when="OLD.state <> 'draft'",
    columns=[
        "project_id", "fund_id", "name", "audience", "amount", "currency", "interval", "description", "benefits", "created_by_id",
        "published_at",
    ],
    refused="NEW.state = 'draft' OR (OLD.state = 'retired' AND NEW.state <> 'retired')",
    said="A published tier is never edited or deleted, only retired.",
)  # fmt: skip
