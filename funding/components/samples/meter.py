"""Samples of the days meter."""

from funding.components.samples.shape import Sample, Variant

SAMPLE = Sample(
    slug="days-meter",
    name="Days meter",
    use="How far a month or a goal is, in days. A box is one day in two halves. Solid is worked, hatched is paid for, hatched the other "
    "way is pledged, empty is open; the key and a sentence say the same.",
    variants=[
        Variant("A month with half days", "{% days_meter worked=19 paid=9 target=40 %}"),
        Variant("Nothing yet", "{% days_meter worked=0 paid=0 target=40 %}"),
        Variant("Full", "{% days_meter worked=40 paid=0 target=40 %}"),
        Variant("Worked beyond what is paid and beyond the target", "{% days_meter worked=43 paid=0 target=40 %}"),
        Variant("41 days", "{% days_meter worked=41 paid=20 target=82 %}", note="A target that is not full time has no scale."),
        Variant("A goal with pledges and its bar", "{% days_meter pledged=17 target=40 goal=24 %}"),
        Variant("A short goal", "{% days_meter pledged=5 target=12 goal=12 %}", note="Fewer boxes fill the same width."),
        Variant("Half a day", "{% days_meter worked=1 paid=0 target=2 %}"),
        Variant("Two hundred days", "{% days_meter worked=91 paid=120 target=400 %}", note="A box stands for more, and the meter says so."),
        Variant("Without its key", "{% days_meter worked=19 paid=9 target=40 key=False %}"),
    ],
)
