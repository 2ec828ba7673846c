"""What the world of these tests has booked, sealed, exported and checked by the program that a stranger runs."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from pathlib import Path

from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import BookDay, Entry, ReservationMove, SealedDocument
from funding.ledger.sealing import closing, export
from grants.awards.models import Award
from sponsors.sponsorships.models import Sponsorship
from tests.funding.ledger.test_check_books import run
from tests.site.world import NOW, World


def seal() -> None:
    open_ = BookDay.objects.get(closed_at=None).day
    ledger.advance_book_day(max(open_, NOW.date()) + dt.timedelta(days=1))
    list(closing.seal_days())


def test_what_the_world_has_booked_is_right_to_a_stranger(world: World, tmp_path: Path) -> None:
    seal()
    assert SealedDocument.objects.exists() and ReservationMove.objects.exists(), "its decisions and promises are in it too"
    assert [result.problems for result in checks.run("I4") if not result.holds] == []
    out = StringIO()
    counts = export.as_json(full=True, to=out)
    assert counts.entries == Entry.objects.count()
    code, said = run(tmp_path, json.loads(out.getvalue()))
    assert code == 0, said
    assert f"{counts.transfers} transfers, {counts.disclosed} disclosed." in said


def test_the_days_name_nobody_and_the_public_export_only_who_is_named(world: World) -> None:
    shy = world.paid.sponsorship
    Sponsorship.objects.filter(pk=shy.pk).update(naming="unnamed", public_name="")
    seal()
    out = StringIO()
    export.as_json(full=False, to=out)
    given = json.loads(out.getvalue())
    names = {person.name for person in world.people.values()} | {world.employer.name, world.giving.sponsorship.payer_name}
    files = "".join(day["text"] for day in given["days"]) + given["open"]["text"]
    assert [name for name in names if name in files] == []
    said = {json.loads(row["text"])["name"] for row in given["disclosed"]}
    shown = set(Sponsorship.objects.filter(naming="public").values_list("public_name", flat=True))
    assert said <= shown | {award.grantor.name for award in Award.objects.filter(unnamed=False)}
    assert world.refund.payment.invoice.sponsorship.shown_name in said
    assert not {shy.payer_name, shy.public_name} & said and shy.payer_name not in out.getvalue()
