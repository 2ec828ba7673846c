"""The whole story in the order in which it is told; one module for each thread of it."""

from __future__ import annotations

from funding.site.demo.story import award, calls, founding, goals, mishaps, sponsors, work
from funding.site.demo.story.scene import Scene

CROWDS = (sponsors, goals)
THREADS = (founding, award, sponsors, goals, calls, work, mishaps)


def scenes(*, short: bool = False) -> list[Scene]:
    """Scenes of one day happen in the order of the threads. A `short` telling has a few sponsors and pledgers instead of the crowds."""
    told = [*(thread.few() if short and thread in CROWDS else thread.scenes() for thread in THREADS)]
    return [scene for thread in told for scene in thread]
