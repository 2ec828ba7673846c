"""Of a proposal staff see that it exists and how far it is, and nothing of what it says."""

from funding.web.admin import at, inspect
from grants.proposals.models import Call, CallFund, Criterion, Proposal, Revision

WORDS = "project payee title story outcome half_days rate_amount rate_currency"

inspect(
    Call, "title slug kind state committee opens_at closes_at", search="title slug", desk=at("proposals:call", "slug"), filters="state kind"
)  # fmt: skip
inspect(CallFund, "call fund order", search="call__title fund__name", desk=at("proposals:call", "call.slug"))
inspect(Criterion, "call position name weight may_skip", search="name call__title", desk=at("proposals:call", "call.slug"))
inspect(
    Proposal, "ref call state created_at submitted_at decided_at", search="ref", desk=at("committee:panel", "ref"), hidden=WORDS,
    filters="state", without={"state": Proposal.State.DRAFT}, closed_by="ref", closed_as="proposal:",
)  # fmt: skip
inspect(
    Revision, "proposal number submitted_at", search="proposal__ref", desk=at("committee:panel", "proposal.ref"),
    hidden="project_name payee_name title story outcome half_days rate_amount rate_currency",
    closed_by="proposal__ref", closed_as="proposal:",
)  # fmt: skip
