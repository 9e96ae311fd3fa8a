"""The clock: which job is due, who holds the lease, how to stop. One process, one loop, every job also a command."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from crawler.crawl import crawl
from crawler.hosts import holder_name
from crawler.loop import run
from jobs import chosen_sources, clock, open_store, writing_clock
from jobs.digests import preview_all, send_all
from jobs.sources import health_changes
from models.config import Config, Source
from models.errors import KhazriError
from models.gate import Gate
from models.store import Store

log = logging.getLogger("khazri.schedule")
T = TypeVar("T")

LEASE_SECONDS = 120  # a process that dies holds a job no longer than this
PAGE_SECONDS = 60.0  # of one crawl for pages: a host with a long delay must not hold up every other source's poll
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
        self.owner = holder_name()
        self.due: dict[str, Source] = {}
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
        for source in chosen_sources(self.config, []):
            # A tenth of the period as jitter: 60 sources must not all ask on the hour.
            trigger = IntervalTrigger(minutes=source.every_minutes, jitter=source.every_minutes * 6, timezone="UTC")
            self._add(f"source:{source.id}", self._source_due, trigger, start, source)
        reading = IntervalTrigger(seconds=self.config.schedule.read_every_seconds, timezone="UTC")
        self._add("reading", self._read, reading, start)
        health = IntervalTrigger(minutes=HEALTH_MINUTES, timezone="UTC")
        self._add("health", self._health, health, start + timedelta(seconds=CATCH_UP_SECONDS))
        # Started after today's time: the mail is caught up; where today's was done, its slot says so.
        late = clock(self.config).astimezone(self.config.zone).strftime("%H:%M") >= self.config.digest.at
        first = start + timedelta(seconds=CATCH_UP_SECONDS) if late else None
        hour, minute = map(int, self.config.digest.at.split(":"))
        self._add("digest", self._digest, CronTrigger(hour=hour, minute=minute, timezone=self.config.zone), first)

    def _add(
        self, name: str, job: Callable[..., Coroutine[Any, Any, None]], trigger: Any, start: datetime | None, *args: Any
    ) -> None:
        first = {} if start is None else {"next_run_time": start}
        self.scheduler.add_job(job, trigger, args=args, id=name, name=name, **first)

    # --- collecting

    async def _source_due(self, source: Source) -> None:
        """Let the next crawl take it: sources due together share one crawl."""
        self.due[source.id] = source
        self.wake.set()

    def _own(self, job: str, slot: str) -> bool:
        return self.gate.take_slot(job, slot, self.owner, datetime.now(UTC), LEASE_SECONDS)

    def _owned(self, sources: list[Source]) -> list[Source]:
        """The sources whose slot nobody else has run or runs: one process of many polls each."""
        seconds = int(datetime.now(UTC).timestamp())
        return [s for s in sources if self._own(f"source:{s.id}", str(seconds // (s.every_minutes * 60)))]

    async def _crawl_due(self) -> None:
        waiting, self.due = list(self.due.values()), {}
        sources = await asyncio.to_thread(self._owned, waiting)
        if not sources:
            return
        now = clock(self.config)
        done = False
        try:
            slot = now.strftime("%Y-%m-%dT%H:%M:%SZ")
            work = crawl(self.config, self.store, sources, slot=slot, now=now, page_seconds=PAGE_SECONDS)
            result = await self._while_held([f"source:{source.id}" for source in sources], work)
            done = True
            for count in result.counts:
                level = logging.INFO if count.result in ("ok", "unchanged") else logging.WARNING
                log.log(
                    level, "source=%s result=%s reason=%s new=%d", count.source, count.result, count.reason, count.new
                )
        finally:
            await asyncio.to_thread(self._give_back, sources, done)

    def _give_back(self, sources: list[Source], done: bool) -> None:
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
