"""The clock: which job is due, who holds the lease, how to stop. One process, one loop, every job also a command."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from crawler.crawl import NOT_POLLED, crawl
from crawler.hosts import holder_name
from crawler.loop import run
from crawler.pace import due_at, slot_of
from jobs import chosen_sources, clock, open_store, writing_clock
from jobs.digests import preview_all, send_all
from jobs.sources import health_changes
from models.collecting import Collecting
from models.config import Config, Source
from models.errors import KhazriError
from models.gate import Gate
from models.store import Store

log = logging.getLogger("khazri.schedule")
T = TypeVar("T")

LEASE_SECONDS = 120  # a process that dies holds a job no longer than this
PAGE_SECONDS = 60.0  # of one crawl for pages: a host with a long delay must not hold up every other source's poll
PAGES_SECONDS = 600.0  # how often pages are asked for whose source is not polled: retries begin after 30 minutes
SPREAD = 0.1  # of the interval, by which a poll may come later
GATHER_SECONDS = 1.0  # sources that fall due within this share one crawl
CATCH_UP_SECONDS = 60  # a mail that is late anyway waits for what the first crawl brings in
HEALTH_MINUTES = 60  # silence is a matter of hours; what a poll itself shows is logged with the crawl
READER_STOP_SECONDS = 1.2  # of the 2 s in which SIGTERM must end everything


class Clock:
    """All jobs of one process. Jobs are derived from config at the start; what has run is in `run_slot`."""

    def __init__(self, config: Config, store: Store) -> None:
        self.config = config
        self.store = store
        self.gate = Gate(store)
        self.collecting = Collecting(store)
        self.sources = {source.id: source for source in chosen_sources(config, [])}
        self.owner = holder_name()
        self.due: dict[str, Source] = {}
        self.pages_due = False
        self.wake = asyncio.Event()
        self.reader: asyncio.subprocess.Process | None = None
        self.stopping = False
        self.states: dict[str, str] = {}  # source -> its state when the log last spoke of it
        self.scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600}
        )

    async def run(self) -> None:
        """Until cancelled. Stop order: no new jobs, the crawl ends in order, the reader finishes its batch."""
        self._plan()
        self.scheduler.start()
        log.warning("scheduled: %d jobs; stop with SIGTERM or Ctrl-C", len(self.scheduler.get_jobs()))
        crawling = asyncio.create_task(self._crawl_for_ever())
        try:
            await asyncio.shield(crawling)
        finally:
            self.stopping = True
            self.scheduler.pause()
            crawling.cancel()
            await asyncio.gather(self._stop_reader(), crawling, return_exceptions=True)
            await asyncio.sleep(0.02)  # the job that waited for the reader sees its end before jobs are cancelled
            self.scheduler.shutdown(wait=False)

    async def _crawl_for_ever(self) -> None:
        while True:
            await self.wake.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self.wake.clear()
            try:
                await self._crawl_due()
            except KhazriError as error:  # a database that is locked or full now may be well for the next crawl
                log.error("crawl: %s", error)  # noqa: TRY400 - our own error is one line, a traceback would bury it

    def _plan(self) -> None:
        """One job per source, the reading, the digest."""
        self.scheduler.add_listener(_tell, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
        start = datetime.now(UTC)
        learned = self.collecting.sources(list(self.sources))
        for source in self.sources.values():
            first = self._next_poll(source, learned.get(source.id), start)
            self._add(
                f"source:{source.id}", self._source_due, self._trigger(source, learned.get(source.id)), first, source
            )
        pages = IntervalTrigger(seconds=PAGES_SECONDS, timezone="UTC")
        self._add("pages", self._pages_due, pages, start + timedelta(seconds=PAGES_SECONDS))
        reading = IntervalTrigger(seconds=self.config.schedule.read_every_seconds, timezone="UTC")
        self._add("reading", self._read, reading, start)
        health = IntervalTrigger(minutes=HEALTH_MINUTES, timezone="UTC")
        self._add("health", self._health, health, start + timedelta(seconds=CATCH_UP_SECONDS))
        # Started after today's time: the mail is caught up; where today's was done, its slot says so.
        late = clock(self.config).astimezone(self.config.zone).strftime("%H:%M") >= self.config.digest.at
        catch_up = start + timedelta(seconds=CATCH_UP_SECONDS) if late else None
        hour, minute = map(int, self.config.digest.at.split(":"))
        self._add("digest", self._digest, CronTrigger(hour=hour, minute=minute, timezone=self.config.zone), catch_up)

    def _add(
        self, name: str, job: Callable[..., Coroutine[Any, Any, None]], trigger: Any, start: datetime | None, *args: Any
    ) -> None:
        first = {} if start is None else {"next_run_time": start}
        self.scheduler.add_job(job, trigger, args=args, id=name, name=name, **first)

    # --- collecting

    @staticmethod
    def _trigger(source: Source, learned: Mapping[str, Any] | None) -> IntervalTrigger:
        """Every so many minutes as the source's rhythm is now. It repeats, so that a source whose crawl failed before
        it could be planned anew is asked again all the same."""
        minutes = (learned or {}).get("interval_minutes") or source.every_minutes
        return IntervalTrigger(seconds=round(minutes * 60), timezone="UTC")

    @staticmethod
    def _next_poll(source: Source, learned: Mapping[str, Any] | None, now: datetime) -> datetime:
        """When to ask next: as its rhythm says, up to a tenth of its interval later; 60 sources must not all ask on
        the hour. At once where that is over, and where the last poll is dated ahead of the clock (`--now`)."""
        at = due_at(source, learned)
        if at is None or learned is None or learned["polled_at"] > now or at <= now:
            return now
        spread = (at - learned["polled_at"]).total_seconds() * SPREAD
        return at + timedelta(seconds=random.uniform(0.0, spread))  # noqa: S311 - no secret

    async def _source_due(self, source: Source) -> None:
        """Let the next crawl take it: sources due together share one crawl."""
        self.due[source.id] = source
        self.wake.set()

    async def _pages_due(self) -> None:
        """Pages are tried again, and looked at again, by their own times, not by the rhythm of their source."""
        self.pages_due = True
        self.wake.set()

    def _own(self, job: str, slot: str) -> bool:
        return self.gate.take_slot(job, slot, self.owner, datetime.now(UTC), LEASE_SECONDS)

    def _owned(self, sources: Sequence[Source]) -> list[Source]:
        """The sources that are due and whose slot nobody else has run or runs: one process of many polls each."""
        learned, now = self.collecting.sources([s.id for s in sources]), datetime.now(UTC)
        slots = {s.id: slot_of(s, learned.get(s.id), now) for s in sources}
        return [s for s in sources if (slot := slots[s.id]) is not None and self._own(f"source:{s.id}", slot)]

    def _with_pages(self, polled: Sequence[Source]) -> list[Source]:
        """Sources that are not polled now and have pages to be asked for; nobody else is at them."""
        others = [name for name in self.sources if name not in {source.id for source in polled}]
        due = self.collecting.due_sources(others, clock(self.config))
        slot = f"pages+{int(datetime.now(UTC).timestamp() // PAGES_SECONDS)}"
        return [self.sources[name] for name in others if name in due and self._own(f"source:{name}", slot)]

    async def _crawl_due(self) -> None:
        waiting, self.due = list(self.due.values()), {}
        pages, self.pages_due = self.pages_due, False
        polled = await asyncio.to_thread(self._owned, waiting)
        extra = await asyncio.to_thread(self._with_pages, polled) if pages else []
        try:
            if polled or extra:
                await self._crawl(polled, extra)
        finally:
            await self._plan_anew(waiting)

    async def _crawl(self, polled: Sequence[Source], extra: Sequence[Source]) -> None:
        now = clock(self.config)
        sources = [*polled, *extra]
        done = False
        try:
            slot = now.strftime("%Y-%m-%dT%H:%M:%SZ")
            work = crawl(
                self.config, self.store, sources, slot=slot, now=now, page_seconds=PAGE_SECONDS,
                pages_only=[source.id for source in extra],
            )  # fmt: skip
            result = await self._while_held([f"source:{source.id}" for source in sources], work)
            done = True
            for count in result.counts:
                quiet = count.result in ("ok", "unchanged") or count.reason in NOT_POLLED
                log.log(
                    logging.INFO if quiet else logging.WARNING,
                    "source=%s result=%s reason=%s new=%d", count.source, count.result, count.reason, count.new,
                )  # fmt: skip
        finally:
            await asyncio.to_thread(self._give_back, sources, done)

    async def _plan_anew(self, sources: Sequence[Source]) -> None:
        """What this crawl, or another process, has learned decides when each of them is due next."""
        if self.stopping:
            return
        learned = await asyncio.to_thread(self.collecting.sources, [source.id for source in sources])
        now = datetime.now(UTC)
        for source in sources:
            known = learned.get(source.id)
            trigger = self._trigger(source, known)
            at = self._next_poll(source, known, now)
            job = f"source:{source.id}"
            # Not learned, or by a fixed clock: the next repetition is soon enough.
            self.scheduler.modify_job(job, trigger=trigger, next_run_time=at if at > now else now + trigger.interval)

    def _give_back(self, sources: Sequence[Source], done: bool) -> None:
        for source in sources:
            self.gate.end_job(f"source:{source.id}", self.owner, done=done)

    async def _while_held(self, jobs: list[str], work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, its leases kept. Raises KhazriError when one was lost; the work is stopped then."""
        working = asyncio.create_task(work)
        beat = asyncio.create_task(self._heartbeat(jobs))
        either: set[asyncio.Future[Any]] = {working, beat}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            beat.cancel()
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)  # it ends in order
        if beat.done() and working.cancelled():
            raise KhazriError(f"another process took over {beat.result()}; stopped here")
        return working.result()

    async def _heartbeat(self, jobs: list[str]) -> str:
        """Ends with the job whose lease was lost."""
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            try:
                for job in jobs:
                    now = datetime.now(UTC)
                    if not await asyncio.to_thread(self.gate.keep_lease, job, self.owner, now, LEASE_SECONDS):
                        return job
            except KhazriError as error:  # two more beats fit into a lease
                log.warning("heartbeat: %s", error)

    # --- reading

    async def _read(self) -> None:
        """Ask the reading worker to read what is due; start one when there is none."""
        if self.reader is None or self.reader.returncode is not None:
            now = [self.config.now.isoformat()] if self.config.now else []
            self.reader = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "jobs.reader", str(self.config.path), *now,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
        assert self.reader.stdin is not None
        assert self.reader.stdout is not None
        self.reader.stdin.write(b"read\n")
        await self.reader.stdin.drain()
        line = await self.reader.stdout.readline()
        if self.stopping:
            return
        answer = json.loads(line) if line else {"error": "the reading worker died; it is started again next time"}
        if "error" in answer:
            log.error("reading: %s", answer["error"])
        elif answer["read"]:
            log.info("read %(read)d articles, %(added)d facts added, %(closed)d closed", answer)

    async def _stop_reader(self) -> None:
        if self.reader is None or self.reader.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):  # it ended between the look and the call
            self.reader.terminate()  # ends it after the batch it is at
        if self.reader.stdin is not None:
            self.reader.stdin.close()  # ends it where it waits to be asked: a signal alone does not wake that
        try:
            await asyncio.wait_for(self.reader.wait(), READER_STOP_SECONDS)
        except TimeoutError:
            self.reader.kill()  # its open transaction is rolled back; the articles stay due

    # --- telling

    async def _health(self) -> None:
        """Each change of a source's state once; at the start, what is not well."""
        found = await asyncio.to_thread(health_changes, self.config, self.store.engine, clock(self.config), self.states)
        for level, line in found:
            log.log(level, "%s", line)

    async def _digest(self) -> None:
        """Once a day over all processes: send where a mail server is configured, else write the preview."""
        now = clock(self.config)
        day = now.astimezone(self.config.zone).strftime("%Y-%m-%d")
        if not await asyncio.to_thread(self._own, "digest", day):
            return
        done = False
        try:
            for line in await self._while_held(["digest"], asyncio.to_thread(self._mail, now)):
                log.warning("digest: %s", line)
            done = True
        finally:
            await asyncio.to_thread(self.gate.end_job, "digest", self.owner, done=done)

    def _mail(self, now: datetime) -> list[str]:
        if self.config.smtp_url:
            return send_all(self.config, self.store, now)
        return preview_all(self.config, self.store, now, self.config.var / "digest")


def _tell(event: JobExecutionEvent) -> None:
    """A job that failed or was missed is said, never swallowed."""
    if event.code == EVENT_JOB_MISSED:
        log.error("job %s was missed at %s", event.job_id, event.scheduled_run_time)
    else:
        log.error("job %s failed: %s", event.job_id, event.exception)


def run_forever(config: Config) -> None:
    """`khazri schedule`. Raises StoreError at the start; KeyboardInterrupt after it was stopped in order."""
    now = writing_clock(config)
    store = open_store(config)
    store.sync(config, now)

    async def main() -> None:
        await Clock(config, store).run()

    run(main(), guarded=not config.proxy)
