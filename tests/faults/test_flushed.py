"""Redis is emptied in the middle of a billing run and of a payout run: both finish, by the next sweep."""

from __future__ import annotations

import pytest

from tests.faults import cases
from tests.faults.cases import FLUSH, Fault
from tests.faults.flows import Flow, PayoutRun, Renewal
from tests.faults.rig import Rig

BETWEEN = [
    (Renewal, "gateway.charge_off_session after", 2),
    (Renewal, "gateway.charge_off_session before", 3),
    (PayoutRun, "gateway.send_transfer after", 1),
    (PayoutRun, "gateway.send_transfer before", 2),
]


@pytest.mark.parametrize(("flow", "call", "occurrence"), BETWEEN, ids=[f"{flow.name}, {call}" for flow, call, _ in BETWEEN])
def test_redis_emptied_between_two_payments(rig: Rig, flow: type[Flow], call: str, occurrence: int) -> None:
    (point,) = [name for name in cases.points(rig, flow) if name.endswith(call)]
    assert cases.visit(rig, flow, Fault(point, FLUSH, occurrence)) == []
