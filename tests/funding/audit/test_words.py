"""Each act that the code can write into the log has words for whoever reads it."""

from __future__ import annotations

import re
from pathlib import Path

from funding.audit.words import ACTS, words
from sponsors.goals.models import Goal

ROOT = Path(__file__).resolve().parents[3]
ACT = re.compile(r"""(?:audited\(\s*|\bact=)"([a-z_]+\.[a-z_]+)\"""")


def recorded() -> set[str]:
    """Every act that is named where it is recorded, and the two outcomes of a goal, which are put together there."""
    files = [path for house in ("funding", "sponsors", "grants") for path in (ROOT / house).rglob("*.py")]
    found = {act for path in files for act in ACT.findall(path.read_text())}
    return found | {f"goals.{Goal.State.COLLECTING}", f"goals.{Goal.State.FAILED}"}


def test_every_act_has_words_and_no_words_are_left_over() -> None:
    assert set(ACTS) == recorded()
    assert len(recorded()) > 100


def test_no_two_acts_are_called_the_same() -> None:
    assert len({str(said) for said in ACTS.values()}) == len(ACTS)


def test_an_act_of_long_ago_is_told_by_its_code() -> None:
    assert words("work.approve") == "Approve days"
    assert words("work.bless") == "work.bless"
