"""One line of the story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from funding.site.demo.story.when import When


@dataclass(frozen=True, slots=True)
class Scene:
    """What happens on which day, told in `line`, and the act behind it, which does nothing where it was done already.

    `leaves` says whether the schedule has something to go on with on the next day: a payout to send, a mail.
    """

    when: When
    line: str
    act: Callable[[], object]
    leaves: bool = True
