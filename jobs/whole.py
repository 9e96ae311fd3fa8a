"""The whole job once: migrate, crawl, read, export, preview the digest. What `make run` does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import reports
from jobs import chosen_sources, crawl_now, open_store, read_now, writing_clock
from jobs.digests import preview_all
from jobs.exporting import save
from models.config import Config
from models.store import Store


def whole_job(config: Config) -> Iterator[str]:
    """Do it, telling a line at a time. Without a network it says so, and that nothing is lost. Raises KhazriError."""
    now = writing_clock(config)
    store = open_store(config, migrate=True)
    sources = chosen_sources(config, [])
    yield f"asking {len(sources)} sources …"
    result = crawl_now(config, store, sources, now)
    if result.no_network:
        yield f"no network: 0 of {len(sources)} sources reachable; nothing lost"
        return
    new = sum(count.outcomes.get("new", 0) for count in result.counts)
    changed = sum(count.outcomes.get("changed", 0) for count in result.counts)
    yield f"{result.reached} of {len(sources)} sources answered; {new} new articles, {changed} changed"
    done = read_now(config, store, now)
    yield f"{done.read} articles read, {done.added} facts added, {done.closed} closed"
    for path in export_all(config, store, config.var):
        yield f"wrote {path}"
    yield from preview_all(config, store, now, config.var / "digest")


def export_all(config: Config, store: Store, folder: Path) -> list[Path]:
    """Every report as CSV into `folder`."""
    written = []
    for name in reports.names():
        path = folder / f"{name}.csv"
        table = reports.run(name, reports.ReportQuery(), store.engine, config)
        save(table, "csv", path)
        written.append(path)
    return written
