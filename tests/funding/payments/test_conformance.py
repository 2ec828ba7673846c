"""The check by itself: what it lets through, what it stops, and that it notices when the library has changed under it."""

from __future__ import annotations

from typing import Any

import pytest
from stripe._encode import _api_encode

from funding.payments import conformance

Tree = dict[str, Any]


def complaints(method: str, path: str, tree: Tree) -> list[str]:
    """Encode as the library does, then check."""
    return conformance.check(method, path, [(name, str(value)) for name, value in _api_encode(tree)])


INTENT: Tree = {"amount": 2_500, "currency": "usd", "customer": "cus_1", "payment_method": "pm_1", "confirm": True, "off_session": True}
PRICE: Tree = {"currency": "eur", "unit_amount": 900, "product_data": {"name": "Seat"}, "recurring": {"interval": "month"}}
CONTROLLER: Tree = {"fees": {"payer": "application"}, "losses": {"payments": "application"}, "stripe_dashboard": {"type": "express"}}

REAL: list[tuple[str, str, Tree]] = [
    ("POST", "/v1/payment_intents", {**INTENT, "metadata": {"kind": "invoice"}, "expand": ["latest_charge"]}),
    ("POST", "/v1/setup_intents", {"customer": "cus_1", "usage": "off_session", "automatic_payment_methods": {"enabled": True}}),
    (
        "POST",
        "/v1/checkout/sessions",
        {
            "mode": "subscription",
            "ui_mode": "hosted_page",
            "line_items": [{"price_data": PRICE, "quantity": 2}],
            "success_url": "https://x.example",
        },
    ),
    ("POST", "/v1/refunds", {"payment_intent": "pi_1", "amount": 100, "reason": "requested_by_customer"}),
    ("POST", "/v1/transfers", {"amount": 100, "currency": "usd", "destination": "acct_1", "transfer_group": "run-1"}),
    ("POST", "/v1/accounts", {"country": "DE", "controller": CONTROLLER, "capabilities": {"transfers": {"requested": True}}}),
    ("POST", "/v1/account_links", {"account": "acct_1", "type": "account_onboarding", "return_url": "https://x.example"}),
    ("POST", "/v1/customers/cus_1", {"metadata": ""}),
    ("GET", "/v1/events", {"created": {"gte": 1_790_000_000}, "type": "charge.updated", "limit": 100}),
    ("POST", "/v1/billing_portal/sessions", {"customer": "cus_1", "return_url": "https://x.example"}),
    ("GET", "/v1/balance", {}),
    ("GET", "/v1/checkout/sessions/cs_test_1", {"expand": ["payment_intent"]}),
]

WRONG: list[tuple[str, str, Tree, str]] = [
    ("POST", "/v1/payment_intents", {**INTENT, "capture_method": "later"}, "capture_method is “later”"),
    ("POST", "/v1/payment_intents", {**INTENT, "payment_method_types": ["card"]}, "payment_method_types is not a parameter"),
    ("POST", "/v1/checkout/sessions", {"ui_mode": "hosted"}, "ui_mode is “hosted”"),
    ("POST", "/v1/checkout/sessions", {"line_items": [{"quanity": 1}]}, "line_items[0][quanity] is not a parameter"),
    (
        "POST",
        "/v1/checkout/sessions",
        {"line_items": [{"price_data": {"currency": "usd", "sum": 1}}]},
        "line_items[0][price_data][sum] is not",
    ),
    ("POST", "/v1/transfers", {"amount": 100, "currency": "usd"}, "destination is missing"),
    ("POST", "/v1/payment_intents", {**INTENT, "amount": 25.0}, "amount is “25.0”"),
    ("POST", "/v1/payment_intents", {**INTENT, "amount": 25.5}, "amount is “25.5”"),
    ("POST", "/v1/payment_intents", {**INTENT, "confirm": "yes"}, "confirm is “yes”"),
    ("POST", "/v1/payment_intents", {**INTENT, "idempotency_key": "k"}, "idempotency_key is not a parameter"),
    ("POST", "/v1/accounts", {"controller": {"fees": {"payer": "nobody"}}}, "controller[fees][payer] is “nobody”"),
    ("POST", "/v1/customers", {"metadata": {"a": {"b": "c"}}}, "metadata[a] is a group"),
    ("GET", "/v1/events", {"created": {"after": 1}}, "created[after] is not a parameter"),
    ("GET", "/v1/charges", {"status": "paid"}, "status is not a parameter"),
    ("POST", "/v1/gifts", {"amount": 1}, "no operation POST /v1/gifts"),
    ("DELETE", "/v1/transfers/tr_1", {}, "no operation DELETE"),
]


@pytest.mark.parametrize(("method", "path", "tree"), REAL)
def test_a_real_request_passes(method: str, path: str, tree: Tree) -> None:
    assert complaints(method, path, tree) == []


@pytest.mark.parametrize(("method", "path", "tree", "said"), WRONG)
def test_a_request_that_stripe_would_refuse_does_not(method: str, path: str, tree: Tree, said: str) -> None:
    assert any(said in line for line in complaints(method, path, tree)), complaints(method, path, tree)


def test_every_operation_of_the_library_can_be_read_to_its_last_field() -> None:
    def walk(wanted: Any, seen: set[Any]) -> None:
        wanted = conformance._bare(wanted)
        if conformance.is_typeddict(wanted):
            if wanted not in seen:
                seen.add(wanted)
                for hint in conformance._fields(wanted).values():
                    walk(hint, seen)
        else:
            for part in conformance.get_args(wanted):
                if not isinstance(part, str | int):
                    walk(part, seen)

    seen: set[Any] = set()
    untyped = 0
    for operation in conformance.operations():
        if operation.module is None or operation.name is None:
            untyped += 1
        else:
            walk(conformance.parameters(operation.module, operation.name), seen)
    assert len(conformance.operations()) >= conformance.FEWEST_OPERATIONS
    assert len(seen) > 4_000
    assert untyped <= 2


def test_a_table_that_shrank_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    conformance.operations.cache_clear()
    monkeypatch.setattr(conformance, "_operations_in", lambda source: iter(()))
    with pytest.raises(conformance.TableTooSmall):
        conformance.operations()
    conformance.operations.cache_clear()


def test_a_path_without_ids_wins_over_one_with_them() -> None:
    found = conformance.find("GET", "/v1/customers/search")
    assert found is not None and found.name == "CustomerSearchParams"
