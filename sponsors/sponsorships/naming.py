"""How a sponsor is called in public. The choice is made per sponsorship and holds everywhere.

`public`: by the name they chose. `unnamed`: listed as "Unnamed sponsor" with the sum. `secret`: not listed; the books
say "A sponsor". The name on a receipt is a private matter between sponsor and host and has nothing to do with it.
"""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext_lazy

PUBLIC, UNNAMED, SECRET = "public", "unnamed", "secret"

UNNAMED_WORDS = gettext_lazy("Unnamed sponsor")
SECRET_WORDS = gettext_lazy("A sponsor")

JOINERS = {"\u200c", "\u200d"}
"""Persian, Indic scripts and emoji need these two; every other invisible format character can dress a name up as another."""


def shown_name(naming: str, public_name: str) -> str:
    """The words for the public."""
    if naming == PUBLIC and public_name:
        return public_name
    return str(SECRET_WORDS if naming == SECRET else UNNAMED_WORDS)


def tidy(name: str) -> str:
    """One line, single spaces, no control or direction characters. Any script and emoji stay."""
    kept = (char if char in JOINERS or not unicodedata.category(char).startswith("C") else " " for char in name)
    return " ".join("".join(kept).split())
