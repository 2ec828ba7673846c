"""Samples of lists, tables, states and bars."""

import datetime as dt

from funding.components.parts import Chart, Column, Event, Link, Pill, Series, Step, Table
from funding.components.samples.money import usd
from funding.components.samples.shape import Sample, Variant
from funding.money import Money

DAYS = [Column("Date", "date"), Column("Work"), Column("Who"), Column("State"), Column("Days", "number"), Column("Cost", "number")]
WORK = Table(
    caption="Work logged for Quillon",
    columns=DAYS,
    rows=[
        [
            dt.date(2026, 11, 20),
            Link("Reviewed six pull requests, merged four", "#"),
            "Marit Solheim",
            Pill("Paid", "paid"),
            "0.5",
            usd(22950),
        ],
        [dt.date(2026, 11, 19), "Namespace rewrite, third part (#2214)", "Marit Solheim", Pill("Approved", "pen"), "1.0", usd(45900)],
        [dt.date(2026, 11, 18), "Released 4.8.3 and wrote the notes", "Theo Brandt", Pill("Waiting", "wait"), "0.5", usd(22950)],
    ],
    foot=["", "Together", "", "", "2.0", usd(91800)],
    head=1,
)
MIXED = Table(
    caption="Sums in several currencies are never added",
    columns=[Column("Fund"), Column("Left", "number")],
    rows=[["Quillon", usd(164766)], ["Harrow", Money(120000, "JPY")], ["Tilden", Money(-500, "EUR")]],
    caption_shown=True,
)
TABLE = Sample(
    slug="data-table",
    name="Data table",
    use="Rows that a reader compares. Sums are on the right with figures of one width; every second row is banded; the total has one rule above "
    "and two below. On a narrow screen each row becomes a card with labels.",
    variants=[
        Variant("With links, pills and a total", "{% data_table table %}", {"table": WORK}),
        Variant("Mixed currencies", "{% data_table table %}", {"table": MIXED}),
        Variant(
            "Empty: heads and a total of zero stay",
            "{% data_table table %}",
            {"table": Table("Nothing", DAYS, [], ["Total", "", "", "", "0.0", usd(0)], empty="No work has been logged yet.")},
        ),
    ],
)

AT = dt.datetime(2026, 11, 9, 14, 5, tzinfo=dt.UTC)
TIMELINE = Sample(
    slug="timeline",
    name="Decision timeline",
    use="What happened to one thing, oldest first, and what is due. A line is never changed or taken away.",
    variants=[
        Variant(
            "A proposal before its panel",
            "{% timeline events %}",
            {
                "events": [
                    Event(AT, "Submitted by Ines Okafor", Pill("Public", "pen")),
                    Event(AT + dt.timedelta(hours=3), "Aiko Reyes stepped back: same employer", Pill("Public", "pen")),
                    Event(AT + dt.timedelta(days=2, minutes=31), "Review sealed by Theo Brandt", Pill("Panel only", "wait")),
                    Event(AT + dt.timedelta(days=14), "Reviews open to the panel", due=True),
                ]
            },
        ),
        Variant("One event", "{% timeline events %}", {"events": [Event(dt.date(2026, 11, 9), "Draft begun")]}),
    ],
)
STEPPER = Sample(
    slug="stepper",
    name="Stepper",
    use="Where one thing stands on its way. The present step has aria-current, the ones before it say “completed” in hidden text.",
    variants=[
        Variant(
            "A half day on its way to the bank",
            '{% stepper steps "States of this half day" %}',
            {
                "steps": [
                    Step("Logged", "done", on=dt.date(2026, 10, 14)),
                    Step("Approved", "done", "by Theo Brandt", dt.date(2026, 10, 16)),
                    Step("In a run", "now", "PO-2026-10"),
                    Step("Sent", "next"),
                    Step("Confirmed", "next", "expected Fri 30 Oct"),
                ]
            },
        ),
        Variant("All done", "{% stepper steps %}", {"steps": [Step("Draft", "done"), Step("Sealed", "done")]}),
        Variant("Just begun", "{% stepper steps %}", {"steps": [Step("Draft", "now"), Step("Sealed", "next")]}),
    ],
)
PILL = Sample(
    slug="pill",
    name="Pill",
    use="One adjective in sentence case for a state. Never a link, never a button, never the only place where something is said.",
    variants=[
        Variant("Settled or sealed", '{% pill "paid" "Bank confirmed" %} {% pill "paid" "Sealed" %}'),
        Variant("Waiting or draft", '{% pill "wait" "Waiting for approval" %} {% pill "wait" "Draft" %}'),
        Variant("Open or public", '{% pill "pen" "Open" %} {% pill "pen" "52 taken, 30 open" %}'),
        Variant("Refused or recused", '{% pill "stop" "Stepped back" %} {% pill "stop" "Declined" %}'),
        Variant("Plain", '{% pill "" "Due" %}'),
    ],
)
EMPTY = Sample(
    slug="empty",
    name="Empty state",
    use="A list with nothing in it: what would stand here, why it does not, and at most one thing to do. Headers and totals of zero stay visible.",
    variants=[
        Variant(
            "With an action",
            '{% empty "No projects yet" "A project appears here once an administrator has opened it." "#" "Add a project" %}',
        ),
        Variant("Without one", '{% empty "Nothing has been paid out yet" "When the first half day is paid, its trail stands here." %}'),
    ],
)
FACTS = Sample(
    slug="facts",
    name="Facts",
    use="What is known of one thing, as names and values. `stats` shows two to four figures; `rows` is a list whose rows are each one link; "
    "`names` are people with a figure.",
    variants=[
        Variant(
            "Facts with a total",
            '<dl class="facts sheet pad"><div><dt>Reference</dt><dd class="ref">DB-2026-000417</dd></div>'
            "<div><dt>Paid by</dt><dd>A company whose registered name is much longer than most, Zweigniederlassung Österreich</dd></div>"
            '<div><dt>Invoice address</dt><dd>Not provided</dd></div><div class="total"><dt>Sum</dt><dd>{% money 10000 "USD" %}</dd></div></dl>',
        ),
        Variant(
            "Figures",
            '<dl class="stats"><div><dt>of 12 days pledged</dt><dd>8½</dd></div><div><dt>sponsors</dt><dd>37</dd></div>'
            "<div><dt>left to pledge</dt><dd>19 days</dd></div></dl>",
        ),
        Variant(
            "Rows",
            '<ul class="rows" role="list"><li><h3><a href="#facts">Quillon</a></h3><p>The streaming parser underneath 41,000 packages.</p>'
            '<p class="end"><b>14</b> of 20 days paid for</p></li><li><h3><a href="#facts">Harrow</a></h3><p>Dates without surprises.</p>'
            '<p class="end">{% pill "wait" "Paused" %}</p></li></ul>',
        ),
        Variant(
            "Names",
            '<ul class="names" role="list"><li><span>Aldermoor Labs</span><span>0.20</span></li><li><span>Bracken &amp; Lowe Ltd</span><span>0.20</span></li>'
            "<li><span>Unnamed sponsors, 11</span><span>1.10</span></li></ul>",
        ),
    ],
)

MONTHS = ["Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"]
FULL = [f"{name} {2025 if name == 'Dec' else 2026}" for name in MONTHS]
IN = [usd(amount * 100) for amount in (0, 0, 0, 1204, 1890, 2411, 3024, 3190, 4410, 5068, 6196, 6433)]
OUT = [usd(amount * 100) for amount in (0, 0, 0, 0, 1377, 1836, 2295, 3213, 2754, 4131, 6196, 0)]


def chart(key: str, title: str, *series: Series, names: list[str] = FULL, short: list[str] = MONTHS) -> dict[str, Chart]:
    return {"chart": Chart(key, title, title, "Month", names, short, series)}


CHART = Sample(
    slug="chart",
    name="Bars",
    use="A course over months, where the shape says more than the figures. Bars only, from zero, at most four kinds, told apart by hatching as well "
    "as by colour. The title says what is found; the same numbers stand in the table after it. What is one figure is written, not drawn.",
    variants=[
        Variant(
            "Two sums over twelve months",
            "{% bar_chart chart %}",
            chart(
                "money",
                "More came in than was paid out, in every month but one.",
                Series("To the fund", IN, "f"),
                Series("Paid for work", OUT),
            ),
        ),
        Variant(
            "Days, with halves",
            "{% bar_chart chart %}",
            chart(
                "days",
                "Days worked follow days paid for.",
                Series("Paid for", [0, 0, 0, 5, 8, 10, 13, 13, 19, 22, 27, 28], "f"),
                Series("Worked", [0, 0, 0, 0, 6, 8, 10, 14, 12, 18, 27, 19]),
            ),
        ),
        Variant(
            "One month, in yen",
            "{% bar_chart chart %}",
            chart("yen", "The first month.", Series("To the fund", [Money(15000, "JPY")]), names=["November 2026"], short=["Nov"]),
        ),
        Variant(
            "Four kinds",
            "{% bar_chart chart %}",
            chart(
                "four",
                "Sponsors paid for most of it.",
                *(
                    Series(name, [usd(n * 1000), usd(n * 1700)], fill)  # type: ignore[arg-type]
                    for n, (name, fill) in enumerate([("Goals", "p"), ("Awards", "o"), ("Sponsors", "w"), ("Other", "f")], 1)
                ),
                names=["October 2026", "November 2026"],
                short=["Oct", "Nov"],
            ),
        ),
        Variant(
            "All zero: no drawing, and the table stays",
            "{% bar_chart chart %}",
            chart(
                "zero",
                "Nothing has come in yet.",
                Series("To the fund", [usd(0), usd(0)]),
                names=["October 2026", "November 2026"],
                short=["Oct", "Nov"],
            ),
        ),
    ],
)
