"""The health of every source, and `khazri sources`: what the judge is given, and the table a person reads."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from crawler.health import ALARMS, STATES, Health, History, arrival, judge, words
from crawler.polled import POLLED
from models.config import Config, Source
from models.health_queries import ItemSeen, SourceRecord, records
from models.store import shown_name
from models.text import printable

if TYPE_CHECKING:
    from rich.text import Text

STORED = ("new", "changed", "unchanged")  # outcomes of an item whose page gave a text
OUTAGE = timedelta(hours=36)  # without an answered poll: more than a machine that crawls once a day ever leaves
PIPE_COLUMNS = 100  # a pipe has no width; this fits a terminal and a mail alike
NAMES_FROM = 120  # columns: from there on the outlets' names have room too
BLOCKS = "▁▂▃▄▅▆▇█"


def healths(config: Config, engine: Engine, now: datetime) -> dict[str, Health]:
    """The health of every source of config, in its order. Raises StoreError."""
    known = records(engine, now)
    return {s.id: judge(history_of(s, config, known.get(s.id)), now) for s in config.sources}


def health_changes(
    config: Config, engine: Engine, now: datetime, states: dict[str, str]
) -> list[tuple[int, str]]:  # fmt: skip
    """(log level, line) for each source whose state is another than in `states`, which is brought up to date.

    A source that ceases to be well is a warning, one that is well again an information; ok and quiet are both well.
    A process that starts knows no states: what is not well then is told once. Raises StoreError.
    """
    found = []
    for source, health in healths(config, engine, now).items():
        before, states[source] = states.get(source, "ok"), health.state
        if health.alarm and before != health.state:
            since = f" since {health.since:%Y-%m-%d %H:%M} UTC" if health.since else ""
            found.append((logging.WARNING, f"source={source} is {health.state}{since}: {health.why}"))
        elif before in ALARMS and not health.alarm:
            found.append((logging.INFO, f"source={source} is well again: {health.state}, was {before}"))
    return found


def history_of(source: Source, config: Config, record: SourceRecord | None) -> History:
    """What the judge is given of one source; its address of another day says nothing of today's."""
    base: dict[str, Any] = {
        "every_minutes": float(source.every_minutes), "min_per_week": source.min_per_week,
        "max_per_week": source.max_per_week, "enabled": source.enabled, "polls": source.kind in POLLED,
        "remark": source.reason, "zone": source.zone, "country": config.outlets[source.outlet].country,
    }  # fmt: skip
    if record is None:
        return History(source.id, state="new", **base)
    seen = _arrivals(record.items)
    base |= {
        "arrivals": tuple(one[0] for one in seen),
        "dated": tuple(one[1] for one in seen),
        "stored": tuple(one[2] for one in seen),
        "outages": _outages(record.asked, timedelta(minutes=3 * source.every_minutes)),
        "watched_since": record.asked[0][0] if record.asked else None,
    }
    polled = record.polled
    if polled is None:
        return History(source.id, state="new", **base)
    if polled.interval_minutes:
        base["every_minutes"] = polled.interval_minutes
    return History(
        source.id, state=polled.state, reason=polled.reason, failing_since=polled.failing_since,
        polled_at=polled.polled_at, answered_at=polled.answered_at, failures=polled.failures,
        retired_at=polled.retired_at if polled.address == source.address else None, **base,
    )  # fmt: skip


def _arrivals(items: Sequence[ItemSeen]) -> list[tuple[datetime, bool, bool | None]]:
    """(when it came, whether it has a date, whether it became an article) of each item, by time."""
    first = items[0].first_seen if items else None
    found = [
        (
            arrival(item.first_seen, item.published, item.precision, first_poll=item.first_seen == first),
            item.published is not None,
            None if item.outcome in (None, "known") else item.outcome in STORED,
        )
        for item in items
    ]
    return sorted(found, key=lambda one: one[0])


def _outages(asked: Sequence[tuple[datetime, datetime]], interval: timedelta) -> tuple[tuple[datetime, datetime], ...]:
    """Spans without an answered poll, from the first and last one of each day."""
    least = max(OUTAGE, interval)
    return tuple((last, first) for (_, last), (first, _) in pairwise(asked) if first - last > least)


# --- for a program --------------------------------------------------------------------------------------------------


def source_rows(config: Config, engine: Engine, now: datetime) -> list[dict[str, Any]]:
    """One row a source in config order. Times are ISO text with a zone, null where unknown; hours and weeks numbers."""
    known = records(engine, now)
    return [_row(source, config, known, now) for source in config.sources]


def _row(source: Source, config: Config, known: Mapping[str, SourceRecord], now: datetime) -> dict[str, Any]:
    record = known.get(source.id)
    health = judge(history_of(source, config, record), now)
    polled = record.polled if record else None
    return {
        "source": source.id,
        "outlet": source.outlet,
        "name": shown_name(config.outlets[source.outlet].name),
        "kind": source.kind,
        "address": source.address,
        "state": health.state,
        "alarm": health.alarm,
        "why": health.why,
        "since": _text(health.since),
        "warnings": list(health.warnings),
        "last_result": polled.state if polled else None,
        "last_reason": polled.reason if polled else None,
        "failures": polled.failures if polled else 0,
        "last_poll": _text(polled.polled_at if polled else None),
        "last_answer": _text(polled.answered_at if polled else None),
        "last_new_item": _text(health.last_new),
        "age_hours": _hours(now - health.last_new if health.last_new else None),
        "usual_gap_hours": _hours(health.usual_gap),
        "silent_after": _text(health.silent_after),
        "judged_by": health.basis,
        "per_week": round(health.per_week, 1),
        "weeks": list(health.weeks),
    }


def _text(time: datetime | None) -> str | None:
    return time.isoformat(timespec="minutes") if time else None


def _hours(span: timedelta | None) -> float | None:
    return round(span.total_seconds() / 3600, 1) if span is not None else None


# --- for a person ---------------------------------------------------------------------------------------------------


def as_text(rows: Sequence[Mapping[str, Any]], columns: int | None = None) -> str:
    """A table, the worst first: state, age of the last new item, usual gap, a bar of items a week, why; then counts.

    `columns` is the width; None: the terminal's, 100 in a pipe.
    """
    from io import StringIO

    from rich.console import Console
    from rich.table import Table

    width = columns or get_terminal_size((PIPE_COLUMNS, 24)).columns
    active = sorted(
        (row for row in rows if row["state"] != "disabled"),
        key=lambda row: (STATES.index(row["state"]), -(row["age_hours"] or 0)),
    )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("source", overflow="fold")
    if width >= NAMES_FROM:
        table.add_column("outlet", overflow="ellipsis", no_wrap=True, max_width=24)
    table.add_column("state", no_wrap=True)
    for name in ("last new", "usual gap"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("12 weeks", no_wrap=True)
    table.add_column("why", overflow="fold", ratio=1)
    for row in active:
        outlet = [printable(row["name"])] if width >= NAMES_FROM else []
        table.add_row(row["source"], *outlet, _state(row), *_ages(row), bar(row["weeks"]), _why(row))
    stream = StringIO()
    Console(file=stream, width=width, highlight=False, markup=False, force_terminal=sys.stdout.isatty()).print(table)
    lines = [line.rstrip() for line in stream.getvalue().rstrip().splitlines()]
    return "\n".join([*lines, "", *wrap(summary(rows), width)])


def _state(row: Mapping[str, Any]) -> Text:
    from rich.text import Text

    style = "bold red" if row["alarm"] else "yellow" if row["warnings"] else ""
    return Text(row["state"].replace("_", " "), style=style)


def _ages(row: Mapping[str, Any]) -> tuple[str, str]:
    age, gap = row["age_hours"], row["usual_gap_hours"]
    return (
        "-" if age is None else words(timedelta(hours=age)),
        "?" if gap is None else f"< {words(timedelta(hours=gap))}",
    )


def _why(row: Mapping[str, Any]) -> str:
    since = f", since {datetime.fromisoformat(row['since']):%d %b}" if row["since"] and row["alarm"] else ""
    return printable("; ".join(part for part in (f"{row['why']}{since}", *row["warnings"]) if part))


def bar(weeks: Sequence[int]) -> str:
    """Items a week as blocks, the oldest first, scaled to the busiest week; a dot is a week with none."""
    most = max(weeks, default=0)
    return "".join(BLOCKS[(8 * count - 1) // most] if count else "·" for count in weeks)


def summary(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many sources are in which state, the worst first, in one line."""
    counts = Counter(row["state"] for row in rows)
    parts = [f"{counts[state]} {state.replace('_', ' ')}" for state in STATES if counts[state]]
    where = "; why disabled: watch/outlets/" if counts["disabled"] else ""
    return f"{len(rows)} sources: {', '.join(parts)}{where}"
