"""What a report is asked for and what it gives: the query, its checks, the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from models.config.fields import did_you_mean
from models.errors import ReportError
from reports.days import EARLIEST, LATEST, PERIODS, By, utc_bounds

if TYPE_CHECKING:  # listing the reports must not wait for SQLAlchemy
    from models.config import Config
    from models.queries import ArticleFilter, Snapshot
    from reports.columns import Cell, Column

LANGUAGE = re.compile(r"[a-z]{2,3}|other")


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """What to report. Empty tuples do not filter; several values mean any of them.

    first, last  --from and --to: days in the reports' zone, both included.
    roles        primary or passing; empty means both. Without `topics`: in any topic.
    as_of        aware; the report is of the last commit at or before it. None: of the last commit.
    by           the period of a trend.
    """

    first: date | None = None
    last: date | None = None
    topics: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    as_of: datetime | None = None
    by: By = "month"

    def check_dates(self) -> None:
        """Raises ReportError for days out of order or beyond 1900 to 2200, and for a time without a zone."""
        if self.first and self.last and self.first > self.last:
            raise ReportError(f"--from {self.first} is after --to {self.last}")
        for name, day in (("--from", self.first), ("--to", self.last)):
            if day and not EARLIEST <= day <= LATEST:
                raise ReportError(f"{name} {day} is not between {EARLIEST} and {LATEST}")
        if self.as_of and self.as_of.tzinfo is None:
            raise ReportError(
                f"--as-of {self.as_of.isoformat()} needs a zone, for example {self.as_of.isoformat()}+04:00"
            )


@dataclass(slots=True)
class Read:
    """What a report reads from: the store at one number, the calendar of its days; `notes` is where it leaves remarks
    for the person who asked (they are not part of the data)."""

    at: Snapshot
    zone: ZoneInfo
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """A report: columns, and lines that stream once. `number` is the ledger number it is of.

    `notes` is complete when the last row has been taken. `close` gives the connection back; taking all rows does too.
    """

    name: str
    columns: tuple[Column[Any], ...]
    lines: Iterable[Any]
    number: int
    notes: list[str]
    opened: ExitStack

    def rows(self) -> Iterator[list[Cell]]:
        """The cells, row by row. Raises StoreError when the database fails on the way."""
        with self.opened:
            for line in self.lines:
                yield [column.value(line) for column in self.columns]

    def close(self) -> None:
        """Give the connection back without taking the rows."""
        self.opened.close()


def _known(kind: str, asked: Iterable[str], known: Callable[[], Iterable[str]]) -> None:
    for name in asked:
        ids = set(known())
        if name not in ids:
            raise ReportError(f"there is no {kind} '{name}'{did_you_mean(name, ids)}")


def check(query: ReportQuery, at: Snapshot, config: Config) -> None:
    """Raises ReportError for an id that neither config nor the store up to the snapshot has ever known."""
    if query.topics or query.entities or query.outlets:
        outlets, entities, topics = at.known()
        _known("topic", query.topics, lambda: topics | config.topics.keys())
        _known("entity", query.entities, lambda: entities | config.entities.keys())
        _known("outlet", query.outlets, lambda: outlets | config.outlets.keys())
    _known("role", query.roles, lambda: ("primary", "passing"))
    _known("period", [query.by], lambda: PERIODS)
    for language in query.languages:
        if not LANGUAGE.fullmatch(language):
            raise ReportError(f"'{language}' is not a language code; two letters as in az, or other")


def article_filter(query: ReportQuery, *, mentioned: bool = False) -> ArticleFilter:
    """The query as the store understands it: dates coarsely (`reports.days.place` decides), the rest exactly."""
    from models.queries import ArticleFilter

    after, before, also = utc_bounds(query.first, query.last)
    return ArticleFilter(
        after=after,
        before=before,
        also=also,
        topics=query.topics,
        roles=query.roles,
        entities=query.entities,
        outlets=query.outlets,
        languages=query.languages,
        mentioned=mentioned,
    )
