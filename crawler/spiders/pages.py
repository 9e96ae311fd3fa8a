"""The spider that fetches the pages of due items, whatever kind of source they came from."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import scrapy
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.addresses import is_home, normalise, same_site
from crawler.fetch import ANSWERS, BUSY, RESTS
from crawler.hosts import host_of
from crawler.spiders.base import NO_ANSWER, REFUSALS, Crawl, reason_of
from crawler.spiders.feeds import plain_headers
from models.article import Page
from models.collected import Collected, DueItem
from models.config import Outlet
from models.dates import KnownDate
from models.errors import CollectError, StoreError

NOT_TEXT = ("image/", "video/", "audio/", "font/")  # their bytes can look like a page of odd letters
SILENT_TRIES = 3  # pages of one host in a row without an answer; then its other items stay due


class PageSpider(scrapy.Spider):
    """One request at a time per host, items in the order their sources gave them: the same crawl ends the same way
    however often it is interrupted."""

    name = "pages"

    def __init__(self, crawl: Crawl, items: Sequence[DueItem], known: set[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.crawl = crawl
        self.known = known  # items whose address already is an article's: nothing to fetch
        self.ends: dict[tuple[str, str], str] = {}  # (outlet, address key) asked for in this crawl -> its outcome
        self.silent: Counter[str] = Counter()  # host -> pages in a row that got no answer
        self.queues: dict[str, deque[DueItem]] = {}
        for item in items:
            self.queues.setdefault(host_of(item.url), deque()).append(item)

    async def start(self) -> AsyncIterator[Any]:
        for host in self.queues:
            for result in self._next(host):
                yield result

    def _next(self, host: str) -> list[Any]:
        """What to do next at a host: items that need no page are ended, up to the first that does."""
        results: list[Any] = []
        queue = self.queues[host]
        while queue and self.crawl.failure is None and not self._enough():
            item = queue.popleft()
            outlet = self.crawl.outlets[item.source]
            key = normalise(item.url)
            end = "known" if item.id in self.known else self.ends.get((outlet.id, key))
            if end is None:
                self.ends[(outlet.id, key)] = "failed:interrupted"
                results.append(self._request(item, host))
                break
            if not end.startswith("failed:"):  # else this item stays due: another try may find the page
                results.append(ended(item, outlet, key, end, "another entry led to this page"))
        return results

    def _enough(self) -> bool:
        return self.crawl.deadline is not None and time.monotonic() > self.crawl.deadline

    def _request(self, item: DueItem, host: str) -> Request:
        return Request(
            item.url,
            dont_filter=True,
            callback=self.answered,
            errback=self.failed,
            cb_kwargs={"item": item, "host": host},
            meta={"handle_httpstatus_list": ANSWERS, "download_maxsize": self.crawl.config.politeness.max_page_bytes},
        )

    async def answered(self, response: Response, item: DueItem, host: str) -> AsyncIterator[Any]:
        self.crawl.answers += 1
        self.silent[host] = 0
        if response.status in BUSY:
            self.queues[host].clear()  # its other items stay due
        result = await self._read(response, item)
        self.ends[(result.outlet, normalise(item.url))] = result.outcome or "known"
        yield result
        for result in self._next(host):
            yield result

    async def _read(self, response: Response, item: DueItem) -> Collected:
        """One catch per page: whatever goes wrong is the item's outcome."""
        outlet = self.crawl.outlets[item.source]
        key = normalise(item.url)
        if response.status != 200:
            gone = response.status in (404, 410) and item.article_id is not None
            word = "refused" if response.status in REFUSALS else f"http_{response.status}"
            return ended(item, outlet, key, "gone" if gone else f"failed:{word}", f"HTTP {response.status}")
        headers = plain_headers(response)
        kind = headers.get("Content-Type", "").strip().lower()
        if kind.startswith(NOT_TEXT):
            return ended(item, outlet, key, "failed:not_html", kind)
        source = next(source for source in outlet.collect if source.id == item.source)
        try:
            page = await self.crawl.workers.read_page(
                response.body,
                response.url,
                headers=headers,
                language=item.language,
                zone=source.zone,
                now=self.crawl.now,
            )
        except Exception as error:  # the one catch per page: anything is an outcome with its reason
            if not isinstance(error, CollectError):
                self.logger.exception("%s: reading failed", item.url)
            return ended(item, outlet, key, f"failed:{reason_of(error)}", str(error))
        if is_home(response.url) and not is_home(item.url):  # how many sites say that an article is no more
            end = "dropped:listing" if item.article_id is None else "gone"
            return ended(item, outlet, key, end, "redirected to the home page")
        return collected(item, outlet, page)

    def failed(self, failure: Failure) -> list[Any]:
        request: Any = getattr(failure, "request", None)
        item: DueItem = request.cb_kwargs["item"]
        host: str = request.cb_kwargs["host"]
        if isinstance(failure.value, StoreError):  # the gate is a table
            self.crawl.failure = failure.value
            return []
        reason = reason_of(failure.value)
        if reason in (RESTS, "robots_unreachable"):
            return []  # nothing was asked: this item and the host's others stay due as they are
        self.silent[host] = self.silent[host] + 1 if reason in NO_ANSWER else 0
        if self.silent[host] >= SILENT_TRIES:
            self.queues[host].clear()
        outlet = self.crawl.outlets[item.source]
        result = ended(item, outlet, normalise(item.url), f"failed:{reason}", str(failure.value))
        return [result, *self._next(host)]


def ended(item: DueItem, outlet: Outlet, key: str, outcome: str, detail: str) -> Collected:
    """An item that ends without a text."""
    return Collected(item.id, item.source, outlet.id, item.url, key, outcome=outcome, detail=detail)


def collected(item: DueItem, outlet: Outlet, page: Page) -> Collected:
    """What a page is to the store: an article with its text, or a drop with the kind of page it was."""
    url = address_of(item, outlet, page)
    key = normalise(url)
    if page.kind != "article" or not page.text.strip():
        kind = page.kind if page.kind != "article" else "empty"
        return ended(item, outlet, key, f"dropped:{kind}", "; ".join(page.warnings))
    return Collected(
        item.id,
        item.source,
        outlet.id,
        url,
        key,
        title=page.title or item.title,
        text=page.text,
        authors=page.authors,
        language=page.language or item.language,
        published=better_date(page.published, item.published),
        modified=page.modified,
    )


def address_of(item: DueItem, outlet: Outlet, page: Page) -> str:
    """The address an article is known by: the page's canonical one, which is the last of its redirects where it names
    none, while that is on the entry's own site or the outlet's; else the entry's."""
    url = page.canonical_url
    if url and (same_site(url, item.url) or any(same_site(url, f"http://{host}/") for host in outlet.hosts)):
        return url
    return item.url


def better_date(page: KnownDate | None, feed: KnownDate | None) -> KnownDate | None:
    """The page's own date, unless it has none or says only the day that the feed knows to the minute. The one not
    taken is kept as a candidate."""
    if page is None or feed is None:
        return page or feed
    finer = page.precision == "day" and feed.precision == "minute"
    same_day = abs((feed.value - page.value).total_seconds()) < 36 * 3600  # a day, and any zone's shift of it
    chosen, other = (feed, page) if finer and same_day else (page, feed)
    if chosen.value == other.value:
        return chosen
    conflict = (other.origin, other.value.isoformat())
    return replace(chosen, conflicts=(*chosen.conflicts, conflict))
