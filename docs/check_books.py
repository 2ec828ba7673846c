"""Recompute the books of a Daybook from its JSON export. Standard library only; docs/sealed-days.md says what each line means."""

import argparse
import hashlib
import json
import sys
from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import date, timedelta
from itertools import zip_longest

WIDTHS = {"H": 11, "A": 4, "E": 10, "T": 16, "R": 9, "D": 5, "Z": 6}


def need(true, day, row, words):
    if not true:
        sys.exit(f"NOT RIGHT  {day}  row {row}: {words}")


def load(path):
    try:
        return json.load(open(path, encoding="utf-8"))
    except (OSError, ValueError) as problem:
        sys.exit(f"NOT READ  {path}: {problem}")


class Books:
    def __init__(self):
        self.accounts, self.transfers, self.commitments, self.entry, self.rows = {}, {}, {}, 0, 0
        self.totals = defaultdict(lambda: [0, 0, 0, 0])  # code: debits, credits, reserved, head
        self.pins, self.inflows, self.settled = defaultdict(list), defaultdict(list), defaultdict(int)  # stretches of credit lines

    def read(self, day, previous, text):
        """One file, line by line in the sense of docs/sealed-days.md. Its seal is looked at in `main`."""
        rows = [line.split("\t") for line in text.split("\n")[:-1]]
        need(rows and rows[0][:2] + rows[0][3:5] == ["H", "1", day, previous], day, "H", "it does not name its day and the seal before")
        for row in rows:
            need(len(row) == WIDTHS.get(row[0]), day, " ".join(row[:2]), "not a line of the form")
        kinds = {letter: [row for row in rows if row[0] == letter] for letter in WIDTHS}
        need([str(len(kinds[letter])) for letter in "AETRDZ"] == rows[0][5:], day, "H", "the lines are not as many as it says")
        self.day, self.rows, self.moved = day, self.rows + len(rows), defaultdict(lambda: ([], []))
        for _, code, klass, currency in kinds["A"]:
            need(code not in self.accounts, day, f"A {code}", "the account was opened before")
            self.accounts[code] = (klass, currency)
        lines = defaultdict(list)
        for row in kinds["T"]:
            lines[row[1].split(".")[0]].append(row)
        for row in kinds["E"]:
            self.read_entry(row, lines.pop(row[1], []))
        need(not lines, day, f"T {list(lines)}", "lines without their entry")
        for code, (debits, credits) in self.moved.items():
            self.walk(code, sorted(debits), sorted(credits))
        for _, pk, _, kind, code, amount, drawn, before, _ in kinds["R"]:
            sums, moved, of = self.totals[code], self.moved[code], self.transfers.get(drawn)
            need(sums[2] == int(before), day, f"R {pk}", f"{sums[2]} of {code} was reserved before it, not {before}")
            sums[2] += int(amount) if kind in ("reserve", "increase") else -int(amount)
            fits = of and (of[0], of[2]) == (code, int(amount)) if kind == "draw" else drawn == "-"
            need(fits and moved and sums[2] >= 0, day, f"R {pk}", "not the draw of its transfer, or more than is reserved")
        closing = {row[1]: row[2:] for row in kinds["Z"]}
        for code in sorted({*self.moved, *closing}):
            sums, klass = self.totals[code], self.accounts.get(code, "?")[0]
            need(closing.get(code) == [str(part) for part in sums], day, f"Z {code}", f"the rows make it {sums}")
            over = sums[0] + sums[2] > sums[1] if klass in ("fund", "owed") else klass == "shortfall" and sums[1] > sums[0]
            need(not over, day, f"Z {code}", "it is overdrawn")

    def read_entry(self, row, rows):  # an E line and its T lines: number, currencies, items, clearing
        entry, line, clearing = row[1], 0, defaultdict(int)
        need(int(entry) > self.entry, self.day, f"E {entry}", "it does not come after the entry before it")
        self.commitments[entry], self.entry = (self.day, "reference", row[9]), int(entry)
        for row in rows:
            at, line, amount, debit, credit, currency = row[1], line + 1, int(row[6]), *row[3:6]
            need(at == f"{entry}.{line}" and amount > 0 and debit != credit, self.day, f"T {at}", "not the next line, or it moves nothing")
            for code, sign in ((debit, 1), (credit, -1)):
                need(self.accounts.get(code, "??")[1] == currency, self.day, f"T {at}", f"{code} is no account in {currency}")
                clearing[code] += sign * amount if self.accounts[code][0] == "clearing" else 0
            self.transfers[at], self.commitments[at] = (debit, credit, amount, currency), (self.day, "party", row[15])
            self.moved[debit][0].append((row[7] != "-" and int(row[7]), row[7], at, amount, row[9:12]))
            self.moved[credit][1].append((row[8] != "-" and int(row[8]), row[8], at, amount, None))
            item, source = self.transfers.get(row[12]), self.transfers.get(row[13])
            self.settled[row[12]] += amount
            right = item and item[1] == debit and self.settled[row[12]] <= item[2] if self.accounts[debit][0] == "owed" else row[12] == "-"
            inside = row[13] == "-" or (source and (source[3] != currency or int(row[14]) + amount <= source[2]))
            need(right and inside, self.day, f"T {at}", "it pays off or returns more than its item or source has, or names none of its own")
        need(line and not any(clearing.values()), self.day, f"E {entry}", "clearing does not net to zero, or it has no lines")

    def walk(self, code, debits, credits):  # the number line from where it stood: no gap, no overlap, and what each debit of a fund spends
        klass, sums, pins, inflows = self.accounts[code][0], self.totals[code], self.pins[code], self.inflows[code]
        for side, start, offset, at, amount, spent in [(1, *row) for row in credits] + [(0, *row) for row in debits]:
            kept = "-" if klass in ("cash", "clearing") else str(sums[side])
            need(offset == kept, self.day, f"T {at}", f"it starts at {offset} on {code}, not at {kept}")
            sums[side] += amount
            if side:
                inflows.append((start, start + amount))
            elif klass != "fund" or "-" in spent:
                need(klass != "fund" and spent == ["-", "-", "0"], self.day, f"T {at}", "each debit of a fund spends, and no other")
            else:
                begin, end, pinned = map(int, spent)
                place = bisect_left(pins, (begin,))
                jumped = sum(stop - start for start, stop in pins[place : bisect_left(pins, (end,))])
                need(end - begin == amount + (0 if pinned else jumped), self.day, f"T {at}", f"it does not spend its sum of {code}")
                if pinned:
                    came = inflows[bisect_right(inflows, (begin, float("inf"))) - 1] if inflows else (0, 0)
                    free = max(sums[3], came[0]) <= begin < end <= came[1] and not jumped and (not place or pins[place - 1][1] <= begin)
                    need(free, self.day, f"T {at}", "what it pins is spent or pinned already, or not in one inflow")
                    pins.insert(place, (begin, end))
                else:
                    need(begin == sums[3] and end <= sums[1], self.day, f"T {at}", f"it does not spend {code} from its head, {sums[3]}")
                    sums[3] = end

    def opens(self, row, field, salt, text):
        day, kind, digest = self.commitments.get(row, ("?", "?", "?"))
        made = hashlib.sha256(f"daybook-1:{field}\n".encode() + bytes.fromhex(salt) + text.encode()).hexdigest()
        need((kind, digest) == (field, made), day, row, f"the {field} that is disclosed does not give its commitment")


def compare(day, sealed, text):
    for was, now in zip_longest(sealed.split("\n")[1:], text.split("\n")[1:], fillvalue=""):
        need(was == now, day, " ".join((was or now).split("\t")[:2]), f"sealed as {was.split(chr(9))}, now {now.split(chr(9))}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("books", "--receipt", "--earlier"):
        parser.add_argument(name, metavar=name.strip("-") + ".json", type=load)
    given = vars(parser.parse_args())
    need("days" in given["books"] and "row" in (given["receipt"] or ["row"]), "-", "-", "not the JSON export, or no proof of a receipt")
    export, books, before, next_day = given["books"], Books(), "-", None
    days = {day["day"]: day for day in export["days"]}
    for old in (given["earlier"] or {"days": []})["days"]:
        compare(old["day"], old["text"], days.get(old["day"], {"text": ""})["text"])
    for day, it in days.items():
        need(next_day in (None, day), day, "H", f"{next_day} is missing from the chain")
        found, next_day = hashlib.sha256(it["text"].encode()).hexdigest(), str(date.fromisoformat(day) + timedelta(days=1))
        compare(day, it.get("sealed_text") or it["text"], it["text"])
        books.read(day, before, it["text"])
        need(found == it["seal"], day, "H", f"the text gives the seal {found}, not {it['seal']}")
        before = found
    for place, part in enumerate(("\n" + (export["open"] or {"text": ""})["text"]).split("\nH\t")[1:]):
        books.read(part.split("\t")[2], "-" if place else before, f"H\t{part.rstrip()}\n")
    for it in export["disclosed"]:
        books.opens(it["row"], it["field"], it["salt"], it["text"])
    if it := given["receipt"]:
        books.opens(it["row"].split(".")[0], it["field"], it["salt"], it["text"])
        need(days.get(it["day"], {"seal": ""})["seal"] == it["seal"], it["day"], "H", "its seal is not the one on the receipt")
        row = (*books.commitments.get(it["row"], "?")[:1], *books.transfers.get(it["row"], "????")[2:])
        need(row == (it["day"], it["amount"], it["currency"]), it["day"], it["row"], f"the receipt has another sum or day than {row}")
        print(f"The receipt is in the books: row {it['row']} of {it['day']}, which is sealed.")
    for code, (debits, credits, reserved, _) in sorted(books.totals.items()):
        print(f"  {code}: debits {debits}, credits {credits}, reserved {reserved}")
    print(f"Right: {len(days)} sealed days, {books.rows} rows, {len(books.transfers)} transfers, {len(export['disclosed'])} disclosed.")
