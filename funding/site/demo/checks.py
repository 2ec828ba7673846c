"""`check --deploy` fails while the demo is on: it lets anybody become its people and read every mail."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def demo_is_off(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DEMO:
        return []
    words = "DEMO=1: anybody can become the demo's people without password or second factor, and read every mail."
    return [Error(words, hint="Unset DEMO, or set it to 0.", id="daybook.E001")]
