"""What the spiders know of the browser: whether there is one, and how a page is run in it. Imports no Playwright.

The page itself is always asked for by Scrapy, with all that holds for any page: robots.txt, the host's gate, redirects,
walls, limits. Only what came is handed to Chromium (crawler/browser.py), which runs its scripts.
"""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.fetch import ANSWERS, plain_headers
from crawler.walls import wall_of
from models.config import Config, Source

NEEDS_BROWSER = "needs a browser"
NO_EXTRA = f"{NEEDS_BROWSER}, which Khazri has none of: .venv/bin/pip install 'scrapy-playwright>=0.0.48'"
NO_CHROMIUM = f"{NEEDS_BROWSER}, and there is no Chromium on the PATH: apt-get install chromium"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")  # its names in distributions
EXTRA = ("scrapy_playwright", "playwright")
PAGES_AT_ONCE = 2  # a page's scripts keep a core busy
SHELL = "browser_shell"  # of a request's meta: the answer whose scripts are to be run
HTML = ("text/html", "application/xhtml+xml")


def find_chromium() -> str:
    """The path of a Chromium of this machine, "" where there is none."""
    return next((path for name in CHROMIUMS if (path := shutil.which(name))), "")


def why_no_browser() -> str:
    """What an operator has to install before a page can be run in a browser, "" where nothing is missing."""
    if any(importlib.util.find_spec(name) is None for name in EXTRA):
        return NO_EXTRA
    return "" if find_chromium() else NO_CHROMIUM


@dataclass(slots=True)
class Browsing:
    """The browser of one crawl. `missing` says why there is none; with `wanted` false nobody asks for one."""

    wanted: bool = False
    missing: str = ""
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PAGES_AT_ONCE))
    ends: list[Callable[[], None]] = field(default_factory=list)  # kill what a spider's browser left running

    @classmethod
    def of(cls, sources: Sequence[Source]) -> Browsing:
        wanted = any(source.javascript for source in sources)
        return cls(wanted, why_no_browser() if wanted else "")

    @property
    def ready(self) -> bool:
        return self.wanted and not self.missing

    def end(self) -> None:
        """No process of a browser outlives the crawl, however it ended."""
        for end in self.ends:
            end()
        self.ends.clear()

    async def run_scripts(self, crawler: Crawler, response: Response) -> Response:
        """`response` with the body that its scripts made of it; as it is where it is no page, or a wall: no challenge
        is solved here. The host's gate is held once more for what the scripts ask. Raises CollectError, and whatever
        the downloader raises."""
        if not _is_page(response):
            return response
        engine = crawler.engine
        assert engine is not None
        async with self.places:  # before the gate: a host is not held while another one's page runs
            ran = await engine.download_async(
                Request(response.url, dont_filter=True, meta={SHELL: response, "handle_httpstatus_list": ANSWERS})
            )
        return ran.replace(request=response.request)


def browser_settings(config: Config) -> dict[str, Any]:
    """Scrapy's settings for a crawl that has a browser. What they mean for Chromium stands in crawler/browser.py."""
    return {
        "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), "crawler.browser.BrowserHandler"),
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": 1000 * config.politeness.timeout_seconds,
        "PLAYWRIGHT_RESTART_DISCONNECTED_BROWSER": True,  # one that died costs the page that it was at
    }


def _is_page(response: Response) -> bool:
    headers = plain_headers(response)
    kind = headers.get("Content-Type", "text/html").strip().lower()
    return (
        response.status == 200
        and kind.startswith(HTML)
        and wall_of(response.status, headers, response.body, response.url) is None
    )
