"""The spider for web archives: a list of captures, taken up at each poll where the last one ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawler.cdx import Captures, cdx_address
from crawler.spiders.base import NothingNew, SourceSpider
from models.article import Feed
from models.config import Source
from models.errors import CollectError


class ArchiveSpider(SourceSpider):
    """Polls CDX servers: `pages` answers a poll, 200 captures each. At its end the list is begun anew: what the archive
    got meanwhile is found, what was had makes no row."""

    name = "archives"

    def settled(self, source: Source) -> bool:  # noqa: ARG002 - the base's shape
        return False  # the next part of the list is another answer

    def poll(self, source: Source) -> Request:
        return super().poll(source).replace(url=cdx_address(source.address, self._resume(source)))

    async def read(self, source: Source, response: Response) -> Feed:
        if source.format != "cdx":
            raise CollectError("no format in config says what this archive is", reason="no_format", source=source.id)
        captures = await self._captures(source, response)
        entries, warnings = list(captures.feed.entries), list(captures.feed.warnings)
        for _ in range(source.pages - 1):
            if not captures.resume:
                break
            try:
                following = await self.ask(source, cdx_address(source.address, captures.resume))
                captures = await self._captures(source, following)
            except CollectError as error:  # what was had is kept; the part that failed is asked for again
                warnings.append(f"stopped: {error.reason}")
                break
            entries += captures.feed.entries
            warnings += captures.feed.warnings
        self.cursors[source.id] = {"resume": captures.resume}
        if not entries:
            raise NothingNew("no captures of articles")
        return replace(captures.feed, entries=tuple(entries), warnings=tuple(dict.fromkeys(warnings)))

    def _resume(self, source: Source) -> str:
        return str(self.cursor(source).get("resume") or "")

    async def _captures(self, source: Source, response: Response) -> Captures:
        read: Any = await self.crawl.workers.read_answer(
            "cdx", response.body, response.url, url_pattern=source.url_pattern
        )
        captures: Captures = read
        return captures
