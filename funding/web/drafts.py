"""What somebody typed into a form and has not handed in, kept on the server for them alone.

A draft is not an act: it is not audited, not counted, not listed for anybody else, and no mail tells of it. It is found by
who typed it and by the address of the form. Every save names the version that the page had seen, so that two windows never
overwrite each other silently. The pages are in draft_views.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from funding import clock
from funding.errors import Conflict, Invalid
from funding.web.models import Draft

LARGEST = 200_000
"""Characters of one draft, above the sum of the longest fields of any form."""
MOST = 200
"""Drafts of one person, so that nobody fills the database with them."""
Fields = Mapping[str, str | list[str]]


class Changed(Conflict):
    """The draft was saved in another window since. `stored` is what is kept there."""

    def __init__(self, stored: Draft) -> None:
        super().__init__(_("You typed on this page in another window since you opened this one. Both texts are shown."))
        self.stored = stored


def find(*, user_id: int, path: str) -> Draft | None:
    """The person's own draft of the form at this address, used ones included; None if there never was one."""
    return Draft.objects.filter(user_id=user_id, path=path).first()


def of(*, user_id: int, prefix: str) -> list[Draft]:
    """The person's own drafts of forms whose address begins so, newest first."""
    found = Draft.objects.filter(user_id=user_id, path__startswith=prefix).exclude(fields={})
    return list(found.order_by("-saved_at"))


@transaction.atomic
def keep(*, user_id: int, path: str, fields: Fields, version: int) -> Draft:
    """Save what was typed over the draft of that version (0 when there was none).

    Raises Changed when it is another one by now; Invalid when it is too large or the person keeps too many.
    """
    if len(json.dumps(dict(fields))) > LARGEST:
        raise Invalid(_("This is too long to be kept as a draft."))
    fresh = {"saved_at": clock.now()}
    draft, _created = Draft.objects.select_for_update().get_or_create(user_id=user_id, path=path, defaults=fresh)
    if draft.version != version:
        raise Changed(draft)
    if not draft.fields and Draft.objects.filter(user_id=user_id).exclude(fields={}).count() >= MOST:
        raise Invalid(_("You keep {most} drafts already. Hand one in first.").format(most=MOST))
    draft.fields, draft.saved_at = dict(fields), clock.now()
    draft.version += 1
    draft.save()
    return draft


@transaction.atomic
def use(*, user_id: int, path: str) -> None:
    """The words were handed in: nothing is kept, and a window that still shows them knows an old version."""
    draft = Draft.objects.select_for_update().filter(user_id=user_id, path=path).first()
    if draft is not None and draft.fields:
        draft.fields = {}
        draft.version += 1
        draft.save()
