"""The gate of hosts and jobs, on both databases: one at a time, delays kept, a dead holder's claim ends."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.downloadermiddlewares.httpproxy import HttpProxyMiddleware

from crawler.fetch import GuardMiddleware
from crawler.hosts import (
    LONGEST_WAIT_SECONDS,
    ROBOTS_ERROR_MINUTES,
    Answered,
    FetchRobots,
    HostGate,
    HostRests,
    host_of,
    is_dead,
    this_machine,
)
from models.config import Politeness
from models.gate import Gate, Rest, Robots
from models.store import Store

pytestmark = pytest.mark.slow  # imports Scrapy's neighbours and waits

NOW = datetime(2026, 3, 22, 18, 0, tzinfo=UTC)
POLITE = Politeness("KhazriTest/1.0", 0.0, 5, 1_000_000, 1_000_000)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_one_holder_at_a_time(store: Store) -> None:
    gate = Gate(store)
    assert gate.hold("a.example", "one", NOW, 60) == (0.0, None)
    wait, holder = gate.hold("a.example", "two", later(1), 60)
    assert wait > 0
    assert holder == "one"
    assert gate.hold("b.example", "two", later(1), 60) == (0.0, None), "another host is another gate"
    gate.release("a.example", "two", Rest(later(1)))
    assert gate.hold("a.example", "two", later(2), 60)[0] > 0, "only the holder gives back"
    gate.release("a.example", "one", Rest(later(10)))
    assert gate.hold("a.example", "two", later(4), 60) == (6.0, None), "the host rests first"
    assert gate.hold("a.example", "two", later(10), 60) == (0.0, None)


def test_a_hold_ends_by_itself(store: Store) -> None:
    gate = Gate(store)
    gate.hold("a.example", "dead", NOW, 60)
    assert gate.hold("a.example", "two", later(59), 60)[0] > 0
    assert gate.hold("a.example", "two", later(61), 60) == (0.0, None)
    gate.release_all("two")
    assert gate.hold("a.example", "three", later(62), 60) == (0.0, None)


def test_robots_are_remembered(store: Store) -> None:
    gate = Gate(store)
    assert gate.robots("a.example") is None
    gate.save_robots("a.example", Robots("User-agent: *\nDisallow: /x", 200, NOW), 3.0)
    gate.hold("a.example", "one", NOW, 60)
    assert gate.robots("a.example") == Robots("User-agent: *\nDisallow: /x", 200, NOW)


def test_a_slot_is_run_once(store: Store) -> None:
    gate = Gate(store)
    assert gate.take_slot("source:a", "7", "one", NOW, 120)
    assert not gate.take_slot("source:a", "7", "two", later(1), 120), "one runs it"
    assert gate.keep_lease("source:a", "one", later(100), 120)
    assert not gate.keep_lease("source:a", "two", later(100), 120)
    gate.end_job("source:a", "one")
    assert not gate.take_slot("source:a", "7", "two", later(130), 120), "it has been run"
    assert gate.take_slot("source:a", "8", "two", later(130), 120)
    assert gate.take_slot("source:a", "8", "three", later(300), 120), "two died over it: run again"
    assert not gate.keep_lease("source:a", "two", later(301), 120)


def test_a_host_that_rests_too_long_is_not_waited_for(store: Store) -> None:
    now = datetime.now(UTC)
    gate = Gate(store)
    gate.hold("a.example", "x", now, 60)
    gate.release("a.example", "x", Rest(now + timedelta(seconds=LONGEST_WAIT_SECONDS + 60)))
    hosts = HostGate(gate, POLITE, "me")

    async def ask() -> None:
        with pytest.raises(HostRests, match="asked us to wait"):
            await hosts.hold("http://a.example/1")
        with pytest.raises(HostRests):  # and the lock within the process was given back
            await asyncio.wait_for(hosts.hold("http://a.example/2"), 5)

    asyncio.run(ask())


def test_a_dead_process_does_not_keep_a_host(store: Store) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    holder = f"{this_machine()}:{ended.pid}:abc"
    assert is_dead(holder)
    assert not is_dead(f"elsewhere/1:{ended.pid}:abc")
    assert not is_dead("no holder of ours")
    gate = Gate(store)
    gate.hold("a.example", holder, datetime.now(UTC), 600)
    asyncio.run(asyncio.wait_for(HostGate(gate, POLITE, "me").hold("http://a.example/"), 5))


def test_a_host_that_does_not_answer_is_asked_once_a_crawl(store: Store) -> None:
    asked: list[str] = []

    async def fetch(url: str) -> tuple[int, bytes]:
        asked.append(url)
        raise TimeoutError

    async def three_sources() -> None:
        hosts = HostGate(Gate(store), POLITE, "me")
        for number in range(3):
            with pytest.raises(TimeoutError):
                await hosts.may_fetch(f"http://a.example/{number}", fetch)

    asyncio.run(three_sources())
    assert asked == ["http://a.example/robots.txt"]
    asyncio.run(three_sources())
    assert len(asked) == 2, "the next crawl asks again"


def test_robots_are_asked_once_over_processes(store: Store) -> None:
    asked: list[str] = []

    async def fetch(url: str) -> tuple[int, bytes]:
        asked.append(url)
        return 200, b"User-agent: *\nDisallow: /private\nCrawl-delay: 7"

    async def check() -> None:
        for name in ("one", "two"):
            hosts = HostGate(Gate(store), POLITE, name)
            assert await hosts.may_fetch("http://a.example/1", fetch) == (True, "")
            assert await hosts.may_fetch("http://a.example/private/1", fetch) == (False, "robots")
            assert hosts.delay("a.example") == 7.0

    asyncio.run(check())
    assert len(asked) == 1


def test_robots_are_asked_once_by_two_that_begin_together(store: Store) -> None:
    """Both find nothing stored; the second waits for the host, and then need not ask any more."""
    asked: list[str] = []

    def fetcher(hosts: HostGate) -> FetchRobots:
        async def fetch(url: str) -> tuple[int, bytes]:
            await hosts.hold_for_robots(url)
            asked.append(url)
            await asyncio.sleep(0.2)
            await hosts.release(url, Answered(False))
            return 200, b"User-agent: *\nDisallow: /private"

        return fetch

    async def both() -> list[tuple[bool, str]]:
        gates = [HostGate(Gate(store), POLITE, name) for name in ("one", "two")]
        return await asyncio.gather(
            *(hosts.may_fetch("http://a.example/private/1", fetcher(hosts)) for hosts in gates),
            *(hosts.may_fetch("http://a.example/1", fetcher(hosts)) for hosts in gates),
        )

    assert asyncio.run(asyncio.wait_for(both(), 20)) == [(False, "robots")] * 2 + [(True, "")] * 2
    assert len(asked) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_robots_that_do_not_answer_now_are_asked_again_soon(store: Store, status: int) -> None:
    statuses = [status, 404]

    async def fetch(url: str) -> tuple[int, bytes]:
        return statuses.pop(0), b""

    async def ask() -> tuple[bool, str]:
        return await HostGate(Gate(store), POLITE, "me").may_fetch("http://a.example/1", fetch)

    assert asyncio.run(ask()) == (False, "robots_unreachable")
    assert asyncio.run(ask()) == (False, "robots_unreachable"), "not asked yet"
    past = datetime.now(UTC) - timedelta(minutes=ROBOTS_ERROR_MINUTES + 1)
    Gate(store).save_robots("a.example", Robots("User-agent: *\nDisallow: /", status, past), None)
    assert asyncio.run(ask()) == (True, "")


def test_a_byte_order_mark_hides_no_rule(store: Store) -> None:
    async def fetch(url: str) -> tuple[int, bytes]:
        return 200, b"\xef\xbb\xbfUser-agent: *\nDisallow: /private"

    async def ask() -> tuple[bool, str]:
        return await HostGate(Gate(store), POLITE, "me").may_fetch("http://a.example/private/1", fetch)

    assert asyncio.run(ask()) == (False, "robots")


def test_a_cancelled_crawl_lets_its_hosts_rest(store: Store) -> None:
    gate = Gate(store)

    async def crawl() -> None:
        hosts = HostGate(gate, Politeness("KhazriTest/1.0", 20.0, 5, 1_000_000, 1_000_000), "me")
        for name in "abc":
            await hosts.hold(f"http://{name}.example/1")
        await hosts.release("http://b.example/1", Answered(True, 50.0))
        await hosts.release("http://c.example/1", Answered(True, 50.0))
        telling = asyncio.create_task(hosts.settle("c.example"))
        await asyncio.sleep(0)  # the table is being told of c
        await hosts.release_all()
        await telling
        await hosts.release("http://a.example/1")  # a request that ends late changes nothing
        await hosts.release_all()

    asyncio.run(crawl())
    now = datetime.now(UTC)
    waits = {name: gate.hold(f"{name}.example", "next", now, 60) for name in "abc"}
    assert 15 < waits["a"][0] <= 20, "held: rests for its delay"
    assert 45 < waits["b"][0] <= 50, "given back: rests as it asked"
    assert 45 < waits["c"][0] <= 50, "being told of: the same"
    assert {holder for _, holder in waits.values()} == {None}


def test_a_host_given_back_and_told_of_is_held_no_more(store: Store) -> None:
    gate = Gate(store)

    async def crawl() -> None:
        hosts = HostGate(gate, POLITE, "me")
        await hosts.hold("http://a.example/1")
        await hosts.release("http://a.example/1")
        await hosts.settle()
        assert await asyncio.to_thread(gate.hold, "a.example", "other", datetime.now(UTC), 60.0) == (0.0, None)
        await hosts.release_all()

    asyncio.run(crawl())
    assert gate.hold("a.example", "third", datetime.now(UTC), 60)[1] == "other", "only the holder gives back"


@pytest.mark.parametrize("proxy", ["", "http://127.0.0.1:3128"])
def test_a_proxy_of_the_environment_does_not_count(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://user:word@127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    crawl = SimpleNamespace(config=SimpleNamespace(proxy=proxy))
    guard = GuardMiddleware(SimpleNamespace(spider=SimpleNamespace(crawl=crawl)))  # type: ignore[arg-type]
    for url in ("http://a.example/", "https://a.example/"):
        request = Request(url)
        guard.process_request(request)
        HttpProxyMiddleware().process_request(request)
        assert request.meta["proxy"] == (proxy or None)
        assert b"Proxy-Authorization" not in request.headers


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://A.example:80/x", "a.example"),
        ("https://a.example:443/", "a.example"),
        ("http://a.example:8080/", "a.example:8080"),
    ],
)
def test_the_key_of_a_host(url: str, host: str) -> None:
    assert host_of(url) == host
