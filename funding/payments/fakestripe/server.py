"""The HTTP side: threads with keep-alive, the key check, routing, and Stripe's idempotency.

Answers leave in one buffered write with Nagle's delay off; the standard library's defaults stall each reply by 40 ms.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from psycopg.types.json import Jsonb

from funding.payments.fakestripe import (
    API_VERSION,
    balance,
    checkout,
    connect,
    control,
    customers,
    disputes,
    events,
    forms,
    layout,
    pages,
    payments,
    refunds,
    routes,
    setups,
    topups,
    transfers,
    weather,
)
from funding.payments.fakestripe.failures import Failure
from funding.payments.fakestripe.store import Object, Store, Transaction, new_id

log = logging.getLogger("fakestripe")

Pairs = list[tuple[str, str]]
Check = Callable[[str, str, Pairs], list[str]]
LARGEST_BODY = 512 * 1024
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
RESOURCES = (customers, checkout, payments, setups, refunds, disputes, connect, transfers, topups, balance, events)


class Server(ThreadingHTTPServer):
    """`check` may refuse a request before the stand-in sees it: it is given by whoever starts the process."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, port: int, store: Store, *, check: Check | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.store = store
        self.check = check
        self.sender = events.Sender(store)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "fakestripe"
    wbufsize = 65_536
    disable_nagle_algorithm = True
    timeout = 75
    request_id: str
    silence: float | None = None
    """Seconds after which the connection ends instead of giving its answer."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)

    def _answer(self, method: str) -> None:
        self.request_id, self.silence = new_id("req", 14), None
        parts = urlsplit(self.path)
        try:
            body = self._body()
            self._own_origin()
            if parts.path.startswith("/v1/"):
                self._api(method, parts.path, parts.query, body)
            elif parts.path == "/healthz":
                self._send(200, json.dumps({"status": "ok", "api_version": API_VERSION}), "application/json")
            elif parts.path.startswith("/_test/"):
                self._json(200, control.answer(self.server, method, parts.path, parse_qsl(body, keep_blank_values=True)))
            else:
                self._page(pages.answer(self.server, method, parts.path, dict(parse_qsl(body, keep_blank_values=True))))
        except Failure as failure:
            self._json(failure.status, failure.body)
        except (weather.Vanish, BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception:
            log.exception("%s %s failed inside the stand-in", method, parts.path)
            self._json(500, {"error": {"type": "api_error", "message": "The stand-in failed. Its log says why. Nothing was changed."}})

    def _body(self) -> str:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            raise Failure(413, "The request body is too large.")
        return self.rfile.read(length).decode()

    def _own_origin(self) -> None:
        """Only this machine, by a name of this machine, and no page of another site may press our buttons."""
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        origin = self.headers.get("Origin")
        if host not in LOOPBACK or (origin and urlsplit(origin).netloc != self.headers.get("Host")):
            raise Failure(403, "The stand-in answers this machine only.")

    def _api(self, method: str, path: str, query: str, body: str) -> None:
        with self.server.store.transaction() as tx:
            self.silence = weather.meet(tx, f"{method} {path}")
        self._key()
        pairs = parse_qsl(query if method == "GET" else body, keep_blank_values=True)
        if self.server.check and (complaints := self.server.check(method, path, pairs)):
            with self.server.store.transaction() as tx:
                tx.run("INSERT INTO refusal (method, path, complaints) VALUES (%s, %s, %s)", method, path, Jsonb(complaints))
            raise Failure(400, "Refused by the conformance filter: " + "; ".join(complaints), code="parameter_unknown", stored=False)
        found = routes.find(method, path)
        if found is None:
            raise Failure(404, f"Unrecognized request URL ({method}: {path}).", stored=False)
        entry, ids = found
        params = forms.read_shape(forms.decode(pairs), entry.shape)
        key = self.headers.get("Idempotency-Key") if method == "POST" else None
        with self.server.store.transaction({"id": self.request_id, "idempotency_key": key}) as tx:
            if key:
                status, answer, replayed = self._once(tx, key, f"{method} {path}", pairs, lambda: self._call(tx, entry, ids, params))
            else:
                (status, answer), replayed = self._call(tx, entry, ids, params), False
            emitted = tx.emitted
        if emitted:
            self.server.sender.wake.set()
        self._json(status, answer, {"Idempotent-Replayed": "true"} if replayed else {}, key)

    def _key(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if not token:
            raise Failure(401, "You did not provide an API key.", stored=False)
        if not token.startswith("sk_test_"):
            raise Failure(401, f"Invalid API Key provided: {token[:8]}***. The stand-in takes keys that start with sk_test_.", stored=False)
        version = self.headers.get("Stripe-Version", API_VERSION)
        if version != API_VERSION:
            raise Failure(400, f"Invalid Stripe API version: {version}. The stand-in speaks {API_VERSION}.", stored=False)

    def _call(self, tx: Transaction, entry: routes.Route, ids: dict[str, str], params: dict[str, Any]) -> tuple[int, Object]:
        """Run the resource function. A refusal undoes what it did and, where Stripe would, stays as the key's answer."""
        call = routes.Call(params, tx, self.server.base)
        try:
            with tx.connection.transaction():
                answer = entry.function(call, **ids)
        except Failure as failure:
            if not failure.stored:
                raise
            tx.emitted = 0
            return failure.status, failure.body
        for path in params.get("expand", []) if call.status == 200 else []:
            expand(tx, answer, path.split("."), path)
        return call.status, answer

    def _once(
        self, tx: Transaction, key: str, operation: str, pairs: Pairs, work: Callable[[], tuple[int, Object]]
    ) -> tuple[int, Object, bool]:
        """The first answer under this key, for ever. Raises Failure: 400 for other parameters, 409 while the first is under way."""
        if len(key) > 255:
            raise Failure(400, "Idempotency keys are at most 255 characters.", kind="idempotency_error", stored=False)
        fingerprint = hashlib.sha256(json.dumps([operation, sorted(pairs)]).encode()).hexdigest()
        if not tx.rows("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)) AS got", key)[0]["got"]:
            message = f"There is currently another in-progress request using this Idempotency Key: {key}. Try again later."
            raise Failure(409, message, kind="idempotency_error", code="idempotency_key_in_use", stored=False)
        earlier = tx.rows("SELECT fingerprint, status, body, request FROM answer WHERE key = %s", key)
        if earlier and earlier[0]["fingerprint"] != fingerprint:
            message = (
                f"Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request."
            )
            raise Failure(400, message, kind="idempotency_error", stored=False)
        if earlier:
            self.request_id = earlier[0]["request"]
            return earlier[0]["status"], earlier[0]["body"], True
        status, answer = work()
        tx.run(
            "INSERT INTO answer (key, fingerprint, status, body, request) VALUES (%s, %s, %s, %s, %s)",
            key, fingerprint, status, Jsonb(answer), self.request_id,
        )  # fmt: skip
        return status, answer, False

    def _json(self, status: int, body: object, more: dict[str, str] | None = None, key: str | None = None) -> None:
        headers = {"Request-Id": self.request_id, "Stripe-Version": API_VERSION, **(more or {})}
        if key:
            headers["Idempotency-Key"] = key
        self._send(status, json.dumps(body, indent=2), "application/json", headers)

    def _page(self, page: layout.Page) -> None:
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer-when-downgrade",
            "X-Content-Type-Options": "nosniff",
        }
        if page.location:
            headers["Location"] = page.location
        self._send(page.status, page.html, "text/html; charset=utf-8", headers)

    def _send(self, status: int, text: str, kind: str, headers: dict[str, str] | None = None) -> None:
        if self.silence is not None:
            time.sleep(self.silence)
            raise weather.Vanish
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def expand(tx: Transaction, node: Any, path: list[str], whole: str) -> None:
    """Replace the ids along the path with the objects they name. Raises Failure for a path that leads nowhere."""
    if isinstance(node, list):
        for item in node:
            expand(tx, item, path, whole)
        return
    name, *rest = path
    if not isinstance(node, dict) or name not in node:
        raise Failure(400, f"This property cannot be expanded ({whole}).", param="expand", stored=False)
    if isinstance(node[name], str):
        node[name] = tx.find(node[name]) or node[name]
    if rest and node[name] is not None:
        expand(tx, node[name], rest, whole)
