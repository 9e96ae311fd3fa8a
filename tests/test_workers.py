"""The killable processes: limits, errors that keep their type, and an end within a second."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler import workers as module
from crawler.workers import Workers
from models.config import Selectors
from models.errors import CollectError, ConfigError, KhazriError, NotAFeed, TooLarge, WorkerTimeout

ROOT = Path(__file__).parent.parent
RSS = b'<rss version="2.0"><channel><item><title>x</title><link>https://e.example/1</link></item></channel></rss>'
PAGE = (
    b"<html><head><title>T</title></head><body><article><h1>T</h1><p>"
    + b"Some words of it. " * 40
    + b"</p></article></body></html>"
)
SLOW = b"<html><body>" + b"<p>some words of a paragraph</p>" * 59_000


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers]:
    workers = Workers(1)
    yield workers
    workers.close()


@pytest.mark.parametrize(
    "error",
    [
        KhazriError("a", source="s", url="u"),
        ConfigError("b"),
        CollectError("c", reason="odd", url="u"),
        NotAFeed("d", url="u"),
        TooLarge("e"),
        WorkerTimeout("f", source="s"),
    ],
)
def test_errors_survive_pickling(error: KhazriError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert (str(copy), copy.__dict__) == (str(error), error.__dict__)


@pytest.mark.slow
def test_feeds_pages_and_listings_come_back(pool: Workers) -> None:
    async def all_three() -> tuple[int, str, int]:
        feed, page, listing = await asyncio.gather(
            pool.read_feed(RSS, "https://e.example/rss"),
            pool.read_page(PAGE, "https://e.example/1"),
            pool.read_listing(
                b'<html><body><a href="/a">b</a></body></html>', "https://e.example/l", Selectors(link="a")
            ),
        )
        return len(feed.entries), page.kind, len(listing.entries)

    assert asyncio.run(all_three()) == (1, "article", 1)


@pytest.mark.slow
def test_errors_keep_their_type(pool: Workers) -> None:
    with pytest.raises(NotAFeed) as feed:
        asyncio.run(pool.read_feed(b"", "https://e.example/rss"))
    assert feed.value.url == "https://e.example/rss"
    with pytest.raises(CollectError) as page:
        asyncio.run(pool.read_page(b"%PDF-1.7", "https://e.example/x"))
    assert page.value.reason == "not_html"
    with pytest.raises(ValueError, match="Nowhere"):
        asyncio.run(
            pool.read_page(
                PAGE.replace(b"<p>", b'<p class="date">17 May 2025</p><p>'), "https://e.example/x", zone="Nowhere"
            )
        )


@pytest.mark.slow
def test_a_timeout_costs_one_task() -> None:
    workers = Workers(1, page_seconds=0.3)
    try:
        asyncio.run(workers.read_feed(RSS, "https://e.example/rss"))
        start = time.monotonic()
        with pytest.raises(WorkerTimeout) as caught:
            asyncio.run(workers.read_page(SLOW, "https://e.example/slow"))
        assert time.monotonic() - start < 2
        assert (caught.value.reason, caught.value.url) == ("timeout", "https://e.example/slow")
        assert len(asyncio.run(workers.read_feed(RSS, "https://e.example/rss")).entries) == 1
    finally:
        workers.close()


@pytest.mark.slow
def test_closing_is_quick_and_final() -> None:
    workers = Workers(1)

    async def closed_in_the_middle() -> float:
        await workers.read_feed(RSS, "https://e.example/rss")
        waiting = asyncio.ensure_future(workers.read_page(SLOW, "https://e.example/slow"))
        await asyncio.sleep(0.1)
        start = time.monotonic()
        await asyncio.to_thread(workers.close)
        taken = time.monotonic() - start
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return taken

    assert asyncio.run(closed_in_the_middle()) < 1
    workers.close()
    with pytest.raises(KhazriError, match="closed"):
        asyncio.run(workers.read_feed(RSS, "https://e.example/rss"))


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="address space is only limited on Linux")
def test_memory_is_limited() -> None:
    async def hog() -> None:
        await workers._run(bytearray, 10.0, "https://e.example/hog", (2 * module.MEMORY_BYTES,), {})

    workers = Workers(1)
    try:
        with pytest.raises(WorkerTimeout, match="memory"):
            asyncio.run(hog())
    finally:
        workers.close()


def is_running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_killed_parent_leaves_no_worker() -> None:
    script = (
        "import asyncio, multiprocessing, time\n"
        "from crawler.workers import Workers\n"
        "if __name__ == '__main__':\n"
        "    pool = Workers(1)\n"
        f"    asyncio.run(pool.read_feed({RSS!r}, 'https://e.example/rss'))\n"
        "    print(*[child.pid for child in multiprocessing.active_children()], flush=True)\n"
        "    time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment, cwd=ROOT) as parent:
        assert parent.stdout is not None
        children = [int(pid) for pid in parent.stdout.readline().split()]
        running = [is_running(pid) for pid in children]
        os.kill(parent.pid, signal.SIGKILL)
    assert running == [True]
    deadline = time.monotonic() + 2 * module.PARENT_CHECK_SECONDS
    while any(map(is_running, children)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(is_running, children))
