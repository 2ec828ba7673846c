"""The reference pages name what the code has."""

from __future__ import annotations

import re

from funding.runtime.options import TEST_HELP, demo_options
from tests.funding.runtime.builders import ROOT

SETTINGS = (ROOT / "docs" / "reference" / "settings.md").read_text()
RUNNING = (ROOT / "docs" / "reference" / "running.md").read_text()


def test_every_setting_that_the_code_reads_is_documented_and_no_other() -> None:
    read = set(
        re.findall(r'(?:env|env\.list|env\.bool|env\.int|required|flag)\(\s*"([A-Z_]+)"', (ROOT / "funding" / "settings.py").read_text())
    )
    rows = set(re.findall(r"^\| `([A-Z_]+)` \|", SETTINGS, re.MULTILINE))
    assert rows - {"PORT"} == read - {"PORT"}


def test_every_option_in_the_page_is_one_that_the_commands_take() -> None:
    for line in re.findall(r"^    bin/demo (--\S+(?: \d+)?)", RUNNING, re.MULTILINE):
        demo_options(line.split())
    options = set(re.findall(r"bin/test (--\S+)", RUNNING))
    assert options == {"--all"}
    assert all(option in TEST_HELP for option in options)
