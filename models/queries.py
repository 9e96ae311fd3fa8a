"""Reading the store as it was at one ledger number. Nobody else speaks SQL; models/store.py only writes.

A `Snapshot` fixes the number once, so one report is one state of the facts however long it streams and whatever is
written meanwhile: facts and revisions are only ever added, and an `until` set later is larger than the number.
Every query is ordered by things that do not depend on the order of insertion (published, outlet, address), in the
order of code points on both databases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, Text, and_, exists, func, null, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models.store import refusals
from models.tables import (
    ArticleRow,
    AttributionRow,
    CandidateRow,
    DeliveryArticle,
    DeliveryRow,
    EntityVersion,
    LedgerEntry,
    MentionRow,
    OutletVersion,
    RevisionRow,
    SourceRow,
    TopicHitRow,
)

BATCH = 200  # articles: their facts are fetched together; at 10 mentions an article some 2,000 small rows in memory
ROLES = ("primary", "passing")  # role none is kept for its reasons and counted nowhere
CHANGES = ("headline", "text", "date")  # words of revision.changed, in the order they are told
HAD_STATES = ("sent", "claimed", "unknown")  # at most once: what may have arrived is not told again

Facts = (
    type[MentionRow]
    | type[CandidateRow]
    | type[TopicHitRow]
    | type[AttributionRow]
    | type[OutletVersion]
    | type[EntityVersion]
)


# --- what comes back ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutletAt:
    """An outlet as config described it at the snapshot. `tier` None and empty text where config never described it."""

    id: str
    name: str
    country: str = ""
    tier: int | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class EntityAt:
    """An entity as config described it at the snapshot."""

    id: str
    name: str
    type: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class MentionAt:
    """One entity at one place; `start`, `end` in code points, `sentence` at most 300 characters."""

    entity: EntityAt
    part: str
    start: int
    end: int
    surface: str
    rule: str
    prominence: str
    sentence: str
    main: bool


@dataclass(frozen=True, slots=True)
class TopicAt:
    """What the article is to a topic; `score` has no unit."""

    topic: str
    role: str
    score: float
    sentence: str


@dataclass(frozen=True, slots=True)
class AttributionAt:
    """The outlet an article names as its origin; `outlet` None while the name is not resolved."""

    outlet: OutletAt | None
    name: str


@dataclass(frozen=True, slots=True)
class ArticleAt:
    """An article with the revision and the facts that were current at the snapshot. `revisions` counts texts seen."""

    id: int
    outlet: OutletAt
    url: str
    first_seen: datetime
    via: str
    title: str
    language: str | None
    published: datetime | None
    precision: str  # minute, day, month, year; "" without a date
    revisions: int
    changed: tuple[str, ...]  # of "headline", "text", "date": what any revision changed against the one before
    gone: datetime | None  # when its page was found gone
    mentions: tuple[MentionAt, ...]
    topics: tuple[TopicAt, ...]
    attributions: tuple[AttributionAt, ...]


@dataclass(frozen=True, slots=True)
class CountAt:
    """How often one article speaks of one entity (`mentions`), or that it is of one topic (`mentions` None)."""

    id: str
    mentions: int | None
    published: datetime | None
    precision: str


@dataclass(frozen=True, slots=True)
class SourceAt:
    """What polling taught us about a source; not versioned, always the present."""

    source: str
    outlet: str
    state: str
    reason: str
    polled_at: datetime | None
    answered_at: datetime | None
    new_item_at: datetime | None


@dataclass(frozen=True, slots=True)
class ArticleFilter:
    """Which articles. Empty tuples do not filter; several values mean any of them.

    after, before  UTC bounds of `published` (after <= published < before), None for open.
    also           further exact values of `published` that pass: where dates of month or year precision lie.
    undated        whether articles without a date pass.
    roles          with or without `topics`: the article has one of these roles in one of them (in any topic).
    entities       the article has a counted mention of one of them.
    mentioned      the article has at least one counted mention.
    not_had_by     (reader, day): no delivery to that reader before that day told of it or counted it.
    """

    after: datetime | None = None
    before: datetime | None = None
    also: tuple[datetime, ...] = ()
    undated: bool = True
    topics: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    mentioned: bool = False
    not_had_by: tuple[str, str] | None = None


# --- parts of statements --------------------------------------------------------------------------------------------


class _code_points(FunctionElement[str]):
    """Text in the order of code points: SQLite's default, PostgreSQL's collation C, so both sort a report alike."""

    inherit_cache = True
    type = Text()


@compiles(_code_points)
def _sqlite_order(element: _code_points, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_code_points, "postgresql")
def _postgresql_order(element: _code_points, compiler: SQLCompiler, **options: Any) -> str:
    return f'({compiler.process(element.clauses, **options)}) COLLATE "C"'


def valid_at(table: Facts, number: int) -> ColumnElement[bool]:
    return and_(table.since <= number, or_(table.until.is_(None), table.until > number))


def _counted(number: int) -> ColumnElement[bool]:
    """Ambiguous mentions and decoys are stored and counted nowhere."""
    return and_(valid_at(MentionRow, number), MentionRow.ambiguous.is_(False), MentionRow.decoy.is_(False))


def newest_revision(number: int) -> ColumnElement[bool]:
    """Joins an article with its revision of then; before its first one there is no article."""
    earlier = aliased(RevisionRow)
    newest = select(func.max(earlier.number)).where(earlier.article_id == ArticleRow.id, earlier.since <= number)
    return and_(
        RevisionRow.article_id == ArticleRow.id, RevisionRow.number == newest.correlate(ArticleRow).scalar_subquery()
    )


def _dated(only: ArticleFilter) -> Iterator[ColumnElement[bool]]:
    bounds = []
    if only.after is not None:
        bounds.append(RevisionRow.published >= only.after)
    if only.before is not None:
        bounds.append(RevisionRow.published < only.before)
    if bounds:
        ways = [and_(*bounds)]
        if only.also:
            ways.append(RevisionRow.published.in_(only.also))
        if only.undated:
            ways.append(RevisionRow.published.is_(None))
        yield or_(*ways)
    elif not only.undated:
        yield RevisionRow.published.is_not(None)


def passing(only: ArticleFilter, number: int) -> Iterator[ColumnElement[bool]]:
    """The conditions of a filter, on a statement that has ArticleRow and its current RevisionRow."""
    yield from _dated(only)
    if only.outlets:
        yield ArticleRow.outlet.in_(only.outlets)
    if only.languages:
        yield RevisionRow.language.in_(only.languages)
    if only.topics or only.roles:
        hit = and_(TopicHitRow.article_id == ArticleRow.id, valid_at(TopicHitRow, number))
        hit = and_(hit, TopicHitRow.role.in_(only.roles or ROLES))
        yield exists().where(and_(hit, TopicHitRow.topic.in_(only.topics)) if only.topics else hit)
    if only.entities or only.mentioned:
        named = and_(MentionRow.article_id == ArticleRow.id, _counted(number))
        yield exists().where(and_(named, MentionRow.entity.in_(only.entities)) if only.entities else named)
    if only.not_had_by is not None:
        reader, day = only.not_had_by
        told = exists().where(
            DeliveryArticle.article_id == ArticleRow.id,
            DeliveryArticle.delivery_id == DeliveryRow.id,
            DeliveryRow.reader == reader,
            DeliveryRow.day < day,
            DeliveryRow.state.in_(HAD_STATES),
        )
        yield ~told


def precision_of(published: datetime | None, info: Mapping[str, Any] | None) -> str:
    """What the source said of the date; a date stored without its evidence is taken as exact to the minute."""
    if published is None:
        return ""
    return str(info["precision"]) if info else "minute"


# --- the snapshot ---------------------------------------------------------------------------------------------------


@contextmanager
def snapshot(engine: Engine, as_of: datetime | None = None) -> Iterator[Snapshot]:
    """The store at the last commit, or, with `as_of`, at the last commit at or before that time.

    Raises StoreError, also for what fails while rows are streaming inside the block.
    """
    with refusals(), engine.connect() as connection:
        number = select(func.max(LedgerEntry.number))
        if as_of is not None:
            number = number.where(LedgerEntry.at <= as_of)
        yield Snapshot(connection, connection.scalar(number) or 0)


class Snapshot:
    """The store at ledger number `number`. Streams articles in batches; names of outlets and entities are kept."""

    def __init__(self, connection: Connection, number: int) -> None:
        self.number = number
        self._connection = connection

    @cached_property
    def outlets(self) -> Mapping[str, OutletAt]:
        """Every outlet valid at the number, by id."""
        o = OutletVersion
        found = select(o.outlet, o.name, o.country, o.tier, o.own).where(valid_at(o, self.number))
        return {row.outlet: OutletAt(*row) for row in self._connection.execute(found)}

    @cached_property
    def entities(self) -> Mapping[str, EntityAt]:
        """Every entity valid at the number, by id."""
        e = EntityVersion
        found = select(e.entity, e.name, e.type, e.country).where(valid_at(e, self.number))
        return {row.entity: EntityAt(*row) for row in self._connection.execute(found)}

    def outlet(self, outlet: str) -> OutletAt:
        """The outlet, or its bare id where no version of it is valid at the number."""
        return self.outlets.get(outlet) or OutletAt(outlet, outlet)

    def entity(self, entity: str) -> EntityAt:
        """The entity, or its bare id where no version of it is valid at the number."""
        return self.entities.get(entity) or EntityAt(entity, entity)

    def known(self) -> tuple[set[str], set[str], set[str]]:
        """Ids ever seen up to the number: outlets (those of articles too), entities, topics."""
        at = self.number
        run = self._connection.scalars
        outlets = set(run(select(OutletVersion.outlet).where(OutletVersion.since <= at).distinct()))
        outlets |= set(run(select(ArticleRow.outlet).where(ArticleRow.since <= at).distinct()))
        entities = set(run(select(EntityVersion.entity).where(EntityVersion.since <= at).distinct()))
        topics = set(run(select(TopicHitRow.topic).where(TopicHitRow.since <= at).distinct()))
        return outlets, entities, topics

    def articles(self, only: ArticleFilter, *, set_aside: bool = False) -> Iterator[ArticleAt]:
        """Articles by published (undated last), outlet, address, each with its facts.

        set_aside  instead of the counted mentions give those that are counted nowhere: ambiguous ones and decoys.
        """
        wanted = self._articles(only)
        for rows in self.stream(wanted):
            yield from self._with_facts(rows, set_aside)

    def stream(self, wanted: Select[Any]) -> Iterator[Sequence[Row[Any]]]:
        # per statement: set on the connection it would also make the small fact queries in between stream
        yield from self._connection.execute(wanted, execution_options={"yield_per": BATCH}).partitions()

    def _articles(self, only: ArticleFilter) -> Select[Any]:
        a, r = ArticleRow, RevisionRow
        columns = (
            a.id,
            a.outlet,
            a.url,
            a.first_seen,
            a.via,
            a.gone_at,
            r.number,
            r.title,
            r.language,
            r.published,
            r.published_info,
        )
        wanted: Select[Any] = (
            select(*columns)
            .join(r, newest_revision(self.number))
            .where(*passing(only, self.number))
            .order_by(r.published.is_(None), r.published, _code_points(a.outlet), _code_points(a.address_key))
        )
        return wanted

    def _with_facts(self, rows: Sequence[Row[Any]], set_aside: bool) -> Iterator[ArticleAt]:
        ids = [row.id for row in rows]
        mentions, topics, origins = self._mentions(ids, set_aside), self._topics(ids), self._attributions(ids)
        changed = self._changed([row.id for row in rows if row.number > 1])
        for row in rows:
            gone = row.gone_at is not None and self._time is not None and row.gone_at <= self._time
            yield ArticleAt(
                id=row.id,
                outlet=self.outlet(row.outlet),
                url=row.url,
                first_seen=row.first_seen,
                via=row.via,
                title=row.title,
                language=row.language,
                published=row.published,
                precision=precision_of(row.published, row.published_info),
                revisions=row.number,
                changed=tuple(word for word in CHANGES if word in changed[row.id]),
                gone=row.gone_at if gone else None,
                mentions=tuple(mentions[row.id]),
                topics=tuple(topics[row.id]),
                attributions=tuple(origins[row.id]),
            )

    @cached_property
    def _time(self) -> datetime | None:
        """The time of the number: what is known of pages, which has no number of its own, is told up to then."""
        return self._connection.scalar(select(LedgerEntry.at).where(LedgerEntry.number == self.number))

    def _changed(self, ids: Sequence[int]) -> defaultdict[int, set[str]]:
        changed: defaultdict[int, set[str]] = defaultdict(set)
        if ids:
            r = RevisionRow
            found = select(r.article_id, r.changed).where(
                r.article_id.in_(ids), r.since <= self.number, r.changed != ""
            )
            for row in self._connection.execute(found):
                changed[row.article_id].update(row.changed.split())
        return changed

    def _mentions(self, ids: Iterable[int], set_aside: bool) -> defaultdict[int, list[MentionAt]]:
        m = MentionRow
        aside = and_(valid_at(m, self.number), or_(m.ambiguous.is_(True), m.decoy.is_(True)))
        found = (
            select(m.article_id, m.entity, m.part, m.start, m.end, m.surface, m.rule, m.prominence, m.sentence, m.main)
            .where(m.article_id.in_(ids), aside if set_aside else _counted(self.number))
            # the title before the text, then as one reads; one place can name two entities
            .order_by(m.article_id, _code_points(m.part).desc(), m.start, m.end, _code_points(m.entity))
        )
        by_article: defaultdict[int, list[MentionAt]] = defaultdict(list)
        for row in self._connection.execute(found):
            by_article[row.article_id].append(MentionAt(self.entity(row.entity), *tuple(row)[2:]))
        return by_article

    def _topics(self, ids: Iterable[int]) -> defaultdict[int, list[TopicAt]]:
        t = TopicHitRow
        found = (
            select(t.article_id, t.topic, t.role, t.score, t.sentence)
            .where(t.article_id.in_(ids), valid_at(t, self.number), t.role.in_(ROLES))
            .order_by(t.article_id, _code_points(t.topic))
        )
        by_article: defaultdict[int, list[TopicAt]] = defaultdict(list)
        for row in self._connection.execute(found):
            by_article[row.article_id].append(TopicAt(*row[1:]))
        return by_article

    def _attributions(self, ids: Iterable[int]) -> defaultdict[int, list[AttributionAt]]:
        a = AttributionRow
        found = (
            select(a.article_id, a.outlet, a.name)
            .where(a.article_id.in_(ids), valid_at(a, self.number))
            .order_by(a.article_id, _code_points(a.part).desc(), a.start, a.end, _code_points(a.name))
        )
        by_article: defaultdict[int, list[AttributionAt]] = defaultdict(list)
        for article, outlet, name in self._connection.execute(found):
            by_article[article].append(AttributionAt(self.outlet(outlet) if outlet else None, name))
        return by_article

    def entity_counts(self, only: ArticleFilter) -> Iterator[CountAt]:
        """One row for each article and entity it has counted mentions of; with `only.entities` these entities alone."""
        m = MentionRow
        counted = select(m.article_id, m.entity.label("id"), func.count().label("n")).where(_counted(self.number))
        if only.entities:
            counted = counted.where(m.entity.in_(only.entities))
        yield from self._counts(counted.group_by(m.article_id, m.entity), only)

    def topic_counts(self, only: ArticleFilter) -> Iterator[CountAt]:
        """One row for each article and topic it is of; with `only.topics` or `only.roles` these alone."""
        t = TopicHitRow
        counted = select(t.article_id, t.topic.label("id")).where(
            valid_at(t, self.number), t.role.in_(only.roles or ROLES)
        )
        if only.topics:
            counted = counted.where(t.topic.in_(only.topics))
        yield from self._counts(counted.distinct(), only)

    def _counts(self, counted: Select[*tuple[Any, ...]], only: ArticleFilter) -> Iterator[CountAt]:
        c = counted.subquery("counted")
        times: ColumnElement[Any] = c.c.n if "n" in c.c else null()
        wanted = (
            select(c.c.id, times.label("times"), RevisionRow.published, RevisionRow.published_info)
            .select_from(c)
            .join(ArticleRow, ArticleRow.id == c.c.article_id)
            .join(RevisionRow, newest_revision(self.number))
            .where(*passing(only, self.number))
        )
        for rows in self.stream(wanted):
            for row in rows:
                yield CountAt(row.id, row.times, row.published, precision_of(row.published, row.published_info))

    def has_had_mail(self, reader: str, before_day: str) -> bool:
        """Whether a delivery of an earlier day may have reached the reader."""
        d = DeliveryRow
        earlier = select(d.id).where(d.reader == reader, d.day < before_day, d.state.in_(HAD_STATES)).limit(1)
        return self._connection.scalar(earlier) is not None

    def interrupted(self, before_day: str) -> list[tuple[str, str]]:
        """(reader, day) of earlier mails that were claimed and never settled: nobody knows whether they went out."""
        d = DeliveryRow
        left = select(d.reader, d.day).where(d.state == "claimed", d.day < before_day)
        return [(row.reader, row.day) for row in self._connection.execute(left.order_by(d.day, _code_points(d.reader)))]

    def polled(self) -> Mapping[str, SourceAt]:
        """What polling taught us about each source, by id: the present state, whatever the number."""
        s = SourceRow
        fields = (s.source, s.outlet, s.state, s.reason, s.polled_at, s.answered_at, s.new_item_at)
        return {row.source: SourceAt(*row) for row in self._connection.execute(select(*fields))}
