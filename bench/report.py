"""The floors and aims, and the table that a person reads."""

from __future__ import annotations

from typing import Any

# Floor and aim of each ratio. "<=" where less is better.
GOALS: dict[str, tuple[str, float, float]] = {
    "G1 spread / TPC-B, 1": (">=", 1.7, 2.4),
    "G1 spread / TPC-B, 4": (">=", 1.7, 2.0),
    "G1 spread / TPC-B, 16": (">=", 1.7, 2.3),
    "G2 hot / TPC-B, 1": (">=", 1.5, 2.3),
    "G2 hot / TPC-B, 4": (">=", 0.7, 0.93),
    "G2 hot / TPC-B, 16": (">=", 0.4, 0.53),
    "G3 service / hordak": (">=", 3, 5),
    "G5 batch of 10,000 / single": (">=", 8, 10.8),
    "G5 batch of 10,000 / bare INSERT": (">=", 0.4, 0.6),
    "G6 batch of 1,000 / hordak bulk_create": (">=", 3, 3.6),
    "G7 balance of the long / short account": ("<=", 1.5, 1.0),
    "G8 one outflow / all": ("<=", 1 / 50, 1 / 280),
    "G8 one sponsor / all": ("<=", 1 / 50, 1 / 280),
    "G9 verify_books / COPY": ("<=", 0.25, 0.1),
    "G11 gaps and overlaps": ("<=", 0, 0),
    "G11 mismatches": ("<=", 0, 0),
    "G11 deadlocks": ("<=", 0, 0),
}


def holds(name: str, value: float) -> bool:
    sign, floor, _aim = GOALS[name]
    return value >= floor if sign == ">=" else value <= floor


def floors_hold(result: dict[str, Any]) -> bool:
    """Whether no measured ratio is on the wrong side of its floor. What was not measured decides nothing."""
    return all(holds(name, value) for name, value in result["goals"].items() if name in GOALS and value is not None)


def table(result: dict[str, Any]) -> str:
    lines = ["  ".join(f"{name}={value}" for name, value in result["settings"].items()), f"{result['cores']} cores", ""]
    lines.append(f"{'':44}{'measured':>10}{'floor':>10}{'aim':>10}")
    for name, value in result["goals"].items():
        shown = "-" if value is None else f"{value:g}"
        sign, floor, aim = GOALS.get(name, ("", None, None))
        mark = "" if value is None or floor is None or holds(name, value) else "  below the floor"
        lines.append(
            f"{name:44}{shown:>10}" + (f"{sign + format(floor, '.3g'):>10}{format(aim, '.3g'):>10}" if floor is not None else "") + mark
        )
    lines += ["", *(f"{name:44}{value:>14,.4f}" for name, value in result["measured"].items())]
    if result["hordak"] != "measured":
        lines += ["", f"django-hordak was not measured: {result['hordak']}. Install bench/requirements.txt for it."]
    return "\n".join(lines)
