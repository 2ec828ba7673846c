"""One sample for each component, with its odd cases: to look at, to copy from, and for axe to read. In the demo only."""

from __future__ import annotations

from funding.components.samples import controls, lists, meter, money, tokens
from funding.components.samples.shape import Sample

SAMPLES: dict[str, Sample] = {
    sample.slug: sample
    for sample in (
        tokens.TYPE,
        tokens.COLOUR,
        controls.BUTTONS,
        lists.PILL,
        controls.NOTES,
        lists.EMPTY,
        lists.FACTS,
        meter.SAMPLE,
        money.LINE,
        money.TIER,
        money.FEE_SUM,
        lists.TABLE,
        lists.CHART,
        lists.TIMELINE,
        lists.STEPPER,
        controls.FIELDS,
        controls.RATING,
        controls.ERRORS,
        controls.CONFIRM,
    )
}
