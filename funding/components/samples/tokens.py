"""Samples of type and colour."""

from funding.components.samples.shape import Sample, Variant

TYPE = Sample(
    slug="type",
    name="Type",
    use="Newsreader for display and quotes, Public Sans for the interface and for money. Weights 400, 500 and 700. A line is at most 38 em long.",
    variants=[
        Variant(
            "Headings",
            '<div class="flow"><p class="big">14 <small>of 20 days paid for</small></p><h2>Follow one payment</h2>'
            '<h2 class="xl">November 2026</h2><h3>4.8.3 is out, and the overflow class is closed</h3><h4>Attached files</h4></div>',
        ),
        Variant(
            "Text",
            '<div class="flow"><p class="lead">Each seat buys one fifth of a working day, and every day is written up here.</p>'
            '<p>Quillon reads files from strangers. <a href="#type">Six of its nine entry points</a> have never been fuzzed.</p>'
            '<p class="muted sm">In alphabetical order, with days bought.</p><p class="xs">The smallest there is.</p></div>',
        ),
        Variant("The double margin rule", '<div class="read"><p>Beside the text that matters.</p></div>'),
        Variant(
            "Money and days",
            '<p>{% money 9180 "USD" %} · {% money -320 "USD" %} · {% money 0 "USD" %} · {% money 15000 "JPY" %} · '
            "{{ 9|day_words }} · {{ 9|day_count }}</p>",
        ),
        Variant(
            "What people write",
            "{{ text|markdown }}",
            {"text": "# Why\n\nA **plan** with a [link](https://example.org) and `code`:\n\n1. first\n2. second\n\n> Said by others."},
        ),
    ],
)
GROUNDS = ("paper", "sheet", "band", "sunk", "pen-soft", "paid-soft", "pledge-soft", "stop-soft")
MARKS = ("ink", "ink-2", "pen", "pen-deep", "paid", "pledge", "stop", "edge", "rule", "margin", "focus")


def swatches(names: tuple[str, ...]) -> str:
    return "".join(
        f'<li><svg viewBox="0 0 24 12" aria-hidden="true"><rect class="t-{name}" width="24" height="12"/></svg>{name}</li>'
        for name in names
    )


COLOUR = Sample(
    slug="colour",
    name="Colour",
    use="Twenty tokens, each with a light and a dark value. Every pair that carries text has 4.5 to 1, every control border 3 to 1; a test computes "
    "them. Nothing is told by colour alone.",
    variants=[
        Variant("Grounds", f'<ul class="swatches" role="list">{swatches(GROUNDS)}</ul>'),
        Variant("Marks", f'<ul class="swatches" role="list">{swatches(MARKS)}</ul>'),
    ],
)
