"""Chromium, fenced in: scrapy-playwright's download handler for pages whose words come by JavaScript (extra `browser`).

    page bytes, fetched by Scrapy -> a fresh context with its own proxy -> scripts run -> the document as it then is

Chromium is never asked for the page: it gets the bytes that we have, as the answer to its one navigation. What the
page's scripts ask for goes by `Visit._allows`, then by the page's own proxy (crawler/browserproxy.py) with the address
guard. The browser as a whole has a proxy that is not there, so what belongs to no page reaches nothing. Imported only
where a source of the crawl needs it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import uuid
from collections.abc import Awaitable, Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from playwright._impl._errors import TargetClosedError  # what scrapy-playwright itself imports; it has no public name
from playwright.async_api import Browser, BrowserContext, Error, Page, Route
from playwright.async_api import Request as Asked
from playwright.async_api import TimeoutError as PlaywrightTimeout
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, Response
from scrapy_playwright.handler import Config as PlaywrightConfig
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.page import PageMethod
from scrapy_playwright.provider import PlaywrightBrowserProvider

from crawler.addresses import same_site
from crawler.browserproxy import PageProxy
from crawler.browsing import SHELL, find_chromium
from crawler.fetch import fetch_robots
from crawler.hosts import host_of
from models.config import Politeness
from models.errors import CollectError, TooLarge

log = logging.getLogger("khazri.browser")
# Its warnings are tracebacks of what becomes an outcome here; its debug lines cost a request to Chromium each.
logging.getLogger("scrapy-playwright").setLevel(logging.ERROR)

TRAFFIC_BYTES = 20_000_000  # all that one page's scripts may bring and send; a choice, 2.5 times the page's own limit
MOST_REQUESTS = 200  # of one page; what asks for more is no page of news
MOST_HOSTS = 12  # other hosts than the page's own, of one page
SETTLE_SECONDS = 10.0  # the longest wait for half a second without a request; a page that polls is taken as it is then
CLOSE_SECONDS = 2.0  # for closing a page; one whose script does not let go is killed with its browser
MOST_LAUNCHES = 5  # of Chromium in one crawl; one that dies so often is not started again
NOWHERE = "http://127.0.0.1:9"  # the discard port: the proxy of all that belongs to no page

# Script and data make the words; style sheets because builders' loaders wait for them. No image, font, film, frame,
# worker, beacon or socket.
KINDS = ("script", "stylesheet", "xhr", "fetch")
# The page's own policy is not sent on: it could only have reports of ours sent to somewhere. "sandbox" takes away
# windows, dialogs, downloads and forms; an http: source allows no ws:.
POLICY = (
    "sandbox allow-scripts allow-same-origin; default-src http: https: data: blob: 'unsafe-inline' 'unsafe-eval'; "
    "img-src 'none'; media-src 'none'; font-src 'none'; object-src 'none'; frame-src 'none'; worker-src 'none'; "
    "manifest-src 'none'; form-action 'none'"
)
FLAGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # it resolves no name, whatever part of it wants one
    "--disable-quic",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # the name that older versions know
    "--dns-prefetch-disable",
    "--no-pings",
    "--disable-background-networking",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-gpu",
    "--disable-3d-apis",
    "--disable-remote-fonts",
    "--blink-settings=imagesEnabled=false",
    "--js-flags=--max-old-space-size=512",  # MB; a page of news needs a tenth
)
# Read in a world of its own, where nothing of the page's scripts has changed what these words mean.
READ = """(() => {
  const html = (document.doctype ? '<!doctype html>' : '') + document.documentElement.outerHTML;
  return html.length > %d ? null : html;
})()"""


class Visit:
    """One page on its way through the browser; `html` is what came of it. Scrapy-playwright calls `prepare` before the
    navigation and `read` after it."""

    def __init__(self, shell: Response, polite: Politeness, allowed: Callable[[str], Awaitable[bool]]) -> None:
        self.shell = shell
        self.most_bytes = polite.max_page_bytes
        self.settle_seconds = min(SETTLE_SECONDS, polite.timeout_seconds / 3)
        self.allowed = allowed  # whether robots.txt of its host lets an address be asked for
        self.html: str | None = None
        self.served = self.crashed = False
        self.requests = 0
        self.hosts: set[str] = set()

    async def prepare(self, page: Page, request: Request) -> None:  # noqa: ARG002 - scrapy-playwright's shape
        page.on("crash", self._crash)
        page.context.on("page", _close_window)
        await page.context.route("**", _abort)  # of windows that are none of ours
        await page.route("**", partial(self._answer, page))

    def _crash(self, page: Page) -> None:  # noqa: ARG002 - Playwright's shape
        self.crashed = True

    async def _answer(self, page: Page, route: Route) -> None:
        asked = route.request
        with contextlib.suppress(Error):  # the page was closed meanwhile
            if not asked.is_navigation_request():
                await (route.continue_() if await self._allows(asked) else route.abort("blockedbyclient"))
            elif asked.frame != page.main_frame or self.served:
                await route.abort("aborted")  # a page's own words never send us anywhere
            else:
                self.served = True
                kind = (self.shell.headers.get("Content-Type") or b"text/html").decode("latin-1")
                headers = {"content-type": kind, "content-security-policy": POLICY}
                await route.fulfill(status=200, headers=headers, body=self.shell.body)

    async def _allows(self, asked: Asked) -> bool:
        """What a page's script may ask for: scripts, style sheets and data, over http(s), as its host's robots.txt
        allows; of other sites only to get something."""
        self.requests += 1
        if asked.resource_type not in KINDS or urlsplit(asked.url).scheme not in ("http", "https"):
            return False
        if asked.method not in ("GET", "HEAD") and not same_site(asked.url, self.shell.url):
            return False
        host = host_of(asked.url)
        if host != host_of(self.shell.url):
            self.hosts.add(host)
        if self.requests > MOST_REQUESTS or len(self.hosts) > MOST_HOSTS:
            return False
        return await self.allowed(asked.url)

    async def read(self, page: Page) -> None:
        """Wait until the page is quiet, take its document, and leave it. Raises CollectError."""
        if not self.served:
            raise CollectError("the page came past us", reason="browser", url=self.shell.url)
        with contextlib.suppress(PlaywrightTimeout):
            await page.wait_for_load_state("networkidle", timeout=1000 * self.settle_seconds)
        session = await page.context.new_cdp_session(page)
        frame = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        world = await session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "khazri"})
        said = await session.send(
            "Runtime.evaluate",
            {
                "expression": READ % self.most_bytes,
                "contextId": world["executionContextId"],
                "returnByValue": True,
            },
        )
        self.html = said["result"].get("value")
        if self.html is None or len(self.html.encode("utf-8", "replace")) > self.most_bytes:
            raise TooLarge(f"its scripts made over {self.most_bytes:,} bytes of it", url=self.shell.url)
        await page.goto("about:blank")  # scrapy-playwright takes the content once more, without a limit

    def response(self) -> Response:
        """The answer with the document as its scripts left it; a mark says UTF-8, whatever its own head says."""
        assert self.html is not None
        headers = self.shell.headers.copy()
        for name in ("Content-Length", "Content-Encoding"):
            headers.pop(name, None)
        headers["Content-Type"] = "text/html; charset=utf-8"
        body = b"\xef\xbb\xbf" + self.html.encode("utf-8", "replace")
        return HtmlResponse(
            self.shell.url, 200, headers, body, encoding="utf-8", ip_address=self.shell.ip_address, flags=["playwright"]
        )


@cache
def _warn_of_root() -> None:
    if os.geteuid() == 0:
        log.warning("Chromium runs without its own sandbox, since Khazri runs as root: use another user")


async def _abort(route: Route) -> None:
    with contextlib.suppress(Error):
        await route.abort("blockedbyclient")


async def _close_window(page: Page) -> None:
    with contextlib.suppress(Error):
        await page.close()


class GuardedBrowser(PlaywrightBrowserProvider):  # type: ignore[misc]
    """Starts Chromium at the first page that needs it, and kills what is left of it at the end."""

    def __init__(self, config: PlaywrightConfig) -> None:
        super().__init__(config)
        self.launches = 0
        self.broken = ""  # why it is not started again in this crawl

    async def start(self) -> None:
        """Nothing yet: most crawls with such a source find nothing new at it."""

    async def launch_browser(self) -> Browser:
        if self.launches == MOST_LAUNCHES and not self.broken:
            self._give_up(f"Chromium ended {MOST_LAUNCHES} times")
        if self.broken:
            raise CollectError(self.broken, reason="no_browser")
        if self.playwright is None:
            await super().start()
            _warn_of_root()
        self.launches += 1
        if self.launches > 1:
            log.warning("Chromium ended in the middle of a page and is started again")
        try:
            browser: Browser = await super().launch_browser()
        except Error as error:
            self._give_up(f"Chromium does not start: {error.message.strip().splitlines()[0]}")
            raise CollectError(self.broken, reason="no_browser") from error
        return browser

    def _give_up(self, why: str) -> None:
        self.broken = why
        log.warning("%s; pages that need it stay due", why)

    async def close(self) -> None:
        if self.playwright is not None:
            await super().close()

    def kill(self, *, driver: bool = True) -> None:
        """Kill the browser, and its driver too, if they run. Outside Linux they end by themselves once we are gone."""
        for child in _children(os.getpid()):
            if b"playwright/driver" in _command(child):
                for process in [*([child] if driver else []), *_descendants(child)]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)


class BrowserHandler(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]
    """Downloads as Scrapy does; a request that carries an answer (SHELL) is that answer with its scripts run.

    One a crawler, for http and https: else there would be a browser for each. Raises CollectError with the reasons
    `too_large`, `page_crashed`, `browser_died`, `no_browser`, `browser`, and TimeoutError.
    """

    shared: ClassVar[WeakKeyDictionary[Crawler, BrowserHandler]] = WeakKeyDictionary()

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.crawl = cast(Any, crawler.spider).crawl
        self.config.target_closed_max_retries = 0  # a failed try is an outcome
        self.config.launch_options = {
            "executable_path": find_chromium(),
            "args": list(FLAGS),
            "ignore_default_args": ["--disable-popup-blocking"],
            "proxy": {"server": NOWHERE, "bypass": "<-loopback>"},
            "chromium_sandbox": os.geteuid() != 0,  # as root it does not start with it
            # Ours is the process that signals are for; it ends the browser in order.
            **dict.fromkeys(("handle_sigint", "handle_sigterm", "handle_sighup"), False),
        }
        self.provider = GuardedBrowser(self.config)
        self.browser_provider_cls = lambda config: self.provider  # noqa: ARG005
        self.crawl.browsing.ends.append(self.provider.kill)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BrowserHandler:
        if crawler not in cls.shared:
            cls.shared[crawler] = cls(crawler)
        return cls.shared[crawler]

    async def download_request(self, request: Request) -> Response:
        shell = request.meta.get(SHELL)
        if shell is None:
            return cast(Response, await super().download_request(request))
        polite = self.crawl.config.politeness
        visit = Visit(shell, polite, self._allowed)
        name = uuid.uuid4().hex
        async with PageProxy(self.crawl.config.proxy, _resolve, TRAFFIC_BYTES) as proxy:
            request.meta.update(
                playwright=True,
                playwright_context=name,
                playwright_context_kwargs=self._context(proxy),
                playwright_page_init_callback=visit.prepare,
                playwright_page_goto_kwargs={"wait_until": "commit"},
                playwright_page_methods=[PageMethod(visit.read)],
            )
            try:
                async with asyncio.timeout(polite.timeout_seconds):
                    await super().download_request(request)
            except (Error, TimeoutError) as error:
                raise self._told(visit, proxy, error) from error
            finally:
                if proxy.refused:
                    log.info("%s asked for what we never fetch: %s", shell.url, ", ".join(sorted(set(proxy.refused))))
                await self._leave(name)
        if proxy.spent:
            raise TooLarge(f"its scripts asked for over {TRAFFIC_BYTES:,} bytes", url=shell.url)
        return visit.response()

    def _context(self, proxy: PageProxy) -> dict[str, Any]:
        """No cookies, no storage of another page, no service worker, and its own proxy."""
        way: dict[str, str] = {"server": proxy.address, "bypass": "<-loopback>"}
        upstream = urlsplit(self.crawl.config.proxy)
        if upstream.username:
            way |= {"username": upstream.username, "password": upstream.password or ""}
        return {
            "proxy": way,
            "user_agent": self.crawl.config.politeness.user_agent,
            "service_workers": "block",
            "accept_downloads": False,
        }

    async def _allowed(self, url: str) -> bool:
        """Whether robots.txt of its host allows it; a host that cannot tell is not asked."""
        try:
            allowed, _ = await self.crawl.gate.may_fetch(url, partial(fetch_robots, self._crawler))
        except Exception as error:  # noqa: BLE001 -- whatever the downloader raises for that robots.txt
            log.info("no robots.txt, so not asked: %s (%s)", url, error)
            return False
        return bool(allowed)

    def _told(self, visit: Visit, proxy: PageProxy, error: Exception) -> Exception:
        """The error that says what happened, in the words of our outcomes."""
        url = visit.shell.url
        if proxy.spent:
            return TooLarge(f"its scripts asked for over {TRAFFIC_BYTES:,} bytes", url=url)
        if visit.crashed:
            return CollectError("its scripts broke the page's process", reason="page_crashed", url=url)
        if isinstance(error, TimeoutError | PlaywrightTimeout):
            return TimeoutError(f"its scripts had not ended in time: {url}")
        if isinstance(error, TargetClosedError):
            return CollectError("Chromium ended in the middle of the page", reason="browser_died", url=url)
        return CollectError(str(error).splitlines()[0], reason="browser", url=url)

    async def _leave(self, name: str) -> None:
        """Close a page's context; a browser that does not let it go is killed, and the next page starts another."""
        wrapper = self.context_wrappers.get(name)
        if wrapper is None:
            return
        context: BrowserContext = wrapper.context
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await context.close()
        except (Error, TimeoutError):
            log.info("a page did not let go of its browser, which is killed")
            self.provider.kill(driver=False)


async def _resolve(name: str) -> str:
    """The address of a name by the resolver of all fetching, which refuses names that lead inwards."""
    from twisted.internet import reactor

    return cast(str, await cast(Any, reactor).resolve(name).asFuture(asyncio.get_running_loop()))


# --------------------------------------------------------------------------------------------------- Linux's processes


def _children(pid: int) -> set[int]:
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that ended meanwhile
            found |= {int(word) for word in task.read_text("ascii").split()}
    return found


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for child in _children(pid):
        found += [child, *_descendants(child)]
    return found


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it ended meanwhile
        return b""
