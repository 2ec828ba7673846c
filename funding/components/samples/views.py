"""The sample pages: an index, one page for each component, and the pages that are components themselves."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.views.generic import TemplateView

from funding.components.samples import SAMPLES
from funding.components.samples.shape import Sample


def sample(slug: str) -> Sample:
    if slug not in SAMPLES:
        raise Http404
    return SAMPLES[slug]


class Index(TemplateView):
    template_name = "components/samples/index.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, samples=SAMPLES.values())


class Page(TemplateView):
    template_name = "components/samples/sample.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, sample=sample(kwargs["slug"]))


class Whole(TemplateView):
    """A component that is a page. Its button leads nowhere: the address takes no POST."""

    def get_template_names(self) -> list[str]:
        page = sample(self.kwargs["slug"]).page
        if not page:
            raise Http404
        return [page]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, **sample(kwargs["slug"]).page_values)
