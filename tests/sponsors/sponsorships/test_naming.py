from __future__ import annotations

import pytest

from sponsors.sponsorships import naming


@pytest.mark.parametrize(
    ("how", "name", "shown"),
    [("public", "Ada", "Ada"), ("unnamed", "Ada", "Unnamed sponsor"), ("secret", "Ada", "A sponsor"), ("public", "", "Unnamed sponsor")],
)
def test_shown_name(how: str, name: str, shown: str) -> None:
    assert naming.shown_name(how, name) == shown


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("evil\u202egpj.exe", "evil gpj.exe"),
        ("nul\x00byte\nline", "nul byte line"),
        ("👩\u200d💻 Ödön", "👩\u200d💻 Ödön"),
        ("\u2066\u2069", ""),
    ],
)
def test_tidy(typed: str, kept: str) -> None:
    assert naming.tidy(typed) == kept
