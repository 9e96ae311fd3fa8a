"""The spider that looks for the feeds and sitemaps of one site, a few polite requests in all."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from protego import Protego
from scrapy import Request
from scrapy.http import Response

from crawler.addresses import normalise, same_site
from crawler.fetch import plain_headers
from crawler.frontpage import FrontPage
from crawler.hosts import host_of
from crawler.sitemapplan import Memory, due_children, newest_of
from crawler.sniffing import ContentKind, sniff
from crawler.spiders.base import REFUSED, Crawl
from crawler.spiders.feeds import FeedSpider
from crawler.spiders.listings import ListingSpider
from models.article import Feed, Sitemap
from models.config import Source
from models.errors import CollectError, StoreError

MOST_ASKED = 25  # addresses of one probe: near a minute at the usual delay
LEAST_LISTED = 5  # links to articles that make a page a listing
# Tried one after the other until one is what it promises, and only where the site itself names none. The forms that
# content systems use by default, the commonest first.
COMMON_FEEDS = ("/rss", "/feed", "/rss.xml", "/feed.xml", "/atom.xml", "/feed.json")
COMMON_SITEMAPS = ("/sitemap.xml", "/sitemap_index.xml", "/news-sitemap.xml", "/sitemap-news.xml")
MOST_NAMED = 6  # sitemaps of robots.txt that are looked at, news sitemaps first


@dataclass(frozen=True, slots=True)
class Found:
    """One way to collect that was tried and read."""

    kind: ContentKind
    address: str
    entries: int
    newest: datetime | None
    language: str | None
    note: str = ""


@dataclass(slots=True)
class Probe:
    """What a probe saw. `failed` is what was asked for and not had: (address, reason)."""

    address: str
    front: FrontPage = field(default_factory=FrontPage)
    found: list[Found] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    asked: int = 0

    @property
    def refused(self) -> list[tuple[str, str]]:
        return [(address, reason) for address, reason in self.failed if reason in REFUSED]


class ProbeSpider(FeedSpider, ListingSpider):
    """Asks for the page, what it names, what robots.txt names, then the usual places; reads each as what it is.

    A site that answers the page itself with a refusal is asked for nothing more.
    """

    name = "probe"
    SIZE = 3  # 50,000 addresses with their dates are 8 MB, those of a long alphabet twice that

    def __init__(self, crawl: Crawl, sources: Sequence[Source], probe: Probe, **kwargs: Any) -> None:
        super().__init__(crawl, sources, **kwargs)
        self.probe, self.source = probe, sources[0]
        self.tried: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        try:
            await self._look_around()
        except StoreError as error:  # the gate is a table
            self.crawl.failure = error
        nothing: tuple[Request, ...] = ()  # is left to schedule; a generator is what Scrapy wants
        for request in nothing:
            yield request

    async def _look_around(self) -> None:
        first = await self._look(self.probe.address, front=True)
        if not first and self.probe.failed[0][1] in REFUSED and self.probe.failed[0][1] != "robots":
            return
        if not await self._look_at(self.probe.front.feeds):
            await self._look_at(self._places(COMMON_FEEDS), until="feed")
        named = await self._named_sitemaps()
        if not await self._look_at(named):
            await self._look_at(self._places(COMMON_SITEMAPS), until="sitemap")

    def _places(self, paths: Iterable[str]) -> list[str]:
        return [urljoin(self.probe.address, path) for path in paths]

    async def _named_sitemaps(self) -> list[str]:
        """The site's own of robots.txt, which was asked for by now: it is in the gate's table."""
        robots = await asyncio.to_thread(self.crawl.gate.gate.robots, host_of(self.probe.address))
        if robots is None or not robots.body:
            return []
        named = [url.strip() for url in Protego.parse(robots.body).sitemaps]
        own = [url for url in dict.fromkeys(named) if same_site(url, self.probe.address)]
        return sorted(own, key=lambda url: "news" not in url.rpartition("/")[2].lower())[:MOST_NAMED]

    async def _look_at(self, addresses: Iterable[str], until: ContentKind | None = None) -> bool:
        """Look at each; with `until` only up to the first of that kind. Whether any was a feed or sitemap."""
        some = False
        for address in addresses:
            kind = await self._look(address)
            some = some or kind in ("feed", "sitemap")
            if until is not None and kind == until:
                break
        return some

    async def _look(self, address: str, *, front: bool = False) -> ContentKind | None:
        """Ask for one address and read it; what it is, None where it was not had or is nothing for us."""
        key = normalise(address)
        if key in self.tried or self.probe.asked >= MOST_ASKED:
            return None
        self.tried.add(key)
        self.probe.asked += 1
        try:
            response = await self.ask(self.source, address)
            return await self._take_in(response, front)
        except CollectError as error:
            self.probe.failed.append((address, error.reason))
            return None

    async def _take_in(self, response: Response, front: bool) -> ContentKind | None:
        kind = sniff(response.body)
        if kind == "feed":
            feed = await FeedSpider.read(self, self.source, response)
            self._found(kind, response, feed)
        elif kind == "sitemap":
            await self._sitemap(response)
        elif kind == "listing" and front:
            headers = plain_headers(response)
            self.probe.front = await self.crawl.workers.read_front(response.body, response.url, headers=headers)
            self.probe.address = response.url  # where a redirect led: the other places are beside it
            listing = await ListingSpider.read(self, self.source, response)
            if len(listing.entries) >= LEAST_LISTED:
                self._found(kind, response, listing, "without selectors: look at what it picks")
        elif kind == "listing":  # a page at a feed's usual place says in its own way that there is none
            self.probe.failed.append((response.url, "a page"))
        else:
            self.probe.failed.append((response.url, "unknown_kind"))
        return kind

    def _found(self, kind: ContentKind, response: Response, feed: Feed, note: str = "") -> None:
        newest = max((entry.published.value for entry in feed.entries if entry.published), default=None)
        language = feed.language or _commonest(entry.language for entry in feed.entries)
        self.probe.found.append(Found(kind, response.url, len(feed.entries), newest, language, note))

    async def _sitemap(self, response: Response) -> None:
        """A sitemap's figures; of an index those of its most promising child, which is what a poll would ask first."""
        sitemap = await self._read(response)
        note = "news sitemap" if any(page.title for page in sitemap.pages) else ""
        if sitemap.children:
            note = f"index of {len(sitemap.children):,}"
            due = due_children(sitemap.children, Memory(), self.crawl.now).children
            own = [child for child in due if same_site(child.link, response.url)]
            if own and self.probe.asked < MOST_ASKED:
                self.probe.asked += 1
                self.tried.add(normalise(own[0].link))
                try:
                    sitemap = await self._read(await self.ask(self.source, own[0].link))
                    note += ", figures of its newest"
                except CollectError as error:
                    self.probe.failed.append((own[0].link, error.reason))
        language = _commonest(page.language for page in sitemap.pages)
        found = Found("sitemap", response.url, len(sitemap.pages), newest_of(sitemap), language, note)
        self.probe.found.append(found)

    async def _read(self, response: Response) -> Sitemap:
        return await self.crawl.workers.read_sitemap(
            response.body, response.url, headers=plain_headers(response), now=self.crawl.now
        )


def _commonest(languages: Iterable[str | None]) -> str | None:
    counts = Counter(language for language in languages if language)
    return counts.most_common(1)[0][0] if counts else None
