"""Writing: engine, transactions, the ledger, and what is synced from config. Nobody outside models speaks SQL."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Insert, create_engine, event, func, insert, make_url, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from models.config import Config, Entity, Outlet
from models.errors import StoreError
from models.tables import Base, EntityVersion, Ledger, LedgerEntry, OutletVersion

BUSY_SECONDS = 15  # how long a writer waits for another on SQLite; three writers stalled without it (measured)

# Words of SQLite and PostgreSQL for what an operator can mend; the first that occurs in the error decides.
REFUSALS = (
    ("locked", "the database is locked by another process; it was asked for {busy} s: try again"),
    ("readonly", "the database cannot be written (read-only file or folder)"),
    ("read-only", "the database cannot be written (read-only)"),
    ("disk is full", "the disk is full; nothing of this batch was stored, free some space and run again"),
    ("disk i/o", "the disk cannot be written (full or failing); nothing of this batch was stored"),
    ("no space left", "the database's disk is full; nothing of this batch was stored"),
    ("could not extend", "the database's disk is full; nothing of this batch was stored"),
    ("unable to open", "the database file cannot be opened"),
    ("not a database", "the file is no SQLite database"),
    ("malformed", "the database file is damaged; restore it from a copy"),
    ("no such table", "the database has no tables yet; run: khazri db upgrade"),
    ("does not exist", "the database has no tables yet; run: khazri db upgrade"),
    ("connection", "the database does not answer"),
)


@dataclass(frozen=True, slots=True)
class Write:
    """An open writing transaction: its connection, its ledger number and the time it carries."""

    conn: Connection
    number: int
    now: datetime


def connect(url: str) -> Engine:
    """An engine for `url` (SQLAlchemy form). SQLite gets WAL, a busy timeout, foreign keys and BEGIN IMMEDIATE for
    writers. Raises StoreError when the URL or its folder cannot be used."""
    try:
        parsed = make_url(url)
    except Exception as error:
        raise StoreError(f"cannot read the database address: {type(error).__name__}") from error
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database and not parsed.database.startswith((":memory:", "file:")):
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the database's folder: {error.strerror}") from error
    engine = create_engine(parsed)
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_connect(raw: Any, _record: Any) -> None:
    raw.isolation_level = None  # we say BEGIN ourselves; the driver's own rule cannot say IMMEDIATE
    cursor = raw.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA foreign_keys=ON")
    # A read-only file can still be read for reports, so a refused switch to WAL is no error here.
    with contextlib.suppress(raw.OperationalError if hasattr(raw, "OperationalError") else _sqlite_error()):
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _sqlite_error() -> type[Exception]:
    import sqlite3

    return sqlite3.OperationalError


def _sqlite_begin(conn: Connection) -> None:
    immediate = conn.get_execution_options().get("khazri_write", False)
    conn.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Turn what the database driver says into one StoreError line that names the cure; other errors pass."""
    try:
        yield
    except (OperationalError, ProgrammingError, DBAPIError) as error:
        words = str(error.orig).lower()
        for word, sentence in REFUSALS:
            if word in words:
                raise StoreError(sentence.format(busy=BUSY_SECONDS)) from error
        raise StoreError(f"the database refused: {str(error.orig).splitlines()[0]}") from error


class Store:
    """The one door for writing. Every method is one transaction; each raises StoreError."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(khazri_write=True)
        # SQLite has one writer at a time and lets the others poll for their turn; within a process we queue instead.
        self._turn: contextlib.AbstractContextManager[Any] = (
            threading.Lock() if engine.dialect.name == "sqlite" else contextlib.nullcontext()
        )

    @contextlib.contextmanager
    def change(self) -> Iterator[Connection]:
        """A transaction for what no report counts (items, runs, hosts, leases): it takes no ledger number."""
        with self._turn, refusals(), self._writing.begin() as conn:
            yield conn

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading."""
        with refusals(), self.engine.connect() as conn:
            yield conn

    @contextlib.contextmanager
    def write(self, now: datetime, what: str) -> Iterator[Write]:
        """A transaction for what a report can see. Takes the next ledger number and records its time, which never
        goes backwards: `--as-of TIME` must find one number."""
        with self._turn, refusals(), self._writing.begin() as conn:
            number = conn.execute(
                update(Ledger).where(Ledger.id == 1).values(last=Ledger.last + 1).returning(Ledger.last)
            ).scalar_one_or_none()
            if number is None:
                raise StoreError("the ledger is empty; run: khazri db upgrade")
            before = conn.execute(select(func.max(LedgerEntry.at))).scalar_one_or_none()
            at = now if before is None or now >= before else before
            conn.execute(insert(LedgerEntry).values(number=number, at=at, what=what))
            yield Write(conn, number, now)

    def sync(self, config: Config, now: datetime) -> int:
        """Bring the outlet and entity versions up to config. Returns how many were written; nothing changed, 0."""
        wanted = [
            (OutletVersion, "outlet", {o.id: outlet_values(o) for o in config.outlets.values()}),
            (EntityVersion, "entity", {e.id: entity_values(e) for e in config.entities.values()}),
        ]
        with refusals(), self.engine.begin() as conn:
            if all(_same(conn, table, key, values) for table, key, values in wanted):
                return 0
        with self.write(now, "config") as tx:
            return sum(_replace(tx, table, key, values) for table, key, values in wanted)

    def add_unlisted(self, tx: Write, outlets: Mapping[str, str]) -> None:
        """Outlets seen in an import and not in config: `unlisted:<host or name>` -> shown name."""
        have = set(
            tx.conn.execute(select(OutletVersion.outlet).where(OutletVersion.outlet.in_(list(outlets)))).scalars()
        )
        rows = [
            {"outlet": key, **UNLISTED, "name": name, "names": {}, "since": tx.number}
            for key, name in sorted(outlets.items())
            if key not in have
        ]
        if rows:
            tx.conn.execute(insert(OutletVersion), rows)


UNLISTED: dict[str, Any] = {
    "country": "",
    "languages": [],
    "kind": "unknown",
    "tier": 3,
    "own": False,
    "zone": "UTC",
    "listed": False,
    "until": None,
}


def shown_name(name: Mapping[str, str]) -> str:
    """The name reports show: English where there is one, else the first by language code."""
    return name.get("en") or name[min(name)]


def outlet_values(outlet: Outlet) -> dict[str, Any]:
    return {
        "name": shown_name(outlet.name),
        "names": dict(outlet.name),
        "country": outlet.country,
        "languages": list(outlet.languages),
        "kind": outlet.kind,
        "tier": outlet.tier,
        "own": outlet.own,
        "zone": outlet.zone,
        "listed": True,
    }


def entity_values(entity: Entity) -> dict[str, Any]:
    return {
        "type": entity.type,
        "name": shown_name(entity.name),
        "names": dict(entity.name),
        "decoy": entity.decoy,
        "country": entity.country,
    }


def _current(conn: Connection, table: Any, key: str, columns: list[str]) -> dict[str, dict[str, Any]]:
    names = [key, *columns]
    rows = conn.execute(select(*(getattr(table, name) for name in names)).where(table.until.is_(None)))
    return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in rows}


def _differs(have: dict[str, dict[str, Any]], wanted: Mapping[str, dict[str, Any]]) -> tuple[set[str], set[str]]:
    """(to close, to write). An outlet that only imports know stays open when config does not list it."""
    changed = {key for key, values in wanted.items() if have.get(key) != values}
    lost = {key for key, values in have.items() if key not in wanted and values.get("listed", True)}
    return (changed & have.keys()) | lost, changed


def _same(conn: Connection, table: Any, key: str, wanted: Mapping[str, dict[str, Any]]) -> bool:
    columns = list(next(iter(wanted.values()))) if wanted else []
    close, new = _differs(_current(conn, table, key, columns), wanted)
    return not close and not new


def _replace(tx: Write, table: Any, key: str, wanted: Mapping[str, dict[str, Any]]) -> int:
    columns = list(next(iter(wanted.values()))) if wanted else []
    close, new = _differs(_current(tx.conn, table, key, columns), wanted)
    if close:
        tx.conn.execute(
            update(table).where(getattr(table, key).in_(close), table.until.is_(None)).values(until=tx.number)
        )
    if new:
        rows = [{key: name, **wanted[name], "since": tx.number, "until": None} for name in sorted(new)]
        tx.conn.execute(insert(table), rows)
    return len(close | new)


def upsert(conn: Connection, table: type[Base]) -> Any:
    """The dialect's INSERT, which has ON CONFLICT; its rowcount is -1 on PostgreSQL, so callers use RETURNING."""
    build: Any = pg_insert if conn.dialect.name == "postgresql" else sqlite_insert
    statement: Insert = build(table)
    return statement


def digest_of(*parts: object) -> str:
    """sha256 hex over the parts as JSON: a content hash that does not depend on dict order or Python's seed."""
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
