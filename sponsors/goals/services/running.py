"""One run over every goal: close what is due, advance every pledge that a decision concerns, finish. One failure stops no other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from funding import clock
from funding.money import Money
from funding.web import trouble
from sponsors.billing import services as billing
from sponsors.goals.models import Goal, Pledge
from sponsors.goals.services import closing, collecting

TASK = "sponsors.goals.tasks.collect_goals"
State = Pledge.State
OUTCOMES = {State.COLLECTED: "collected", State.DROPPED: "dropped", State.RELEASED: "released", State.LAPSED: "lapsed"}


@dataclass(slots=True)
class GoalsRun:
    """Counts of one run. `reached`, `failed` and `met` count goals; `sums` are minor units by what became of pledges and by currency."""

    reached: int = 0
    not_met: int = 0
    met: int = 0
    waiting: int = 0
    errors: int = 0
    pledges: Counter[str] = field(default_factory=Counter)
    sums: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, before: str, pledge: Pledge) -> None:
        if pledge.state == State.OWED:
            self.waiting += 1
        if pledge.state != before and pledge.state in OUTCOMES:
            word = OUTCOMES[State(pledge.state)]
            self.pledges[word] += 1
            self.sums[word, pledge.sponsorship.currency] += pledge.sponsorship.amount

    def _of(self, word: str) -> str:
        sums = [str(Money(amount, currency)) for (name, currency), amount in sorted(self.sums.items()) if name == word]
        return f"{self.pledges[word]} {word}" + (f" ({', '.join(sums)})" if sums else "")

    def __str__(self) -> str:
        return (
            f"Goals: {self.reached} reached, {self.not_met} not met, {self.met} finished. "
            f"Pledges: {self._of('collected')}, {self.waiting} still owed, {self._of('dropped')}, {self._of('released')}. "
            f"Errors {self.errors}."
        )


def collect_goals(*, limit: int = 10_000) -> GoalsRun:
    """Everything that is due now, at most `limit` pledges. Safe to repeat, at once or a week later; call it outside a transaction."""
    run, watch = GoalsRun(), trouble.Watch(TASK)
    due = Goal.objects.filter(state=Goal.State.OPEN, deadline_at__lte=clock.now())
    for pk in due.values_list("pk", flat=True):
        with watch.item(f"goal:{pk}"):
            _close(pk, run)
    with billing.together():
        for pk, before in _due_pledges()[:limit]:
            with watch.item(f"pledge:{pk}"):
                collecting.advance(pledge_id=pk)
                run.add(before, Pledge.objects.select_related("sponsorship").get(pk=pk))
    for pk in Goal.objects.filter(state=Goal.State.COLLECTING).values_list("pk", flat=True):
        with watch.item(f"goal:{pk}"):
            run.met += collecting.finish(goal_id=pk).state == Goal.State.MET
    for pk in collecting.late():
        with watch.item(f"goal:{pk}"):
            collecting.hand_over_late(goal_id=pk)
    run.errors = watch.failed
    return run


def _close(pk: int, run: GoalsRun) -> None:
    state = closing.close(goal_id=pk).state
    run.reached += state == Goal.State.COLLECTING
    run.not_met += state == Goal.State.FAILED


def _due_pledges() -> list[tuple[int, str]]:
    """Pledges for which a decided goal has a step, the untouched before the owed. Each with its state."""
    found: list[tuple[int, str]] = []
    for goal in Goal.objects.filter(state__in=[Goal.State.COLLECTING, Goal.State.FAILED]).order_by("decided_at", "pk"):
        found += collecting.due(goal).order_by("-state", "pk").values_list("pk", "state")
    return found
