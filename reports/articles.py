"""One row an article: where, when, what it is about, whom it cites. Ordered by publication, undated last."""

from __future__ import annotations

from collections.abc import Iterator

from reports import columns as c
from reports.columns import ArticleLine, Column
from reports.query import Read, ReportQuery, article_filter
from reports.ranged import in_range

COLUMNS: tuple[Column[ArticleLine], ...] = (
    c.DAY, c.TIME, c.PRECISION, c.OUTLET, c.OUTLET_NAME, c.COUNTRY, c.VOICE, c.TIER, c.LANGUAGE, c.TITLE, c.URL,
    c.TOPICS, c.ENTITIES, c.MENTIONS, c.ATTRIBUTION, c.FIRST_SEEN, c.VIA, c.REVISIONS, c.CHANGED, c.GONE,
)  # fmt: skip


def rows(query: ReportQuery, read: Read) -> Iterator[ArticleLine]:
    """The articles that pass the query, each once."""
    for article in in_range(read.at.articles(article_filter(query)), query, read):
        yield ArticleLine(article, read.zone)
