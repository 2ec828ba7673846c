"""The verbs of calls and of proposals."""

from grants.proposals.services.calls import CALL, CallTerms, close_call, create_call, edit_call, open_call
from grants.proposals.services.drafts import Content, save_draft, start_draft
from grants.proposals.services.rubric import set_rubric
from grants.proposals.services.submission import PROPOSAL, reopen, settle, submit, withdraw

__all__ = [
    "CALL",
    "PROPOSAL",
    "CallTerms",
    "Content",
    "close_call",
    "create_call",
    "edit_call",
    "open_call",
    "reopen",
    "save_draft",
    "set_rubric",
    "settle",
    "start_draft",
    "submit",
    "withdraw",
]
