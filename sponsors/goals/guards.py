"""The database's own guard on goals: once published, what people pledge to stays as it was, and it is decided once.

Story and summary may not change either: what somebody promised money for can still be read where they promised it. States,
dates of the closing and the reason of calling it off may.
"""

from funding import fixed

INSTALL, REMOVE = fixed.once(
    "goals_keep_published",
    "goals_goal",
    when="OLD.state <> 'draft'",
    columns=[
        "project_id", "slug", "title", "summary", "story", "half_days", "rate_amount", "currency", "minimum_amount", "rule",
        "deadline_at", "zone", "need_id", "fund_id", "host_fee_basis_points", "published_at",
    ],
    refused="""NEW.state = 'draft' OR OLD.decided_at IS NOT NULL AND (
        OLD.decided_at IS DISTINCT FROM NEW.decided_at OR NEW.state = 'open'
        OR (OLD.state IN ('failed', 'met') AND NEW.state <> OLD.state) OR (OLD.state = 'collecting' AND NEW.state = 'failed'))""",
    said="A published goal stays as it was, and is decided once.",
)  # fmt: skip
