"""docs/check_books.py as a stranger runs it: on the export alone, right and with every kind of fault."""

from __future__ import annotations

import copy
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest

from funding import clock
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import Transfer
from funding.ledger.sealing import commitments, export, proof
from funding.ledger.services import Line
from tests.funding.ledger import books
from tests.funding.ledger.test_sealing import DAY, close, party, seal, story

SCRIPT = Path(__file__).resolve().parents[3] / "docs" / "check_books.py"
Books = dict[str, Any]


def run(folder: Path, given: Books, **others: Books) -> tuple[int, str]:
    """Its exit code and what it said, with an interpreter that has nothing of ours."""
    arguments = [sys.executable, "-I", str(SCRIPT)]
    for name, content in {"books": given, **others}.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        arguments += [str(path)] if name == "books" else [f"--{name}", str(path)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def exported(*, full: bool = True) -> Books:
    out = StringIO()
    export.as_json(full=full, to=out)
    return json.loads(out.getvalue())


def three_days() -> None:
    """The story on the first day; on the second a gift from Vela and 25 paid out of it; on the third, still open, the rest of the item."""
    who = story()
    close()
    with clock.at(books.AT + DAY):
        books.post(Line(books.cash(), books.fund(), 40, "gift", party_id=who.pk), reference="late-gift")
        item = books.pay_out(books.fund(), 45)
    close()
    seal()
    with clock.at(books.AT + 2 * DAY):
        books.confirm(item, 45)


@pytest.mark.django_db
def test_the_script_is_short_and_needs_nothing() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    imported = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= sys.stdlib_module_names


@pytest.mark.django_db
def test_right_books_are_right(tmp_path: Path) -> None:
    three_days()
    code, said = run(tmp_path, exported())
    assert (code, said.splitlines()[-1]) == (0, "Right: 2 sealed days, 35 rows, 9 transfers, 8 disclosed."), said
    assert "  fund:quillon: debits 95, credits 140, reserved 30" in said


@pytest.mark.django_db
def test_empty_books_are_right(tmp_path: Path) -> None:
    assert run(tmp_path, exported()) == (0, "Right: 0 sealed days, 0 rows, 0 transfers, 0 disclosed.\n")


@pytest.mark.parametrize("content", [None, "", "<html>Not found</html>", "[]", '{"format": "daybook-receipt-1"}', b"\xff"])
def test_a_file_that_is_not_the_export_is_named_in_one_line(tmp_path: Path, content: str | bytes | None) -> None:
    path = tmp_path / "books.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = subprocess.run([sys.executable, "-I", str(SCRIPT), str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1), done.stderr
    assert "NOT R" in done.stderr


def reseal(given: Books) -> Books:
    """What somebody would do who rewrites the whole chain: new seals that fit the changed texts."""
    previous = "-"
    for day in given["days"]:
        lines = day["text"].split("\n")
        head = lines[0].split("\t")
        head[4] = previous
        day["text"] = "\n".join(["\t".join(head), *lines[1:]])
        day["seal"] = previous = hashlib.sha256(day["text"].encode()).hexdigest()
    if given["open"]:
        head, _, rest = given["open"]["text"].partition("\n")
        fields = head.split("\t")
        fields[4] = previous
        given["open"]["text"] = "\t".join(fields) + "\n" + rest
    return given


def swap(old: str, new: str, day: int = 0) -> Callable[[Books], object]:
    """Another text in a day, with `{n}` for the number of its first entry plus n."""

    def change(given: Books) -> None:
        text = given["days"][day]["text"]
        first = int(next(line for line in text.split("\n") if line[:1] == "E").split("\t")[1])
        names = {f"e{n}": str(first + n) for n in range(4)}
        before, after = (part.format(**names).replace(" ", "\t") for part in (old, new))
        assert before in text, before
        given["days"][day]["text"] = text.replace(before, after, 1)

    return change


# what, the change, and what the script has to say of it; the chain is made to fit every one of them
FAULTS: list[tuple[str, Callable[[Books], object], str]] = [
    ("an amount of one line", swap("USD 100 - 0 -", "USD 101 - 0 -"), "row E {e0}: clearing does not net to zero"),
    (
        "an amount on both sides",
        lambda given: [swap(old, old.replace("100", "101"))(given) for old in ("USD 100 - - -", "USD 100 - 0 -")],
        "row Z cash:stripe:USD",
    ),
    ("a gap in the line", swap("USD 20 30 0", "USD 20 31 0"), "row T {e2}.1: it starts at 31 on fund:quillon, not at 30"),
    ("a spend that is not at the head", swap("0 0 20 0", "0 1 21 0"), "row T {e2}.1: it does not spend fund:quillon from its head, 0"),
    ("a spend of another sum", swap("0 0 20 0", "0 0 21 0"), "row T {e2}.1: it does not spend its sum"),
    ("a pin outside its inflow", swap("70 100 1", "71 101 1"), "row T {e1}.1: what it pins"),
    ("a pin that spends nothing", swap("70 100 1", "- - 0"), "row T {e1}.1: each debit of a fund spends"),
    ("a spend over a pin", swap("45 50 20 20 65 0", "45 50 20 20 75 0", day=1), "it does not spend its sum"),
    ("an item paid off twice over", swap("USD 5 0 - - - 0 {e2}.1", "USD 25 0 - - - 0 {e2}.1"), "row T {e3}.1: it pays off"),
    ("an item of nobody", swap("0 {e2}.1 - -", "0 - - -"), "row T {e3}.1: it pays off"),
    ("another currency", swap("clearing:USD USD", "clearing:USD EUR"), "row T {e0}.1: cash:stripe:USD is no account in EUR"),
    ("an account from nowhere", swap("A fund:quillon", "A fund:other"), "row T {e0}.2: fund:quillon is no account"),
    ("a line that is missing", swap("T {e0}.2", "T {e0}.3"), "row T {e0}.3: not the next line"),
    ("entries that go back", swap("E {e1} 2026", "E {e0} 2026"), "row E {e0}: it does not come after"),
    ("a promise that was smaller", swap("reserve fund:quillon 50", "reserve fund:quillon 49"), "was reserved before it"),
    ("a draw of another sum", swap("draw fund:quillon 20", "draw fund:quillon 19"), "not the draw of its transfer"),
    ("a balance", swap("Z fund:quillon 50 100", "Z fund:quillon 49 100"), "row Z fund:quillon: the rows make it [50, 100, 30, 20]"),
    ("a balance that is missing", swap("Z owed:payouts:USD 5 20 0 0\n", ""), "row H: the lines are not as many"),
    ("a column too many", swap("\nD ", "\nD x "), "row D x: not a line of the form"),
    ("a commitment", swap("contribution", "contributed"), ""),
]


@pytest.mark.django_db
def test_every_fault_is_found_and_named_where_the_chain_was_made_to_fit(tmp_path: Path) -> None:
    three_days()
    sound = exported()
    first = int(sound["days"][0]["text"].split("\nE\t")[1].split("\t")[0])
    unseen = []
    for what, change, words in FAULTS:
        given = copy.deepcopy(sound)
        change(given)
        code, said = run(tmp_path, reseal(given))
        expected = words.format(**{f"e{n}": first + n for n in range(4)})
        if not words:
            assert code == 0, "the kind of a line is free, and only the seal holds it"
        elif code != 1 or expected not in said or "2026-03-0" not in said:
            unseen.append(f"{what}: {said}")
    assert unseen == []


@pytest.mark.django_db
def test_every_fault_breaks_the_seal_too(tmp_path: Path) -> None:
    three_days()
    sound = exported()
    for what, change, _words in FAULTS:
        given = copy.deepcopy(sound)
        change(given)
        code, said = run(tmp_path, given)
        assert (code, "2026-03-0" in said) == (1, True), what


@pytest.mark.django_db
def test_a_chain_that_was_rewritten_is_found_by_what_lies_elsewhere(tmp_path: Path) -> None:
    three_days()
    sound, row = exported(), Transfer.objects.get(kind="gift")
    receipt = proof.of(row.entry, line=row.line)
    assert isinstance(receipt, dict)
    code, said = run(tmp_path, sound, receipt=receipt, earlier=sound)
    assert code == 0 and f"The receipt is in the books: row {row.entry_id}.1 of 2026-03-03" in said
    forged = copy.deepcopy(sound)
    swap("contribution", "contributed")(forged)
    reseal(forged)
    assert run(tmp_path, forged)[0] == 0, "nothing in it is wrong by itself"
    code, said = run(tmp_path, forged, receipt=receipt)
    assert (code, "2026-03-03  row H: its seal is not the one on the receipt" in said) == (1, True)
    code, said = run(tmp_path, forged, earlier=sound)
    first = sound["days"][0]["text"].split("\nT\t")[1].split("\t")[0]
    assert (code, f"2026-03-02  row T {first}: sealed as" in said) == (1, True), said


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("amount", 41, "the receipt has another sum or day"),
        ("day", "2026-03-02", "its seal is not the one"),
        ("row", "999999.1", "the reference that is disclosed"),
        ("salt", "00" * 32, "the reference that is disclosed"),
        ("text", "{}", "the reference that is disclosed"),
    ],
)
def test_a_receipt_that_says_something_else_is_refused(tmp_path: Path, field: str, value: object, words: str) -> None:
    three_days()
    row = Transfer.objects.get(kind="gift")
    receipt = proof.of(row.entry, line=row.line)
    assert isinstance(receipt, dict)
    code, said = run(tmp_path, exported(), receipt={**receipt, field: value})
    assert (code, words in said) == (1, True), said


@pytest.mark.django_db
def test_what_is_disclosed_has_to_fit_its_row(tmp_path: Path) -> None:
    three_days()
    given = exported()
    disclosed = next(row for row in given["disclosed"] if row["field"] == "party")
    disclosed["text"] = disclosed["text"].replace("Vela", "Bela")
    code, said = run(tmp_path, given)
    assert (code, f"2026-03-02  row {disclosed['row']}: the party that is disclosed does not" in said) == (1, True)


@pytest.mark.django_db
def test_a_day_that_is_left_out_breaks_the_chain(tmp_path: Path) -> None:
    story()
    close(3)
    seal()
    given = exported()
    del given["days"][1]
    code, said = run(tmp_path, given)
    assert (code, "2026-03-03 is missing from the chain" in said) == (1, True)


@pytest.mark.django_db(transaction=True)
def test_a_tampered_copy_is_found_three_times_with_its_day_and_row(tmp_path: Path, owner_connection: psycopg.Connection[Any]) -> None:
    """A superuser lifts the guards, makes one gift larger by a cent, and patches the totals and digests so that all sums agree."""
    three_days()
    sound, row = exported(), Transfer.objects.get(kind="gift")
    name = f"{row.entry_id}.{row.line}"
    with owner_connection.transaction():
        for table in ("ledger_transfer", "ledger_account", "ledger_accounttotal", "ledger_entry"):
            owner_connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        owner_connection.execute("UPDATE ledger_transfer SET amount = amount + 1 WHERE id = %s", [row.pk])
        owner_connection.execute("UPDATE ledger_account SET credits = credits + 1 WHERE code = 'fund:quillon'")
        owner_connection.execute(
            "UPDATE ledger_accounttotal SET debits = debits + 1 WHERE id = (SELECT min(t.id) FROM ledger_accounttotal t"
            " JOIN ledger_account a ON a.id = t.account_id WHERE a.klass = 'cash')"
        )
        owner_connection.execute(
            "UPDATE ledger_entry e SET digest = ledger_digest(e.kind, e.effective_on, e.reverses_id, (SELECT string_agg(ledger_line_text("
            "debit_account_id, credit_account_id, amount, kind, party_id, about_kind, about_id, reservation_id, settles_id,"
            " source_transfer_id, source_position, NULL, NULL), E'\\n' ORDER BY line) FROM ledger_transfer t WHERE t.entry_id = e.number))"
            " WHERE number = %s",
            [row.entry_id],
        )
        for table in ("ledger_transfer", "ledger_account", "ledger_accounttotal", "ledger_entry"):
            owner_connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    assert [result.code for result in checks.run() if not result.holds] == ["I4"], "all sums agree; only the seal does not"
    (found,) = checks.run("I4")
    assert found.problems[0].startswith(f"2026-03-03: transfer {name} was sealed as “{name} gift cash:stripe:USD fund:quillon USD 40 ")
    tampered = exported()
    code, said = run(tmp_path, tampered)
    assert (code, f"2026-03-03  row T {name}: sealed as" in said) == (1, True), said
    assert tampered["days"][1]["seal"] == sound["days"][1]["seal"] != hashlib.sha256(tampered["days"][1]["text"].encode()).hexdigest()
    for day in tampered["days"]:
        day.pop("sealed_text", None)
    code, said = run(tmp_path, tampered, earlier=sound)
    assert (code, f"2026-03-03  row T {name}: sealed as" in said) == (1, True), "against an export that somebody kept"
    code, said = run(tmp_path, reseal(tampered), receipt=proof.of(row.entry, line=row.line))  # type: ignore[arg-type]
    assert (code, "2026-03-03" in said) == (1, True), "and against a receipt, were the whole chain made anew"


@pytest.mark.django_db
def test_the_public_export_discloses_nobody_who_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    named, shy, both = party("Vela Labs"), party("Canary Shy"), party("Canary Both")
    names = {1: "Vela Labs", 3: "One", 4: "Two"}
    monkeypatch.setitem(commitments._names, "gift", lambda ids: {pk: names[pk] for pk in ids if pk in names})
    with clock.at(books.AT):
        for about, who in ((1, named), (2, shy), (3, both), (4, both)):
            books.post(Line(books.cash(), books.fund(), 10, "gift", party_id=who.pk, about=("gift", about)), reference=f"gift-{about}")
        ledger.seal_document("document", "P-0009/1", "9" * 64)
    close()
    seal()
    found = exported(full=False)["disclosed"]
    assert [row["text"] for row in found] == [f'{{"about":"gift:1","name":"Vela Labs","party":{named.pk}}}']
    assert "Canary" not in json.dumps(exported(full=False))
    assert len(exported()["disclosed"]) == 8, "references and parties"
    names[1] = "Vela Works"
    assert exported(full=False)["disclosed"] == [], "under another name than the sealed one"
    del names[1]
    assert exported(full=False)["disclosed"] == [], "who is not named any more is not disclosed any more"
