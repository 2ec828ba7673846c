from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.rig import Rig


@pytest.fixture(scope="session")
def rig() -> Iterator[Rig]:
    """One installation in processes of its own for all cases of this pytest process. It shares nothing with the test database."""
    made = Rig()
    try:
        made.start()
        yield made
    finally:
        made.stop()
