"""The spider for listing pages: links picked by the CSS of config or by what looks like an article, page after page."""

from __future__ import annotations

import asyncio
from collections.abc import Set
from dataclasses import replace
from typing import TYPE_CHECKING

from scrapy.http import Response

from crawler.addresses import normalise, same_site
from crawler.fetch import RESTS
from crawler.spiders.base import NO_ANSWER, SourceSpider
from models.article import Entry, Feed
from models.config import Source
from models.errors import CollectError
from models.sightings import had_before

# Reasons that a page may not have tomorrow; any other (404, robots, no HTML) ends the listing where it is.
FOR_THE_MOMENT = (*NO_ANSWER, "cut_off", "http_429", RESTS, "robots_unreachable")

if TYPE_CHECKING:
    from crawler.telegram import Preview  # it imports what reading needs, which is the workers' business


class ListingSpider(SourceSpider):
    """Polls pages of links; which links are articles is the config's selectors and pattern.

    Pages after the first are asked for only while the last one brought links that are no items yet, so a daily poll is
    one request. A page that could not be had for the moment is noted: the next poll walks on to it though all before
    it is known.
    """

    name = "listings"

    async def read(self, source: Source, response: Response) -> Feed:
        first = await self._page(source, response)
        if source.pages <= 1:
            return first
        walk = _Walk(source, response.url, first)
        unfinished = bool(self.cursor(source).get("unfinished"))
        while walk.may_go_on(source.pages) and (unfinished or await self._unknown(source, walk.last)):
            try:
                answer = await self.with_scripts(source, await self.ask(source, walk.feed.next))
                walk.add(answer.url, await self._page(source, answer))
            except CollectError as error:
                walk.failed(error)
        self.cursors[source.id] = {"unfinished": walk.unfinished}
        return walk.merged()

    def settled(self, source: Source) -> bool:
        """Where scripts make the list, the same bytes say nothing of it."""
        return not self.cursor(source).get("unfinished") and not source.javascript

    def why_empty(self, feed: Feed) -> str:
        """The warning that says what a look without the selectors finds: told where the state is told."""
        return next((warning for warning in feed.warnings if "look like articles" in warning), "no entries")

    async def _page(self, source: Source, response: Response) -> Feed:
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
        """A channel's preview: `next` is the page of older messages."""
        preview: Preview = await self.crawl.workers.read_answer(
            "telegram",
            response.body,
            response.url,
            hosts=self.crawl.outlets[source.id].hosts,
            discovers=source.discovers,
            now=self.crawl.now,
        )
        return replace(preview.feed, next=preview.older)

    async def _unknown(self, source: Source, keys: Set[str]) -> bool:
        """Whether a page brought a link that is no item of this source yet."""
        engine = self.crawl.collecting.store.engine
        return bool(keys - await asyncio.to_thread(had_before, engine, source.id, keys))


class _Walk:
    """The pages of one poll. `last` holds the address keys that the last page was the first to show."""

    def __init__(self, source: Source, url: str, first: Feed) -> None:
        self.first = self.feed = first  # `feed` is the last page
        self.url = url
        self.entries: dict[str, Entry] = _by_key(first)
        self.last: Set[str] = set(self.entries)
        self.warnings = list(first.warnings)
        self.asked = {normalise(source.address), normalise(url)}
        self.number = 1
        self.unfinished = False
        self._going = bool(first.entries)

    def may_go_on(self, pages: int) -> bool:
        """Whether the last page names a next one that we may ask for."""
        if not self._going or self.number >= pages or not self.feed.next:
            return False
        key = normalise(self.feed.next)
        if key in self.asked:
            self.warnings.append(f"page {self.number} names an earlier page as the next one: the walk ends")
            return False
        self.asked.add(key)
        return True

    def add(self, url: str, feed: Feed) -> None:
        """Take one more page, or end the walk where it brings nothing of its own: its pagination lies."""
        self.number += 1
        self.feed = feed
        shown = _by_key(feed)
        if not same_site(url, self.url):
            self.warnings.append(f"page {self.number} was answered by another site: the walk ends")
            self._going = False
            return
        self.asked.add(normalise(url))
        self.last = shown.keys() - self.entries.keys()
        if not self.last:
            same = "the same links as before" if shown else "no links"
            self.warnings.append(f"page {self.number} shows {same}: its pagination ends or lies here")
            self._going = False
        self.entries = {**self.entries, **{key: shown[key] for key in shown if key in self.last}}
        self.warnings += feed.warnings

    def failed(self, error: CollectError) -> None:
        self.warnings.append(f"page {self.number + 1} could not be read ({error.reason}); the pages before it are kept")
        self.unfinished = error.reason in FOR_THE_MOMENT or error.reason.startswith("http_5")
        self._going = False

    def merged(self) -> Feed:
        return replace(self.first, entries=tuple(self.entries.values()), warnings=tuple(dict.fromkeys(self.warnings)))


def _by_key(feed: Feed) -> dict[str, Entry]:
    return {normalise(entry.link): entry for entry in feed.entries}
