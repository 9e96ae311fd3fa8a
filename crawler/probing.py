"""One probe of a site: the spider, its gate and its workers, without a run and without a source."""

from __future__ import annotations

import asyncio
from datetime import datetime

from scrapy.crawler import AsyncCrawlerRunner

from crawler.hosts import HostGate, holder_name
from crawler.settings import scrapy_settings
from crawler.spiders.base import Crawl
from crawler.spiders.probe import Probe, ProbeSpider
from crawler.workers import Workers
from models.collecting import Collecting
from models.config import Config, Source
from models.gate import Gate
from models.store import Store


async def probe(config: Config, store: Store, address: str, now: datetime) -> Probe:
    """Look for feeds and sitemaps of the site at `address`, by the same way as a crawl. Raises StoreError."""
    shared = Crawl(
        config=config,
        collecting=Collecting(store),
        gate=HostGate(Gate(store), config.politeness, holder_name()),
        workers=Workers(),
        now=now,
        counts={},
        learned={},
    )
    source = Source("probe", "probe", "url", address, None, "UTC", every_minutes=60, enabled=True)
    seen = Probe(address)
    runner = AsyncCrawlerRunner(scrapy_settings(config))
    try:
        await runner.crawl(ProbeSpider, crawl=shared, sources=[source], probe=seen)
    finally:
        await runner.stop()
        await asyncio.to_thread(shared.workers.close)
        await shared.gate.release_all()
    if shared.failure is not None:
        raise shared.failure
    return seen
