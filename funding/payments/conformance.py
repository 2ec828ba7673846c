"""Checks a request against what Stripe's own types allow, so that the stand-in cannot vouch for itself.

The `stripe` library carries a typed parameter class for each operation, generated from Stripe's specification. This module
reads them: which class belongs to which method and path (from the source of the service classes), then each class's fields
at every depth. It is stricter than the classes where they are lenient: no unknown key anywhere, and an enum is closed.
It reads a private layout, so the library is pinned to one exact version and a shrinking table is an error.

It cannot see value rules (amount 0), combinations of parameters, or the state of an object. The stand-in has those.
"""

from __future__ import annotations

import ast
import functools
import importlib
import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints

import stripe
from stripe._request_options import RequestOptions
from typing_extensions import is_typeddict

Pairs = list[tuple[str, str]]

FEWEST_OPERATIONS = 600
WRITTEN = re.compile(r"-?\d+\Z")
OPTIONS = frozenset(RequestOptions.__annotations__)
"""Keys that the top class mixes in for the library itself and that never travel."""


class TableTooSmall(RuntimeError):
    """The library's layout has changed, so this check would pass what it no longer knows."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method and path, with the parameter class by name; None where the library has no typed parameters."""

    method: str
    path: str
    module: str | None
    name: str | None

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(self.path)) + r"\Z")


def check(method: str, path: str, form: Pairs) -> list[str]:
    """What Stripe would refuse in this request, one sentence each; an empty list when nothing is wrong.

    `form` is the decoded body or query as names in brackets with text values, as it travels.
    """
    found = find(method, path)
    if found is None:
        return [f"Stripe has no operation {method} {path}."]
    try:
        tree = decode(form)
    except ValueError as error:
        return [str(error)]
    if found.module is None or found.name is None:
        return []
    return list(complaints(parameters(found.module, found.name), tree, ""))


# The table


@functools.cache
def operations() -> tuple[Operation, ...]:
    """Every operation of the installed library. Raises TableTooSmall."""
    root = Path(str(stripe.__file__)).parent
    found = {(entry.method, entry.path): entry for source in sorted(root.rglob("*_service.py")) for entry in _operations_in(source)}
    if len(found) < FEWEST_OPERATIONS:
        raise TableTooSmall(f"{len(found)} operations were read from stripe {stripe.VERSION}; there are at least {FEWEST_OPERATIONS}.")
    return tuple(found.values())


@functools.lru_cache(maxsize=1024)
def find(method: str, path: str) -> Operation | None:
    """The operation for an actual path. A path without ids wins over one with them."""
    matching = [entry for entry in operations() if entry.method == method and entry.pattern.match(path)]
    return min(matching, key=lambda entry: entry.path.count("{"), default=None)


def _operations_in(source: Path) -> Iterator[Operation]:
    tree = ast.parse(source.read_text())
    homes = {alias.name: node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Attribute) and call.func.attr in {"_request", "_request_stream"} and len(call.args) >= 2:
                name = _parameters_of(function)
                yield Operation(str(_text(call.args[0])).upper(), str(_text(call.args[1])), homes.get(name or ""), name)


def _text(node: ast.expr) -> str:
    """The literal of `"/v1/x"` or of `"/v1/x/{id}".format(…)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    return str(ast.literal_eval(node))


def _parameters_of(function: ast.FunctionDef) -> str | None:
    arguments = [*function.args.args, *function.args.kwonlyargs]
    for argument in arguments:
        if argument.arg == "params" and argument.annotation is not None:
            names = re.findall(r"\w+Params\b", ast.unparse(argument.annotation))
            return names[0] if names else None
    return None


@functools.cache
def parameters(module: str, name: str) -> type:
    found: type = getattr(importlib.import_module(module), name)
    return found


# A request


def decode(pairs: Pairs) -> dict[str, Any]:
    """Names in brackets into nested values. Keys that count 0, 1, 2 … become a list. Raises ValueError for a clash."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        keys = name.replace("]", "").split("[")
        node = tree
        for key in keys[:-1]:
            node = node.setdefault(key, {})
            if not isinstance(node, dict):
                raise ValueError(f"{name} is given both as a value and as a group.")
        node[keys[-1] or str(len(node))] = value
    return {key: _listed(value) for key, value in tree.items()}


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    children = {key: _listed(value) for key, value in node.items()}
    if children and list(children) == [str(position) for position in range(len(children))]:
        return list(children.values())
    return children


# Values against types


def complaints(wanted: Any, value: Any, path: str) -> Iterator[str]:
    """Walk the value and its type together; yield what does not fit."""
    wanted = _bare(wanted)
    if is_typeddict(wanted):
        yield from _object(wanted, value, path)
    elif get_origin(wanted) in (Union, types.UnionType):
        yield from _either(wanted, value, path)
    elif get_origin(wanted) is Literal:
        if value not in get_args(wanted):
            yield f"{path} is “{value}”; Stripe knows {_options(wanted)}."
    elif get_origin(wanted) is list:
        yield from _list(get_args(wanted)[0], value, path)
    elif get_origin(wanted) is dict:
        yield from _mapping(get_args(wanted)[1], value, path)
    else:
        yield from _leaf(wanted, value, path)


def _bare(wanted: Any) -> Any:
    while get_origin(wanted) in (NotRequired, Required):
        wanted = get_args(wanted)[0]
    return wanted


def _object(wanted: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path or 'The request'} is “{value}”; Stripe wants a group of parameters there."
        return
    fields = _fields(wanted)
    top = path == ""
    for name, item in value.items():
        full = name if top else f"{path}[{name}]"
        if name not in fields:
            yield f"{full} is not a parameter."
        else:
            yield from complaints(fields[name], item, full)
    for name in sorted(wanted.__required_keys__ - value.keys()):
        yield f"{name if top else f'{path}[{name}]'} is missing."


@functools.cache
def _fields(wanted: Any) -> dict[str, Any]:
    module = importlib.import_module(wanted.__module__)
    own = {name: hint for name, hint in wanted.__annotations__.items() if name not in _options_of(wanted)}
    holder = type(wanted.__name__, (), {"__annotations__": own})
    return get_type_hints(holder, {**vars(module), "UntypedStripeObject": _Untyped}, include_extras=True)


def _options_of(wanted: Any) -> frozenset[str]:
    """The keys that a top class takes over from the library's request options; a nested class has none."""
    return OPTIONS if wanted.__annotations__.keys() >= OPTIONS else frozenset()


class _Untyped:
    """Stands for the library's free-form object, which only offers a second way to write a mapping."""

    def __class_getitem__(cls, item: Any) -> type[_Untyped]:
        return cls


def _either(wanted: Any, value: Any, path: str) -> Iterator[str]:
    """One of several types. `Literal[…] | str` is how the library writes an enum that may grow; here it may not."""
    options = [_bare(option) for option in get_args(wanted)]
    if any(get_origin(option) is Literal and any(get_args(option)) for option in options):
        options = [option for option in options if option is not str]
    tried = [list(complaints(option, value, path)) for option in options if option is not type(None) and option is not _Untyped]
    if all(tried):
        yield from min(tried, key=_distance)


def _distance(found: list[str]) -> tuple[int, int]:
    """The most telling complaint is about the deepest place: that option fitted furthest."""
    return (-max(line.split(" ")[0].count("[") for line in found), len(found))


def _list(wanted: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path} is “{value}”; Stripe wants a list there."
        return
    for position, item in enumerate(value):
        yield from complaints(wanted, item, f"{path}[{position}]")


def _mapping(wanted: Any, value: Any, path: str) -> Iterator[str]:
    entries = dict(enumerate(value)) if isinstance(value, list) else value
    if not isinstance(entries, dict):
        yield f"{path} is “{value}”; Stripe wants names with values there."
        return
    for name, item in entries.items():
        yield from complaints(wanted, item, f"{path}[{name}]")


def _leaf(wanted: Any, value: Any, path: str) -> Iterator[str]:
    if wanted is Any:
        return
    if not isinstance(value, str):
        yield f"{path} is a group; Stripe wants one value there."
    elif wanted is int and not WRITTEN.match(value):
        yield f"{path} is “{value}”; Stripe wants a whole number."
    elif wanted is bool and value not in ("true", "false"):
        yield f"{path} is “{value}”; Stripe wants true or false."
    elif getattr(wanted, "__name__", "") in ("float", "Decimal") and not re.match(r"-?\d+(\.\d+)?\Z", value):
        yield f"{path} is “{value}”; Stripe wants a number."


def _options(wanted: Any) -> str:
    names = [str(option) or "nothing" for option in get_args(wanted)]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
