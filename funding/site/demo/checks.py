"""`check --deploy` fails while the demo is on: it lets anybody become its people and read every mail."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def demo_is_off(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DEMO:
        return []
    hint = "Unset DEMO, or set it to 0."
    return [
        Error("DEMO=1: anybody can become the demo's people and read every mail, sign-in codes included.", hint=hint, id="daybook.E001")
    ]
