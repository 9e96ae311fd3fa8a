"""The calendar of a report: which day, week or month an article belongs to, and whether it lies in the range asked for.

A time known to the minute belongs to its day in the reports' zone. A date known to the day, month or year is a
calendar date and is never shifted into another zone. A date known to the month or year covers all its days: it is
counted in a period, and is inside a range, only where that holds for every one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

By = Literal["day", "week", "month"]
Place = Literal["inside", "outside", "unclear"]
UNDATED = "undated"
EARLIEST, LATEST = (
    date(1900, 1, 1),
    date(2200, 1, 1),
)  # what --from and --to may say; a typing slip, not news, is beyond
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """The days an article may have been published on, both included: one day unless the date is coarse."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Period:
    """One kind of period: `start` of the one a day lies in, `next` start after a start, `label` of a start."""

    start: Callable[[date], date]
    next: Callable[[date], date]
    label: Callable[[date], str]


def _month_start(day: date) -> date:
    return day.replace(day=1)


def _next_month(start: date) -> date:
    return (start + timedelta(days=31)).replace(day=1)


def _week_label(start: date) -> str:
    year, week, _ = start.isocalendar()
    return f"{year}-W{week:02}"


PERIODS: dict[By, Period] = {
    "day": Period(lambda day: day, lambda start: start + ONE_DAY, date.isoformat),
    "week": Period(lambda day: day - timedelta(days=day.weekday()), lambda start: start + 7 * ONE_DAY, _week_label),
    "month": Period(_month_start, _next_month, lambda start: start.isoformat()[:7]),
}


def span_of(published: datetime | None, precision: str, zone: ZoneInfo) -> Span | None:
    """The days a date covers, None without a date. Raises ValueError for a precision nobody writes."""
    if published is None:
        return None
    if precision == "minute":
        day = published.astimezone(zone).date()
        return Span(day, day)
    day = published.astimezone(UTC).date()
    if precision == "day":
        return Span(day, day)
    if precision == "month":
        return Span(day.replace(day=1), _next_month(day.replace(day=1)) - ONE_DAY)
    if precision == "year":
        return Span(day.replace(month=1, day=1), day.replace(month=12, day=31))
    raise ValueError(f"unknown precision {precision!r}")


def place(span: Span | None, first: date | None, last: date | None) -> Place:
    """Where a span lies to a range with both ends included (None: open). Without a range everything is inside;
    with one, a missing date, or a coarse one that crosses an end, is unclear."""
    if first is None and last is None:
        return "inside"
    if span is None:
        return "unclear"
    if (first is not None and span.last < first) or (last is not None and span.first > last):
        return "outside"
    if (first is not None and span.first < first) or (last is not None and span.last > last):
        return "unclear"
    return "inside"


def day_of(published: datetime | None, precision: str, zone: ZoneInfo) -> str:
    """2025-10-17, 2025-10 or 2025, as exact as the date is known; `undated` without one."""
    span = span_of(published, precision, zone)
    if span is None:
        return UNDATED
    return span.first.isoformat()[: {"month": 7, "year": 4}.get(precision, 10)]


def time_of(published: datetime | None, precision: str, zone: ZoneInfo) -> str:
    """HH:MM in the zone, "" where the date is not known to the minute."""
    return published.astimezone(zone).strftime("%H:%M") if published and precision == "minute" else ""


def first_seen_text(seen: datetime, zone: ZoneInfo) -> str:
    """2025-10-17T08:30:05+04:00."""
    return seen.astimezone(zone).isoformat(timespec="seconds")


def starts(by: By, first: date, last: date) -> Iterator[date]:
    """The start of every period from the one of `first` to the one of `last`."""
    period = PERIODS[by]
    start = period.start(first)
    while start <= last:
        yield start
        start = period.next(start)


def utc_bounds(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None, tuple[datetime, ...]]:
    """Coarse bounds for the database (after, before, also): nothing inside or unclear is lost, the rest is sorted out
    by `place`. A day is given to either side because no zone is further than that from UTC; `also` are the values
    that a date of month or year precision has when the range begins within its month or year."""
    after = before = None
    also: tuple[datetime, ...] = ()
    if first is not None:
        midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)
        after = midnight - ONE_DAY
        also = (midnight.replace(month=1, day=1), midnight.replace(day=1))
    if last is not None:
        before = datetime(last.year, last.month, last.day, tzinfo=UTC) + 2 * ONE_DAY
    return after, before, also
