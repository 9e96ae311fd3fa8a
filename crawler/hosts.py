"""One gate per host for every source, crawl, process and machine: robots.txt, delay, one request at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from protego import Protego
from scrapy.exceptions import IgnoreRequest

from crawler.telling import Telling
from models.config import Politeness
from models.errors import StoreError
from models.gate import Gate, Rest, Robots

log = logging.getLogger("khazri.hosts")

ROBOTS_DAY = timedelta(hours=24)  # a stored robots.txt is asked for again after this (DESIGN §7)
ROBOTS_BYTES = 500_000  # the size Google documents as its limit; more is cut, not refused
ROBOTS_ERROR_MINUTES = 60  # a host whose robots.txt does not answer is left alone this long
LINGER_SECONDS = 0.25  # between a release and telling the table: reading a page takes 0.05 to 0.2 s
HOLD_SLACK_SECONDS = 30  # a hold outlives the request's own time-out by this; then a dead holder's claim ends
LONGEST_DELAY_SECONDS = 60  # a Crawl-delay above this would starve a whole crawl; such a host waits this long
ASK_AGAIN_SECONDS = 1.0  # longest sleep before the gate is asked again
# A host that asked for a longer rest (Retry-After) is left for a later crawl; above every delay, or that would end too.
LONGEST_WAIT_SECONDS = LONGEST_DELAY_SECONDS + 5

# Hosts that say how often they may be asked, in words and not in robots.txt: seconds between two requests at least.
LEAST_DELAY_SECONDS = {
    "api.gdeltproject.org": 5.0,  # its own words when asked faster: one request every 5 seconds
    "web.archive.org": 4.0,  # fifteen pages a minute is what its users report as borne
    "news.google.com": 60.0,  # no documentation; what tools that live off it advise
}
# A host that says 429 or 503 without saying for how long rests a minute, then twice as long each time; after nine in a
# row it is asked four times a day, so that we see when it is well again.
PUSHBACK_SECONDS = 60
LONGEST_PUSHBACK_SECONDS = 6 * 3600

FetchRobots = Callable[[str], Awaitable[tuple[int, bytes]]]


def clock() -> datetime:
    """Real time: politeness does not follow `--now`."""
    return datetime.now(UTC)


def host_of(url: str) -> str:
    """The key of a host in the gate: name, and port where it is not the scheme's own."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return host if parts.port in (None, default) else f"{host}:{parts.port}"


def this_machine() -> str:
    """Names this machine and its process numbers: two containers of one host name do not share those."""
    with contextlib.suppress(OSError):  # no /proc outside Linux: the host name has to do
        return f"{socket.gethostname()[:60]}/{Path('/proc/self/ns/pid').stat().st_ino}"
    return socket.gethostname()[:60]


def holder_name() -> str:
    """Names this process in the host and lease tables."""
    return f"{this_machine()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"


def is_dead(holder: str) -> bool:
    """Whether a holder was a process of this machine that is gone, as after kill -9. Unsure means alive."""
    machine, _, rest = holder.partition(":")
    pid = rest.partition(":")[0]
    if machine != this_machine() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's process: alive
        return False
    return False


class HostRests(Exception):
    """The host asked us to stay away for longer than a crawl waits."""


class RobotsKnown(IgnoreRequest):
    """While we waited for the host somebody else stored its robots.txt: there is nothing left to ask."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer says of the host's load. `busy`: it was 429 or 503; `seconds`: how long it asked us to wait."""

    busy: bool
    seconds: float | None = None


def pushback_seconds(pushbacks: int) -> float:
    """How long a host rests after so many answers 429 or 503 in a row that name no time: 1, 2, 4 … minutes."""
    return float(min(PUSHBACK_SECONDS * 2 ** min(max(pushbacks, 1) - 1, 20), LONGEST_PUSHBACK_SECONDS))


@dataclass(frozen=True, slots=True)
class _Linger:
    """A host given back within this process, of which the table does not know yet."""

    rest: Rest
    task: asyncio.Task[None]


class HostGate:
    """Async face of models.gate for one process. `holder` names the process in the table."""

    def __init__(self, gate: Gate, politeness: Politeness, holder: str) -> None:
        self.gate = gate
        self.politeness = politeness
        self.holder = holder
        self._table = Telling(gate, holder, clock)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.waiting = 0  # requests that a resting host keeps back now: their silence is ours, not the network's
        self._held_since: dict[str, float] = {}  # monotonic seconds; every host that the table says is ours
        self._telling: dict[str, Rest] = {}  # hosts of which the table is being told
        self._well: set[str] = set()  # hosts that answered well of which the table has not been told yet
        self._robots_locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._lingering: dict[str, _Linger] = {}
        self._robots: dict[str, tuple[Robots, Protego | None]] = {}
        self._down: dict[str, Exception] = {}  # hosts whose robots.txt could not be had, for the time of one crawl

    def remember(self, urls: Iterable[str]) -> None:
        """Look up what is stored of all hosts' robots.txt, in one query. It blocks. Raises StoreError."""
        for host, robots in self.gate.robots_of({host_of(url) for url in urls}).items():
            if not _too_old(robots):
                self._robots.setdefault(host, (robots, _parse(robots)))

    async def hold(self, url: str) -> None:
        """Wait until this process may ask the host of `url`, and keep others out until `release`. Raises HostRests
        when that would take longer than LONGEST_WAIT_SECONDS."""
        host = host_of(url)
        await self._locks[host].acquire()
        try:
            if await self._still_held(host):
                return
            while True:
                seconds = self.politeness.timeout_seconds + HOLD_SLACK_SECONDS
                wait, holder = await self._table.hold(host, seconds)
                if wait == 0.0:
                    self._held_since[host] = time.monotonic()
                    return
                if holder is not None and is_dead(holder):
                    # It may have asked a moment before it died: the host rests once more.
                    rest = Rest(clock() + timedelta(seconds=self.delay(host)))
                    await asyncio.to_thread(self.gate.release, host, holder, rest)
                    continue
                self.waiting += 1
                try:
                    await _sleep(host, wait)
                finally:
                    self.waiting -= 1
        except BaseException:
            self._locks[host].release()
            raise

    async def hold_for_robots(self, url: str) -> None:
        """As `hold`, to ask for the robots.txt at `url`. Raises RobotsKnown, the host given back, when another process
        asked for it in the meantime."""
        await self.hold(url)
        try:
            known = await self._stored_robots(host_of(url)) is not None
        except BaseException:
            await self.release(url)
            raise
        if known:
            await self.release(url)
            raise RobotsKnown(url)

    async def release(self, url: str, answered: Answered | None = None) -> None:
        """Let the host rest for its delay, or longer where it pushed us back, then let the next one in. `answered` is
        None when no answer came.

        The table is told a moment later: a crawl usually asks the same host again at once, and keeping the hold saves
        two transactions a page. The next request of this process waits out the same rest.
        """
        host = host_of(url)
        try:
            seconds, pushbacks = await self._rest_of(host, answered)
            if host in self._held_since:  # else `release_all` has given it back already
                rest = Rest(clock() + timedelta(seconds=seconds), pushbacks)
                self._lingering[host] = _Linger(rest, asyncio.create_task(self._give_back(host)))
        finally:
            self._locks[host].release()

    async def _rest_of(self, host: str, answered: Answered | None) -> tuple[float, int | None]:
        """(seconds to rest, answers 429 or 503 in a row by now)."""
        if answered is not None and not answered.busy:
            self._well.add(host)
        if answered is None or not answered.busy:
            return self.delay(host), 0 if host in self._well else None
        # Only who holds a host counts its pushbacks, so reading and writing it later is safe.
        pushbacks = 1 + (0 if host in self._well else await asyncio.to_thread(self.gate.pushbacks, host))
        self._well.discard(host)
        asked = answered.seconds if answered.seconds is not None else pushback_seconds(pushbacks)
        return max(self.delay(host), min(asked, ROBOTS_DAY.total_seconds())), pushbacks

    async def _give_back(self, host: str) -> None:
        await asyncio.sleep(LINGER_SECONDS)
        try:
            async with self._robots_locks[host]:  # whoever is next finds the robots.txt just fetched stored
                await self._tell(host)
        except StoreError as error:  # the claim ends by itself, later than it could have
            log.warning("%s could not be given back: %s", host, error)

    async def _tell(self, host: str) -> None:
        linger = self._lingering.pop(host, None)
        if linger is not None:
            self._held_since.pop(host, None)
            self._well.discard(host)
            self._telling[host] = linger.rest
            await self._table.release(host, linger.rest)
            self._telling.pop(host, None)

    async def _still_held(self, host: str) -> bool:
        """Whether this process still holds the host from its last request; its rest has then been waited out."""
        linger = self._lingering.get(host)
        if linger is None:
            return False
        wait = (linger.rest.until - clock()).total_seconds()
        if (
            wait > LINGER_SECONDS
            or linger.rest.pushbacks
            or time.monotonic() - self._held_since[host] > HOLD_SLACK_SECONDS / 2
        ):
            await self.settle(host)
            return False
        del self._lingering[host]
        linger.task.cancel()
        await asyncio.sleep(max(wait, 0.0))
        return True

    async def settle(self, host: str | None = None) -> None:
        """Tell the table of hosts that were given back a moment ago: one, or at the end of a crawl all of them."""
        names = [name for name in ([host] if host else list(self._lingering)) if name in self._lingering]
        for name in names:
            self._lingering[name].task.cancel()
        await asyncio.gather(*(self._tell(name) for name in names))

    async def release_all(self) -> None:
        """At the end of a crawl, also of one that was cancelled: give back every host, none without its rest.

        A host that is still held may have been asked a moment ago, so it rests for its delay. Raises StoreError.
        """
        await self.settle()
        await self._table.idle()
        rests = dict(self._telling)  # cancelled or not done yet: telling it twice changes nothing
        for host in self._held_since:
            rest = Rest(clock() + timedelta(seconds=self.delay(host)))
            rests[host] = max(rest, rests.get(host, rest), key=lambda one: one.until)
        self._held_since.clear()
        if rests:
            await asyncio.to_thread(self.gate.release_many, rests, self.holder)
        # What is left was taken for a request that was cancelled before it was sent: no rest is due.
        await asyncio.to_thread(self.gate.release_all, self.holder)

    def delay(self, host: str) -> float:
        """Seconds between two requests to `host`: ours, or its robots.txt's when that is longer."""
        known = self._robots.get(host)
        asked = known[1].crawl_delay(self.politeness.user_agent) if known and known[1] else None
        ours = max(self.politeness.delay_seconds, LEAST_DELAY_SECONDS.get(host, 0.0))
        return max(ours, min(float(asked or 0.0), LONGEST_DELAY_SECONDS))

    async def may_fetch(self, url: str, fetch: FetchRobots) -> tuple[bool, str]:
        """(allowed, reason); the reason is `robots` (a rule forbids it) or `robots_unreachable` (no answer, 5xx or
        429: the host is asked again after ROBOTS_ERROR_MINUTES, or later if its Retry-After says so). Asks robots.txt
        at most once a day a host, over all processes. `fetch` gets its bytes and raises what the downloader raises."""
        host = host_of(url)
        async with self._robots_locks[host]:
            known = self._robots.get(host)
            if known is None or _too_old(known[0]):
                known = await self._learn(url, host, fetch)
                self._robots[host] = known
        robots, rules = known
        if _unclear(robots.status):
            return False, "robots_unreachable"
        if rules is None or rules.can_fetch(url, self.politeness.user_agent):
            return True, ""
        return False, "robots"

    async def _learn(self, url: str, host: str, fetch: FetchRobots) -> tuple[Robots, Protego | None]:
        stored = await self._stored_robots(host)
        if stored is not None:
            return stored
        if host in self._down:
            raise self._down[host]
        parts = urlsplit(url)
        try:
            status, body = await fetch(f"{parts.scheme}://{parts.netloc}/robots.txt")
        except RobotsKnown:
            return await self._learn(url, host, fetch)
        except Exception as error:  # told again to the host's other sources, which need not wait for the same end
            self._down[host] = error
            raise
        robots = _robots(status, body)
        rules = _parse(robots)
        asked = rules.crawl_delay(self.politeness.user_agent) if rules else None
        await asyncio.to_thread(self.gate.save_robots, host, robots, float(asked) if asked else None)
        return robots, rules

    async def _stored_robots(self, host: str) -> tuple[Robots, Protego | None] | None:
        """What some process stored of the host's robots.txt, if that is not too old."""
        stored = await asyncio.to_thread(self.gate.robots, host)
        return (stored, _parse(stored)) if stored is not None and not _too_old(stored) else None


async def _sleep(host: str, wait: float) -> None:
    if wait > LONGEST_WAIT_SECONDS:
        raise HostRests(f"{host} asked us to wait {wait:.0f} s more")
    await asyncio.sleep(min(wait, ASK_AGAIN_SECONDS))


def _unclear(status: int | None) -> bool:
    """Whether an answer tells nothing of the rules: none, a server's error, or "too many requests"."""
    return status is None or status >= 500 or status == 429


def _too_old(robots: Robots) -> bool:
    return clock() - robots.at > (timedelta(minutes=ROBOTS_ERROR_MINUTES) if _unclear(robots.status) else ROBOTS_DAY)


def _robots(status: int, body: bytes) -> Robots:
    """RFC 9309: a 4xx means no rules, a 5xx means keep out for now; so does 429, which says nothing of rules."""
    if status == 200:
        return Robots(body[:ROBOTS_BYTES].decode("utf-8-sig", "replace").replace("\x00", ""), status, clock())
    if _unclear(status):
        return Robots("User-agent: *\nDisallow: /", status, clock())
    return Robots("", status, clock())


def _parse(robots: Robots) -> Protego | None:
    return Protego.parse(robots.body) if robots.body else None
