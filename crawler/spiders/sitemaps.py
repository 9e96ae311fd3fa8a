"""The spider for sitemaps: one poll reads the sitemap, or of an index the children that may have something new."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scrapy.http import Response

from crawler.addresses import is_home, normalise, site_of
from crawler.fetch import RESTS, plain_headers
from crawler.sitemapplan import (
    DEEPEST,
    MOST_CHILDREN,
    MOST_REMEMBERED,
    Child,
    Memory,
    due_children,
    load,
    newest_of,
    pick,
    stamp,
)
from crawler.spiders.base import NothingNew, SourceSpider
from models.article import Feed, Located, Sitemap
from models.config import Source
from models.errors import CollectError

PAUSES = (RESTS, "http_429", "http_503")  # the host wants to be left alone: its other children wait for the next poll
DEAD = ("http_404", "http_410")  # such a child rests like one that has nothing recent


class OwnSites:
    """Whether an address belongs to one of some sites; asked 50,000 times a sitemap, so it knows hosts by heart."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self.sites = {site_of(address) for address in addresses} - {""}
        self.hosts: dict[str, bool] = {}

    def has(self, located: Located) -> bool:
        host = located.link[: located.link.find("/", len("https://")) + 1] or located.link
        if host not in self.hosts:
            self.hosts[host] = site_of(located.link) in self.sites
        return self.hosts[host]


@dataclass(slots=True)
class _Walk:
    """One poll of an index: what is still to be asked, what was read, what went wrong."""

    memory: Memory
    own: OwnSites
    seen: set[str]  # keys of the sitemaps asked for: an index that lists itself ends here
    queue: deque[tuple[Located, int]] = field(default_factory=deque)  # with its depth
    bodies: list[tuple[str, Sitemap]] = field(default_factory=list)
    fresh: set[str] = field(default_factory=set)  # children that the index did not list before
    listed: dict[str, Child] = field(default_factory=dict)
    dated: bool = True  # every child listed has a `lastmod`
    asked: int = 0
    unchanged: int = 0
    warnings: list[str] = field(default_factory=list)
    errors: list[CollectError] = field(default_factory=list)

    def remember(self, root: str) -> None:
        """Put into the memory what this poll listed, and what belongs to an index that was not read this time."""
        read = {root, *(url for url, sitemap in self.bodies if sitemap.children)}
        kept = {url: child for url, child in self.memory.children.items() if child.parent not in read}
        self.memory.children = {**kept, **self.listed}
        self.memory.had = {
            url: had for url, had in self.memory.had.items() if url == root or url in self.memory.children
        }
        self.memory.settled = self.dated and not self.queue and not self.errors


class SitemapSpider(SourceSpider):
    """Polls sitemaps. What was left out, and why, is in the warnings; crawler/sitemapplan.py decides."""

    name = "sitemaps"
    SIZE = 3  # 50,000 addresses with their dates are 8 MB, those of a long alphabet twice that

    def settled(self, source: Source) -> bool:
        return bool(self.cursor(source).get("settled", True))

    async def read(self, source: Source, response: Response) -> Feed:
        root = await self._sitemap(source, response)
        memory = load(self.cursor(source))
        # What it may list: the source's own site, where a redirect led, and the outlet's other hosts.
        hosts = (f"http://{host}/" for host in self.crawl.outlets[source.id].hosts)
        own = OwnSites([source.address, response.url, *hosts])
        seen = {normalise(source.address), normalise(response.url)}
        walk = _Walk(memory, own, seen, bodies=[(source.address, root)])
        if root.children:
            await self._follow(source, root, walk)
        return await asyncio.to_thread(self._decide, source, root, walk)  # 50,000 addresses take half a second

    def _decide(self, source: Source, root: Sitemap, walk: _Walk) -> Feed:
        """The entries of all that was read, and the new cursor. Raises NothingNew."""
        warnings = [*root.warnings, *walk.warnings]
        total = sum(len(sitemap.pages) for _, sitemap in walk.bodies)
        bodies = [(url, _wanted(sitemap, walk.own, source.url_pattern, warnings)) for url, sitemap in walk.bodies]
        wanted = sum(len(sitemap.pages) for _, sitemap in bodies)
        walk.remember(source.address)
        picked = pick(bodies, walk.fresh, walk.memory, self.crawl.now)
        self.cursors[source.id] = walk.memory.dump()
        feed = Feed(picked.entries, root.title, None, tuple(dict.fromkeys([*warnings, *picked.warnings])))
        if feed.entries or (total and not wanted) or (not total and not root.children):
            return feed
        for warning in feed.warnings:
            self.logger.info("%s: %s", source.id, warning)
        raise NothingNew(_why(walk, total))

    async def _sitemap(self, source: Source, response: Response) -> Sitemap:
        return await self.crawl.workers.read_sitemap(
            response.body,
            response.url,
            headers=plain_headers(response),
            language=source.language,
            zone=source.zone,
            now=self.crawl.now,
        )

    # --- children

    async def _follow(self, source: Source, root: Sitemap, walk: _Walk) -> None:
        """Ask for the due children, the most promising first, until MOST_CHILDREN were asked."""
        self._list(source.address, root, walk, 1)
        while walk.queue and walk.asked < MOST_CHILDREN:
            child, depth = walk.queue.popleft()
            if normalise(child.link) in walk.seen:
                continue
            walk.seen.add(normalise(child.link))
            walk.asked += 1
            try:
                await self._child(source, child, depth, walk)
            except CollectError as error:
                walk.errors.append(error)
                walk.warnings.append(f"{child.link}: {error.reason}")
                if error.reason in DEAD:
                    known = walk.listed[child.link]
                    known.asked, known.still = self.crawl.now, known.still + 1
                if error.reason in PAUSES:
                    break
        if walk.queue:
            walk.warnings.append(f"{len(walk.queue):,} further sitemaps wait for the next polls")
        if walk.errors and len(walk.errors) == walk.asked and not any(sitemap.pages for _, sitemap in walk.bodies):
            raise walk.errors[0]

    def _list(self, url: str, index: Sitemap, walk: _Walk, depth: int) -> None:
        """Take an index's children into the queue; those of other sites and those too deep are left out, said."""
        own = [child for child in index.children if walk.own.has(child)]
        if len(own) < len(index.children):
            walk.warnings.append(f"{len(index.children) - len(own):,} sitemaps on other sites left out")
        if depth > DEEPEST:
            walk.warnings.append(f"{len(own):,} sitemaps left out: indexes deeper than {DEEPEST} levels")
            return
        for child in own:
            known = walk.memory.children.get(child.link)
            if known is None and walk.memory.children and len(walk.memory.children) < MOST_REMEMBERED:
                walk.fresh.add(child.link)
            walk.listed.setdefault(child.link, known or Child(parent=url))
        walk.dated = walk.dated and all(child.changed is not None for child in own)
        due = due_children(own, walk.memory, self.crawl.now)
        walk.unchanged += sum(due.skipped.values())
        walk.queue.extendleft((child, depth) for child in reversed(due.children))

    async def _child(self, source: Source, child: Located, depth: int, walk: _Walk) -> None:
        """One child: asked for with its validators, read when its bytes are others than the last time."""
        known = walk.listed[child.link]
        response = await self.ask(source, child.link, _conditions(known))
        body_hash = hashlib.sha256(response.body).hexdigest()[:32]
        same = response.status == 304 or (body_hash == known.hash and not known.index)
        moved = child.changed is not None and stamp(child) != known.lastmod
        known.asked, known.lastmod = self.crawl.now, stamp(child)
        if same:
            known.still, known.liar = known.still + 1, moved
            walk.unchanged += 1
            return
        sitemap = await self._sitemap(source, response)
        known.hash, known.index, known.still, known.liar = body_hash, bool(sitemap.children), 0, False
        known.etag, known.last_modified = _header(response, "ETag"), _header(response, "Last-Modified")
        known.newest = newest_of(sitemap)
        walk.warnings += [f"{child.link}: {warning}" for warning in sitemap.warnings]
        walk.bodies.append((child.link, sitemap))
        if sitemap.children:
            self._list(child.link, sitemap, walk, depth + 1)


def _wanted(sitemap: Sitemap, sites: OwnSites, url_pattern: str, warnings: list[str]) -> Sitemap:
    """The pages of the outlet's own sites whose address is of the form that config names, home pages apart."""
    pattern = re.compile(url_pattern)
    own = [page for page in sitemap.pages if sites.has(page)]
    pages = [page for page in own if pattern.search(page.link) and not is_home(page.link)]
    if len(own) < len(sitemap.pages):
        warnings.append(f"{len(sitemap.pages) - len(own):,} addresses of other sites left out")
    if len(pages) < len(own):
        warnings.append(f"{len(own) - len(pages):,} addresses left out by url_pattern")
    return replace(sitemap, pages=tuple(pages))


def _conditions(known: Child) -> Mapping[str, str]:
    """An index is read whole: its own children may have changed though it did not."""
    said = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {} if known.index else {name: value for name, value in said.items() if value}


def _header(response: Response, name: str) -> str:
    value: Any = response.headers.get(name)
    return value.decode("latin-1")[:1000] if value else ""


def _why(walk: _Walk, total: int) -> str:
    if not total:
        return f"none of {len(walk.listed):,} sitemaps changed"
    return f"none of {total:,} addresses is new"
