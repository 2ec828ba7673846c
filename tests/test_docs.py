"""What the docs name exists, and what exists is in the docs.

Every command runs, every command, setting and rule of ours is listed, every relative link leads somewhere, every page is in
the index, and the words that a how-to puts in bold are words of the pages.
"""

from __future__ import annotations

import ast
import html
import io
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command, get_commands, load_command_class

ROOT = Path(settings.BASE_DIR)
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
SOURCES = [path for package in ("funding", "sponsors", "grants") for path in sorted((ROOT / package).rglob("*.py"))]
COMMAND = re.compile(r"manage\.py ([a-z_]+(?: --?[\w-]+(?: [\w.-]+)?)*)")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
OURS = {
    name for name, app in get_commands().items() if app.split(".")[0] in {"funding", "sponsors", "grants", "ledger", "billing", "payouts"}
}
NOTHING_DUE = [
    "verify_books",
    "verify_books --only I1 I6",
    "run_billing",
    "run_billing --until 2020-12-31",
    "run_payouts",
    "collect_goals",
    "seal_days",
]


def named() -> set[str]:
    return {found.strip() for page in PAGES for found in COMMAND.findall(page.read_text())}


@pytest.mark.parametrize("line", sorted(named()))
def test_each_command_in_the_docs_takes_its_arguments(line: str) -> None:
    name, *arguments = shlex.split(line)
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    parser.parse_args(arguments)


@pytest.mark.django_db
@pytest.mark.parametrize("line", NOTHING_DUE)
def test_the_commands_about_money_run_twice_on_empty_books(line: str) -> None:
    name, *arguments = shlex.split(line)
    for _ in range(2):
        out = io.StringIO()
        call_command(name, *arguments, stdout=out)
        assert out.getvalue().strip()


def test_every_command_of_ours_is_in_the_list() -> None:
    listed = (ROOT / "docs/reference/commands.md").read_text()
    assert OURS
    assert [name for name in sorted(OURS) if f"manage.py {name}" not in listed] == []


def test_every_link_leads_to_a_file() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in LINK.findall(page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs/README.md"
    linked = {(index.parent / target).resolve() for target in LINK.findall(index.read_text())}
    pages = {path.resolve() for path in (ROOT / "docs").rglob("*.md")}
    assert sorted(str(path.relative_to(ROOT)) for path in pages - linked - {index.resolve()}) == []


def test_every_heading_that_is_linked_to_exists() -> None:
    """As the forges name them: small letters, no punctuation, hyphens for spaces."""
    broken = []
    for page in PAGES:
        for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text()):
            there = (page.parent / target) if target else page
            headings = re.findall(r"^#+ (.+)$", there.read_text(), re.MULTILINE) if there.is_file() else []
            if anchor not in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}:
                broken.append(f"{page.relative_to(ROOT)}: {target}#{anchor}")
    assert broken == []


def test_every_setting_is_in_the_list() -> None:
    read = set(re.findall(r'\b(?:env(?:\.\w+)?|required|flag)\(\s*"([A-Z_]+)"', (ROOT / "funding/settings.py").read_text()))
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/reference/settings.md").read_text(), re.MULTILINE))
    assert "SECRET_KEY" in read
    assert sorted(read - listed) == []


def words(node: ast.expr | None) -> set[str]:
    """The texts that an expression can be, as far as they stand in it."""
    if isinstance(node, ast.IfExp):
        return words(node.body) | words(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value else set()


def rules(tree: ast.AST) -> Iterator[str]:
    """The codes of refusals: `rule="…"`, the first word of what hinders somebody or of what a fund breaks, and what becomes a rule."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.endswith("Refused"):
                yield from (rule for keyword in node.keywords if keyword.arg == "rule" for rule in words(keyword.value))
            elif name.endswith(("Hindrance", "Breach", "ties.register")) and node.args:
                yield from words(node.args[0])
        elif isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "rule" for target in node.targets):
            yield from words(node.value)
        elif isinstance(node, ast.FunctionDef) and node.name == "rule":
            yield from (rule for part in ast.walk(node) if isinstance(part, ast.Return) for rule in words(part.value))


def test_every_rule_of_a_refusal_is_explained() -> None:
    found = {rule for path in SOURCES for rule in rules(ast.parse(path.read_text()))}
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs/reference/errors.md").read_text(), re.MULTILINE))
    assert {"role", "prepared", "purpose", "quorum", "funds-short", "cowork"} <= found
    assert sorted(found - listed) == []


RECIPES = [ROOT / "docs/tutorial.md", *sorted((ROOT / "docs/howto").glob("*.md"))]


@cache
def said_on_pages() -> str:
    """Everything that a page may say: the templates without their marks, and the texts of the code."""
    templates = [path.read_text() for path in sorted((ROOT / "templates").rglob("*.html"))]
    plain = [re.sub(r"\{[%#{].*?[%#}]\}|<[^>]*>", "", text, flags=re.DOTALL) for text in templates]
    texts = [
        node.value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return html.unescape("\n".join([*templates, *plain, *texts])).replace("’", "'")


@pytest.mark.parametrize("page", RECIPES, ids=lambda path: path.stem)
def test_the_words_that_a_recipe_tells_to_press_are_on_a_page(page: Path) -> None:
    """Where a button carries a sum or a name, the recipe writes … for it."""
    pressed = re.findall(r"\*\*(.+?)\*\*", page.read_text(), re.DOTALL)
    parts = {(" ".join(words.split()), part.strip()) for words in pressed for part in " ".join(words.split()).replace("’", "'").split("…")}
    assert pressed
    assert sorted({words for words, part in parts if part and part not in said_on_pages()}) == []
