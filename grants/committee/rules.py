"""The arithmetic of a decision, as pure functions over counts: no models, no clock, no wording of pages.

`seated` are the members who sit on the panel today; `recused` of them stepped back. Eligible = seated − recused. Abstentions
count towards the quorum and never towards the majority. All percents are whole, and all comparisons are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
            return ["Nobody on this panel is eligible. An administrator has to add members to the committee."]
        found = []
        if self.reviews < self.reviews_needed:
            found.append(
                f"{_count(self.reviews_needed - self.reviews, 'more review')} needed: {self.reviews} of at least {self.reviews_needed} in."
            )
        if self.voted < self.quorum:
            found.append(f"{_count(self.quorum - self.voted, 'more vote')} needed for the quorum: {self.voted} of {self.quorum} cast.")
        return found

    @property
    def ready(self) -> bool:
        return not self.missing


def _count(number: int, noun: str) -> str:
    return f"{number} {noun} is" if number == 1 else f"{number} {noun}s are"


def base_lines(tally: Tally) -> list[str]:
    """The part of the arithmetic that gives nothing away: who counts, the quorum, how many have acted."""
    rules = tally.rules
    return [
        f"{tally.seated} seated − {tally.recused} recused = {tally.eligible} eligible.",
        f"Quorum: more than {rules.quorum_percent}% of {tally.eligible}, which is {tally.quorum}; {tally.voted} voted.",
        f"Reviews: at least {tally.reviews_needed}; {tally.reviews} in.",
    ]


def vote_lines(tally: Tally) -> list[str]:
    """How the votes add up to the outcome."""
    rules = tally.rules
    lines = [f"{tally.votes_for} for, {tally.votes_against} against, {tally.abstained} abstained (abstentions count for the quorum only)."]
    if tally.tied:
        lines.append(f"{tally.votes_for} for and {tally.votes_against} against is a tie. {tie_rule(rules)}")
    else:
        sign, word = ("is", "carried") if tally.carried else ("is not", "not carried")
        lines.append(f"{tally.votes_for} of {tally.decided_on} {sign} more than {rules.majority_percent}%: {word}.")
    return lines


def tie_rule(rules: Rules) -> str:
    return "A tie defers the proposal." if rules.tie == "defer" else "A tie declines the proposal."
