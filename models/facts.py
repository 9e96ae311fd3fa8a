"""Writing what was read: facts are never overwritten; re-reading closes what no longer holds and adds what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, Connection, and_, bindparam, func, insert, select, update

from models.article import Reading
from models.collected import chunks, known_date
from models.dates import KnownDate
from models.store import Store, Write, upsert
from models.tables import (
    ArticleRow,
    AttributionRow,
    CandidateRow,
    MentionRow,
    ReadingRow,
    RevisionRow,
    TopicHitRow,
)


@dataclass(frozen=True, slots=True)
class ToRead:
    """A revision that is due for reading, with all that the reading steps may use."""

    revision_id: int
    article_id: int
    outlet: str
    title: str
    text: str
    language: str | None
    published: KnownDate | None


def _mention_values(reading: Reading) -> list[dict[str, Any]]:
    return [
        {
            "entity": m.entity, "part": m.part, "start": m.start, "end": m.end, "surface": m.surface, "rule": m.rule,
            "ambiguous": m.ambiguous, "decoy": m.decoy, "prominence": m.prominence, "sentence": m.sentence[:300],
            "main": m.main,
        }
        for m in reading.mentions
    ]  # fmt: skip


def _topic_values(reading: Reading) -> list[dict[str, Any]]:
    return [
        {"topic": t.topic, "role": t.role, "score": t.score, "reasons": list(t.reasons), "sentence": t.sentence[:300]}
        for t in reading.topics
        if t.role != "none" or t.reasons  # nothing spoke for it: nothing to remember
    ]


def _attribution_values(reading: Reading) -> list[dict[str, Any]]:
    return [
        {"outlet": a.outlet, "name": a.name, "part": a.part, "start": a.start, "end": a.end,
         "sentence": a.sentence[:300]}
        for a in reading.attributions
    ]  # fmt: skip


def _candidate_values(reading: Reading) -> list[dict[str, Any]]:
    return [
        {"part": c.part, "start": c.start, "end": c.end, "surface": c.surface, "label": c.label, "key": c.key}
        for c in reading.candidates
    ]


# The facts each reading step owns: step -> (table, what it found). A new step is one line here.
STEPS: Mapping[str, tuple[Any, Callable[[Reading], list[dict[str, Any]]]]] = {
    "watch": (MentionRow, _mention_values),
    "names": (CandidateRow, _candidate_values),
    "topics": (TopicHitRow, _topic_values),
    "attribution": (AttributionRow, _attribution_values),
}


class Facts:
    """Writing side of understand. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def due(self, fingerprints: Mapping[str, str], limit: int) -> list[ToRead]:
        """Current revisions that some step has not read under today's fingerprint, oldest first, at most `limit`."""
        read = (
            select(func.count())
            .select_from(ReadingRow)
            .where(ReadingRow.revision_id == RevisionRow.id, _today(fingerprints))
            .scalar_subquery()
        )
        query = (
            select(RevisionRow, ArticleRow.outlet)
            .join(ArticleRow, ArticleRow.revision_id == RevisionRow.id)
            .where(read < len(fingerprints))
            .order_by(RevisionRow.id)
            .limit(limit)
        )
        with self.store.read() as conn:
            return [_to_read(row) for row in conn.execute(_columns(query))]

    def archive(self, after: int, limit: int) -> list[ToRead]:
        """The next current revisions after revision id `after`, at most `limit`, in the order of their ids."""
        query = (
            select(RevisionRow, ArticleRow.outlet)
            .join(ArticleRow, ArticleRow.revision_id == RevisionRow.id)
            .where(RevisionRow.id > after)
            .order_by(RevisionRow.id)
            .limit(limit)
        )
        with self.store.read() as conn:
            return [_to_read(row) for row in conn.execute(_columns(query))]

    def articles_naming(self, entity: str) -> set[int]:
        """The articles that count as naming an entity now."""
        query = select(MentionRow.article_id).where(
            MentionRow.entity == entity, MentionRow.ambiguous.is_(False), MentionRow.until.is_(None)
        )
        with self.store.read() as conn:
            return set(conn.execute(query.distinct()).scalars())

    def articles_on(self, topic: str) -> set[int]:
        """The articles that are on a topic now, primary or passing."""
        query = select(TopicHitRow.article_id).where(
            TopicHitRow.topic == topic, TopicHitRow.role != "none", TopicHitRow.until.is_(None)
        )
        with self.store.read() as conn:
            return set(conn.execute(query.distinct()).scalars())

    def count_due(self, fingerprints: Mapping[str, str]) -> int:
        """How many current revisions are due for reading."""
        done = (
            select(ReadingRow.revision_id)
            .where(_today(fingerprints))
            .group_by(ReadingRow.revision_id)
            .having(func.count() == len(fingerprints))
        )
        query = select(func.count()).select_from(ArticleRow).where(
            ArticleRow.revision_id.is_not(None), ArticleRow.revision_id.not_in(done)
        )  # fmt: skip
        with self.store.read() as conn:
            return conn.execute(query).scalar_one()

    def forget_readings(self) -> None:
        """Make every revision due again (`khazri tag --all`); facts stay until the new reading says otherwise."""
        with self.store.change() as conn:
            conn.execute(update(ReadingRow).values(fingerprint=""))

    def save(
        self, readings: Sequence[tuple[ToRead, Reading]], fingerprints: Mapping[str, str], now: datetime
    ) -> tuple[int, int]:
        """Store the facts of a batch. Returns (facts added, facts closed). Equal facts are left as they stand.

        A reading whose article got a newer revision meanwhile is left out: another reader may have read that one, and
        facts of an older text must not take their place."""
        added = closed = 0
        with self.store.write(now, "read") as tx:
            current = _current_revisions(tx.conn, [one.article_id for one, _ in readings])
            readings = [(one, reading) for one, reading in readings if current.get(one.article_id) == one.revision_id]
            read_before = _read_before(tx.conn, [one.article_id for one, _ in readings])
            for table, values in STEPS.values():
                found = {one.article_id: (one.revision_id, values(reading)) for one, reading in readings}
                plus, minus = _supersede(tx, table, found, read_before)
                added += plus
                closed += minus
            _mark_read(tx, fingerprints, [one.revision_id for one, _ in readings])
        return added, closed


def _today(fingerprints: Mapping[str, str]) -> Any:
    from sqlalchemy import or_

    return or_(*(and_(ReadingRow.step == step, ReadingRow.fingerprint == fp) for step, fp in fingerprints.items()))


def _columns(query: Any) -> Any:
    return query.with_only_columns(
        RevisionRow.id,
        RevisionRow.article_id,
        ArticleRow.outlet,
        RevisionRow.title,
        RevisionRow.text,
        RevisionRow.language,
        RevisionRow.published,
        RevisionRow.published_info,
    )


def _to_read(row: Any) -> ToRead:
    return ToRead(
        row.id, row.article_id, row.outlet, row.title, row.text, row.language,
        known_date(row.published, row.published_info),
    )  # fmt: skip


@cache
def _fact_names(table: Any) -> tuple[str, ...]:
    """The columns that say what a fact is; the others say where it came from and how long it holds."""
    others = {"id", "article_id", "revision_id", "since", "until"}
    return tuple(sorted(column.name for column in table.__table__.columns if column.name not in others))


@cache
def _identities(table: Any) -> Callable[[int, Iterable[Any]], tuple[Any, ...]]:
    """(revision, values in the order of `_fact_names`) -> what equal facts have in common, hashable."""
    if not any(isinstance(table.__table__.c[name].type, JSON) for name in _fact_names(table)):
        return lambda revision, values: (revision, *values)  # most facts: a tenth of the whole save's time is saved
    return lambda revision, values: (revision, *(tuple(v) if isinstance(v, list) else v for v in values))


def _current_revisions(conn: Connection, articles: list[int]) -> dict[int, int | None]:
    current: dict[int, int | None] = {}
    for part in chunks(articles):
        rows = conn.execute(select(ArticleRow.id, ArticleRow.revision_id).where(ArticleRow.id.in_(part)))
        current.update({row.id: row.revision_id for row in rows})
    return current


def _read_before(conn: Connection, articles: list[int]) -> list[int]:
    """Which of these articles have a revision that was read: the others, most of a crawl's, hold no facts."""
    query = select(RevisionRow.article_id).join(ReadingRow, ReadingRow.revision_id == RevisionRow.id).distinct()
    read: list[int] = []
    for part in chunks(articles):
        read += conn.execute(query.where(RevisionRow.article_id.in_(part))).scalars()
    return read


def _supersede(
    tx: Write, table: Any, found: Mapping[int, tuple[int, list[dict[str, Any]]]], read_before: list[int]
) -> tuple[int, int]:
    """Close the current facts of these articles that were not found again, add those that are new."""
    current = _current_facts(tx.conn, table, read_before)
    ordered, identity = itemgetter(*_fact_names(table)), _identities(table)
    fresh: list[dict[str, Any]] = []
    stale: list[int] = []
    for article, (revision, rows) in found.items():
        had = current.get(article, {})
        now = {identity(revision, ordered(values)): values for values in rows}
        stale += [fact for key, fact in had.items() if key not in now]
        fresh += [
            {"article_id": article, "revision_id": revision, **values, "since": tx.number, "until": None}
            for key, values in now.items()
            if key not in had
        ]
    for part in chunks(stale):
        tx.conn.execute(update(table).where(table.id.in_(part)).values(until=tx.number))
    if fresh:
        tx.conn.execute(insert(table.__table__), fresh)  # the mapped class would cost half as much again
    return len(fresh), len(stale)


@cache  # making a statement anew costs as much as running it
def _current_query(table: Any) -> Any:
    core = table.__table__.c
    columns = [core.id, core.article_id, core.revision_id, *(core[name] for name in _fact_names(table))]
    wanted = core.article_id.in_(bindparam("articles", expanding=True))
    return select(*columns).where(wanted, core.until.is_(None))


def _current_facts(conn: Connection, table: Any, articles: list[int]) -> dict[int, dict[tuple[Any, ...], int]]:
    identity = _identities(table)
    have: dict[int, dict[tuple[Any, ...], int]] = {}
    for part in chunks(articles):
        for row in conn.execute(_current_query(table), {"articles": part}):
            have.setdefault(row[1], {})[identity(row[2], row[3:])] = row[0]
    return have


def _mark_read(tx: Write, fingerprints: Mapping[str, str], revisions: list[int]) -> None:
    """All steps of all these revisions are read under today's fingerprints."""
    rows = [
        {"revision_id": revision, "step": step, "fingerprint": fingerprints[step], "since": tx.number}
        for step in STEPS
        for revision in revisions
    ]
    if not rows:
        return
    statement = upsert(tx.conn, ReadingRow)
    statement = statement.on_conflict_do_update(
        index_elements=["revision_id", "step"],
        set_={"fingerprint": statement.excluded.fingerprint, "since": statement.excluded.since},
    )
    tx.conn.execute(statement, rows)
