"""What a command or the clock can start: each job wires the wings together and returns what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from models.config.fields import did_you_mean
from models.errors import KhazriError

if TYPE_CHECKING:  # the heavy wings are imported by the job that needs them
    from crawler.crawl import CrawlResult
    from models.config import Config, Source
    from models.store import Store
    from pipelines import ReadResult


# The store's times never go backwards: one job at a time far ahead would date all that follows. A day is more than any
# zone mistake.
MOST_AHEAD = timedelta(hours=24)


def clock(config: Config) -> datetime:
    """Now, or the fixed clock of `--now` / KHAZRI_NOW."""
    return config.now or datetime.now(UTC)


def writing_clock(config: Config, at: datetime | None = None) -> datetime:
    """The time of a job that writes: `at`, else `clock`. Raises KhazriError when it is over 24 h ahead of the real one.

    Where all outlets are fictional (`.example`, as in the demo) any time will do: that store is nobody's record.
    """
    now = at or clock(config)
    if now > datetime.now(UTC) + MOST_AHEAD and not _is_fictional(config):
        raise KhazriError(f"the time {now.isoformat()} is over 24 h ahead; what is stored under it could not be undone")
    return now


def _is_fictional(config: Config) -> bool:
    hosts = [host for outlet in config.outlets.values() for host in outlet.hosts]
    return bool(hosts) and all(host.endswith(".example") for host in hosts)


def open_store(config: Config, *, migrate: bool = False) -> Store:
    """The store at config's database, its schema checked (or brought up to date). Jobs that write sync it with config.

    Raises StoreError when the schema is another one and `migrate` is false, or the database refuses.
    """
    from models import schema
    from models.store import Store, connect

    engine = connect(config.database)
    if migrate:
        schema.upgrade(engine)
    schema.require(engine)
    return Store(engine)


def chosen_sources(config: Config, ids: Sequence[str]) -> list[Source]:
    """The sources named, or all that are enabled and of a kind that can be polled. Raises KhazriError for an unknown
    id or a disabled source, with the reason config gives."""
    from crawler.polled import POLLED

    if not ids:
        return [source for source in config.sources if source.enabled and source.kind in POLLED]
    by_id = {source.id: source for source in config.sources}
    for name in ids:
        if name not in by_id:
            raise KhazriError(f"there is no source '{name}'{did_you_mean(name, by_id)}")
        if not by_id[name].enabled:
            raise KhazriError(f"source '{name}' is disabled: {by_id[name].reason}")
        if by_id[name].kind not in POLLED:
            raise KhazriError(f"source '{name}' is of kind {by_id[name].kind}, which no spider polls yet")
    return [by_id[name] for name in dict.fromkeys(ids)]


def crawl_now(
    config: Config, store: Store, sources: Sequence[Source], now: datetime, *, named: bool = False
) -> CrawlResult:
    """One crawl in a loop of its own; once a process. All sources are polled, whatever their rhythm, but retired ones
    only when `named` by a person. Raises StoreError, KeyboardInterrupt on SIGINT and SIGTERM."""
    from crawler import loop
    from crawler.crawl import crawl

    store.sync(config, now)
    slot = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return loop.run(crawl(config, store, sources, slot=slot, now=now, named=named), guarded=not config.proxy)


def read_now(
    config: Config, store: Store, now: datetime, *, again: bool = False, stop: Callable[[], bool] = lambda: False
) -> ReadResult:
    """Read every revision that is due; `again` makes all of them due first. Raises StoreError."""
    from models.facts import Facts
    from pipelines import read_due

    store.sync(config, now)
    if again:
        Facts(store).forget_readings()
    return read_due(store, config, now, stop)
