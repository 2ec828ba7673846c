"""Each mail that the site can write has words for whoever may know that it was not sent, and not what stands in it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from funding.mail.words import KINDS, words

TEMPLATES = Path(settings.BASE_DIR) / "templates"
SIGNING_IN = ("account/email", "mfa/email")


def written() -> set[str]:
    """Every kind: a template of ours, or what allauth's adapter makes of one of its own."""
    ours = {path.stem for path in (TEMPLATES / "emails").glob("*.txt")}
    theirs = {path.stem.removesuffix("_message") for folder in SIGNING_IN for path in (TEMPLATES / folder).glob("*_message.txt")}
    return {kind for kind in ours | theirs if not kind.startswith(("_", "base"))}


def test_every_kind_has_words_and_no_words_are_left_over() -> None:
    assert set(KINDS) == written()
    assert len(written()) > 90


def test_no_two_kinds_are_called_the_same() -> None:
    assert len({str(said) for said in KINDS.values()}) == len(KINDS)


def test_a_kind_of_long_ago_is_told_by_its_code() -> None:
    assert words("receipt") == "A receipt"
    assert words("telegram") == "telegram"
