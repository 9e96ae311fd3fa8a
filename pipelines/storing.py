"""The Scrapy item pipeline (ITEM_PIPELINES names it): batches what was collected into the store."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

from scrapy.crawler import Crawler

from models.collected import LANGUAGE_CHARS, Collected, RunCount
from models.collecting import Collecting
from models.errors import StoreError
from models.text import clean

BATCH = 50  # pages in one transaction: 1 commit costs as much as 10 rows (measured)
BATCH_SECONDS = 1.0  # nothing read waits longer than this for its commit


class StoringPipeline:
    """Collected pages -> articles, revisions and item outcomes. Order is kept, so a rerun ends the same way."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.waiting: list[Collected] = []
        self.lock = asyncio.Lock()
        self.timer: asyncio.TimerHandle | None = None
        self.flushing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StoringPipeline:
        return cls(crawler)

    @property
    def crawl(self) -> Any:
        spider: Any = self.crawler.spider
        return spider.crawl

    def open_spider(self) -> None:
        # The crawl calls it too when it is stopped before the spider could close in order.
        self.crawl.flushes.append(self.flush)

    async def process_item(self, item: Any) -> Any:
        if isinstance(item, Collected):
            self.waiting.append(cleaned(item))
            if len(self.waiting) >= BATCH:
                await self.flush()
            elif self.timer is None:
                self.timer = asyncio.get_running_loop().call_later(BATCH_SECONDS, self._due)
        return item

    async def close_spider(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        await self.flush()  # waits for a flush under way: the lock is its

    def _due(self) -> None:
        self.timer = None
        self.flushing = asyncio.create_task(self.flush())  # the reference keeps the task from being collected

    async def flush(self) -> None:
        """Store what waits. A database that refuses stops the crawl: the items stay due and nothing is lost."""
        async with self.lock:
            batch, self.waiting = self.waiting, []
            if not batch or self.crawl.failure is not None or self.crawl.closed:
                return
            collecting: Collecting = self.crawl.collecting
            try:
                outcomes = await asyncio.to_thread(collecting.save_pages, batch, self.crawl.now)
            except StoreError as error:
                self.crawl.failure = error
                return
            counts: dict[str, RunCount] = self.crawl.counts
            for one, outcome in zip(batch, outcomes, strict=True):
                counts[one.source].count(outcome)


def cleaned(item: Collected) -> Collected:
    """Text as the store keeps it: NFC, no NUL, no control characters (PostgreSQL refuses NUL)."""
    return dataclasses.replace(
        item,
        url=clean(item.url),
        address_key=clean(item.address_key),
        language=clean(item.language)[:LANGUAGE_CHARS] if item.language else None,
        title=clean(item.title),
        text=clean(item.text),
        detail=clean(item.detail),
        authors=tuple(clean(author) for author in item.authors),
    )
