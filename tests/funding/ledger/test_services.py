import datetime as dt

import pytest

from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import *
from funding.ledger.services import Line

AT = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
DAY = AT.date()


@pytest.mark.django_db
def test_smoke():
    st = ledger.open_account(code="cash:stripe:USD", klass="cash", currency="USD")
    cl = ledger.open_account(code="clearing:USD", klass="clearing", currency="USD")
    f = ledger.open_account(code="fund:1", klass="fund", currency="USD")
    pay = ledger.open_account(code="owed:payouts:USD", klass="owed", currency="USD")
    e = ledger.post(
        kind="contribution",
        source="payment",
        reference="p1",
        at=AT,
        effective_on=DAY,
        lines=[Line(st, cl, 10000, "contribution"), Line(cl, st, 320, "fee"), Line(cl, f, 9680, "allocation")],
    )
    e2 = ledger.post(
        kind="contribution",
        source="payment",
        reference="p1",
        at=AT,
        effective_on=DAY,
        lines=[Line(st, cl, 10000, "contribution"), Line(cl, st, 320, "fee"), Line(cl, f, 9680, "allocation")],
    )
    assert e == e2
    r = ledger.reserve(account=f, amount=9000, holder=("proposal", 1), key="proposal:1", at=AT)
    p = ledger.post(
        kind="payout", source="payout", reference="1", at=AT, effective_on=DAY, lines=[Line(f, pay, 5000, "payout", reservation=r)]
    )
    item = p.transfers.get()
    ledger.post(
        kind="payout_confirmed",
        source="payout",
        reference="1c",
        at=AT,
        effective_on=DAY,
        lines=[Line(pay, st, 5000, "payout", settles=item.pk)],
    )
    for x in checks.run():
        print(x.code, x.title, x.tally.describe(), x.problems)
    assert all(x.holds for x in checks.run())
