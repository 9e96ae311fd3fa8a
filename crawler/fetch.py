"""What stands between a spider and the network: the address guard, the host gate, size and time limits."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.core.downloader.handlers import http11
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.http import Response
from scrapy.resolver import CachingThreadedResolver, dnscache
from twisted.internet import defer
from twisted.internet.base import ReactorBase
from twisted.internet.error import DNSLookupError

from crawler import addresses
from crawler.hosts import Answered, HostGate, HostRests, clock
from crawler.walls import HEADERS
from models.errors import CollectError, TooLarge

REDIRECTS = (301, 302, 303, 307, 308)
# Statuses a callback wants to see itself: all but the redirects, which the redirect middleware follows.
ANSWERS = [status for status in range(200, 600) if status not in REDIRECTS]


BUSY = (429, 503)  # the host asks us to come back later
RESTS = "retry_after"  # why we do not ask a host that told us to come back later


class Refused(IgnoreRequest):
    """We do not ask: robots.txt forbids it, the host rests, or the address is one we never fetch. `reason` is the
    outcome's word."""

    def __init__(self, reason: str, url: str) -> None:
        super().__init__(f"{reason}: {url}")
        self.reason = reason


def is_public(address: str) -> bool:
    """Whether an IP address is one on the open internet, by the same rule as for literal ones."""
    try:
        return addresses.is_public(ipaddress.ip_address(address))
    except ValueError:
        return False


class OpenResolver(CachingThreadedResolver):
    """With a configured proxy the only name we resolve is the proxy's, and that may well be on loopback.

    Scrapy's cache of names never forgets: a process that runs for months would ask a host for ever where it once was.
    """

    forgotten_at = 0.0  # monotonic seconds

    def getHostByName(self, name: str, timeout: Any = ()) -> defer.Deferred[str]:
        if time.monotonic() - self.forgotten_at > DNS_KEPT_SECONDS:
            dnscache.clear()
            self.forgotten_at = time.monotonic()
        return super().getHostByName(name, timeout)


class GuardedResolver(OpenResolver):
    """Names that resolve to loopback, private or link-local addresses do not resolve at all."""

    # Names whose last look-up led inwards. Twisted drops the error on its way to us, and Scrapy's cache, which could
    # be asked instead, may have been emptied by the look-up of another name.
    inward: ClassVar[set[str]] = set()

    def getHostByName(self, name: str, timeout: Any = ()) -> defer.Deferred[str]:
        self.inward.discard(name)
        found = super().getHostByName(name, timeout)
        found.addCallback(self._check, name)
        return found

    @classmethod
    def _check(cls, address: str, name: str) -> str:
        if not is_public(address):
            cls.inward.add(name)
            raise DNSLookupError(f"{name} resolves to {address}, which is no public address")
        return address


def make_resolver(reactor: ReactorBase, *, guarded: bool) -> CachingThreadedResolver:
    kind = GuardedResolver if guarded else OpenResolver
    return kind(reactor, 10_000, DNS_SECONDS)


DNS_SECONDS = 10.0  # a name that takes longer is as good as dead; Scrapy's own 60 s would outlast `make run`'s minute
DNS_KEPT_SECONDS = 300.0  # the least time-to-live in common use; a crawl looks a host up once


class GuardedFactory(http11._LenientHTTP11ClientFactory):
    """Looks at the peer once connected and before a byte is sent: whatever led there, nobody private is asked."""

    def buildProtocol(self, addr: Any) -> Any:
        if not is_public(addr.host):
            raise Refused("forbidden_address", addr.host)
        return super().buildProtocol(addr)


def guard_peers() -> None:
    """Make Scrapy's client use our factory; as with the parser below, the name is the only door."""
    http11._LenientHTTP11ClientFactory = GuardedFactory  # type: ignore[misc]


HEAD_BYTES = 256 * 1024  # real heads are under 20 kB; browsers give up at this size


class CappedParser(http11._LenientHTTPClientParser):
    """Scrapy's parser of an answer, with an end to the head: Scrapy counts bodies only, and a server that never stops
    sending headers took 2.5 GB in 30 s (measured)."""

    head_bytes = 0

    MAX_LENGTH = HEAD_BYTES  # of one line; Twisted's 16 kB is less than some security policies take

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002 - Twisted's shape
        raise TooLarge(f"a line of headers over {HEAD_BYTES:,} bytes")

    def lineReceived(self, line: bytes) -> None:
        self.head_bytes += len(line) + 2
        if self.head_bytes > HEAD_BYTES:
            raise TooLarge(f"more than {HEAD_BYTES:,} bytes of headers")
        super().lineReceived(line)


def cap_headers() -> None:
    """Make Scrapy's client use our parser; it has no door for that but the name it looks up."""
    http11._LenientHTTPClientParser = CappedParser  # type: ignore[misc]


class GuardMiddleware:
    """http and https only, no literal private address, also after a redirect; the peer is checked once connected."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> GuardMiddleware:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        if not request.url.startswith(("http://", "https://")) or (
            not self._proxied() and not addresses.is_safe_address(request.url)
        ):
            raise Refused("forbidden_address", request.url)
        # None, said aloud: else Scrapy takes http_proxy of the environment, of which the checks of peers know nothing.
        request.meta["proxy"] = cast(Any, self.crawler.spider).crawl.config.proxy or None

    def process_response(self, request: Request, response: Response) -> Response:
        peer = response.ip_address
        if peer is not None and not self._proxied() and not is_public(str(peer)):
            raise Refused("forbidden_address", request.url)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """A name that the resolver kept from us is told as what it is, not as one that does not exist."""
        name = urlsplit(request.url).hostname or ""
        if isinstance(exception, CannotResolveHostError) and name in GuardedResolver.inward:
            raise Refused("forbidden_address", request.url) from exception

    def _proxied(self) -> bool:
        return bool(cast(Any, self.crawler.spider).crawl.config.proxy)


class GuardedRedirects(RedirectMiddleware):
    """Scrapy's, which raises a bare ValueError for a Location that is no address."""

    def process_response(
        self,
        request: Request,
        response: Response,
        spider: Spider | None = None,  # noqa: ARG002 - Scrapy's shape
    ) -> Request | Response:
        try:
            return super().process_response(request, response)
        except ValueError as error:
            raise CollectError(f"a redirect to no address: {error}", reason="bad_redirect", url=request.url) from error


class CodingMiddleware:
    """Before Scrapy unpacks a body under its size cap: what costs time instead of space is not unpacked at all."""

    def process_response(self, request: Request, response: Response) -> Response:
        codings = b",".join(response.headers.getlist("Content-Encoding")).split(b",")
        if len(codings) > MOST_CODINGS:
            raise CollectError(f"packed {len(codings)} times over", reason="undecodable", url=request.url)
        if codings != [b""] and any(response.body.count(mark) > MOST_FRAMES for mark in FRAMES):
            raise CollectError(f"packed in over {MOST_FRAMES} pieces", reason="undecodable", url=request.url)
        return response


MOST_CODINGS = 2  # twice is a known mistake of proxies; every layer may unpack a body of full size
# The starts of gzip members, zstd frames and frames to skip: 8 MB of empty ones took 2, 12 and 12 s (measured). Real
# bodies have one; by chance 8 MB hold one or two.
FRAMES = (b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x2a\x4d\x18")
MOST_FRAMES = 1_000


class GateMiddleware:
    """Nearest to the downloader: asks robots.txt, then holds the host's gate from before the request to its end."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> GateMiddleware:
        return cls(crawler)

    @property
    def gate(self) -> HostGate:
        return cast(HostGate, cast(Any, self.crawler.spider).crawl.gate)

    async def process_request(self, request: Request) -> None:
        if not request.meta.get("robots_request"):
            allowed, reason = await self.gate.may_fetch(request.url, partial(fetch_robots, self.crawler))
            if not allowed:
                raise Refused(reason, request.url)
        try:
            if request.meta.get("robots_request") and not request.meta.get("redirect_urls"):
                await self.gate.hold_for_robots(request.url)
            else:
                await self.gate.hold(request.url)
        except HostRests as error:
            raise Refused(RESTS, request.url) from error
        request.meta["held"] = request.url

    async def process_response(self, request: Request, response: Response) -> Response:
        busy = response.status in BUSY
        await self._release(request, Answered(busy, retry_after(response, clock()) if busy else None))
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:  # noqa: ARG002 - Scrapy's shape
        await self._release(request, None)

    async def _release(self, request: Request, answered: Answered | None) -> None:
        held = request.meta.pop("held", None)
        if held is not None:
            await self.gate.release(held, answered)


async def fetch_robots(crawler: Crawler, url: str) -> tuple[int, bytes]:
    """What HostGate.may_fetch asks for: status and body. Raises what the downloader raises."""
    request = Request(
        url,
        dont_filter=True,
        priority=1000,
        meta={"robots_request": True, "handle_httpstatus_list": ANSWERS, "download_maxsize": ROBOTS_MAXSIZE},
    )
    engine = crawler.engine
    assert engine is not None
    response = await engine.download_async(request)
    return response.status, response.body


ROBOTS_MAXSIZE = 2_000_000  # bytes; a larger one fails the download and counts as no answer


HOW_TO_READ = ("Content-Type", "Content-Language", "Last-Modified")


def plain_headers(response: Response, wanted: Sequence[str] = HOW_TO_READ) -> dict[str, str]:
    """The headers that say how to read a body (or others), and those that walls give themselves away by, as text.

    Of a header that comes several times, as Set-Cookie does, all values with ", " between them.
    """
    plain = {name: value.decode("latin-1") for name in wanted if (value := response.headers.get(name)) is not None}
    walls = {name: b", ".join(found).decode("latin-1") for name in HEADERS if (found := response.headers.getlist(name))}
    return plain | walls


def retry_after(response: Response, now: datetime) -> float | None:
    """Seconds that Retry-After asks us to wait, given in seconds or as an HTTP-date; None where it says nothing that
    can be kept: it is missing, garbage, or a time that is over."""
    value = response.headers.get("Retry-After")
    text = value.decode("latin-1").strip() if value else ""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A date without a zone ("-0000") comes back naive; HTTP knows only UTC.
    seconds = ((until if until.tzinfo else until.replace(tzinfo=UTC)) - now).total_seconds()
    return seconds if seconds > 0 else None
