"""No commit and no call without a point: what the source has, what the flows pass, and what is visited are one list."""

from __future__ import annotations

from tests.faults import cases, sites
from tests.faults.cases import baselines
from tests.faults.every import FLOWS
from tests.faults.points import UNNAMED
from tests.faults.reasons import BY_THE_MINUTE, REASONS
from tests.faults.rig import Rig
from tests.faults.sites import COMMIT, GATEWAY, QUEUE, Site


def passed(rig: Rig) -> set[str]:
    """Every point of the undisturbed flows without its role and its side, functions as the source nests them."""
    lines = {line for flow in FLOWS for run in baselines(rig, flow) for line in run.trace}
    return {line.partition(" ")[2].rpartition(" ")[0].replace(".<locals>", "") for line in lines}


def took_part(rig: Rig) -> set[str]:
    return {name.replace(".<locals>", "") for flow in FLOWS for run in baselines(rig, flow) for name in run.within}


def is_passed(site: Site, points: set[str], within: set[str]) -> bool:
    if site.kind == QUEUE:
        return any(point.endswith(f" enqueue {site.detail}") for point in points)
    if site.kind == GATEWAY:
        return any(f"{site.name}:{line} {site.detail}" in points for line in range(site.first, site.last + 1))
    if site.name in within:
        return True
    if site.kind == COMMIT:
        return any(point.startswith(f"{site.name}:") and point.endswith(" commit") for point in points)
    return any(point.startswith(f"{site.name}:{line} ") for point in points for line in range(site.first, site.last + 1))


def unpassed(rig: Rig) -> list[Site]:
    """Sites that no flow passes, in modules of the flows: those in which some site is passed."""
    points, within = passed(rig), took_part(rig)
    modules = {point.partition(":")[0] for point in points} | {name.partition(":")[0] for name in within}
    return [site for site in sites.every_site() if site.module in modules and not is_passed(site, points, within)]


def test_every_site_of_the_flows_is_passed_or_says_why_not(rig: Rig) -> None:
    """A new commit, call, job or mail in these modules has to come into a flow, or into reasons.py with a reason."""
    assert [str(site) for site in unpassed(rig) if site.name not in REASONS] == []


def test_every_reason_is_still_needed(rig: Rig) -> None:
    lasting = {name for name, reason in REASONS.items() if reason != BY_THE_MINUTE}
    assert lasting - {site.name for site in unpassed(rig)} == set()


def test_nothing_leaves_a_process_past_the_points(rig: Rig) -> None:
    """Bytes on a socket with code of ours on the stack and no point around them: a call that was added beside all doors."""
    assert [line for flow in FLOWS for run in baselines(rig, flow) for line in run.trace if line.startswith(UNNAMED)] == []


def test_every_point_has_a_maker(rig: Rig) -> None:
    nameless = {line for flow in FLOWS for run in baselines(rig, flow) for line in run.trace if "  " in line}
    assert nameless == set()


def test_every_point_is_visited_by_some_flow(rig: Rig) -> None:
    visited = {point for flow in FLOWS for point in cases.visited(rig, flow)}
    assert {point for flow in FLOWS for point in cases.points(rig, flow)} - visited == set()


def test_two_undisturbed_runs_end_alike(rig: Rig) -> None:
    """Otherwise no difference after a fault would mean anything."""
    for flow in FLOWS:
        first, second = baselines(rig, flow)
        assert (first.wrong, cases.differences(first, second)) == ([], []), flow.name
