"""The measured process of `polling`: the real `crawl()` and lemon24/reader over the same sources, pass by pass.

    python -m benchmarks._polling PROXY FOLDER SOURCES ROUNDS PEER     # PEER: 1 with reader, 0 without it

Answers with one JSON line. A process of its own, because a reactor runs once in a process.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks._crawling import Cpu, kept_warm, open_store
from benchmarks._sources import address, host
from models.config import Config, load_config
from models.store import Store

NOW = datetime(2026, 3, 22, 18, tzinfo=UTC)


def configure(folder: Path, proxy: str, count: int) -> Config:
    """As many outlets with one feed each. No delay: it is CPU that is measured."""
    outlets = {
        f"outlet{number}": {
            "name": {"en": f"Outlet {number}"}, "country": "AZ", "languages": ["en"], "kind": "agency", "tier": 1,
            "own": False, "zone": "Asia/Baku", "hosts": [host(number)],
            "collect": [{"id": f"feed{number}", "feed": address(number), "language": "en", "every_minutes": 60}],
        }
        for number in range(count)
    }  # fmt: skip
    written = {
        "version": 1,
        "var": str(folder),
        "politeness": {"user_agent": "KhazriBench/1.0 (+mailto:operator@reader.example)", "delay_seconds": 0.0},
        "entities": {},
        "outlets": outlets,
    }
    path = folder / "config.yaml"
    path.write_text(json.dumps(written), encoding="utf-8")  # JSON is YAML
    os.environ["KHAZRI_PROXY"] = proxy
    return load_config(path)


async def one_pass(config: Config, store: Store, cpu: Cpu, number: int, result: str) -> float:
    """CPU seconds of one crawl of all sources, its workers included; pages are not asked for."""
    from crawler.crawl import crawl

    before = cpu.main() + cpu.workers()
    now = NOW + timedelta(hours=number)
    done = await crawl(config, store, list(config.sources), slot=f"pass{number}", now=now, page_seconds=0.0)
    seconds = cpu.main() + cpu.workers() - before
    wrong = [count for count in done.counts if count.result != result]
    assert not wrong, f"{len(wrong)} of {len(done.counts)} sources did not end as {result}: {wrong[0]}"
    return seconds


def settle(store: Store) -> None:
    """The items of the first pass count as done: a second pass has nothing left to ask for."""
    from sqlalchemy import update

    from models.tables import ItemRow

    with store.change() as conn:
        conn.execute(update(ItemRow).values(state="done"))


class Peer:
    """lemon24/reader over the same sources and proxy, one thread, into SQLite."""

    def __init__(self, folder: Path, name: str, proxy: str, count: int) -> None:
        from reader import make_reader

        self.reader = make_reader(str(folder / name))
        # Named to its session: looking the proxy up in the environment for each request would cost it CPU.
        session = self.reader._parser.get_retriever("http://").session
        session.trust_env, session.proxies = False, {"http": proxy}
        for number in range(count):
            self.reader.add_feed(address(number))

    def one_pass(self) -> float:
        before = time.process_time()
        self.reader.update_feeds(scheduled=False)
        return time.process_time() - before


async def rounds(config: Config, folder: Path, count: int) -> list[dict[str, float]]:
    """One warm-up and `count` rounds: a first pass into an empty database, then a pass that finds nothing new."""
    cpu = Cpu(None)
    figures = []
    for number in range(count + 1):
        store = open_store(folder, f"round{number}.db")
        first = await one_pass(config, store, cpu, 0, "ok")
        settle(store)
        figures.append({"first": first, "again": await one_pass(config, store, cpu, 1, "unchanged")})
        store.engine.dispose()
    return figures[1:]


async def against(config: Config, folder: Path, proxy: str, count: int) -> list[dict[str, float]]:
    """A first pass of both, then a warm-up and `count` rounds of passes in turn that find nothing new."""
    cpu = Cpu(None)
    store = open_store(folder, "ours.db")
    await one_pass(config, store, cpu, 0, "ok")
    settle(store)
    peer = Peer(folder, "reader.db", proxy, len(config.sources))
    await asyncio.to_thread(peer.one_pass)
    figures = []
    for number in range(1, count + 2):
        again = await one_pass(config, store, cpu, number, "unchanged")
        figures.append({"again": again, "reader": await asyncio.to_thread(peer.one_pass)})
    return figures[1:]


async def measured(config: Config, folder: Path, proxy: str, count: int, peer: bool) -> dict[str, Any]:
    with kept_warm() as workers:
        await workers.read_feed(b'<rss version="2.0"><channel></channel></rss>', "http://host0.example/")
        found = await (against(config, folder, proxy, count) if peer else rounds(config, folder, count))
    return {"rounds": found}


def main() -> None:
    proxy, folder, sources, count, peer = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:6])
    from crawler.loop import run

    failed = 1
    try:
        config = configure(folder, proxy, sources)
        print(json.dumps(run(measured(config, folder, proxy, count, bool(peer)), guarded=False)), flush=True)
        failed = 0
    except Exception:
        traceback.print_exc()
        raise
    finally:
        os._exit(failed)  # neither look-up threads of the reactor nor workers are waited for


if __name__ == "__main__":
    main()
