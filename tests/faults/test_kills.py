"""A process, PostgreSQL or Redis is killed at each commit and each call of the flows: nothing is lost, doubled or stuck.

After each case the books hold, the processor and the ledger tell the same, and every row, sum and mail is as without the fault.
Nobody repairs anything: a person presses again, the beat ticks, time passes.
"""

from __future__ import annotations

import os
import random

import pytest

from tests.faults import cases
from tests.faults.cases import Fault
from tests.faults.every import FLOWS, PARTS
from tests.faults.flows import Flow
from tests.faults.rig import Rig

SHARES = [(flow, part) for flow, parts in PARTS.items() for part in range(parts)]
RANDOM, AT_ONCE = 200, 20
SPREAD = 6


@pytest.mark.parametrize("flow", FLOWS, ids=[flow.name for flow in FLOWS])
def test_a_kill_at_some_points(rig: Rig, flow: type[Flow]) -> None:
    """Every sixth point of a flow: enough to see within minutes that it still comes through. `--all` visits the others too."""
    mine = cases.visited(rig, flow)[::SPREAD]
    wrong = [line for point in mine for line in cases.visit(rig, flow, Fault(point, cases.victim(point)))]
    assert mine
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize(("flow", "part"), SHARES, ids=[f"{flow.name} {part + 1}" for flow, part in SHARES])
def test_a_kill_at_each_point(rig: Rig, flow: type[Flow], part: int) -> None:
    mine = cases.visited(rig, flow)
    wrong = [line for point in mine[part :: PARTS[flow]] for line in cases.visit(rig, flow, Fault(point, cases.victim(point)))]
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(RANDOM // AT_ONCE))
def test_random_kills(rig: Rig, batch: int) -> None:
    """Any victim, at any passing of any point, and somebody who sends the same form again. FAULTS_SEED draws the same cases once more."""
    seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(10**9))
    print(f"seed {seed}")
    chance = random.Random(seed)
    wrong = []
    for _ in range(AT_ONCE):
        flow = chance.choice(FLOWS)
        point = chance.choice(cases.points(rig, flow))
        times = min(baseline.trace.count(point) for baseline in cases.baselines(rig, flow))
        fault = Fault(point, chance.choice(cases.VICTIMS), chance.randint(1, times), resend=chance.random() < 0.5)
        wrong += [f"seed {seed}: {line}" for line in cases.visit(rig, flow, fault)]
    assert wrong == []
