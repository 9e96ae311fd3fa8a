"""One crawl: `poll sources -> items are rows -> ask for due pages -> read in workers -> storing pipeline`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scrapy import Spider
from scrapy.crawler import AsyncCrawlerRunner

from crawler.addresses import normalise
from crawler.browsing import NO_CHROMIUM, NO_EXTRA, Browsing, browser_settings
from crawler.hosts import HostGate, holder_name
from crawler.pace import is_retired
from crawler.polled import POLLED
from crawler.settings import scrapy_settings
from crawler.spiders.apis import ApiSpider
from crawler.spiders.archives import ArchiveSpider
from crawler.spiders.base import NO_ANSWER, Crawl, SourceSpider
from crawler.spiders.feeds import FeedSpider
from crawler.spiders.listings import ListingSpider
from crawler.spiders.pages import PageSpider
from crawler.spiders.sitemaps import SitemapSpider
from crawler.spiders.sniffed import SniffSpider
from crawler.workers import Workers
from models.collected import DueItem, RunCount
from models.collecting import Collecting
from models.config import Config, Source, SourceKind
from models.errors import KhazriError
from models.gate import Gate
from models.store import Store

log = logging.getLogger("khazri.crawl")

# Which spider polls which kind of source. A new kind is one line here and one spider.
SPIDERS: dict[SourceKind, type[SourceSpider]] = {
    "feed": FeedSpider,
    "listing": ListingSpider,
    "api": ApiSpider,
    "archive": ArchiveSpider,
    "sitemap": SitemapSpider,
    "url": SniffSpider,
}
assert frozenset(SPIDERS) == POLLED, "crawler/polled.py tells the command line what can be polled"

# Why a source of a crawl was not polled, and only its due pages were asked for.
PAGES_ONLY, RETIRED = "pages only", "retired"
NOT_POLLED = (PAGES_ONLY, RETIRED)

SILENCE_SECONDS = 40  # no HTTP answer at all for this long: there is no network (`make run` promises 60 s in all)
STOP_SECONDS = 0.5  # of the 2 s in which SIGTERM must end everything; the rest is for the last commit


@dataclass(frozen=True, slots=True)
class CrawlResult:
    """What a crawl did, source by source, in config order. `reached` counts the sources that gave any answer, of
    `asked` that were polled."""

    counts: tuple[RunCount, ...]
    reached: int
    asked: int

    @property
    def no_network(self) -> bool:
        return self.asked > 0 and self.reached == 0


def _reached(count: RunCount) -> bool:
    """Whether anything at all came back: a status, a refusal, or a reason that only an answer can have."""
    return count.status is not None or count.reason not in (
        *NO_ANSWER,
        *NOT_POLLED,
        NO_EXTRA,
        NO_CHROMIUM,
        "interrupted",
    )


async def crawl(
    config: Config,
    store: Store,
    sources: Sequence[Source],
    *,
    slot: str,
    now: datetime,
    page_seconds: float | None = None,
    named: bool = False,
    pages_only: Collection[str] = (),
) -> CrawlResult:
    """Poll `sources` and fetch the pages of their due items. Each source keeps its own run row.

    `page_seconds`: after so long no further page is asked for; what is left stays due for the next crawl.
    `named`: a person asked for just these, so that a retired one is polled too. `pages_only`: ids of those of
    `sources` that are not polled now, only their due pages are asked for.
    Raises StoreError when the database refused; what was stored until then stays, and the next crawl completes it.
    """
    ready = [source for source in sources if source.kind in SPIDERS]
    shared = _shared(config, store, ready, now)
    quiet = {s.id: PAGES_ONLY for s in ready if s.id in pages_only}
    if not named:
        quiet |= {s.id: RETIRED for s in ready if is_retired(s, shared.learned.get(s.id))}
    for name, reason in quiet.items():
        shared.counts[name].reason = reason
    asked = [source for source in ready if source.id not in quiet]
    runs = await asyncio.to_thread(shared.collecting.start_runs, [s.id for s in ready], slot, now)
    await asyncio.to_thread(shared.gate.remember, [source.address for source in ready])
    browser = browser_settings(config) if shared.browsing.ready else None
    runner = AsyncCrawlerRunner(scrapy_settings(config, browser))
    try:
        await _poll_all(runner, shared, asked)
        if shared.failure is None and (shared.answers or not asked):
            # Nothing answered: asking for pages would only add failures to every item.
            shared.deadline = time.monotonic() + page_seconds if page_seconds is not None else None
            await _fetch_due(runner, shared, ready)
    finally:
        await _to_its_end(_wind_up(runner, shared, runs, now))
    if shared.failure is not None:
        raise shared.failure
    counts = tuple(shared.counts[source.id] for source in ready)
    return CrawlResult(counts, sum(_reached(count) for count in counts), len(asked))


def _shared(config: Config, store: Store, sources: Sequence[Source], now: datetime) -> Crawl:
    collecting = Collecting(store, config.politeness.recheck_hours)
    return Crawl(
        config=config,
        collecting=collecting,
        gate=HostGate(Gate(store), config.politeness, holder_name()),
        workers=Workers(),
        now=now,
        counts={source.id: RunCount(source.id) for source in sources},
        learned=collecting.sources([source.id for source in sources]),
        browsing=Browsing.of(sources),
    )


async def _poll_all(runner: AsyncCrawlerRunner, shared: Crawl, sources: Sequence[Source]) -> None:
    """All kinds at once; validators are saved only after every entry of the poll is a row."""
    polls = [
        _run(runner, kind, crawl=shared, sources=chosen)
        for kind in SPIDERS.values()
        if (chosen := [source for source in sources if SPIDERS[source.kind] is kind])
    ]
    silence = asyncio.create_task(_silence(shared))
    polling = asyncio.gather(*polls)
    polling.add_done_callback(_seen)
    try:
        either: set[asyncio.Future[Any]] = {polling, silence}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if polling.done():
            await polling  # an error of ours comes out here
    finally:  # requests still under way in silence are left behind: crawl() stops the runner
        silence.cancel()
        polling.cancel()
    polled = [row for row in shared.learned.values() if row.get("polled_at") == shared.now]
    await asyncio.to_thread(shared.collecting.save_polls, polled)


async def _fetch_due(runner: AsyncCrawlerRunner, shared: Crawl, sources: Sequence[Source]) -> None:
    order = {source.id: place for place, source in enumerate(sources)}
    due = await asyncio.to_thread(shared.collecting.due_items, list(order), shared.now)
    if not shared.browsing.ready:  # read without its scripts, a page would be dropped for good
        due = [item for item in due if not sources[order[item.source]].javascript]
    if not due:
        return
    due.sort(key=lambda item: (item.recheck, order[item.source], item.id))  # re-checks never starve what is new
    known = await asyncio.to_thread(shared.collecting.known_items, [item.id for item in due if not item.article_id])
    known |= await asyncio.to_thread(_discovered, shared, due)
    await _run(runner, PageSpider, crawl=shared, items=due, known=known)


def _discovered(shared: Crawl, due: Sequence[DueItem]) -> set[int]:
    """Items of sources that find other outlets' pages, where that outlet has the article already."""
    keys = {
        item.id: (shared.places.outlet(item.source, item.url).id, normalise(item.url))
        for item in due
        if not item.article_id and shared.places.discovers(item.source)
    }
    have = shared.collecting.known_addresses(set(keys.values()))
    return {item for item, key in keys.items() if key in have}


async def _run(runner: AsyncCrawlerRunner, spider: type[Spider], **kwargs: Any) -> None:
    # Shielded: a cancelled crawl is stopped in order by crawl()'s own finally, not torn in the middle of a request.
    await asyncio.shield(runner.crawl(spider, **kwargs))


def _seen(polling: asyncio.Future[Any]) -> None:
    """What was left behind in silence may fail as it likes; asyncio complains of errors nobody looked at."""
    if not polling.cancelled():
        polling.exception()


async def _silence(shared: Crawl) -> None:
    """Ends when no source answered for SILENCE_SECONDS; never, once one did."""
    await asyncio.sleep(SILENCE_SECONDS)
    while shared.gate.waiting and not shared.answers:
        await asyncio.sleep(1.0)
    if shared.answers:
        await asyncio.Event().wait()  # until cancelled
    log.warning("no answer from any source in %d s: giving up for now", SILENCE_SECONDS)


async def _wind_up(runner: AsyncCrawlerRunner, shared: Crawl, runs: dict[str, int], now: datetime) -> None:
    await _stop(runner)
    await _end(shared, runs, now)


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Await `work` though we be cancelled meanwhile; the cancellation is raised once it has ended.

    A SIGTERM that came while a crawl was winding up left its page workers alive: they ended seconds after us.
    """
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError


async def _stop(runner: AsyncCrawlerRunner) -> None:
    """Stop what still runs. A request that hangs is not waited for: its item is a row and stays due."""
    try:
        await asyncio.wait_for(runner.stop(), STOP_SECONDS)
    except TimeoutError:
        log.info("left requests that did not end within %g s", STOP_SECONDS)


async def _end(shared: Crawl, runs: dict[str, int], now: datetime) -> None:
    """Close what the crawl opened and store its runs, also when it was stopped half-way."""
    for flush in shared.flushes:
        await flush()
    shared.closed = True
    shared.browsing.end()
    closing = asyncio.create_task(asyncio.to_thread(shared.workers.close))
    for count in shared.counts.values():
        if count.result == "ok" and count.new and _all_dropped(count):
            count.result = shared.learned[count.source]["state"] = "all_dropped"
    try:
        dropped = [row for row in shared.learned.values() if row.get("state") == "all_dropped"]
        await asyncio.to_thread(shared.collecting.save_polls, dropped)
        await asyncio.to_thread(shared.collecting.finish_runs, {runs[s]: shared.counts[s] for s in runs}, now)
        await shared.gate.release_all()
    except KhazriError as error:
        if shared.failure is None:
            shared.failure = error
    await closing


def _all_dropped(count: RunCount) -> bool:
    return bool(count.outcomes) and all(outcome.startswith("dropped:") for outcome in count.outcomes)
