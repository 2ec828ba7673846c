"""What the docs name exists: every command runs, every command of ours is listed, every relative link leads somewhere."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command, get_commands, load_command_class

ROOT = Path(settings.BASE_DIR)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMAND = re.compile(r"manage\.py ([a-z_]+(?: --?[\w-]+(?: [\w.-]+)?)*)")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
OURS = {
    name for name, app in get_commands().items() if app.split(".")[0] in {"funding", "sponsors", "grants", "ledger", "billing", "payouts"}
}
NOTHING_DUE = ["verify_books", "verify_books --only I1 I6", "run_billing", "run_billing --until 2020-12-31", "run_payouts", "collect_goals"]


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
