"""What all spiders share: the crawl they belong to, how a failure becomes a reason, how a source is polled."""

from __future__ import annotations

import asyncio
import hashlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import scrapy
from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from twisted.internet.error import (
    ConnectError,
    ConnectionDone,
    ConnectionLost,
    ConnectionRefusedError,
    DNSLookupError,
    TCPTimedOutError,
)
from twisted.python.failure import Failure
from twisted.web._newclient import ParseError
from twisted.web.client import ResponseFailed

from crawler.addresses import normalise
from crawler.fetch import ANSWERS, RESTS, Refused
from crawler.hosts import HostGate
from crawler.workers import Workers
from models.article import Feed
from models.collected import Collecting, RunCount
from models.config import Config, Outlet, Source
from models.errors import CollectError, KhazriError, StoreError
from models.text import clean

REFUSALS = (401, 403, 451)  # answers that say no: recorded and respected
MOVED = (301, 308)
FAILED = ("unreachable", "refused")  # states of a source that gave nothing readable at its last poll
HOLLOW = ("empty", "all_dropped")  # states of a source whose last body gave nothing; the same body again gives no more
NO_ANSWER = ("dns", "connection_refused", "timeout", "no_route")  # reasons of a host that may not be there at all


@dataclass(slots=True)
class Crawl:
    """One crawl of several sources: what its spiders share. `now` is the clock of what is stored."""

    config: Config
    collecting: Collecting
    gate: HostGate
    workers: Workers
    now: datetime
    counts: dict[str, RunCount]
    learned: dict[str, dict[str, Any]]  # source -> its row of earlier polls
    answers: int = 0  # HTTP answers of any kind: 0 at the end means no network
    failure: KhazriError | None = None  # what stopped the crawl as a whole
    deadline: float | None = None  # monotonic seconds after which no further page is asked for; the rest stays due
    closed: bool = False  # the crawl has ended: what a left-behind request still brings is not stored
    flushes: list[Callable[[], Awaitable[None]]] = field(default_factory=list)  # what must be stored before the end
    outlets: dict[str, Outlet] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for outlet in self.config.outlets.values():
            for source in outlet.collect:
                self.outlets[source.id] = outlet


def reason_of(error: BaseException | None) -> str:
    """The short word an operator reads, for whatever the downloader, the guard or a worker raised."""
    if isinstance(error, Refused | CollectError):
        return error.reason
    for kinds, word in REASONS:
        if isinstance(error, kinds):
            return word
    name = type(error).__name__
    if "SSL" in name or "TLS" in name or "certificate" in str(error).lower():
        return "tls"
    if isinstance(error, DownloadFailedError) and isinstance(error.__cause__, ResponseFailed):
        inner = error.__cause__.reasons[0].value  # Scrapy keeps the connection's own end as the cause
        return "bad_http" if isinstance(inner, ParseError) else reason_of(inner)
    if type(error).__module__.partition(".")[0] in DECODERS:
        return "undecodable"
    for words, word in MESSAGES:
        if words in str(error).lower():
            return word
    return "unreadable" if isinstance(error, IgnoreRequest) else name.lower()


REASONS: tuple[tuple[Any, str], ...] = (
    ((CannotResolveHostError, DNSLookupError), "dns"),
    ((DownloadConnectionRefusedError, ConnectionRefusedError), "connection_refused"),
    ((DownloadTimeoutError, TCPTimedOutError, asyncio.TimeoutError), "timeout"),
    ((ResponseDataLossError, ConnectionLost, ConnectionDone), "cut_off"),
    (ConnectError, "no_route"),
    (DownloadCancelledError, "too_large"),  # without a word of why; only a body over its size is ever cancelled
)
DECODERS = ("zlib", "gzip", "brotli", "backports", "compression")  # their errors have no common parent
MESSAGES = (  # Scrapy has no types of their own for these
    ("max size", "too_large"),
    ("maxsize", "too_large"),
    ("max redirections", "redirect_loop"),
)


class SourceSpider(scrapy.Spider, ABC):
    """Polls sources of one kind. A subclass says how a body becomes entries."""

    name = "source"

    def __init__(self, crawl: Crawl, sources: Sequence[Source], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.crawl = crawl
        self.sources = sources

    @abstractmethod
    async def read(self, source: Source, response: Response) -> Feed:
        """The entries of a body, read in a killable worker."""

    async def start(self) -> AsyncIterator[Request]:
        for source in self.sources:
            if self.crawl.failure is None:
                yield self.poll(source)

    def poll(self, source: Source) -> Request:
        """The conditional request for a source; validators count only for the address they came from."""
        known = self.crawl.learned.get(source.id, {})
        headers = {}
        # After a failure the whole body is wanted: "not modified" would not show whether it is well again.
        if known.get("address") == source.address and known.get("state") not in FAILED:
            if known.get("etag"):
                headers["If-None-Match"] = known["etag"]
            if known.get("last_modified"):
                headers["If-Modified-Since"] = known["last_modified"]
        return Request(
            source.address,
            headers=headers,
            dont_filter=True,
            callback=self.answered,
            errback=self.failed,
            cb_kwargs={"source": source},
            meta={"handle_httpstatus_list": ANSWERS, "download_maxsize": self.crawl.config.politeness.max_feed_bytes},
        )

    async def answered(self, response: Response, source: Source) -> None:
        """One catch per poll: whatever reading or storing raises becomes the run's result with its reason."""
        self.crawl.answers += 1
        count = self.crawl.counts[source.id]
        count.status = response.status
        try:
            await self._take(response, source, count)
        except StoreError as error:
            self.crawl.failure = error
            count.result, count.reason = "not_run", "store"
        except Exception as error:  # the one catch per poll: anything is a result with its reason
            if not isinstance(error, CollectError):
                self.logger.exception("%s: polling failed", source.id)
            self._ended(source, count, "unreachable", reason_of(error), {"failures": self._failures(source) + 1})

    async def _take(self, response: Response, source: Source, count: RunCount) -> None:
        known = self.crawl.learned.get(source.id, {})
        if response.status == 304:
            self._unchanged(source, count, "304", {"answered_at": self.crawl.now})
            return
        if response.status != 200:
            result = "refused" if response.status in REFUSALS else "unreachable"
            failures = {"failures": self._failures(source) + 1}
            self._ended(source, count, result, f"http_{response.status}", failures)
            return
        body_hash = hashlib.sha256(response.body).hexdigest()
        had = known.get("body_hash") == body_hash and known.get("address") == source.address
        if had and known.get("state") not in FAILED:
            self._unchanged(source, count, "same body", self._good() | self._validators(response, source))
            return
        feed = await self.read(source, response)
        entries = [(entry, normalise(entry.link)) for entry in feed.entries if entry.link]
        added = await asyncio.to_thread(self.crawl.collecting.add_entries, source, entries, self.crawl.now)
        count.seen, count.had, count.new = added.seen, added.had, added.new
        for warning in feed.warnings:
            self.logger.info("%s: %s", source.id, warning)
        learned = self._good() | self._validators(response, source) | {"body_hash": body_hash}
        if added.new:
            learned["new_item_at"] = self.crawl.now
        result, reason = ("ok", "") if entries else ("empty", "no entries")
        self._ended(source, count, result, reason, learned)

    def failed(self, failure: Failure) -> None:
        """A poll that got no answer at all, or was not allowed to ask."""
        request: Any = getattr(failure, "request", None)
        source: Source = request.cb_kwargs["source"]
        count = self.crawl.counts[source.id]
        if isinstance(failure.value, StoreError):  # the gate is a table
            self.crawl.failure = failure.value
            count.result, count.reason = "not_run", "store"
            return
        reason = reason_of(failure.value)
        self.crawl.answers += reason not in NO_ANSWER
        if reason == RESTS:
            self._ended(source, count, "not_run", reason, {})
            return
        result = "refused" if reason in ("robots", "forbidden_address") else "unreachable"
        self._ended(source, count, result, reason, {"failures": self._failures(source) + 1})

    def _unchanged(self, source: Source, count: RunCount, how: str, learned: dict[str, Any]) -> None:
        """The run found nothing new; a source that was not well before is not made well by that."""
        known = self.crawl.learned.get(source.id, {})
        if known.get("address") == source.address and known.get("state") in (*FAILED, *HOLLOW):
            learned = {**learned, "state": known["state"], "reason": known.get("reason") or ""}
        else:
            learned = {**learned, **self._good()}
        self._ended(source, count, "unchanged", how, learned)

    def _ended(self, source: Source, count: RunCount, result: str, reason: str, learned: dict[str, Any]) -> None:
        count.result, count.reason = result, reason
        row = {"source": source.id, "outlet": source.outlet, "address": source.address, "state": result,
               "reason": reason, "polled_at": self.crawl.now, **learned}  # fmt: skip
        if row["state"] in (*FAILED, *HOLLOW):
            row["failing_since"] = self.crawl.learned.get(source.id, {}).get("failing_since") or self.crawl.now
        elif row["state"] != "not_run":  # a host that rests tells nothing of the source
            row["failing_since"] = None
        self.crawl.learned[source.id] = {**self.crawl.learned.get(source.id, {}), **row}

    def _failures(self, source: Source) -> int:
        return int(self.crawl.learned.get(source.id, {}).get("failures") or 0)

    def _good(self) -> dict[str, Any]:
        return {"failures": 0, "answered_at": self.crawl.now}

    def _validators(self, response: Response, source: Source) -> dict[str, Any]:
        """ETag, Last-Modified and where a permanent redirect pointed, to be saved after the entries."""
        values = {
            "etag": _header(response, "ETag"),
            "last_modified": _header(response, "Last-Modified"),
        }
        reasons = response.meta.get("redirect_reasons", [])
        if not reasons:
            return {**values, "moved_to": None, "moved_agreed": 0}
        # Validators belong to the address that answered; asking the old one with them would be meaningless.
        moved: dict[str, Any] = {"etag": None, "last_modified": None, "moved_to": None, "moved_agreed": 0}
        if all(reason in MOVED for reason in reasons):
            known = self.crawl.learned.get(source.id, {})
            agreed = int(known.get("moved_agreed") or 0) if known.get("moved_to") == response.url else 0
            moved |= {**values, "moved_to": response.url, "moved_agreed": agreed + 1}
        return moved


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return clean(value.decode("latin-1"))[:1000] if value else None
