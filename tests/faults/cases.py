"""One case: begin, go through a flow with a fault at one point, bring back what died, let time pass, and compare."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from tests.faults.flows import JUMPS, Flow
from tests.faults.person import Gone
from tests.faults.points import UNNAMED
from tests.faults.rig import Rig, wait_until

PASSES = 3
SLOWLY = 60.0
"""Seconds after which a person gives up and the workers are thought to hang. For a machine that is slow; nothing takes so long."""
PROCESS, POSTGRES, REDIS, FLUSH = "process", "postgres", "redis", "flush"
MAILED = "funding.mail.services:send:"
"""Mail is at least once: who dies, or loses the database, between the mail server's answer and the note of it sends it again."""
VICTIMS = (PROCESS, POSTGRES, REDIS)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is killed when `point` is passed for the `occurrence`-th time."""

    point: str
    victim: str
    occurrence: int = 1
    resend: bool = False
    """Whether somebody whose form got no answer sends the same form again before they fill it in anew."""

    def __str__(self) -> str:
        return f"{self.victim} at {self.point}#{self.occurrence}"


@dataclass(slots=True)
class Outcome:
    fired: bool
    summary: dict[str, Any]
    mails: Counter[str]
    trace: list[str]
    within: set[str]
    wrong: list[str] = field(default_factory=list)


def play(rig: Rig, kind: type[Flow], fault: Fault | None = None) -> Outcome:
    """Go through one flow to its end, disturbed or not."""
    rig.begin()
    flow = kind(rig)
    flow.resends = bool(fault and fault.resend)
    if not flow.renewals:
        rig.ask("without_renewals")
    rig.set_time(flow.begins)
    rig.stand_in.hold(flow.holds_news)
    if fault:
        rig.arm(fault.point, action="die" if fault.victim == PROCESS else "ask", occurrence=fault.occurrence)
    with watched(rig, fault):
        press_until_done(rig, flow)
        rig.stand_in.hold(False)
        settle(rig, flow.goal, fault)
    trace, found = rig.trace(), rig.ask("result")
    outcome = Outcome(rig.fired, found["summary"], mails_of(rig, found["arrived"]), trace, rig.within())
    outcome.wrong = [*rig.failed_requests(), *check_processor(rig, found["processor"])]
    if "The books hold" not in found["verified"]:
        outcome.wrong.append(found["verified"])
    return outcome


@contextmanager
def watched(rig: Rig, fault: Fault | None) -> Iterator[None]:
    acts = {POSTGRES: lambda: rig.outage("postgres"), REDIS: lambda: rig.outage("redis"), FLUSH: rig.flush}
    with rig.watching(acts[fault.victim]) if fault and fault.victim in acts else nullcontext():
        yield


def press_until_done(rig: Rig, flow: Flow) -> None:
    """As a person would: look again, press again, and wait a little longer each time."""
    end, attempt = time.monotonic() + SLOWLY, 0
    while time.monotonic() < end:
        try:
            flow.go()
            return
        except Gone as error:
            said = error
            time.sleep(min(0.05 * attempt, 1.0))
            attempt += 1
            rig.revive()
    raise AssertionError(f"{flow.name} came to no end: {said}. {flow.person.saw[-6:]}")


def settle(rig: Rig, goal: str, fault: Fault | None) -> None:
    """Until nothing is open: first what the workers do by themselves, then the beat, and more and more time."""
    if not fault:
        wait_until(lambda: not work_left(rig, goal) and rig.idle(), f"an undisturbed {goal}", SLOWLY)
        return
    wait_for_fault(rig, goal)
    rig.revive()
    for seconds in JUMPS:
        if quiet(rig, goal):
            break
        rig.pass_by(seconds)
        rig.stand_in.hold(False)
        rig.ask("beat")
    assert quiet(rig, goal), f"stuck: {work_left(rig, goal)}"
    # Once more, for whatever comes twice: the broker gives back what a dead worker had taken.
    rig.pass_by(JUMPS[0])
    assert quiet(rig, goal), f"open again: {work_left(rig, goal)}"
    assert rig.ask("run_due") == []


def wait_for_fault(rig: Rig, goal: str) -> None:
    """A worker gets to its point in its own time. A point that this run does not pass is told by `fired`."""
    end = time.monotonic() + SLOWLY
    while not rig.fired and time.monotonic() < end and not (rig.idle() and not work_left(rig, goal)):
        time.sleep(0.01)


def quiet(rig: Rig, goal: str) -> bool:
    """Whether nothing is left, once the workers have done what they can. False as soon as only time can help."""
    while True:
        fired = rig.fired
        try:
            wait_until(lambda: rig.works() and rig.idle(), "the workers", SLOWLY)
        except AssertionError as error:
            raise AssertionError(f"{error}: {rig.at_work()}") from error
        left = work_left(rig, goal)
        if rig.fired == fired:
            return not left


def work_left(rig: Rig, goal: str) -> list[str]:
    try:
        return rig.open_work(goal)
    except AssertionError as error:
        if "OperationalError" in str(error):
            return ["the database is away"]
        raise


def mails_of(rig: Rig, ours: dict[str, int]) -> Counter[str]:
    return Counter({number: times for number, times in rig.mailbox.counts.items() if number in ours})


def check_processor(rig: Rig, ours: dict[str, Any]) -> list[str]:
    """Whether the stand-in and the books tell the same: charges, transfers, customers and the balance."""
    theirs = rig.at_the_processor()
    return [f"{name}: the books say {ours[name]}, the processor {theirs[name]}" for name in theirs if ours[name] != theirs[name]]


def differences(expected: Outcome, found: Outcome) -> list[str]:
    """What ended otherwise than without the fault."""
    wrong = list(found.wrong)
    for name, value in expected.summary.items():
        if found.summary[name] != value:
            wrong.append(f"{name}: {found.summary[name]} instead of {value}")
    if len(found.mails) != len(expected.mails):  # their numbers differ: an abandoned act may have taken some
        wrong.append(f"mails that came: {found.mails} instead of {expected.mails}")
    if found.mails.total() - len(found.mails) > unnoted(found.trace):
        wrong.append(f"a mail came twice: {found.mails}")
    return wrong


def unnoted(trace: list[str]) -> int:
    """How many mails went out whose note was not written: each may come a second time, and no other."""
    begun = [line for line in trace if line.endswith(" mail before")]
    sent_on = max((int(line.split()[1].rpartition(":")[2]) for line in begun), default=0)
    written = [line.split()[1].rpartition(":") for line in trace if MAILED in line and line.endswith(" write after")]
    return len(begun) - sum(int(line) > sent_on for _, _, line in written)


def baselines(rig: Rig, kind: type[Flow]) -> tuple[Outcome, Outcome]:
    """Two undisturbed runs, kept on the rig: what one race had the one pass and not the other is not asked of a case."""
    if kind.name not in rig.baselines:
        rig.baselines[kind.name] = (play(rig, kind), play(rig, kind))
    found: tuple[Outcome, Outcome] = rig.baselines[kind.name]
    return found


def points(rig: Rig, kind: type[Flow]) -> list[str]:
    """The points that every undisturbed run of a flow passes, in the order of the first."""
    first, second = baselines(rig, kind)
    return [name for name in dict.fromkeys(first.trace) if name in second.trace and not name.startswith(UNNAMED)]


def visited(rig: Rig, kind: type[Flow]) -> list[str]:
    """The points that the fast set visits in a flow: in one that begins like another, only what the other does not pass."""
    elsewhere = set(points(rig, kind.follows)) if kind.follows else set()
    return [point for point in points(rig, kind) if kind.visits(point) and point not in elsewhere]


def visit(rig: Rig, kind: type[Flow], fault: Fault) -> list[str]:
    """What is wrong after a case; nothing when all is as it should be. A point that was not passed is tried again."""
    found = Outcome(False, {}, Counter(), [], set())
    for _ in range(PASSES):
        try:
            found = play(rig, kind, fault)
        except AssertionError as error:
            # What hangs is not to hang the next case too.
            rig.kill("worker")
            return [f"{fault}: {error}"]
        if found.fired:
            return [f"{fault}: {wrong}" for wrong in differences(baselines(rig, kind)[0], found)]
    return [f"{fault}: was not passed"]


def victim(point: str) -> str:
    """Who dies at a point in the fast set: before a call the server that it needs next, after it the process that made it.

    Killing the process before a call would be the same as killing it after the one before.
    """
    if point.endswith(" after"):
        return PROCESS
    return REDIS if " enqueue " in point or " cache " in point else POSTGRES
