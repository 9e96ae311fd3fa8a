"""The spider that fetches the pages of due items, whatever kind of source they came from."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import scrapy
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.addresses import is_home, normalise, original_of, same_site
from crawler.discovery import POST_HINTS, captured_at, is_post, shown_name
from crawler.fetch import ANSWERS, BUSY, RESTS, plain_headers
from crawler.hosts import host_of
from crawler.spiders.base import NO_ANSWER, REFUSALS, Crawl, reason_of
from crawler.walls import wall_of
from models.article import Page
from models.collected import Collected, DueItem
from models.config import Outlet
from models.dates import KnownDate
from models.errors import CollectError, StoreError

NOT_TEXT = ("image/", "video/", "audio/", "font/")  # their bytes can look like a page of odd letters
SILENT_TRIES = 3  # pages of one host in a row without an answer, or refused; then its other items stay due
KEPT_OUT = ("failed:refused", "dropped:challenge", "dropped:consent")  # a host that says no is not asked on and on


class PageSpider(scrapy.Spider):
    """One request at a time per host, items in the order their sources gave them: the same crawl ends the same way
    however often it is interrupted."""

    name = "pages"

    def __init__(self, crawl: Crawl, items: Sequence[DueItem], known: set[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.crawl = crawl
        self.known = known  # items whose address already is an article's: nothing to fetch
        self.ends: dict[tuple[str, str], str] = {}  # (outlet, address key) asked for in this crawl -> its outcome
        self.readings: Counter[str] = Counter()  # outlet -> its pages read in this crawl
        self.decayed: Counter[tuple[str, str]] = Counter()  # (outlet, what one of its hints did not do) -> pages
        self.silent: Counter[str] = Counter()  # host -> pages in a row that got no answer or a refusal
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
            outlet = self.crawl.places.outlet(item.source, item.url)
            key = normalise(item.url)
            refusal = self.crawl.places.refusal(item.source, item.url)
            if refusal and item.id not in self.known:
                results.append(ended(item, outlet, key, "dropped:refused", refusal))
                continue
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
        try:
            result = await self._read(response, item)
        except StoreError as error:
            self.crawl.failure = error
            return
        self.silent[host] = self.silent[host] + 1 if result.outcome in KEPT_OUT else 0
        if response.status in BUSY or self.silent[host] >= SILENT_TRIES:
            self.queues[host].clear()
        outlet = self.crawl.places.outlet(item.source, item.url)  # as _next looks it up, wherever the page led
        self.ends[(outlet.id, normalise(item.url))] = result.outcome or "known"
        yield result
        for result in self._next(host):
            yield result

    async def _read(self, response: Response, item: DueItem) -> Collected:
        """One catch per page: whatever goes wrong is the item's outcome."""
        outlet = self.crawl.places.outlet(item.source, response.url)
        key = normalise(item.url)
        headers = plain_headers(response)
        wall = wall_of(response.status, headers, response.body, response.url) if response.status != 200 else None
        if wall is not None:  # under 200 it is the kind of the page
            return ended(item, outlet, key, "failed:refused", f"{wall} page, HTTP {response.status}")
        if response.status != 200:
            gone = response.status in (404, 410) and item.article_id is not None
            word = "refused" if response.status in REFUSALS else f"http_{response.status}"
            return ended(item, outlet, key, "gone" if gone else f"failed:{word}", f"HTTP {response.status}")
        kind = headers.get("Content-Type", "").strip().lower()
        if kind.startswith(NOT_TEXT):
            return ended(item, outlet, key, "failed:not_html", kind)
        seen = captured_at(response.url)  # of an archive's capture; its relative dates count from then
        try:
            page = await self._page(response, item, outlet)
        except StoreError:  # the gate is a table
            raise
        except Exception as error:  # the one catch per page: anything is an outcome with its reason
            if not isinstance(error, CollectError):
                self.logger.exception("%s: reading failed", item.url)
            return ended(item, outlet, key, f"failed:{reason_of(error)}", str(error))
        self.readings[outlet.id] += 1
        self.decayed.update((outlet.id, warning) for warning in page.warnings if warning.startswith("hint for"))
        asked = original_of(response.url)
        if is_home(asked) and not is_home(original_of(item.url)):  # how many sites say that an article is no more
            end = "dropped:listing" if item.article_id is None else "gone"
            return ended(item, outlet, key, end, "redirected to the home page")
        if is_post(item.url):  # its page is a widget: its title is not the message's, its address is not for people
            page = replace(page, title=item.title, canonical_url=item.url.partition("?")[0])
        entry = asked if self.crawl.places.discovers(item.source) else original_of(item.url)
        found = collected(item, outlet, page, entry)
        if found.outcome is None and await self._had(item, found):
            return ended(item, outlet, found.address_key, "known", "a finder's address led to an article that we have")
        return replace(found, via="import", first_seen=min(seen, self.crawl.now)) if seen else found

    async def _page(self, response: Response, item: DueItem, outlet: Outlet) -> Page:
        """The page as it came; where that is no article and its source says that it needs scripts, as they make it."""
        page = await self._as_it_is(response, item, outlet)
        source = self.crawl.places.sources[item.source]
        if source.javascript and not source.discovers and not _is_article(page):
            ran = await self.crawl.browsing.run_scripts(self.crawler, response)
            page = await self._as_it_is(ran, item, outlet) if ran is not response else page
        return page

    async def _as_it_is(self, response: Response, item: DueItem, outlet: Outlet) -> Page:
        return await self.crawl.workers.read_page(
            response.body,
            original_of(response.url),
            headers=plain_headers(response),
            language=item.language,
            zone=self.crawl.places.zone(item.source, response.url),
            now=captured_at(response.url) or self.crawl.now,
            hints=POST_HINTS if is_post(item.url) else outlet.hints,
        )

    def closed(self, reason: str) -> None:  # noqa: ARG002 - Scrapy's shape
        """Hints that no longer fit are told once a crawl, not once a page."""
        for (outlet, warning), pages in sorted(self.decayed.items()):
            self.logger.warning("%s: %s on %d of %d pages", outlet, warning, pages, self.readings[outlet])

    async def _had(self, item: DueItem, found: Collected) -> bool:
        """Whether a finder's address led, by redirect or canonical link, to an article that the outlet's own sources
        brought: those know its date better, and a text without it would be a revision that nobody made."""
        key = (found.outlet, found.address_key)
        if item.article_id or not self.crawl.places.discovers(item.source) or found.address_key == normalise(item.url):
            return False
        if self.ends.get(key) == "known":  # stored in this crawl, or about to be
            return True
        return bool(await asyncio.to_thread(self.crawl.collecting.known_addresses, {key}))

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
        outlet = self.crawl.places.outlet(item.source, item.url)
        result = ended(item, outlet, normalise(item.url), f"failed:{reason}", str(failure.value))
        return [result, *self._next(host)]


def ended(item: DueItem, outlet: Outlet, key: str, outcome: str, detail: str) -> Collected:
    """An item that ends without a text."""
    return Collected(item.id, item.source, outlet.id, item.url, key, outcome=outcome, detail=detail)


def collected(item: DueItem, outlet: Outlet, page: Page, entry: str) -> Collected:
    """What a page is to the store: an article with its text, or a drop with the kind of page it was. `entry`: the
    address that the source gave, or for one that points at many publishers the address it led to."""
    url = address_of(entry, outlet, page)
    key = normalise(url)
    if not _is_article(page):
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
        published=better_date(page.published, item.published, page.conflicts),
        modified=page.modified,
        refused=page.conflicts,
        unlisted=shown_name(outlet),
        detail=page.language_note,
    )


def _is_article(page: Page) -> bool:
    return page.kind == "article" and bool(page.text.strip())


def address_of(entry: str, outlet: Outlet, page: Page) -> str:
    """The address an article is known by: the page's canonical one, which is the last of its redirects where it names
    none, while that is on the entry's own site or the outlet's; else the entry's."""
    url = page.canonical_url
    if url and (same_site(url, entry) or any(same_site(url, f"http://{host}/") for host in outlet.hosts)):
        return url
    return entry


def better_date(
    page: KnownDate | None, feed: KnownDate | None, refused: tuple[tuple[str, str], ...] = ()
) -> KnownDate | None:
    """The page's own date, unless it has none or says only the day that the feed knows to the minute. The one not
    taken is kept as a candidate, and so is what was `refused` of a page without a date."""
    if page is None or feed is None:
        return page or (replace(feed, conflicts=(*feed.conflicts, *refused)) if feed and refused else feed)
    finer = page.precision == "day" and feed.precision == "minute"
    same_day = abs((feed.value - page.value).total_seconds()) < 36 * 3600  # a day, and any zone's shift of it
    chosen, other = (feed, page) if finer and same_day else (page, feed)
    if chosen.value == other.value:
        return chosen
    conflict = (other.origin, other.value.isoformat())
    return replace(chosen, conflicts=(*chosen.conflicts, conflict))
