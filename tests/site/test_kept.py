"""What public pages keep in the shared cache: no row of a person, which would carry an address and the hash of a password with it."""

from __future__ import annotations

import pickle
import pickletools
from typing import Any

import pytest

from funding.site.reports import kept
from grants.committee.models import Determination
from tests.site.test_unnamed import public
from tests.site.world import World


def strings(value: bytes) -> set[str]:
    return {arg for _, arg, _ in pickletools.genops(value) if isinstance(arg, str)}


def test_no_row_of_a_person_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, bytes] = {}
    keep = kept.cache.set

    def note(key: str, value: Any, *rest: Any, **more: Any) -> Any:
        said[key] = pickle.dumps(value)
        return keep(key, value, *rest, **more)

    assert Determination.objects.exists(), "approved work waits on the project's page"
    monkeypatch.setattr(kept.cache, "set", note)
    browser = world.browser("nobody")
    for address in public(world):
        browser.get(address)
    kinds = {key.split(":")[2] for key in said if key.startswith("said:")}
    assert {"figures", "work", "rows"} <= kinds
    assert [key for key, value in said.items() if {"model_unpickle", "people"} <= strings(value)] == []
    assert [key for key, value in said.items() if any(word == "password" or "@" in word for word in strings(value))] == []
