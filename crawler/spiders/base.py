"""What all spiders share: the crawl they belong to, how a failure becomes a reason, how a source is polled."""

from __future__ import annotations

import asyncio
import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
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
from twisted.web.client import ResponseFailed

from crawler.addresses import is_web, normalise
from crawler.browsing import Browsing
from crawler.discovery import Places
from crawler.fetch import ANSWERS, RESTS, Refused, plain_headers
from crawler.hosts import HostGate
from crawler.pace import GOOD, RETIRED, Poll, address_to_ask, limits_of, next_minutes
from crawler.walls import wall_of
from crawler.workers import Workers
from models.article import Feed
from models.collected import RunCount
from models.collecting import Collecting
from models.config import Config, Outlet, Source
from models.errors import CollectError, KhazriError, StoreError
from models.text import clean

REFUSALS = (401, 403, 451)  # answers that say no: recorded and respected
REFUSED = ("robots", "forbidden_address", *(f"http_{status}" for status in REFUSALS))  # the reasons that mean so
MOVED = (301, 308)
# What is void when the address in config is another one than polled last.
FORGOTTEN: dict[str, Any] = {
    "etag": None, "last_modified": None, "body_hash": None, "moved_to": None, "moved_agreed": 0, "cursor": None,
    "failures": 0, "failing_since": None, "retired_at": None,
}  # fmt: skip
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
    browsing: Browsing = field(default_factory=Browsing)
    places: Places = field(init=False)  # whose a page is that a source found

    def __post_init__(self) -> None:
        self.places = Places(self.config)
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
    package = type(error).__module__.partition(".")[0]
    if package in TLS or "certificate" in str(error).lower():
        return "tls"
    if isinstance(error, DownloadFailedError) and isinstance(error.__cause__, ResponseFailed):
        inner = error.__cause__.reasons[0].value  # Scrapy keeps the connection's own end as the cause
        word = reason_of(inner)  # what is no end of a connection is the parser's complaint, of whatever type
        return "bad_http" if word == type(inner).__name__.lower() else word
    if package in DECODERS:
        return "undecodable"
    for words, word in MESSAGES:
        if words in str(error).lower():
            return word
    return "unreadable" if isinstance(error, IgnoreRequest) else type(error).__name__.lower()


REASONS: tuple[tuple[Any, str], ...] = (
    ((CannotResolveHostError, DNSLookupError), "dns"),
    ((DownloadConnectionRefusedError, ConnectionRefusedError), "connection_refused"),
    ((DownloadTimeoutError, TCPTimedOutError, asyncio.TimeoutError), "timeout"),
    ((ResponseDataLossError, ConnectionLost, ConnectionDone), "cut_off"),
    (ConnectError, "no_route"),
    (DownloadCancelledError, "too_large"),  # without a word of why; only a body over its size is ever cancelled
)
TLS = ("OpenSSL", "service_identity", "ssl")
DECODERS = ("zlib", "gzip", "brotli", "backports", "compression")  # their errors have no common parent
MESSAGES = (  # Scrapy has no types of their own for these
    ("max size", "too_large"),
    ("maxsize", "too_large"),
    ("max redirections", "redirect_loop"),
)


class NothingNew(Exception):
    """Raised by `read`: all was answered and readable, and there is no entry to store. The words are the reason."""


class SourceSpider(scrapy.Spider, ABC):
    """Polls sources of one kind. A subclass says how a body becomes entries.

    A source that needs more than one answer (children, further pages, slices of time) asks for the others inside
    `read`, one after the other, by `ask`; what it wants to know at its next poll it puts into `cursors`.
    """

    name = "source"
    SIZE = 1  # bodies of this kind may be so many times max_feed_bytes long

    def __init__(self, crawl: Crawl, sources: Sequence[Source], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.crawl = crawl
        self.sources = sources
        self.cursors: dict[str, dict[str, Any]] = {}  # source -> its new cursor; saved once its entries are rows

    @property
    def maxsize(self) -> int:
        return self.SIZE * self.crawl.config.politeness.max_feed_bytes

    @abstractmethod
    async def read(self, source: Source, response: Response) -> Feed:
        """The entries of a body, read in a killable worker. Raises CollectError or NothingNew; either ends the poll."""

    def why_empty(self, feed: Feed) -> str:  # noqa: ARG002 - for subclasses
        """What an operator reads where a body was read and has no entries."""
        return "no entries"

    def settled(self, source: Source) -> bool:  # noqa: ARG002 - for subclasses
        """Whether an unchanged first answer ends the poll; if not, it is asked for and read unconditionally."""
        return True

    def cursor(self, source: Source) -> dict[str, Any]:
        """What this kind noted at the last poll of this address, {} if nothing."""
        known = self.crawl.learned.get(source.id, {})
        return dict(known.get("cursor") or {}) if known.get("address") == source.address else {}

    async def ask(self, source: Source, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """One further answer, 200 or 304, by the same way as the first: guard, robots.txt, gate and limits.

        Raises CollectError with the reason an operator reads (`http_404`, `robots`, `timeout`), StoreError. The caller
        keeps what it has or lets the error end the poll; the words of a refusal are `http_<REFUSALS>` and `robots`.
        """
        request = Request(
            url,
            headers=dict(headers or {}),
            dont_filter=True,
            meta={"handle_httpstatus_list": ANSWERS, "download_maxsize": self.maxsize},
        )
        engine = self.crawler.engine
        assert engine is not None
        try:
            response = await engine.download_async(request)
        except StoreError:  # the gate is a table
            raise
        except Exception as error:  # whatever the downloader raises has a word
            raise CollectError(str(error), reason=reason_of(error), source=source.id, url=url) from error
        self.crawl.answers += 1
        if response.status not in (200, 304):
            raise CollectError(f"HTTP {response.status}", reason=f"http_{response.status}", source=source.id, url=url)
        return response

    async def with_scripts(self, source: Source, response: Response) -> Response:
        """An answer as its scripts leave it, where config says that it needs them. Raises CollectError, StoreError."""
        if not source.javascript:
            return response
        try:
            return await self.crawl.browsing.run_scripts(self.crawler, response)
        except (StoreError, CollectError):
            raise
        except Exception as error:  # as in `ask`
            raise CollectError(str(error), reason=reason_of(error), source=source.id, url=response.url) from error

    async def start(self) -> AsyncIterator[Request]:
        for source in self.sources:
            if source.javascript and not self.crawl.browsing.ready:  # plainly it would look empty, day after day
                self._ended(source, self.crawl.counts[source.id], "not_run", self.crawl.browsing.missing, {})
            elif self.crawl.failure is None:
                yield self.poll(source)

    def poll(self, source: Source) -> Request:
        """The conditional request for a source; validators count only for the address they came from."""
        known = self._known(source)
        headers = {}
        # After a failure the whole body is wanted: "not modified" would not show whether it is well again.
        if self.settled(source) and known.get("state") not in FAILED:
            if known.get("etag"):
                headers["If-None-Match"] = known["etag"]
            if known.get("last_modified"):
                headers["If-Modified-Since"] = known["last_modified"]
        return Request(
            address_to_ask(source, known),
            headers=headers,
            dont_filter=True,
            callback=self.answered,
            errback=self.failed,
            cb_kwargs={"source": source},
            meta={"handle_httpstatus_list": ANSWERS, "download_maxsize": self.maxsize},
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
            self._failed_with(source, count, reason_of(error))

    async def _take(self, response: Response, source: Source, count: RunCount) -> None:
        fresh = fresh_minutes(response)
        if response.status == 304 and _asked_for_changes(response):  # else a source would look well for ever
            self._unchanged(
                source, count, "304", {"answered_at": self.crawl.now} | self._moved(response, source), fresh
            )
            return
        wall = wall_of(response.status, plain_headers(response), response.body, response.url)
        if wall is not None:  # a refusal, whatever its status says; never "empty"
            self._ended(source, count, "refused", wall, self._bad(source))
            return
        if response.status != 200:
            result = "refused" if response.status in REFUSALS else "unreachable"
            self._ended(source, count, result, f"http_{response.status}", self._bad(source, response.status))
            return
        response = await self.with_scripts(source, response)
        body_hash = hashlib.sha256(response.body).hexdigest()
        known = self._known(source)
        if known.get("body_hash") == body_hash and known.get("state") not in FAILED and self.settled(source):
            learned = self._good() | self._validators(response, source)
            self._unchanged(source, count, "same body", learned, fresh)
            return
        learned = self._good() | self._validators(response, source) | {"body_hash": body_hash}
        try:
            feed = await self.read(source, response)
        except NothingNew as why:
            self._ended(source, count, "unchanged", str(why), learned | self._noted(source), fresh)
            return
        entries = [(entry, normalise(entry.link)) for entry in feed.entries if is_web(entry.link)]
        added = await asyncio.to_thread(self.crawl.collecting.add_entries, source, entries, self.crawl.now)
        count.seen, count.had, count.new = added.seen, added.had, added.new
        for warning in feed.warnings:
            self.logger.info("%s: %s", source.id, warning)
        learned |= self._noted(source)
        if added.new:
            learned["new_item_at"] = self.crawl.now
        result, reason = ("ok", "") if entries else ("empty", self.why_empty(feed))
        self._ended(source, count, result, reason, learned, fresh)

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
        self._failed_with(source, count, reason)

    def _failed_with(self, source: Source, count: RunCount, reason: str) -> None:
        if reason == RESTS:
            self._ended(source, count, "not_run", reason, {})
            return
        result = "refused" if reason in REFUSED else "unreachable"
        self._ended(source, count, result, reason, self._bad(source))

    def _unchanged(self, source: Source, count: RunCount, how: str, learned: dict[str, Any], fresh: float) -> None:
        """The run found nothing new; a source that was not well before is not made well by that."""
        known = self._known(source)
        if known.get("state") in (*FAILED, *HOLLOW):
            learned = {**learned, "state": known["state"], "reason": known.get("reason") or ""}
        else:
            learned = {**learned, **self._good()}
        self._ended(source, count, "unchanged", how, learned, fresh)

    def _ended(
        self, source: Source, count: RunCount, result: str, reason: str, learned: dict[str, Any], fresh: float = 0.0
    ) -> None:
        """The end of a poll: the run's result and what is learned of the source. `fresh`: see pace.Poll."""
        known = self._known(source)
        row = {"source": source.id, "outlet": source.outlet, "address": source.address, "state": result,
               "polled_at": self.crawl.now, "interval_minutes": self._interval(source, result, count, fresh),
               **({} if known else FORGOTTEN), **learned}  # fmt: skip
        if row["state"] in (*FAILED, *HOLLOW):
            row["failing_since"] = known.get("failing_since") or self.crawl.now
        elif row["state"] != "not_run":  # a host that rests tells nothing of the source
            row["failing_since"] = None
        learnt = self.crawl.learned[source.id] = {**self.crawl.learned.get(source.id, {}), **row}
        if result in GOOD and address_to_ask(source, learnt) != source.address:
            reason = "; ".join(filter(None, (reason, f"moved to {learnt['moved_to']}: put it into config")))
        count.result, count.reason = result, reason
        learnt["reason"] = learned.get("reason", reason)

    def _interval(self, source: Source, result: str, count: RunCount, fresh: float) -> float:
        known, now = self._known(source), self.crawl.now
        first = known.get("answered_at") is None
        poll = Poll(
            result, count.seen, count.new, first, _minutes(known.get("polled_at"), now),
            _minutes(known.get("new_item_at"), now), fresh,
            bool(known.get("failures")),
        )  # fmt: skip
        return next_minutes(limits_of(source, self.crawl.config.politeness), known.get("interval_minutes"), poll)

    def _known(self, source: Source) -> dict[str, Any]:
        """What earlier polls of this address learned; {} for an address that is new."""
        known = self.crawl.learned.get(source.id, {})
        return known if known.get("address") == source.address else {}

    def _bad(self, source: Source, status: int | None = None) -> dict[str, Any]:
        """What a failure teaches. One at the address it moved to sends the next poll back to the one of config."""
        known = self._known(source)
        learned: dict[str, Any] = {"failures": int(known.get("failures") or 0) + 1}
        if address_to_ask(source, known) != source.address:
            return learned | {"moved_agreed": 0, "etag": None, "last_modified": None}
        return learned | {"retired_at": self.crawl.now} if status == RETIRED else learned

    def _noted(self, source: Source) -> dict[str, Any]:
        return {"cursor": self.cursors.get(source.id) or self.cursor(source) or None}

    def _good(self) -> dict[str, Any]:
        return {"failures": 0, "retired_at": None, "answered_at": self.crawl.now}

    def _validators(self, response: Response, source: Source) -> dict[str, Any]:
        """ETag, Last-Modified and where a permanent redirect pointed, to be saved after the entries."""
        values = {
            "etag": _header(response, "ETag"),
            "last_modified": _header(response, "Last-Modified"),
        }
        moved = self._moved(response, source)
        if response.meta.get("redirect_reasons") and not moved.get("moved_to"):
            # Validators belong to the address that answered; asking the old one with them would be meaningless.
            values = dict.fromkeys(values)
        return {**values, **moved}

    def _moved(self, response: Response, source: Source) -> dict[str, Any]:
        """Where a permanent redirect pointed, and how many polls in a row agree on it."""
        known = self._known(source)
        reasons = response.meta.get("redirect_reasons", [])
        if not reasons and address_to_ask(source, known) != source.address:
            return {"moved_to": known["moved_to"], "moved_agreed": known["moved_agreed"]}  # asked there, and answered
        if not reasons or any(reason not in MOVED for reason in reasons):
            return {"moved_to": None, "moved_agreed": 0}
        agreed = int(known.get("moved_agreed") or 0) if known.get("moved_to") == response.url else 0
        return {"moved_to": response.url, "moved_agreed": agreed + 1}


def _minutes(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else (now - since).total_seconds() / 60


def fresh_minutes(response: Response) -> float:
    """Minutes for which an answer says that it holds: `max-age`, 0 where it does not say or forbids to keep it."""
    said = (response.headers.get("Cache-Control") or b"").decode("latin-1").lower()
    found = re.search(r"(?<![\w-])max-age=(\d{1,9})", said)
    return 0.0 if found is None or "no-cache" in said or "no-store" in said else int(found[1]) / 60


def _asked_for_changes(response: Response) -> bool:
    asked = response.request
    return asked is not None and ("If-None-Match" in asked.headers or "If-Modified-Since" in asked.headers)


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return clean(value.decode("latin-1"))[:1000] if value else None
