"""The measured process: the real `crawl()` with its real workers into SQLite, then `read_due`, and read_page alone.

    python -m benchmarks._crawling cpu|memory PROXY FOLDER [ROUNDS]     # page bodies are FOLDER/pages/*.html

It is started by `pipeline` and `memory`, in a process of its own because a reactor runs once in a process. Answers with
one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks._outside import FEED, HOSTS, ROOT, START_FEED, START_PAGES, address
from benchmarks._processes import children, cpu_seconds
from models.config import Config, load_config
from models.store import Store

NOW = datetime(2026, 3, 22, 18, tzinfo=UTC)


def configure(folder: Path, proxy: str) -> Config:
    """The product's watch list and one outlet: the feed of all pages. No delay: it is CPU that is measured."""
    hosts = [f"host{number}.example" for number in range(HOSTS)]
    feeds = {"bench": FEED, "start": START_FEED}
    sources = [{"id": key, "feed": feed, "language": "en", "every_minutes": 60} for key, feed in feeds.items()]
    outlet = {
        "name": {"en": "Bench"}, "country": "AZ", "languages": ["en"], "kind": "agency", "tier": 1, "own": False,
        "zone": "Asia/Baku", "hosts": hosts, "collect": sources,
    }  # fmt: skip
    written = {
        "version": 1,
        "include": [os.path.relpath(ROOT / "watch" / "entities.yaml", folder)],
        "var": str(folder),
        "politeness": {"user_agent": "KhazriBench/1.0 (+mailto:operator@reader.example)", "delay_seconds": 0.0},
        "outlets": {"bench": outlet},
    }
    path = folder / "config.yaml"
    path.write_text(json.dumps(written), encoding="utf-8")  # JSON is YAML
    os.environ["KHAZRI_PROXY"] = proxy
    return load_config(path)


def open_store(folder: Path, name: str) -> Store:
    """A fresh database with the schema."""
    from models import schema
    from models.store import connect

    engine = connect(f"sqlite:///{folder / name}")
    schema.upgrade(engine)
    return Store(engine)


# --- the yardstick's process


def _read_alone(pipe: Connection) -> None:
    """A warmed-up process that reads all pages whenever it is asked to, and answers with its CPU seconds."""
    from crawler import language
    from crawler.pages import read_page

    language.warm_up()
    pages: list[tuple[str, bytes]] = pipe.recv()
    while pipe.recv():
        started = time.process_time()
        for url, body in pages:
            read_page(body, url, headers={"Content-Type": "text/html"}, language="en", zone="Asia/Baku", now=NOW)
        pipe.send(time.process_time() - started)


class Alone:
    """read_page over the same bytes, alone in one process."""

    def __init__(self, pages: Sequence[tuple[str, bytes]]) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_read_alone, args=(theirs,), daemon=True)
        self._process.start()
        self._pipe.send(pages)

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def cpu(self) -> float:
        self._pipe.send(True)
        return float(self._pipe.recv())

    def close(self) -> None:
        self._process.kill()
        self._process.join()


# --- the pipeline


class Cpu:
    """CPU of this process and its workers, without the yardstick's process."""

    def __init__(self, without: int | None) -> None:
        self._without = without

    def main(self) -> float:
        return time.process_time()

    def workers(self) -> float:
        return sum(cpu_seconds(pid) for pid in children(os.getpid()) if pid != self._without)


@contextmanager
def kept_warm() -> Iterator[Any]:
    """Workers and readers that outlive one crawl, so that their imports are paid once, in the warm-up round."""
    import pipelines.nlp
    from crawler.workers import Workers

    # As many as the yardstick has: two busy processes on two cores cost each other a tenth in CPU seconds (measured),
    # which is the machine's doing and not the pipeline's.
    workers = Workers(1)
    close = workers.close
    build = pipelines.nlp.build
    readers: dict[int, Any] = {}

    def built(config: Config) -> Any:
        if id(config) not in readers:
            readers[id(config)] = build(config)
        return readers[id(config)]

    with (
        patch.object(workers, "close", lambda: None),
        patch("crawler.crawl.Workers", lambda: workers),
        patch("pipelines.nlp.build", built),
    ):
        yield workers
    close()


async def one_round(config: Config, store: Store, cpu: Cpu, source: str = "bench") -> dict[str, float]:
    """One crawl and reading of a source's pages; its CPU seconds by part and what came of it."""
    from crawler.crawl import crawl
    from pipelines import read_due

    main, workers = cpu.main(), cpu.workers()
    sources = [one for one in config.sources if one.id == source]
    result = await crawl(config, store, sources, slot="bench", now=NOW)
    crawled = cpu.main()
    done = await asyncio.to_thread(read_due, store, config, NOW)
    ended = cpu.main()
    assert result.counts[0].tries, f"the crawl asked for no page: {result.counts[0]}"
    return {
        "workers": cpu.workers() - workers,
        "crawl": crawled - main,
        "read": ended - crawled,
        "pages": result.counts[0].tries,
        "articles": done.read,
    }


def _hits(store: Store) -> int:
    from sqlalchemy import func, select

    from models.tables import MentionRow

    with store.engine.connect() as conn:
        return conn.execute(select(func.count(func.distinct(MentionRow.article_id)))).scalar_one()


async def rounds(config: Config, folder: Path, pages: Sequence[tuple[str, bytes]], count: int) -> dict[str, Any]:
    """A warm-up round of each that is thrown away, then pairs in turn, each with fresh databases.

    A pair: the figures of a crawl of all pages, `start`: those of a crawl of the first two, `alone`: CPU seconds of
    read_page over the others."""
    alone = Alone(pages[START_PAGES:])
    cpu = Cpu(alone.pid)
    pairs: list[dict[str, Any]] = []
    hits = 0
    try:
        with kept_warm():
            for number in range(count + 1):
                store = open_store(folder, f"round{number}.db")
                before = await asyncio.to_thread(alone.cpu) if number % 2 else 0.0
                start = await one_round(config, open_store(folder, f"start{number}.db"), cpu, "start")
                figures: dict[str, Any] = {**await one_round(config, store, cpu), "start": start}
                figures["alone"] = before or await asyncio.to_thread(alone.cpu)
                hits = _hits(store)
                store.engine.dispose()
                if number:
                    pairs.append(figures)
    finally:
        alone.close()
    return {"pairs": pairs, "hits": hits}


async def once(config: Config, folder: Path) -> dict[str, Any]:
    """Everything as it comes, nothing kept warm: what memory is measured on."""
    return await one_round(config, open_store(folder, "memory.db"), Cpu(None))


def main() -> None:
    what, proxy, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    from crawler.loop import run

    config = configure(folder, proxy)
    if what == "memory":
        job = once(config, folder)
    else:
        files = sorted((folder / "pages").glob("*.html"))
        pages = [(address(number), file.read_bytes()) for number, file in enumerate(files)]
        job = rounds(config, folder, pages, int(sys.argv[4]))
    print(json.dumps(run(job, guarded=False)), flush=True)
    os._exit(0)  # look-up threads of the reactor are not waited for


if __name__ == "__main__":
    main()
