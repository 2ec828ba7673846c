"""No line of the log carries a signed token, whoever wrote it."""

from __future__ import annotations

import logging

import pytest
from django.conf import settings
from django.core import signing

from funding.web.logs import MaskTokens


@pytest.mark.parametrize("template", ["200 GET /giving/stop/{}/ 4 ms", "Not Found: /giving/paid/{}/", "{}"])
def test_a_signed_token_is_masked(template: str) -> None:
    token = signing.Signer(salt="stop").sign("S-0001")
    record = logging.LogRecord("any", logging.INFO, __file__, 1, "%s", (template.format(token),), None)
    assert MaskTokens().filter(record)
    assert record.getMessage() == template.format("…")


@pytest.mark.parametrize("line", ["200 GET /projects/quillon/ 84 ms", "INFO at 12:30:05: done", "http://127.0.0.1:8000/books/entries/12/"])
def test_other_lines_stay_as_they_are(line: str) -> None:
    record = logging.LogRecord("any", logging.INFO, __file__, 1, line, (), None)
    MaskTokens().filter(record)
    assert record.getMessage() == line


def test_every_handler_masks() -> None:
    assert all("mask" in handler["filters"] for handler in settings.LOGGING["handlers"].values())
