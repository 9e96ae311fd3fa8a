"""The spider for RSS and Atom feeds."""

from __future__ import annotations

from scrapy.http import Response

from crawler.fetch import plain_headers as plain_headers  # the other spiders take it from here
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
