"""The spider for RSS and Atom feeds."""

from __future__ import annotations

from scrapy.http import Response

from crawler.fetch import plain_headers
from crawler.spiders.base import SourceSpider
from crawler.unwrap import unwrapped
from models.article import Feed
from models.config import Source


class FeedSpider(SourceSpider):
    """Polls feeds; feedparser reads them in a killable worker."""

    name = "feeds"

    async def read(self, source: Source, response: Response) -> Feed:
        feed = await self.crawl.workers.read_feed(
            response.body,
            response.url,
            headers=plain_headers(response),
            language=source.language,
            zone=source.zone,
            now=self.crawl.now,
        )
        if source.format or source.discovers:  # a finder: its links lead through its own redirector
            return unwrapped(feed, response.url, dates=source.format != "google_alerts")
        return feed
