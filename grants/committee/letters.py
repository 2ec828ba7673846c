"""Compose the committee's letter to an applicant, and look for reviewers' names in it. Text in, text out; nothing is stored.

The chair edits what is composed. Nothing of it goes into a mail: the mail links to the page (services/letters.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from funding import days
from funding.people.models import User
from grants.committee import scoring
from grants.committee.models import Determination, Review, Score
from grants.proposals.models import Proposal, Revision

WORDS = re.compile(r"[^\W\d_]+")
SHORTEST = 3
"""A part of a name with fewer letters is found in too many words to mean anything."""


def compose(determination: Determination, proposal: Proposal, revision: Revision, reviews: Sequence[Review]) -> str:
    """The draft of a letter, in Markdown. `reviews` with their scores and criteria; their writers are not looked at."""
    parts = [
        _("Dear {name},").format(name=proposal.applicant.name),
        _("the committee has decided about “{title}” ({ref}): {outcome}.").format(
            title=revision.title, ref=proposal.ref, outcome=determination.get_outcome_display().lower()
        ),
    ]
    if determination.amount:
        parts.append(_granted(determination, revision))
    parts += ["### " + _("The reasons"), determination.reasons]
    averages = _averages([score for review in reviews for score in review.scores.all()])
    if averages:
        parts += ["### " + _("How it was scored"), "\n".join(averages)]
    remarks = sorted(text for review in reviews for text in _remarks(review))
    if remarks:
        parts += ["### " + _("What the reviewers wrote"), *remarks]
    return "\n\n".join(parts)


def _granted(determination: Determination, revision: Revision) -> str:
    said = (
        _("{days} days at {rate} a day are approved, and wait until the money is found, {sum} together.")
        if determination.outcome == Determination.Outcome.APPROVED
        else _("{days} days at {rate} a day are reserved for it, {sum} together.")
    )
    return said.format(days=days.words(revision.half_days), rate=revision.rate, sum=determination.money)


def _averages(scores: Iterable[Score]) -> list[str]:
    points: dict[int, list[int]] = {}
    criteria = {}
    for score in scores:
        criteria[score.criterion_id] = score.criterion
        if score.points is not None:
            points.setdefault(score.criterion_id, []).append(score.points)
    lines = []
    for criterion in sorted(criteria.values(), key=lambda item: item.position):
        found = scoring.spread(points.get(criterion.pk, []))
        said = _("not scored")
        if found:
            said = _("{mean} of {most} on average").format(mean=scoring.figures(found.mean), most=scoring.MOST)
        lines.append(f"- {criterion.name} ({criterion.weight}%): {said}")
    return lines


def _remarks(review: Review) -> list[str]:
    """What one review says to the applicant, in parts that do not tell which belong together."""
    found = [review.reasons.strip()]
    found += [
        _("On {criterion}: {comment}").format(criterion=score.criterion.name.lower(), comment=score.comment.strip())
        for score in review.scores.all()
        if score.comment.strip()
    ]
    return [text for text in found if text]


def named(body: str, people: Iterable[User], *, known: Iterable[str] = ()) -> list[str]:
    """Names of those people who are named in the text: whole, by a part of the name, or by their address.

    Case, accents and invisible characters make no difference. A part that is a word of `known` (the applicant's own name,
    the project's) tells nothing and is left out.
    """
    text = _plain(body)
    words = set(WORDS.findall(text)) - {word for name in known for word in WORDS.findall(_plain(name))}
    found = []
    for person in people:
        name, address = _plain(person.name), _plain(person.email)
        parts = {part for part in [*WORDS.findall(name), *WORDS.findall(address.partition("@")[0])] if len(part) >= SHORTEST}
        if (name and name in text) or (address and address in text) or parts & words:
            found.append(person.name)
    return found


def _plain(text: str) -> str:
    """Small letters without accents, and without characters that nobody sees."""
    spread = unicodedata.normalize("NFKD", text)
    return "".join(char for char in spread if unicodedata.category(char) not in {"Mn", "Cf"}).casefold()
