"""Samples of what shows where money goes."""

import datetime as dt

from funding.components.parts import FeeLine, Link, Pill, Station, TierCard
from funding.components.samples.shape import Sample, Variant
from funding.money import Money


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def sum_of(gross: int, card: int, host: int, currency: str = "USD") -> list[FeeLine]:
    return [
        FeeLine("You pay", Money(gross, currency)),
        FeeLine("Card fee", Money(-card, currency)),
        FeeLine("Host, 5%", Money(-host, currency)),
        FeeLine("Buys time", Money(gross - card - host, currency)),
    ]


FEES = {
    "seat": sum_of(10000, 320, 500),
    "zero": sum_of(0, 0, 0),
    "yen": sum_of(15000, 435, 750, "JPY"),
    "large": sum_of(123_456_789_00, 3_580_246_91, 6_172_839_45),
}
FEE_SUM = Sample(
    slug="fee-sum",
    name="Fee sum",
    use="Where one payment goes, in the same lines from the tier card to the receipt. The last line is the total; it is not added up here.",
    variants=[
        Variant("A seat", '{% fee_sum seat "Where $100 goes" %}', FEES),
        Variant("With its title shown", '{% fee_sum seat "Where $100 goes" True %}', FEES),
        Variant("Zero is shown", "{% fee_sum zero %}", FEES),
        Variant("A currency without decimals", "{% fee_sum yen %}", FEES),
        Variant("A sum that nobody expects", "{% fee_sum large %}", FEES),
    ],
)

ON = dt.date(2026, 10, 5)
WAY = [
    Station("Paid in", usd(10000), "Bracken & Lowe Ltd, company seat", on=ON, reference=Link("Entry 417", "#")),
    Station("Fees", usd(-820), "Card $3.20, host $5.00", on=ON, reference=Link("Entry 417", "#")),
    Station("Pooled", "0.20 day", "$91.80 into the fund of Quillon", on=ON, reference=Link("Entry 417", "#")),
    Station(
        "Worked",
        "Wed 14 Oct, morning",
        "Marit Solheim: fixed the chunk reader overflow. This half day drew on three payments: $91.80, $91.80 and $45.90.",
        note="Approved by Theo Brandt, Fri 16 Oct 2026",
    ),
    Station(
        "Paid out",
        usd(22950),
        "To Marit Solheim for the half day. $91.80 of it is this payment.",
        on=dt.date(2026, 10, 30),
        reference=Link("Entry 512", "#"),
        pill=Pill("Bank confirmed", "paid"),
    ),
]
LINE = Sample(
    slug="money-line",
    name="Money line",
    use="One payment from the card to the day of work: five stations, side by side from 60 rem and below each other on a narrow screen. What "
    "has not happened yet is drawn as due and says what it waits for.",
    variants=[
        Variant("The whole way", '<div class="sheet">{% money_line stations %}</div>', {"stations": WAY}),
        Variant(
            "Booked and not spent yet",
            '<div class="sheet">{% money_line stations %}</div>',
            {
                "stations": [
                    *WAY[:3],
                    Station("Worked", "Not yet", "The next half days that are paid out draw on it, oldest money first.", due=True),
                    Station("Paid out", "Not yet", due=True),
                ]
            },
        ),
        Variant(
            "Paid and being booked",
            '<div class="sheet">{% money_line stations %}</div>',
            {
                "stations": [
                    Station(
                        "Paid in",
                        usd(10000),
                        "A sponsor with a name that is much longer than a station of this line has room for",
                        on=ON,
                        pill=Pill("Being booked", "wait"),
                    ),
                    *(Station(name, due=True) for name in ("Fees", "Pooled", "Worked", "Paid out")),
                ]
            },
        ),
    ],
)


def card(key: str, **over: object) -> TierCard:
    values = {
        "key": key,
        "name": "Company seat",
        "price": "$100",
        "period": "a month",
        "url": "#",
        "action": "Sponsor for $100 a month",
        "buys": "One fifth of a day",
        "buys_note": "a month, 2.4 days over a year",
        "share": 20,
        "fees": FEES["seat"],
        "fees_title": "Where $100 goes",
        "lines": ["A full-time maintainer, shared with the other seats", "One receipt for each payment", "A report to forward to finance"],
    }
    return TierCard(**{**values, **over})  # type: ignore[arg-type]


TIER = Sample(
    slug="tier-card",
    name="Tier card",
    use="One published price: what it buys in days, at most four lines, its fee sum, one button. The leading card has the ink border and the "
    "double base; the others are equal. A second argument gives the level of its heading.",
    variants=[
        Variant(
            "Three, the middle one leads",
            '<div class="tiers">{% for card in cards %}{% tier_card card %}{% endfor %}</div>',
            {
                "cards": [
                    card(
                        "one",
                        name="Individual",
                        price="$15",
                        share=3,
                        buys="About 1/34 of a day",
                        lines=["Your name in the book, or no name"],
                        action="Sponsor for $15 a month",
                        fees=sum_of(1500, 74, 75),
                        fees_title="Where $15 goes",
                    ),
                    card("two", first=True, pill=Pill("52 taken, 30 open", "pen")),
                    card(
                        "three",
                        name="Whole day",
                        price="$500",
                        share=100,
                        buys="One day",
                        buys_note="a month, 12 days over a year",
                        lines=["Everything in a company seat", "Your day named in the work log"],
                        action="Sponsor for $500 a month",
                        fees=sum_of(50000, 1480, 2500),
                        fees_title="Where $500 goes",
                    ),
                ]
            },
        ),
        Variant(
            "Closed, with a long name",
            '<div class="tiers">{% tier_card card %}</div>',
            {
                "card": card(
                    "closed",
                    name="Foundation partner with a dedicated release manager",
                    closed="All seats are taken this month.",
                    pill=Pill("Full", "wait"),
                )
            },
        ),
        Variant(
            "Without shares of a day, in yen",
            '<div class="tiers">{% tier_card card %}</div>',
            {
                "card": card(
                    "yen",
                    name="Seat",
                    price="¥15,000",
                    period="once",
                    share=None,
                    buys="",
                    fees=FEES["yen"],
                    lines=[],
                    fees_title="Where ¥15,000 goes",
                    action="Sponsor for ¥15,000 once",
                )
            },
        ),
    ],
)
