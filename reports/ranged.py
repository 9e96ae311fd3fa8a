"""Articles inside the range of days asked for; what cannot be placed is left out and said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from models.queries import ArticleAt
from reports.days import place, span_of
from reports.query import Read, ReportQuery


def in_range(articles: Iterable[ArticleAt], query: ReportQuery, read: Read) -> Iterator[ArticleAt]:
    """The articles of the range. Those without a date, or with one too coarse to tell, are counted in a note."""
    unclear = 0
    for article in articles:
        where = place(span_of(article.published, article.precision, read.zone), query.first, query.last)
        if where == "inside":
            yield article
        elif where == "unclear":
            unclear += 1
    if unclear:
        plural = "article" if unclear == 1 else "articles"
        read.notes.append(f"{unclear} {plural} left out: undated, or dated too coarsely for --from and --to")
