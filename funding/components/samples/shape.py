"""What a sample is: one component, each of its variants as the words of a template, and the values that they draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.template import engines
from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Variant:
    """`source` is what a template writes; `values` is what its view hands over."""

    title: str
    source: str
    values: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def drawn(self) -> SafeString:
        return SafeString(engines["django"].from_string(self.source).render(dict(self.values)))


@dataclass(frozen=True, slots=True)
class Sample:
    """One component. `page` names a whole page among the templates, with the values that it is drawn from."""

    slug: str
    name: str
    use: str
    variants: Sequence[Variant]
    page: str = ""
    page_values: Mapping[str, Any] = field(default_factory=dict)
