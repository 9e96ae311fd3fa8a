"""The spider for listing pages: links picked by the CSS of config."""

from __future__ import annotations

from scrapy.http import Response

from crawler.spiders.base import SourceSpider
from models.article import Feed
from models.config import Source


class ListingSpider(SourceSpider):
    """Polls one page of links per source; which links are articles is the config's selectors and pattern."""

    name = "listings"

    async def read(self, source: Source, response: Response) -> Feed:
        return await self.crawl.workers.read_listing(
            response.body,
            response.url,
            source.selectors,
            url_pattern=source.url_pattern,
            language=source.language,
            zone=source.zone,
            now=self.crawl.now,
        )
