"""Killable processes for reading foreign bytes: a feed or page that takes too long or too much costs one task."""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from pebble import CONSTS, ProcessExpired, ProcessPool

from models.article import Feed, Page, Sitemap
from models.config import PageHints, Selectors
from models.errors import KhazriError, WorkerTimeout

if TYPE_CHECKING:
    from crawler.frontpage import FrontPage

FEED_SECONDS = 5.0  # DESIGN §7; feedguard keeps feeds under 2 s
PAGE_SECONDS = 10.0  # DESIGN §7; the slowest real page took 13 s in one tool before it was capped
MEMORY_BYTES = 700 * 1024 * 1024  # of address space over what a warmed-up worker has; pages stay under 500 MB
TASKS_PER_WORKER = 1_000  # then a new process: what the extractors' caches leave behind stays bounded
WORKERS_AT_MOST = 4  # reading keeps pace with polite fetching at far fewer
TERM_SECONDS = 0.2  # between asking a worker to end and killing it: it holds nothing worth waiting for
PARENT_CHECK_SECONDS = 0.5  # how soon a worker notices that its parent was killed; asking costs microseconds

P = ParamSpec("P")
R = TypeVar("R")


class Workers:
    """A pool of such processes for one crawl, started by the first task. Its methods are awaited in an asyncio loop."""

    def __init__(
        self, count: int | None = None, *, feed_seconds: float = FEED_SECONDS, page_seconds: float = PAGE_SECONDS
    ):
        # Half the cores: the crawl itself and the reading worker want theirs, and each worker costs 1.6 s to start.
        self._count = count or max(1, min(WORKERS_AT_MOST, (os.cpu_count() or 1) // 2))
        self._feed_seconds, self._page_seconds = feed_seconds, page_seconds
        self._pool: ProcessPool | None = None
        self._pending: set[Future[Any]] = set()
        self._lock = threading.Lock()
        self._closed = False

    async def read_feed(
        self,
        body: bytes,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        language: str | None = None,
        zone: str | None = None,
        now: datetime | None = None,
    ) -> Feed:
        """`crawler.feeds.read_feed` in a worker. Raises WorkerTimeout after 5 s or over the memory limit."""
        keywords = {"headers": headers, "language": language, "zone": zone, "now": now}
        feed: Feed = await self._run(_feed, self._feed_seconds, url, (body, url), keywords)
        return feed

    async def read_page(
        self,
        body: bytes,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        language: str | None = None,
        zone: str | None = None,
        now: datetime | None = None,
        hints: PageHints | Sequence[PageHints] | None = None,
    ) -> Page:
        """`crawler.pages.read_page` in a worker. Raises WorkerTimeout after 10 s or over the memory limit."""
        keywords = {"headers": headers, "language": language, "zone": zone, "now": now, "hints": hints}
        page, _ = await self._run(_page, self._page_seconds, url, (body, url), keywords)
        return cast(Page, page)

    async def timed_page(self, body: bytes, url: str, **keywords: Any) -> tuple[Page, float]:
        """As `read_page`, with the CPU seconds that reading took in its process."""
        timed: tuple[Page, float] = await self._run(_page, self._page_seconds, url, (body, url), keywords)
        return timed

    async def read_listing(
        self,
        body: bytes,
        url: str,
        selectors: Selectors | None = None,
        *,
        url_pattern: str = "",
        language: str | None = None,
        zone: str | None = None,
        now: datetime | None = None,
    ) -> Feed:
        """`crawler.listings.read_listing` in a worker, under the limits of a page."""
        keywords = {"url_pattern": url_pattern, "language": language, "zone": zone, "now": now}
        feed: Feed = await self._run(_listing, self._page_seconds, url, (body, url, selectors), keywords)
        return feed

    async def read_answer(self, form: str, body: bytes, url: str, **keywords: Any) -> Any:
        """What an API, an archive or a channel answered, read by the reader of its form (ANSWER_READERS) in a worker,
        under the limits of a feed."""
        return await self._run(_answer, self._feed_seconds, url, (form, body, url), keywords)

    async def read_sitemap(
        self,
        body: bytes,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        language: str | None = None,
        zone: str | None = None,
        now: datetime | None = None,
    ) -> Sitemap:
        """`crawler.sitemaps.read_sitemap` in a worker, under the limits of a page: 50,000 addresses take a second."""
        keywords = {"headers": headers, "language": language, "zone": zone, "now": now}
        sitemap: Sitemap = await self._run(_sitemap, self._page_seconds, url, (body, url), keywords)
        return sitemap

    async def read_front(self, body: bytes, url: str, *, headers: Mapping[str, str] | None = None) -> FrontPage:
        """`crawler.frontpage.read_front` in a worker, under the limits of a page."""
        front: FrontPage = await self._run(_front, self._page_seconds, url, (body, url), {"headers": headers})
        return front

    async def _run(
        self, function: Callable[..., Any], seconds: float, url: str, args: tuple[Any, ...], keywords: Mapping[str, Any]
    ) -> Any:
        future = self._schedule(function, seconds, args, keywords)
        try:
            return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise WorkerTimeout(f"reading took more than {seconds:g} s", url=url) from error
        except MemoryError as error:
            raise WorkerTimeout("reading took too much memory", url=url) from error
        except ProcessExpired as error:
            raise WorkerTimeout(f"the reading process died (exit code {error.exitcode})", url=url) from error
        finally:
            self._pending.discard(future)

    def _schedule(
        self, function: Callable[..., Any], seconds: float, args: tuple[Any, ...], keywords: Mapping[str, Any]
    ) -> Future[Any]:
        with self._lock:
            if self._closed:
                raise KhazriError("the workers are closed")
            if self._pool is None or not self._pool.active:  # none yet, or broken: a new one for the next tasks
                self._pool = _new_pool(self._count)
            future: Future[Any] = self._pool.schedule(function, args=args, kwargs=keywords, timeout=seconds)
            self._pending.add(future)
        return future

    def close(self) -> None:
        """Kill all workers and cancel what is still waited for, within about a second. May be called twice."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
            pending, self._pending = set(self._pending), set()
        for future in pending:
            future.cancel()
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()


def _new_pool(count: int) -> ProcessPool:
    CONSTS.term_timeout = TERM_SECONDS
    return ProcessPool(
        max_workers=count,
        max_tasks=TASKS_PER_WORKER,
        initializer=_start,
        initargs=(os.getpid(),),
        context=multiprocessing.get_context("spawn"),
    )


# ------------------------------------------------------------------------------------------------ inside the processes


def _start(parent: int) -> None:
    """Once a process: import what reading needs, then set the memory limit over what that took."""
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    from crawler import (  # noqa: F401 -- the parent never needs these
        apis,
        cdx,
        feeds,
        language,
        listings,
        pages,
        sitemaps,
        telegram,
    )

    language.warm_up()
    _limit_memory()


def _end_with_parent(parent: int) -> None:
    """A parent that was killed cannot stop us: notice that we were handed to another one, and end."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os._exit(1)


def _limit_memory() -> None:
    if not sys.platform.startswith("linux"):  # elsewhere RLIMIT_AS is not kept, only the time limit holds
        return
    import resource  # not on every platform

    used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = used + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _travelling(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call; an error that would not survive the way to the parent goes as a RuntimeError that says what it was."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301 -- our own bytes
        except Exception:  # noqa: BLE001 -- whatever pickling raises, the message must arrive
            raise RuntimeError(f"{type(error).__name__}: {error}") from None
        raise


def _feed(*args: Any, **keywords: Any) -> Feed:
    from crawler.feeds import read_feed  # imported by _start; the parent never needs it

    return _travelling(read_feed, *args, **keywords)


def _page(*args: Any, **keywords: Any) -> tuple[Page, float]:
    from crawler.pages import read_page

    started = time.process_time()
    page = _travelling(read_page, *args, **keywords)
    return page, time.process_time() - started


def _listing(*args: Any, **keywords: Any) -> Feed:
    from crawler.listings import read_listing

    return _travelling(read_listing, *args, **keywords)


# Form of an answer (a source's `format` in config) -> module and function that read it.
ANSWER_READERS: Mapping[str, tuple[str, str]] = {
    "gdelt": ("crawler.apis", "read_gdelt"),
    "wordpress": ("crawler.apis", "read_wordpress"),
    "cdx": ("crawler.cdx", "read_cdx"),
    "telegram": ("crawler.telegram", "read_telegram"),
}


def _answer(form: str, *args: Any, **keywords: Any) -> Any:
    module, name = ANSWER_READERS[form]
    return _travelling(getattr(importlib.import_module(module), name), *args, **keywords)


def _sitemap(*args: Any, **keywords: Any) -> Sitemap:
    from crawler.sitemaps import read_sitemap

    return _travelling(read_sitemap, *args, **keywords)


def _front(*args: Any, **keywords: Any) -> FrontPage:
    from crawler.frontpage import read_front

    return _travelling(read_front, *args, **keywords)
