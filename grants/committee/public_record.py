"""A determination as the books seal it: the digest of what its public record says. docs/sealed-days.md lists the fields.

It holds no name, neither of who decided nor of who stepped back, so that it can be recomputed when a name is gone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator

from funding.ledger.checks import Tally
from funding.ledger.models import SealedDocument
from funding.ledger.sealing.commitments import canonical
from grants.committee.models import Determination, DeterminationFund, Funding

SOURCE = "determination"
PLAIN = (
    "amount",
    "currency",
    "eligible",
    "half_days",
    "outcome",
    "quorum",
    "reasons",
    "recused",
    "reviews",
    "revision",
    "seated",
    "votes_abstained",
    "votes_against",
    "votes_for",
)


def reference(determination: Determination) -> str:
    """`P-0031/2`: the proposal, and which revision of it was decided."""
    return f"{determination.panel.proposal.ref}/{determination.revision}"


def text(determination: Determination) -> str:
    """The record as canonical JSON. Money that was found later is a record of its own (`Funding`) and not in it."""
    later = Funding.objects.filter(determination=determination).values("share")
    shares = DeterminationFund.objects.filter(determination=determination).exclude(pk__in=later).select_related("fund__account")
    return canonical(
        {
            **{name: getattr(determination, name) for name in PLAIN},
            "funds": [{"account": share.fund.account.code, "amount": share.amount} for share in shares.order_by("position")],
            "proposal": determination.panel.proposal.ref,
            "published_at": determination.published_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
    )


def digest(determination: Determination) -> str:
    return hashlib.sha256(text(determination).encode()).hexdigest()


def records_are_what_was_sealed(tally: Tally) -> Iterator[str]:
    """Each determination says what was sealed of it."""
    sealed = {it.reference: it for it in SealedDocument.objects.filter(source=SOURCE)}
    for determination in Determination.objects.select_related("panel__proposal").order_by("pk").iterator(chunk_size=500):
        name = reference(determination)
        if kept := sealed.pop(name, None):
            tally.count("sealed determinations")
            if kept.digest != digest(determination):
                yield f"{kept.book_day_id}: the determination {name} is not what was sealed."
    for name, kept in sealed.items():
        yield f"{kept.book_day_id}: the determination {name} was sealed and is gone."
