"""Every place in the source at which a transaction ends or a call leaves the process, read from the syntax tree.

A site is known by its module, its function and its lines, as a point of the trace is, so that the two can be compared.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("funding", "sponsors", "grants")
APART = ("funding.payments.fakestripe", "funding.runtime", "funding.site.demo", "funding.payments.conformance")
"""The stand-in, the supervisor and the demo's story are no part of an installation's money."""
WRITES = {"save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
QUEUES = {"enqueue", "enqueue_on_commit"}
COMMIT, WRITE, GATEWAY, QUEUE, MAIL = "commit", "write", "gateway", "enqueue", "mail"


@dataclass(frozen=True, slots=True)
class Site:
    kind: str
    module: str
    function: str
    first: int
    last: int
    detail: str = ""

    @property
    def name(self) -> str:
        return f"{self.module}:{self.function}"

    def __str__(self) -> str:
        return f"{self.name}:{self.first} {self.kind} {self.detail}".rstrip()


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if not name.startswith(APART):
                yield name, path


def every_site() -> list[Site]:
    return [site for name, path in modules() for site in Reader(name, ast.parse(path.read_text())).sites]


def verbs() -> set[str]:
    """What the gateway can be asked: its functions."""
    tree = ast.parse((ROOT / "funding/payments/gateway.py").read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} - LOCAL


LOCAL = {"read_event"}
"""Verbs of the gateway that call nobody: a signature is checked here."""


class Reader(ast.NodeVisitor):
    def __init__(self, module: str, tree: ast.Module) -> None:
        self.module = module
        self.verbs = verbs()
        self.names: list[str] = []
        self.atomic = 0
        self.sites: list[Site] = []
        self.texts = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        self.visit(tree)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names.append(node.name)
        self.generic_visit(node)
        self.names.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.names.append(node.name)
        one = any(_called(decorator) in {"audited", "transaction.atomic", "atomic"} for decorator in node.decorator_list)
        if one:
            self._add(COMMIT, node)
        self.atomic += one
        for child in node.body:
            self.visit(child)
        self.atomic -= one
        self.names.pop()

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.names.append("<lambda>")
        self.generic_visit(node)
        self.names.pop()

    def visit_With(self, node: ast.With) -> None:
        one = any(_called(item.context_expr) in {"transaction.atomic", "atomic"} for item in node.items)
        if one and not self.atomic:
            self._add(COMMIT, node)
        self.atomic += one
        self.generic_visit(node)
        self.atomic -= one

    def visit_Call(self, node: ast.Call) -> None:
        called = _called(node)
        owner, _, verb = called.rpartition(".")
        if owner == "gateway" and verb in self.verbs:
            self._add(GATEWAY, node, f"gateway.{verb}")
        elif called in QUEUES and self.module != "funding.web.queue":
            self._add(QUEUE, node, self._text(node.args[0]))
        elif verb == "send" and not node.args and not node.keywords:
            self._add(MAIL, node)
        elif verb in WRITES and isinstance(node.func, ast.Attribute) and not self.atomic and not _of_a_mapping(node):
            self._add(WRITE, node, verb)
        self.generic_visit(node)

    def _text(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            return str(node.value)
        return str(self.texts.get(node.id, node.id)) if isinstance(node, ast.Name) else ast.unparse(node)

    def _add(self, kind: str, node: ast.stmt | ast.expr, detail: str = "") -> None:
        function = ".".join(self.names).replace(".<lambda>", ".<locals>.<lambda>")
        self.sites.append(Site(kind, self.module, function, node.lineno, node.end_lineno or node.lineno, detail))


def _called(node: ast.expr) -> str:
    """`gateway.read_charge` for a call or a decorator of that name."""
    node = node.func if isinstance(node, ast.Call) else node
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else f".{node.attr}" if isinstance(node, ast.Attribute) else ""


def _of_a_mapping(node: ast.Call) -> bool:
    """`context.update({...})` and `digest.update(b"…")` write nothing: an update of rows names its fields."""
    return isinstance(node.func, ast.Attribute) and node.func.attr == "update" and bool(node.args)
