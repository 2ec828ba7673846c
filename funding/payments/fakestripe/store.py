"""The stand-in's own database: every object as JSON under its id, events with their deliveries, idempotent answers.

One request is one transaction, events included, so an event exists exactly when its change does.
"""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from funding.payments.fakestripe import API_VERSION, weather
from funding.payments.fakestripe.failures import Failure, no_such

Object = dict[str, Any]
Row = dict[str, Any]

TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS object (
    seq bigserial PRIMARY KEY, id text UNIQUE NOT NULL, kind text NOT NULL, created bigint NOT NULL,
    data jsonb NOT NULL, hidden jsonb NOT NULL DEFAULT '{}');
CREATE INDEX IF NOT EXISTS object_kind ON object (kind, seq DESC);
CREATE INDEX IF NOT EXISTS object_customer ON object (kind, (data->>'customer'), seq DESC);
CREATE INDEX IF NOT EXISTS object_intent ON object (kind, (data->>'payment_intent')) WHERE data->>'payment_intent' IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_group ON object ((data->>'transfer_group')) WHERE kind = 'transfer';
CREATE TABLE IF NOT EXISTS answer (
    key text PRIMARY KEY, fingerprint text NOT NULL, status int NOT NULL, body jsonb NOT NULL, request text NOT NULL,
    at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS delivery (
    id bigserial PRIMARY KEY, event text NOT NULL REFERENCES object (id) ON DELETE CASCADE, state text NOT NULL DEFAULT 'waiting',
    attempts int NOT NULL DEFAULT 0, due_at timestamptz NOT NULL DEFAULT now(), last text NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due_at) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS balance (currency text PRIMARY KEY, available bigint NOT NULL);
CREATE TABLE IF NOT EXISTS setting (name text PRIMARY KEY, value jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS weather (
    id bigserial PRIMARY KEY, kind text NOT NULL, operation text NOT NULL, remaining int, until bigint,
    value double precision NOT NULL DEFAULT 0, met int NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS refusal (id bigserial PRIMARY KEY, method text, path text, complaints jsonb);
"""
UPGRADE: LiteralString = """
ALTER TABLE delivery ADD COLUMN IF NOT EXISTS place bigint NOT NULL DEFAULT 0;
UPDATE object SET data = data || '{"setup_intent": null}' WHERE kind = 'checkout.session' AND NOT data ? 'setup_intent';
UPDATE object SET data = data || '{"external_accounts": {"object": "list", "data": [], "has_more": false, "url": ""}}'
WHERE kind = 'account' AND NOT data ? 'external_accounts';
"""
"""What a database of an earlier version lacks."""
EMPTY: LiteralString = "TRUNCATE object, answer, delivery, balance, refusal, weather RESTART IDENTITY CASCADE"
EVERY_EVENT = ["*"]
"""As in an endpoint's `enabled_events` at Stripe. An empty list is an endpoint that is switched off."""
LETTERS = string.ascii_letters + string.digits
FILTERS = frozenset(
    {"customer", "type", "destination", "transfer_group", "payment_intent", "charge", "status", "email", "source", "currency"}
)


def new_id(prefix: str, length: int = 24) -> str:
    return f"{prefix}_" + "".join(secrets.choice(LETTERS) for _ in range(length))


class Transaction:
    """What one request may do to the database. `origin` is the request that events name as their cause."""

    def __init__(self, connection: psycopg.Connection[Row], origin: Object | None = None) -> None:
        self.connection = connection
        self.origin = origin or {"id": None, "idempotency_key": None}
        self.emitted = 0
        self.settings: Object | None = None

    def rows(self, query: LiteralString | sql.Composed, *values: Any) -> list[Row]:
        return self.connection.execute(query, values).fetchall()

    def run(self, query: LiteralString, *values: Any) -> int:
        return self.connection.execute(query, values).rowcount

    def commit(self) -> None:
        """Keep what was written so far, whatever becomes of the rest."""
        self.connection.commit()

    def setting(self, name: str, default: Any = None) -> Any:
        """All are read by the first who asks: a request asks for several, and each of its objects for the time."""
        if self.settings is None:
            self.settings = {row["name"]: row["value"] for row in self.rows("SELECT name, value FROM setting")}
        return self.settings.get(name, default)

    def set(self, name: str, value: Any) -> None:
        self.settings = None
        self.run("INSERT INTO setting VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, Jsonb(value))

    def now(self) -> int:
        """Seconds, moved by the offset that a demo's calendar may set."""
        return int(time.time()) + int(self.setting("clock_offset", 0))

    def add(self, kind: str, prefix: str, fields: Object, *, hidden: Object | None = None) -> Object:
        """Store a new object. Its id, kind, time and `livemode` are added here."""
        made: Object = {"id": new_id(prefix), "object": kind, "created": self.now(), "livemode": False, **fields}
        self.run(
            "INSERT INTO object (id, kind, created, data, hidden) VALUES (%s, %s, %s, %s, %s)",
            made["id"], kind, made["created"], Jsonb(made), Jsonb(hidden or {}),
        )  # fmt: skip
        return made

    def save(self, changed: Object) -> Object:
        self.run("UPDATE object SET data = %s WHERE id = %s", Jsonb(changed), changed["id"])
        return changed

    def get(self, kind: str, identity: str, *, param: str = "id", lock: bool = False) -> Object:
        """The object, locked if it is about to change. Raises Failure resource_missing."""
        query: LiteralString = "SELECT data FROM object WHERE id = %s AND kind = %s"
        found = self.connection.execute(query + (" FOR UPDATE" if lock else ""), (identity, kind)).fetchone()
        if found is None:
            raise no_such(kind, identity, param)
        return dict(found["data"])

    def find(self, identity: str) -> Object | None:
        found = self.rows("SELECT data FROM object WHERE id = %s", identity)
        return found[0]["data"] if found else None

    def hidden(self, identity: str) -> Object:
        """What the stand-in knows of an object and Stripe would not tell: a card's number, a switch."""
        found = self.rows("SELECT hidden FROM object WHERE id = %s", identity)
        return dict(found[0]["hidden"]) if found else {}

    def hide(self, identity: str, **values: Any) -> None:
        self.run("UPDATE object SET hidden = hidden || %s WHERE id = %s", Jsonb(values), identity)

    def page(self, kind: str, params: Object) -> Object:
        """A Stripe list, newest first, with its cursors and the filters that the operation's shape let through."""
        where: list[sql.Composable] = [sql.SQL("kind = %s")]
        values: list[Any] = [kind]
        for name in FILTERS & params.keys():
            where.append(sql.SQL("data->>{} = %s").format(sql.Literal(name)))
            values.append(params[name])
        if "types" in params:
            where.append(sql.SQL("data->>'type' = ANY(%s)"))
            values.append(params["types"])
        for name, sign in (("gt", ">"), ("gte", ">="), ("lt", "<"), ("lte", "<=")):
            if name in params.get("created", {}):
                where.append(sql.SQL("created " + sign + " %s"))
                values.append(params["created"][name])
        backwards = "ending_before" in params
        for name, sign in (("starting_after", "<"), ("ending_before", ">")):
            if name in params:
                self.get(kind, params[name], param=name)
                where.append(sql.SQL("seq " + sign + " (SELECT seq FROM object WHERE id = %s)"))
                values.append(params[name])
        limit = params.get("limit", 10)
        if not 1 <= limit <= 100:
            raise Failure(400, "This value must be between 1 and 100.", code="parameter_invalid_integer", param="limit", stored=False)
        order = sql.SQL("ASC" if backwards else "DESC")
        query = sql.SQL("SELECT data FROM object WHERE {} ORDER BY seq {} LIMIT %s").format(sql.SQL(" AND ").join(where), order)
        found = [row["data"] for row in self.rows(query, *values, limit + 1)]
        data = found[:limit]
        return {"object": "list", "data": data[::-1] if backwards else data, "has_more": len(found) > limit}

    def emit(self, kind: str, about: Object, **more: Any) -> Object:
        """Record an event about a change of this transaction, with its one delivery where the endpoint wants it."""
        wanted = self.setting("webhook_events", EVERY_EVENT)
        sent = wanted == EVERY_EVENT or kind in wanted
        fields = {
            "api_version": API_VERSION,
            "data": {"object": about},
            "pending_webhooks": int(sent),
            "request": self.origin,
            "type": kind,
            **more,
        }
        event = self.add("event", "evt", fields)
        if sent:
            self.run("INSERT INTO delivery (event) VALUES (%s)", event["id"])
            weather.send(self, event["id"], kind)
            self.emitted += 1
        return event

    def move_balance(self, code: str, change: int, *, below_zero: bool = False) -> bool:
        """Add to the platform's available balance. False, and no change, if it would go below zero and may not.

        What comes in is taken whatever the balance is.
        """
        self.run("INSERT INTO balance VALUES (%s, 0) ON CONFLICT DO NOTHING", code)
        query: LiteralString = "UPDATE balance SET available = available + %s WHERE currency = %s AND (%s OR available + %s >= 0)"
        return self.run(query, change, code, below_zero or change > 0, change) == 1


class Store:
    """Connections to the stand-in's database. Makes the database and its tables where they are missing."""

    def __init__(self, url: str, *, connections: int = 8) -> None:
        _create_database(url)
        self.pool: ConnectionPool[psycopg.Connection[Row]] = ConnectionPool(
            url, min_size=1, max_size=connections, kwargs={"row_factory": dict_row}, configure=_quick, open=True
        )
        with self.transaction() as tx:
            tx.run("SELECT pg_advisory_xact_lock(7)")
            tx.connection.execute(TABLES)
            tx.connection.execute(UPGRADE)

    @contextmanager
    def transaction(self, origin: Object | None = None) -> Iterator[Transaction]:
        with self.pool.connection() as connection:
            yield Transaction(connection, origin)

    def empty(self, keep: list[str]) -> None:
        """Forget everything but the named settings."""
        with self.transaction() as tx:
            tx.connection.execute(EMPTY)
            tx.run("DELETE FROM setting WHERE name <> ALL(%s)", keep)

    def close(self) -> None:
        self.pool.close()


def _quick(connection: psycopg.Connection[Row]) -> None:
    """Answer before the disk has it: a power cut may lose the last moments of a stand-in, and the whole order of what it wrote stays.

    Nothing that the site keeps can be newer than what it heard here, when both are on one server: its own commit, which waits for
    the disk, takes along all that was written before.
    """
    connection.execute("SET synchronous_commit TO off")
    connection.commit()


def _create_database(url: str) -> None:
    """Create the named database if the server does not have it; other trouble is left for the pool to report."""
    parts = conninfo_to_dict(url)
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError as error:
        if "does not exist" not in str(error) or "dbname" not in parts:
            raise
        with psycopg.connect(make_conninfo(url, dbname="postgres"), autocommit=True) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(str(parts["dbname"]))))
