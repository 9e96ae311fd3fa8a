"""The spider for RSS and Atom feeds."""

from __future__ import annotations

from scrapy.http import Response

from crawler.spiders.base import SourceSpider
from models.article import Feed
from models.config import Source


class FeedSpider(SourceSpider):
    """Polls feeds; feedparser reads them in a killable worker."""

    name = "feeds"

    async def read(self, source: Source, response: Response) -> Feed:
        return await self.crawl.workers.read_feed(
            response.body,
            response.url,
            headers=plain_headers(response),
            language=source.language,
            zone=source.zone,
            now=self.crawl.now,
        )


def plain_headers(response: Response) -> dict[str, str]:
    """The headers that say how to read a body, as text."""
    wanted = ("Content-Type", "Content-Language", "Last-Modified")
    return {name: value.decode("latin-1") for name in wanted if (value := response.headers.get(name)) is not None}
