"""Every tag and filter of the design system. It is a built-in library: no template needs to load it."""

from django import template

from funding.components.tags import cards, charts, chrome, figures, forms, meter

register = template.Library()

for module in (figures, meter, cards, charts, chrome, forms):
    register.tags.update(module.register.tags)
    register.filters.update(module.register.filters)
