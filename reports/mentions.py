"""One row a mention of a watched entity, with its article. Ambiguous mentions and decoys are left out."""

from __future__ import annotations

from collections.abc import Iterator

from reports import columns as c
from reports.columns import Column, MentionLine
from reports.query import Read, ReportQuery, article_filter
from reports.ranged import in_range

COLUMNS: tuple[Column[MentionLine] | Column[c.ArticleLine], ...] = (
    c.DAY, c.TIME, c.PRECISION, c.OUTLET, c.OUTLET_NAME, c.COUNTRY, c.VOICE, c.TIER, c.LANGUAGE, c.TITLE, c.URL,
    c.ENTITY, c.ENTITY_NAME, c.ENTITY_TYPE, c.SURFACE, c.PROMINENCE, c.STANDING, c.SENTENCE, c.TOPICS,
)  # fmt: skip


def rows(query: ReportQuery, read: Read) -> Iterator[MentionLine]:
    """The mentions in the articles that pass the query, as one reads: the title, then the text."""
    wanted = set(query.entities)
    for article in in_range(read.at.articles(article_filter(query, mentioned=True)), query, read):
        for mention in article.mentions:
            if not wanted or mention.entity.id in wanted:
                yield MentionLine(article, read.zone, mention)
