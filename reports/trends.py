"""Entities and topics by day, week or month, with the change against the period before.

Ambiguous mentions and decoys are left out. A period inside the range in which nothing was said is a row of zeros. An
article without a date, or with one too coarse for the period, is counted in the row `undated` of its entity or topic.
Changes compare whole periods only: where --from or --to cuts one, its change is empty. A percentage needs a base of 10.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from models.queries import CountAt
from reports import columns as c
from reports.columns import Column, TrendLine
from reports.days import ONE_DAY, PERIODS, UNDATED, place, span_of, starts
from reports.query import Read, ReportQuery, article_filter

SMALLEST_BASE = 10  # below it a percentage is noise: 1 -> 2 is not "+100 %"

COLUMNS: tuple[Column[TrendLine], ...] = (
    c.PERIOD, c.DAYS, c.KIND, c.ID, c.NAME, c.TREND_ARTICLES, c.ARTICLES_CHANGE, c.ARTICLES_CHANGE_PERCENT,
    c.TREND_MENTIONS, c.MENTIONS_CHANGE, c.MENTIONS_CHANGE_PERCENT,
)  # fmt: skip


@dataclass(slots=True)
class Tally:
    """How many articles, and mentions in them."""

    articles: int = 0
    mentions: int = 0

    def add(self, mentions: int | None) -> None:
        """One more article."""
        self.articles += 1
        self.mentions += mentions or 0


@dataclass(slots=True)
class Counted:
    """The counts of one kind: by id by start of the period (None: undated)."""

    kind: str
    by_id: dict[str, dict[date | None, Tally]] = field(default_factory=dict)

    def add(self, id: str, start: date | None, mentions: int | None) -> None:
        """One article of one entity or topic."""
        self.by_id.setdefault(id, {}).setdefault(start, Tally()).add(mentions)


@dataclass(frozen=True, slots=True)
class Shown:
    """The range of the rows, and the first day that was counted (`base`: a period earlier where there is one)."""

    query: ReportQuery
    first: date | None
    last: date | None
    base: date | None

    def days(self, start: date) -> tuple[int, int]:
        """Days of the period inside --from and --to, and days it has."""
        end = PERIODS[self.query.by].next(start)
        inside_start = max(start, self.query.first or start)
        inside_end = min(end, self.query.last + ONE_DAY if self.query.last else end)
        return (inside_end - inside_start).days, (end - start).days

    def start_before(self, start: date) -> date | None:
        """The start of the period before, None where it was not counted whole."""
        before = PERIODS[self.query.by].start(start - ONE_DAY)
        counted_from = self.base or self.first
        return before if counted_from and before >= counted_from else None


def rows(query: ReportQuery, read: Read) -> Iterator[TrendLine]:
    """Entities by id, then topics by id; periods in order, `undated` last."""
    base = _base_first(query)  # one period more, to compare the first row with
    only = article_filter(replace(query, first=base))
    entities = _count("entity", read.at.entity_counts(only), query, base, read)
    topics = _count("topic", read.at.topic_counts(only), query, base, read)
    for asked, counted in ((query.entities, entities), (query.topics, topics)):
        for id in asked:
            counted.by_id.setdefault(id, {})  # asked for and never seen: zeros, not silence
    seen = [start for counted in (entities, topics) for tallies in counted.by_id.values() for start in tallies if start]
    shown = Shown(query, query.first or min(seen, default=None), query.last or max(seen, default=None), base)
    for counted in (entities, topics):
        for id in sorted(counted.by_id):
            name = read.at.entity(id).name if counted.kind == "entity" else id
            yield from _lines(counted, id, name, shown)


def _base_first(query: ReportQuery) -> date | None:
    """--from, or the start of the period before it when --from does not cut its period."""
    period = PERIODS[query.by]
    if query.first is None or period.start(query.first) != query.first:
        return query.first
    return period.start(query.first - ONE_DAY)


def _count(kind: str, counts: Iterable[CountAt], query: ReportQuery, base: date | None, read: Read) -> Counted:
    counted = Counted(kind)
    start_of = PERIODS[query.by].start
    for count in counts:
        span = span_of(count.published, count.precision, read.zone)
        if span and place(span, base, query.last) == "inside" and start_of(span.first) == start_of(span.last):
            counted.add(count.id, start_of(span.first), count.mentions)
        elif place(span, query.first, query.last) != "outside":
            counted.add(count.id, None, count.mentions)
    return counted


def _lines(counted: Counted, id: str, name: str, shown: Shown) -> Iterator[TrendLine]:
    tallies = counted.by_id[id]
    is_entity = counted.kind == "entity"
    if shown.first is not None and shown.last is not None:
        for start in starts(shown.query.by, shown.first, shown.last):
            now = tallies.get(start, Tally())
            inside, whole = shown.days(start)
            before = shown.start_before(start) if inside == whole else None
            base = tallies.get(before, Tally()) if before else None
            yield TrendLine(
                period=PERIODS[shown.query.by].label(start),
                kind=counted.kind,
                id=id,
                name=name,
                articles=now.articles,
                mentions=now.mentions if is_entity else None,
                days=inside,
                articles_change=now.articles - base.articles if base else None,
                articles_change_percent=percent(now.articles, base.articles) if base else None,
                mentions_change=now.mentions - base.mentions if base and is_entity else None,
                mentions_change_percent=percent(now.mentions, base.mentions) if base and is_entity else None,
            )
    if None in tallies:
        undated = tallies[None]
        mentions = undated.mentions if is_entity else None
        yield TrendLine(UNDATED, counted.kind, id, name, undated.articles, mentions)


def percent(now: int, base: int) -> float | None:
    """The change in percent with one decimal, None where the base is under 10."""
    return round(100 * (now - base) / base, 1) if base >= SMALLEST_BASE else None
