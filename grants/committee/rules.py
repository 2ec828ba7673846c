"""The arithmetic of a decision, as pure functions over counts: no models, no clock, no wording of pages.

`seated` are the members who sit on the panel today; `recused` of them stepped back. Eligible = seated − recused. Abstentions
count towards the quorum and never towards the majority. All percents are whole, and all comparisons are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Outcome = Literal["funded", "declined", "deferred"]


@dataclass(frozen=True, slots=True)
class Rules:
    """More than `quorum_percent` of the eligible must vote; more than `majority_percent` of for + against carries.

    Reviews are due `review_days` days after the submission.
    """

    quorum_percent: int = 50
    majority_percent: int = 50
    minimum_reviews: int = 2
    tie: str = "defer"
    review_days: int = 14


@dataclass(frozen=True, slots=True)
class Tally:
    """What the panel did, counted, under its rules. `reviews` are submitted reviews of eligible members."""

    rules: Rules
    seated: int
    recused: int
    reviews: int
    votes_for: int
    votes_against: int
    abstained: int

    @property
    def eligible(self) -> int:
        return self.seated - self.recused

    @property
    def quorum(self) -> int:
        """The smallest whole number of votes that is more than the percentage of the eligible."""
        return self.eligible * self.rules.quorum_percent // 100 + 1

    @property
    def voted(self) -> int:
        return self.votes_for + self.votes_against + self.abstained

    @property
    def decided_on(self) -> int:
        """Votes that say yes or no."""
        return self.votes_for + self.votes_against

    @property
    def reviews_needed(self) -> int:
        """The committee's minimum; never more than there are people left to write one."""
        return min(self.rules.minimum_reviews, self.eligible)

    @property
    def tied(self) -> bool:
        """As many for as against. Nobody for and nobody against, with a quorum of abstentions, is a tie too."""
        return self.votes_for == self.votes_against

    @property
    def carried(self) -> bool:
        return self.votes_for * 100 > self.decided_on * self.rules.majority_percent

    @property
    def outcome(self) -> Outcome:
        """What these votes mean once `missing` is empty."""
        if self.tied:
            return "deferred" if self.rules.tie == "defer" else "declined"
        return "funded" if self.carried else "declined"

    @property
    def missing(self) -> list[str]:
        """What a determination still waits for, as sentences; empty when it may be made."""
        if self.eligible == 0:
            return [_("Nobody on this panel is eligible. An administrator has to add members to the committee.")]
        found = []
        if self.reviews < self.reviews_needed:
            more = self.reviews_needed - self.reviews
            said = ngettext(
                "{more} more review is needed: {reviews} of at least {needed} in.",
                "{more} more reviews are needed: {reviews} of at least {needed} in.",
                more,
            )
            found.append(said.format(more=more, reviews=self.reviews, needed=self.reviews_needed))
        if self.voted < self.quorum:
            more = self.quorum - self.voted
            said = ngettext(
                "{more} more vote is needed for the quorum: {voted} of {quorum} cast.",
                "{more} more votes are needed for the quorum: {voted} of {quorum} cast.",
                more,
            )
            found.append(said.format(more=more, voted=self.voted, quorum=self.quorum))
        return found

    @property
    def ready(self) -> bool:
        return not self.missing


def base_lines(tally: Tally) -> list[str]:
    """The part of the arithmetic that gives nothing away: who counts, the quorum, how many have acted."""
    rules = tally.rules
    return [
        _("{seated} seated − {recused} recused = {eligible} eligible.").format(
            seated=tally.seated, recused=tally.recused, eligible=tally.eligible
        ),
        _("Quorum: more than {percent} of {eligible}, which is {quorum}; {voted} voted.").format(
            percent=f"{rules.quorum_percent}%", eligible=tally.eligible, quorum=tally.quorum, voted=tally.voted
        ),
        _("Reviews: at least {needed}; {reviews} in.").format(needed=tally.reviews_needed, reviews=tally.reviews),
    ]


def vote_lines(tally: Tally) -> list[str]:
    """How the votes add up to the outcome."""
    rules = tally.rules
    lines = [
        _("{votes_for} for, {votes_against} against, {abstained} abstained (abstentions count for the quorum only).").format(
            votes_for=tally.votes_for, votes_against=tally.votes_against, abstained=tally.abstained
        )
    ]
    if tally.tied:
        said = _("{votes_for} for and {votes_against} against is a tie.")
        lines.append(f"{said.format(votes_for=tally.votes_for, votes_against=tally.votes_against)} {tie_rule(rules)}")
    else:
        said = (
            _("{votes_for} of {votes} is more than {percent}%: carried.")
            if tally.carried
            else _("{votes_for} of {votes} is not more than {percent}%: not carried.")
        )
        lines.append(said.format(votes_for=tally.votes_for, votes=tally.decided_on, percent=rules.majority_percent))
    return lines


def tie_rule(rules: Rules) -> str:
    return _("A tie defers the proposal.") if rules.tie == "defer" else _("A tie declines the proposal.")
