"""The spider for APIs: GDELT by windows of time, WordPress by pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from scrapy import Request
from scrapy.http import Response

from crawler.apis import Window, gdelt_address, is_full, next_window, wordpress_address
from crawler.fetch import plain_headers
from crawler.spiders.base import NothingNew, SourceSpider
from models.article import Entry, Feed
from models.config import Source
from models.errors import CollectError

# Of one poll of GDELT. At one in five seconds (crawler/hosts.py) these take three minutes; the rest waits for the next.
MOST_ANSWERS = 36


class ApiSpider(SourceSpider):
    """Polls APIs; what they answer is read in a killable worker, as any foreign bytes."""

    name = "apis"

    def settled(self, source: Source) -> bool:
        if source.format == "wordpress":
            return not self.cursor(source).get("incomplete")
        return False  # every window has its own address and its own answer

    def poll(self, source: Source) -> Request:
        request = super().poll(source)
        return (
            request.replace(url=gdelt_address(source.address, self._window(source))) if _is_gdelt(source) else request
        )

    async def read(self, source: Source, response: Response) -> Feed:
        if _is_gdelt(source):
            return await self._windows(source, response)
        if source.format == "wordpress":
            return await self._posts(source, response)
        raise CollectError("no format in config says what this API is", reason="no_format", source=source.id)

    # --- GDELT

    def _window(self, source: Source) -> Window:
        return next_window(self.cursor(source).get("until"), self.crawl.now)

    async def _windows(self, source: Source, response: Response) -> Feed:
        """The whole window, and where its answer is full its halves, earliest first: what was covered without a gap is
        remembered, so that a poll that was cut short is taken up where it ended."""
        whole = self._window(source)
        first = await self._gdelt(response)
        pieces, todo = [first], []
        until = whole.end
        if is_full(first):
            until, todo = whole.start, list(reversed(whole.halves() or ()))
            if not todo:
                until = whole.end
                pieces.append(_lost(whole))
        answers = 1
        while todo:
            window = todo.pop()
            if answers >= MOST_ANSWERS:
                pieces.append(
                    _warning(f"{answers} answers are enough for one poll; the next goes on at {window.start}")
                )
                break
            try:
                piece = await self._gdelt(await self.ask(source, gdelt_address(source.address, window)))
            except CollectError as error:  # what was had is kept; the window that failed is asked for again
                pieces.append(_warning(f"stopped at {window}: {error.reason}"))
                break
            answers += 1
            pieces.append(piece)
            halves = window.halves() if is_full(piece) else None
            if halves is not None:
                todo += reversed(halves)
                continue
            if is_full(piece):
                pieces.append(_lost(window))
            until = window.end
        if until > whole.start:
            self.cursors[source.id] = {"until": until.isoformat()}
        feed = _joined(pieces)
        if not feed.entries:
            raise NothingNew(f"no articles in {whole}")
        return feed

    async def _gdelt(self, response: Response) -> Feed:
        feed: Feed = await self.crawl.workers.read_answer("gdelt", response.body, response.url, now=self.crawl.now)
        return feed

    # --- WordPress

    async def _posts(self, source: Source, response: Response) -> Feed:
        """Pages of posts, newest first: until one reaches back to what the last poll had, `pages` of them at most."""
        newest = self.cursor(source).get("newest")
        pieces: list[Feed] = []
        incomplete = False
        for number in range(1, source.pages + 1):
            try:
                if number > 1:
                    response = await self.ask(source, wordpress_address(source.address, number))
                piece = await self._wordpress(source, response)
            except CollectError as error:
                if number == 1:
                    raise
                # Past the last page WordPress answers 400; anything else is asked for again at the next poll.
                incomplete = error.reason != "http_400"
                if incomplete:
                    pieces.append(_warning(f"page {number}: {error.reason}"))
                break
            pieces.append(piece)
            if not piece.entries or _older(piece, newest) or number >= _pages(response, source.pages):
                break
        feed = _joined(pieces)
        dates = [entry.published.value for entry in feed.entries if entry.published is not None]
        latest = max(dates).isoformat() if dates else newest
        self.cursors[source.id] = {"newest": newest if incomplete else latest, "incomplete": incomplete}
        return feed

    async def _wordpress(self, source: Source, response: Response) -> Feed:
        feed: Feed = await self.crawl.workers.read_answer(
            "wordpress",
            response.body,
            response.url,
            language=source.language,
            zone=source.zone,
            now=self.crawl.now,
        )
        return feed


def _is_gdelt(source: Source) -> bool:
    return source.format == "gdelt"


def _warning(text: str) -> Feed:
    return Feed((), warnings=(text,))


def _lost(window: Window) -> Feed:
    return _warning(f"GDELT gives no more than it gave for {window}: what it left out is lost")


def _joined(pieces: list[Feed]) -> Feed:
    """One feed of several, each address once."""
    entries: dict[tuple[str, str], Entry] = {}
    for piece in pieces:
        for entry in piece.entries:
            entries.setdefault((entry.id, entry.link), entry)
    warnings = dict.fromkeys(warning for piece in pieces for warning in piece.warnings)
    return replace(pieces[0], entries=tuple(entries.values()), warnings=tuple(warnings))


def _older(piece: Feed, newest: str | None) -> bool:
    """Whether a page reaches back to what was had before."""
    if not newest:
        return False
    limit = datetime.fromisoformat(newest)
    return any(entry.published is not None and entry.published.value < limit for entry in piece.entries)


def _pages(response: Response, most: int) -> int:
    """How many pages there are, by WordPress's own header."""
    text = plain_headers(response, ("X-WP-TotalPages",)).get("X-WP-TotalPages", "").strip()
    return int(text) if text.isdigit() and len(text) < 9 else most
