"""The verbs of committees and panels."""

from grants.committee.services.committees import create_committee, edit_rules, require_no_own_proposal, require_within_limit
from grants.committee.services.deliberation import vote
from grants.committee.services.determination import determine
from grants.committee.services.ending import end_waiting
from grants.committee.services.funding import fund
from grants.committee.services.letters import names_in, send_letter
from grants.committee.services.reviews import Mark, check_in, excuse, lacking, save_review, unseal_review
from grants.committee.services.seating import (
    declare,
    excluded_now,
    refresh,
    refresh_about,
    refresh_all,
    refresh_committee,
    reinstate,
    seat_newcomer,
    seat_panel,
    standing,
)

__all__ = [
    "Mark",
    "check_in",
    "create_committee",
    "declare",
    "determine",
    "edit_rules",
    "end_waiting",
    "excluded_now",
    "excuse",
    "fund",
    "lacking",
    "names_in",
    "refresh",
    "refresh_about",
    "refresh_all",
    "refresh_committee",
    "reinstate",
    "require_no_own_proposal",
    "require_within_limit",
    "save_review",
    "seat_newcomer",
    "seat_panel",
    "send_letter",
    "standing",
    "unseal_review",
    "vote",
]
