"""Every flow, and into how many tests the kills of each are divided."""

from __future__ import annotations

from tests.faults.flows import Determination, Flow, PayoutRun, Renewal, SignUp, SignUpClosed
from tests.faults.goals import GoalClosing, GoalNotMet, GoalPaidInPerson
from tests.faults.treasury import MoveOfMoney, TopUp, Tranches

PARTS: dict[type[Flow], int] = {
    SignUp: 4,
    SignUpClosed: 1,
    Renewal: 2,
    Determination: 1,
    PayoutRun: 2,
    GoalClosing: 4,
    GoalNotMet: 1,
    GoalPaidInPerson: 2,
    Tranches: 1,
    MoveOfMoney: 1,
    TopUp: 1,
}
FLOWS = tuple(PARTS)
