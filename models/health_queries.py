"""What a source's health is judged from, for all sources in a few statements over a bounded window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, String, cast, func, select

from models.store import refusals
from models.tables import ItemRow, RunRow, SourceRow

WINDOW_DAYS = 120  # of items and runs: sixteen weeks of rhythm and the gap after it
FEW_ITEMS = 60  # a source with fewer in that window is looked at further back
FURTHER_DAYS = 400  # a year and the gap after it
NO_ANSWER = ("not_run", "unreachable")  # results of runs after which nothing could have arrived
CHUNK = 500  # bound parameters per IN list


@dataclass(frozen=True, slots=True)
class ItemSeen:
    """One item, in short. `precision` of `published` is "" without one; `outcome` None while its page was not tried."""

    first_seen: datetime
    published: datetime | None
    precision: str
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Polled:
    """What polling taught us about a source; see SourceRow."""

    source: str
    address: str
    state: str
    reason: str
    failures: int
    polled_at: datetime | None
    answered_at: datetime | None
    failing_since: datetime | None
    retired_at: datetime | None
    interval_minutes: float | None


@dataclass(slots=True)
class SourceRecord:
    """All of one source: `polled` None before the first poll; `items` by first_seen; `asked` the first and last
    answered run of each day, ascending; `first_run` the earliest start known in the window."""

    polled: Polled | None = None
    items: list[ItemSeen] = field(default_factory=list)
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)


def records(engine: Engine, now: datetime) -> Mapping[str, SourceRecord]:
    """The records of every source that was ever polled, by id. Four statements, whatever the number of sources.

    Raises StoreError.
    """
    found: dict[str, SourceRecord] = {}
    with refusals(), engine.connect() as conn:
        for row in conn.execute(select(*(getattr(SourceRow, name) for name in Polled.__slots__))):
            found[row.source] = SourceRecord(Polled(*row))
        start = now - timedelta(days=WINDOW_DAYS)
        _add_items(conn, found, start, now)
        few = [source for source, record in found.items() if len(record.items) < FEW_ITEMS]
        _add_items(conn, found, now - timedelta(days=FURTHER_DAYS), start, few)
        for source, first, last in _asked(conn, start, now):
            found.setdefault(source, SourceRecord()).asked.append((first, last))
    for record in found.values():
        record.items.sort(key=lambda item: item.first_seen)
    return found


def _add_items(
    conn: Connection, found: dict[str, SourceRecord], start: datetime, end: datetime, only: Sequence[str] | None = None
) -> None:
    """Items first seen after `start` and not after `end`; a source that only has items gets a record too."""
    i = ItemRow
    precision = i.published_info["precision"].as_string()
    wanted = select(i.source, i.first_seen, i.published, precision, i.outcome)
    wanted = wanted.where(i.first_seen > start, i.first_seen <= end)
    parts: Iterable[Any] = [wanted]
    if only is not None:
        parts = [wanted.where(i.source.in_(only[at : at + CHUNK])) for at in range(0, len(only), CHUNK)]
    for part in parts:
        for source, first_seen, published, exact, outcome in conn.execute(part):
            item = ItemSeen(first_seen, published, (exact or "minute") if published else "", outcome)
            found.setdefault(source, SourceRecord()).items.append(item)


def _asked(conn: Connection, start: datetime, now: datetime) -> Iterable[tuple[str, datetime, datetime]]:
    """(source, first, last) answered run by day, in order. The day is the database's own; only its ends are used."""
    r = RunRow
    day = func.substr(cast(r.started_at, String), 1, 10)
    wanted = (
        select(r.source, func.min(r.started_at), func.max(r.started_at))
        .where(r.started_at > start, r.started_at <= now, r.result.not_in(NO_ANSWER))
        .group_by(r.source, day)
        .order_by(func.min(r.started_at))
    )
    return [(row[0], row[1], row[2]) for row in conn.execute(wanted)]
