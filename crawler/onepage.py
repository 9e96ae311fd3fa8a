"""One page asked for by hand, by the ordinary way of a crawl: address guard, robots.txt, host gate and limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import scrapy
from scrapy import Request
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.fetch import ANSWERS, plain_headers
from crawler.hosts import HostGate, holder_name
from crawler.settings import scrapy_settings
from crawler.spiders.base import Crawl, reason_of
from crawler.workers import Workers
from models.article import Page
from models.collecting import Collecting
from models.config import Config, Outlet
from models.errors import CollectError, KhazriError
from models.gate import Gate
from models.store import Store


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer as it came, unpacked; `url` is where redirects led."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class OnePageSpider(scrapy.Spider):
    """Asks once. What came, or why nothing did, is its `found`."""

    name = "onepage"

    def __init__(self, crawl: Crawl, url: str, found: list[Fetched | KhazriError], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.crawl = crawl
        self.url = url
        self.found = found

    async def start(self) -> AsyncIterator[Request]:
        yield Request(
            self.url,
            dont_filter=True,
            callback=self.answered,
            errback=self.failed,
            meta={"handle_httpstatus_list": ANSWERS, "download_maxsize": self.crawl.config.politeness.max_page_bytes},
        )

    def answered(self, response: Response) -> None:
        if response.status == 200:
            self.found.append(Fetched(response.url, plain_headers(response), response.body))
        else:
            reason = f"http_{response.status}"
            self.found.append(CollectError(f"HTTP {response.status}", reason=reason, url=self.url))

    def failed(self, failure: Failure) -> None:
        if isinstance(failure.value, KhazriError):
            self.found.append(failure.value)
        else:
            reason = reason_of(failure.value)
            self.found.append(CollectError(reason, reason=reason, url=self.url))


async def fetch_page(config: Config, store: Store, url: str, now: datetime) -> Fetched:
    """Raises CollectError with the reason an operator knows from items (`robots`, `http_404`, `dns`), StoreError."""
    found: list[Fetched | KhazriError] = []
    shared = Crawl(
        config=config,
        collecting=Collecting(store),
        gate=HostGate(Gate(store), config.politeness, holder_name()),
        workers=Workers(),
        now=now,
        counts={},
        learned={},
    )
    runner = AsyncCrawlerRunner(scrapy_settings(config))
    try:
        await runner.crawl(OnePageSpider, crawl=shared, url=url, found=found)
    finally:
        await shared.gate.release_all()
        await asyncio.to_thread(shared.workers.close)
    answer = found[0] if found else CollectError(f"no answer from {url}", reason="interrupted", url=url)
    if isinstance(answer, KhazriError):
        raise answer
    return answer


async def read_fetched(fetched: Fetched, outlet: Outlet | None, now: datetime) -> Page:
    """What the page says, read in a killable worker, by the hints of its outlet."""
    workers = Workers(1)
    try:
        return await workers.read_page(
            fetched.body,
            fetched.url,
            headers=fetched.headers,
            zone=outlet.zone if outlet else None,
            now=now,
            hints=outlet.hints if outlet else None,
        )
    finally:
        await asyncio.to_thread(workers.close)
