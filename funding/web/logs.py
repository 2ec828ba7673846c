"""Keeps signed tokens out of the log. Whoever holds a stop link can stop the sponsorship, so the log must not hold it."""

from __future__ import annotations

import logging
import re

TOKEN = re.compile(r"[^/\s]*:[A-Za-z0-9_-]{20,}")
"""What Django's signer makes, with the value that it signs: `S-0001:` and 43 characters."""


class MaskTokens(logging.Filter):
    """A filter for handlers: every line loses its tokens, whoever wrote it."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        record.msg, record.args = TOKEN.sub("…", message), ()
        return True
