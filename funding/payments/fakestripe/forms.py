"""Reads form-encoded requests: brackets into nested values, then a strict shape per operation.

A parameter that the shape does not name is refused, as Stripe refuses it, so that a misspelt one never passes unseen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from funding.payments.fakestripe.failures import invalid_parameter, missing_parameter, unknown_parameter

Reader = Callable[[Any, str], Any]
Shape = Mapping[str, Reader]
INTEGER = re.compile(r"-?\d{1,18}\Z")
LONGEST_TEXT = 5_000


def decode(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """`a[b][0]=x` becomes `{"a": {"b": {"0": "x"}}}`; `a[]=x` counts up. Lists stay keyed by position until they are read."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        first, *rest = name.replace("]", "").split("[")
        node, keys = tree, [first, *rest]
        for position, key in enumerate(keys[:-1]):
            key = key if key or position == 0 else str(len(node))
            child = node.setdefault(key, {})
            if not isinstance(child, dict):
                raise invalid_parameter(first, "Invalid hash")
            node = child
        node[keys[-1] or str(len(node))] = value
    return tree


def text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise invalid_parameter(path, "Invalid string")
    if len(value) > LONGEST_TEXT:
        raise invalid_parameter(path, f"Invalid string: at most {LONGEST_TEXT} characters", "parameter_invalid_string_too_long")
    return value


def present(value: Any, path: str) -> str:
    """Text that is not empty: Stripe reads an empty value as an attempt to unset."""
    if text(value, path) == "":
        raise invalid_parameter(path, f"You passed an empty string for '{path}'.", "parameter_invalid_empty")
    return str(value)


def integer(value: Any, path: str) -> int:
    if not isinstance(value, str) or not INTEGER.match(value):
        raise invalid_parameter(path, f"Invalid integer: {value}", "parameter_invalid_integer")
    return int(value)


def boolean(value: Any, path: str) -> bool:
    if value not in ("true", "false"):
        raise invalid_parameter(path, f"Invalid boolean: {value}")
    return bool(value == "true")


def address(value: Any, path: str) -> str:
    if not re.match(r"https?://[^\s]+\Z", present(value, path)):
        raise invalid_parameter(path, "Not a valid URL", "url_invalid")
    return str(value)


def mapping(value: Any, path: str) -> dict[str, str]:
    """Metadata: at most 50 keys of 40 characters with values of 500."""
    if value == "":
        return {}
    if not isinstance(value, dict) or any(not isinstance(item, str) for item in value.values()):
        raise invalid_parameter(path, "Metadata should be a hash of strings.")
    if len(value) > 50 or any(len(key) > 40 or len(item) > 500 for key, item in value.items()):
        raise invalid_parameter(path, "Metadata can have up to 50 keys of up to 40 characters, with values of up to 500 characters.")
    return dict(value)


def one_of(*allowed: str) -> Reader:
    def read(value: Any, path: str) -> str:
        if value not in allowed:
            raise invalid_parameter(path, f"Invalid {path}: must be one of {', '.join(allowed)}")
        return str(value)

    return read


def listed(item: Reader) -> Reader:
    def read(value: Any, path: str) -> list[Any]:
        if not isinstance(value, dict):
            raise invalid_parameter(path, "Invalid array")
        return [item(value[key], f"{path}[{key}]") for key in value]

    return read


def nested(shape: Shape) -> Reader:
    def read(value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid_parameter(path, "Invalid hash")
        return read_shape(value, shape, path)

    return read


@dataclass(frozen=True, slots=True)
class Required:
    """A reader whose parameter may not be left out."""

    reader: Reader

    def __call__(self, value: Any, path: str) -> Any:
        return self.reader(value, path)


def required(reader: Reader) -> Reader:
    return Required(reader)


def read_shape(tree: dict[str, Any], shape: Shape, path: str = "") -> dict[str, Any]:
    """The typed values of `tree`. Raises Failure: parameter_unknown, parameter_missing or parameter_invalid…"""

    def full(name: str) -> str:
        return f"{path}[{name}]" if path else name

    for name in tree:
        if name not in shape:
            raise unknown_parameter(full(name))
    for name, reader in shape.items():
        if isinstance(reader, Required) and name not in tree:
            raise missing_parameter(full(name))
    return {name: shape[name](value, full(name)) for name, value in tree.items()}


RANGE = {"gt": integer, "gte": integer, "lt": integer, "lte": integer}


def moment_or_range(value: Any, path: str) -> dict[str, int]:
    """`created=123` or `created[gte]=123`."""
    if isinstance(value, str):
        instant = integer(value, path)
        return {"gte": instant, "lte": instant}
    return dict(nested(RANGE)(value, path))


EXPAND: Shape = {"expand": listed(text)}
LISTING: Shape = {**EXPAND, "limit": integer, "starting_after": present, "ending_before": present, "created": moment_or_range}
