"""Who sponsors what, since when: seats, whole days and individuals of Quillon, those of Harrow and Tern, and who came and went.

A row is: months ago and day of joining, name, country, and how they are named in public where that is not by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from funding.site.demo.story import giving, hosted
from funding.site.demo.story.giving import COMPANY, PERSON, Joining
from funding.site.demo.story.scene import Scene
from funding.site.demo.story.when import When, on

FOUNDING = """
7 02 Bracken & Lowe Ltd        GB
7 05 Northgate Bank            SE
"""
WHOLE_DAYS = """
7 03 Harwick Systems           US
4 09 Saltmarsh Energy          NO
"""
SEATS = """
7 05 Bracken & Lowe Ltd        GB
7 09 Northgate Bank            SE
7 03 Aldermoor Labs            US
7 05 Corvid Freight            DK
7 12 Pemberton GmbH            DE
6 01 Dune & Daughters          FR
6 03 Tidewater Insurance       IE
6 09 Ferrow Optics             CH
6 12 Quiet Harbour AS          NO unnamed
5 01 Lindgren Maritime         SE
5 01 Kestrel Payments          GB
5 03 Halden Robotics           NO
5 12 Osprey Cartography        CA
5 18 Mirefield Analytics       GB secret
4 01 Bellweather Media         US
4 01 Sundby Bygg               NO
4 03 Cantor & Reyes SL         ES
4 05 Juniper Grid              NL
4 09 Vantor Logistik           DE
4 12 Amberline Hotels          AT
3 01 Granite Harbor Inc        US
3 01 Tallis Audio              GB
3 03 Nordfall Energi           SE
3 03 Pinecrest Schools         US unnamed
3 05 Oriel Biotech             CH
3 09 Marlowe Print             GB
3 12 Stellan Rail              SE
3 15 Copperleaf Foods          NZ
2 01 Havgaard Shipping         DK
2 01 Redwing Aviation          CA
2 01 Sorrel Diagnostics        FR
2 03 Brightwater Utility       AU
2 03 Eskdale Timber            FI
2 05 Fennimore Law LLP         US unnamed
2 05 Ostara Textiles           PT
2 09 Larkin Semiconductors     IE
2 15 Aquila Satellites         IT
2 18 Thornbury Games           GB
1 01 Calloway Freight          US
1 01 Hexham Instruments        GB
1 01 Solveien Sykkel           NO
1 03 Perrault Vins             FR
1 03 Ironbridge Cloud          US
1 05 Mosswood Clinics          DE unnamed
1 09 Zephyr Ferries            GR
1 12 Dovetail Furniture        PL
1 18 Kingsbarn Whisky          GB
0 01 Umbra Lighting            NL
0 01 Wrenfield College         IE
0 03 Tarn Hydro                NO
0 05 Larchmont Press           US
0 12 Everdene Foods            GB unnamed
"""
INDIVIDUALS = """
7 05 Idris Bellamy             GB
7 03 Oskar Nyberg              SE
7 12 Tamsin Reyes              US unnamed
6 01 Wilhelmina Ekström        SE
6 05 Bartholomew Finch         GB
6 15 Chiamaka Obi              NG
5 01 Daniela Moreau            FR
5 05 Emre Aydın                TR
5 09 Felix Baumann             DE
5 18 Gudrun Þórsdóttir         IS
4 01 Hiroshi Tanabe            JP
4 03 Isolde Marchetti          IT
4 05 Jarosław Wilk             PL unnamed
4 12 Katalin Szabó             HU
4 18 Leif Aronsen              NO
3 01 Mirabel Quist             DK
3 01 Nkechi Eze                NG
3 03 Olena Savchuk             UA
3 05 Pascal Renard             BE
3 09 Quentin Ashby             GB
3 12 Rosalind Achterberg       NL unnamed
3 18 Sanjay Mistry             IN
2 01 Tove Lindahl              SE
2 01 Ulrich Zander             DE
2 01 Vesna Kovač               HR
2 03 Winifred Osei             GH
2 03 Xiomara Delgado           MX
2 05 Yannick Dubois            FR
2 09 Zofia Malinowska          PL
2 12 Ansel Whitlock            US unnamed
2 15 Beatriz Fontes            PT
2 18 Caspian Holt              GB
1 01 Dagny Fossum              NO
1 01 Eamon Gallagher           IE
1 01 Farida Haddad             MA
1 03 Giuliana Conti            IT
1 03 Hollis Merriweather       US
1 05 Ilse Vandermeer           NL secret
1 05 Joaquín Peralta           AR
1 09 Kerstin Hallberg          SE
1 12 Lorcan Byrne              IE
1 15 Maren Tviberg             NO
1 18 Noor Rahimi               DE
0 01 Odalys Ferrer             ES
0 01 Piotr Zieliński           PL
0 01 Ragnhild Bakke            NO
0 03 Stellan Forsberg          SE
0 03 Thandiwe Dube             ZA
0 05 Ursula Keim               CH
0 05 Viggo Rasmussen           DK
0 09 Wren Halloway             GB
0 12 Yusuf Demir               TR
0 15 Zelda Marchbanks          US unnamed
0 18 Anneli Koskinen           FI
0 20 Bram Hoekstra             NL
"""
HARROW_SEATS = """
6 05 Grimsel Firmware          CH
4 09 Tallinn Embedded          EE
2 12 Bosk Routers              NL
"""
HARROW_PEOPLE = """
5 12 Signe Dam                 DK
3 15 Radek Novotný             CZ
"""
TERN_PEOPLE = """
5 03 Hanneke Visser            NL
4 12 Tobias Rask               DK
2 05 Mireille Caron            CA
"""
LEFT = """
6 03 Barrowgate Travel         GB
5 12 Selkirk Data              GB
4 05 Elsinore Cinemas          DK
"""
"""Companies that took a seat of Quillon, paid twice and stopped."""
MOVED_UP = """
7 09 Saltmarsh Energy          NO
"""
"""Took a seat first, and stopped it when it took a whole day."""
REFUSED = """
1 18 Larkspur Tools            NL
"""
LAPSED = """
4 03 Pilcrow Fonts             US
"""
"""Cards that pay once and are refused a month later: one lately, one so long ago that everything has been tried."""


BY_NAME = {"Idris Bellamy", "Tamsin Reyes", "Saltmarsh Energy", "Barrowgate Travel", "Selkirk Data", "Elsinore Cinemas",
           "Larkspur Tools", "Pilcrow Fonts"}  # fmt: skip
LINE = re.compile(r"(\d) (\d\d) (.+?)  +(\S\S)(?: (\w+))?")


def rows(table: str, tier: str, project: str = "quillon", card: str = hosted.VISA) -> Iterator[Joining]:
    kind = PERSON if tier == "Individual" else COMPANY
    for line in table.strip().splitlines():
        found = LINE.fullmatch(line)
        assert found, line
        months, day, name, country, naming = found.groups()
        when = on(int(months), int(day))
        yield Joining(when, name, giving.address_of(name, kind), tier, kind, project, country, naming or "public", card)


def everybody() -> list[Joining]:
    """Every sign-up of the story."""
    return [
        *rows(FOUNDING, "Founding company"),
        *rows(WHOLE_DAYS, "Whole day"),
        *rows(SEATS, "Company seat"),
        *rows(INDIVIDUALS, "Individual"),
        *rows(LEFT, "Company seat"),
        *rows(MOVED_UP, "Company seat"),
        *rows(HARROW_SEATS, "Company seat", "harrow"),
        *rows(HARROW_PEOPLE, "Individual", "harrow"),
        *rows(TERN_PEOPLE, "Individual", "tern"),
        *rows(REFUSED, "Company seat", "harrow", card=hosted.PAYS_ONCE),
        *rows(LAPSED, "Company seat", "harrow", card=hosted.PAYS_ONCE),
    ]


def scenes() -> list[Scene]:
    return [*map(_joins, everybody()), *_stops()]


def few() -> list[Scene]:
    """What the other threads need of this one: those who leave or whose cards fail, and companies that pay in the others' place."""
    seats = [line for line in SEATS.strip().splitlines() if line[0] in "765"]
    kept = [
        *rows(FOUNDING, "Founding company"),
        *rows("\n".join(seats[2:9]), "Founding company"),
        *rows("\n".join(seats[:2]), "Company seat"),
        *(plan for plan in everybody() if plan.name in BY_NAME),
    ]
    return [*map(_joins, kept), *_stops()]


def _joins(plan: Joining) -> Scene:
    return Scene(plan.when, f"{plan.name} joins {plan.project.title()}: {plan.tier}", partial(giving.join, plan), leaves=False)


def _stops() -> list[Scene]:
    left: list[tuple[Joining, When]] = list(zip(rows(LEFT, "Company seat"), (on(5, 9), on(4, 15), on(3, 9)), strict=True))
    return [
        *(Scene(when, f"{plan.name} stops", partial(giving.stop, plan)) for plan, when in left),
        *(Scene(on(4, 9), f"{plan.name} stops the seat", partial(giving.stop, plan)) for plan in rows(MOVED_UP, "Company seat")),
    ]
