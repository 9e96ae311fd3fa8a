"""New names as they were at one ledger number: what the report of candidates is made from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, select

from models.queries import ROLES, ArticleFilter, Snapshot, newest_revision, passing, precision_of, valid_at
from models.tables import ArticleRow, CandidateRow, RevisionRow, TopicHitRow


@dataclass(frozen=True, slots=True)
class NameAt:
    """One form of a new name in one article; `on_topic`: the article is of one of the topics asked for."""

    article: int
    outlet: str
    url: str
    key: str
    surface: str
    label: str
    on_topic: bool
    published: datetime | None
    precision: str


def names(at: Snapshot, only: ArticleFilter, topics: Sequence[str], roles: Sequence[str]) -> Iterator[NameAt]:
    """New names of the articles that pass, one row for each form and article, in the order they were collected.

    topics, roles  which hits make an article one on the topic; empty: any.
    """
    k, t = CandidateRow, TopicHitRow
    hit = and_(t.article_id == ArticleRow.id, valid_at(t, at.number), t.role.in_(roles or ROLES))
    on_topic = exists().where(and_(hit, t.topic.in_(topics)) if topics else hit).correlate(ArticleRow)
    fields = (ArticleRow.id, ArticleRow.outlet, ArticleRow.url, k.key, k.surface, k.label)
    wanted = (
        select(*fields, on_topic.label("on_topic"), RevisionRow.published, RevisionRow.published_info)
        .select_from(k)
        .join(ArticleRow, ArticleRow.id == k.article_id)
        .join(RevisionRow, newest_revision(at.number))
        .where(k.key != "", valid_at(k, at.number), *passing(only, at.number))
        .order_by(k.article_id, k.id)
    )
    seen: set[tuple[str, str]] = set()
    article = 0
    for rows in at.stream(wanted):
        for row in rows:
            if row.id != article:
                article, seen = row.id, set()
            if (row.key, row.surface) not in seen:
                seen.add((row.key, row.surface))
                date = (row.published, precision_of(row.published, row.published_info))
                yield NameAt(*row[:6], bool(row.on_topic), *date)  # type: ignore[call-arg,arg-type]
