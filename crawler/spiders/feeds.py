"""The spider for RSS and Atom feeds."""

from __future__ import annotations

from collections.abc import Sequence

from scrapy.http import Response

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


HOW_TO_READ = ("Content-Type", "Content-Language", "Last-Modified")


def plain_headers(response: Response, wanted: Sequence[str] = HOW_TO_READ) -> dict[str, str]:
    """The headers that say how to read a body, or others, as text."""
    return {name: value.decode("latin-1") for name in wanted if (value := response.headers.get(name)) is not None}
