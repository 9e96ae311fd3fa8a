"""The spider for listing pages: links picked by the CSS of config."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scrapy.http import Response

from crawler.spiders.base import SourceSpider
from models.article import Feed
from models.config import Source
from models.errors import CollectError

if TYPE_CHECKING:
    from crawler.telegram import Preview  # it imports what reading needs, which is the workers' business


class ListingSpider(SourceSpider):
    """Polls one page of links per source; which links are articles is the config's selectors and pattern."""

    name = "listings"

    async def read(self, source: Source, response: Response) -> Feed:
        if source.format == "telegram":
            return await self._telegram(source, response)
        return await self.crawl.workers.read_listing(
            response.body,
            response.url,
            source.selectors,
            url_pattern=source.url_pattern,
            language=source.language,
            zone=source.zone,
            now=self.crawl.now,
        )

    async def _telegram(self, source: Source, response: Response) -> Feed:
        """A channel's preview, `pages` of it back from the newest message."""
        preview = await self._preview(source, response)
        feed = preview.feed
        for _ in range(source.pages - 1):
            if not preview.older:
                break
            try:
                preview = await self._preview(source, await self.ask(source, preview.older))
            except CollectError as error:  # the newest messages are kept; older ones wait
                feed = replace(feed, warnings=(*feed.warnings, f"older messages: {error.reason}"))
                break
            feed = replace(
                feed,
                entries=(*preview.feed.entries, *feed.entries),
                warnings=tuple(dict.fromkeys((*feed.warnings, *preview.feed.warnings))),
            )
        return feed

    async def _preview(self, source: Source, response: Response) -> Preview:
        preview: Preview = await self.crawl.workers.read_answer(
            "telegram",
            response.body,
            response.url,
            hosts=self.crawl.outlets[source.id].hosts,
            discovers=source.discovers,
            now=self.crawl.now,
        )
        return preview
