"""`khazri schedule`: it starts, crawls and reads; it stops at once, loses nothing and leaves nobody behind."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, delete, text

import scheduler
from models.article import Entry
from models.config import Config, load_config
from models.errors import KhazriError, ReportError
from models.store import Store
from models.tables import LeaseRow
from tests.conftest import make_postgres
from tests.hostile import (
    TOMORROW,
    Answer,
    Hostile,
    Operator,
    children_of,
    command_of,
    drip,
    healthy,
    is_alive,
    seconds_to_end,
    wait_until,
)

ROOT = Path(__file__).resolve().parent.parent
STOPPED = 130  # stopped in order; killed by the signal would be -15
STOP_SECONDS = 4.0  # the promise is 2 s; a busy test machine gets twice that

pytestmark = pytest.mark.slow


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The demo's, at 08:30 in Baku: half an hour after its digest.at."""
    now = datetime(2026, 3, 23, 4, 30, tzinfo=UTC)
    return dataclasses.replace(load_config(ROOT / "demo" / "config.yaml"), var=tmp_path, now=now)


@pytest.fixture
def newsroom() -> Iterator[Any]:
    sys.path.insert(0, str(ROOT / "demo"))
    from newsroom import Newsroom

    with Newsroom(edition=1) as running:
        yield running
    sys.path.remove(str(ROOT / "demo"))


def demo(folder: Path, proxy: str) -> Operator:
    """An operator of the demo's own config, with a database of this test."""
    operator = Operator(folder, proxy, {"any": {"any": "http://any.example/feed"}})
    text = (ROOT / "demo" / "config.yaml").read_text(encoding="utf-8")
    text = text.replace("../watch", str(ROOT / "watch")).replace("../var/demo", str(folder))
    operator.config.write_text(f"{text}\nschedule: {{read_every_seconds: 1}}\n", encoding="utf-8")
    return operator


def count(operator: Operator, table: str) -> int:
    return int(operator.rows(f"SELECT count(*) FROM {table}")[0][0])


def reader_of(pid: int) -> int:
    """The reading worker among a scheduler's children."""
    for child in children_of(pid):
        if b"jobs.reader" in command_of(child):
            return child
    return 0


@pytest.mark.long
def test_the_demo_by_the_clock(newsroom: Any, tmp_path: Path) -> None:
    operator = demo(tmp_path, newsroom.address)
    operator.run("db", "upgrade")
    process = operator.start("schedule", "--now", "2026-03-22T18:00:00Z")
    try:
        assert wait_until(lambda: count(operator, "mention") > 0), "facts appear"
        first = reader_of(process.pid)
        assert first, "a reader is running"
        os.kill(first, signal.SIGKILL)
        assert wait_until(lambda: reader_of(process.pid) not in (0, first)), "a killed reader is started again"
        assert wait_until(lambda: count(operator, "run WHERE finished_at IS NULL") == 0)
        assert wait_until(lambda: count(operator, "reading") >= count(operator, "article") * 4 > 0)
        family = children_of(process.pid)
        seconds = seconds_to_end(process, signal.SIGTERM)
    finally:
        process.kill()
    print(f"stopped in {seconds:.2f} s")
    assert seconds < STOP_SECONDS
    assert wait_until(lambda: not any(is_alive(pid) for pid in family), 3), "no process is left behind"
    assert count(operator, "article") >= 80
    assert process.stderr is not None
    said = process.stderr.read()
    assert process.returncode == STOPPED, said
    assert "Traceback" not in said


def test_sigterm_in_the_middle_of_a_crawl(tmp_path: Path) -> None:
    with Hostile() as web:
        sources = {name: {name: healthy(web, f"{name}.example", pages=5)} for name in ("quick", "slow")}
        well = dict(web.routes)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"
        web.routes["http://slow.example/1"] = Answer(trouble=drip(head))
        operator = Operator(tmp_path, web.address, sources, timeout_seconds=60)
        operator.run("db", "upgrade")
        process = operator.start("schedule")
        try:
            assert wait_until(lambda: bool(web.to("http://slow.example/1")) and count(operator, "article") == 5)
            family = children_of(process.pid)
            assert family
            seconds = seconds_to_end(process, signal.SIGTERM)
        finally:
            process.kill()
        print(f"stopped in {seconds:.2f} s")
        assert seconds < STOP_SECONDS
        assert wait_until(lambda: not any(is_alive(pid) for pid in family), 3), "no process is left behind"
        assert process.stderr is not None
        said = process.stderr.read()
        assert process.returncode == STOPPED, said
        assert "Traceback" not in said
        assert operator.articles() == {f"http://quick.example/{number}" for number in range(1, 6)}
        assert operator.items()["http://slow.example/1"] == ("due", "")
        assert operator.rows("SELECT count(*) FROM host WHERE holder IS NOT NULL") == [(0,)]
        assert operator.rows("SELECT count(*) FROM lease") == [(0,)]
        web.routes = well
        operator.crawl(now=TOMORROW)
        assert len(operator.articles()) == 10


@pytest.mark.long
def test_two_schedulers_on_one_database_run_each_slot_once(postgres: str, tmp_path: Path) -> None:
    address = make_postgres(postgres, "two_schedulers")
    with Hostile() as web:
        sources = {f"s{number}": {f"s{number}": healthy(web, f"s{number}.example", pages=2)} for number in range(8)}
        operator = Operator(tmp_path, web.address, sources)
        operator.env["KHAZRI_DATABASE"] = address
        operator.run("db", "upgrade")
        both = [operator.start("schedule") for _ in range(2)]
        engine = create_engine(address)

        def number(query: str) -> int:
            with engine.connect() as conn:
                return int(conn.execute(text(query)).scalar_one())

        try:
            done = "SELECT count(*) FROM run_slot WHERE state = 'done' AND job LIKE 'source:%'"
            assert wait_until(lambda: number(done) >= 8)
            assert wait_until(lambda: all(reader_of(process.pid) for process in both)), "both are at work"
        finally:
            for process in both:
                process.send_signal(signal.SIGTERM)
            for process in both:
                process.communicate(timeout=60)
        slots = number("SELECT count(*) FROM run_slot WHERE job LIKE 'source:%'")
        assert number("SELECT count(*) FROM run") == slots, "each slot has one run"
        assert number("SELECT count(*) FROM article") == 16
        assert number("SELECT count(*) FROM lease") == 0
        for name in sources:
            assert len(web.to(f"http://{name}.example/robots.txt")) == 1
            assert len(web.to(f"http://{name}.example/1")) == 1
        engine.dispose()


# ------------------------------------------------------------------------------------------------ leases and the digest


def test_who_loses_a_lease_stops(store: Store, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "LEASE_SECONDS", 0.3)
    stopped = []

    async def work() -> None:
        try:
            await asyncio.sleep(0.3)  # some beats
            with store.change() as conn:
                conn.execute(delete(LeaseRow))
            await asyncio.sleep(60)
        finally:
            stopped.append(True)

    async def main() -> None:
        clock = scheduler.Clock(config, store)
        assert clock._own("source:a", "1")
        await clock._while_held(["source:a"], work())

    with pytest.raises(KhazriError, match="another process took over source:a"):
        asyncio.run(main())
    assert stopped == [True]


def test_held_work_gives_its_result_or_its_error(store: Store, config: Config) -> None:
    async def fine() -> int:
        return 7

    async def bad() -> int:
        raise ReportError("no")

    async def main() -> None:
        clock = scheduler.Clock(config, store)
        assert await clock._while_held(["digest"], fine()) == 7
        with pytest.raises(ReportError, match="no"):
            await clock._while_held(["digest"], bad())

    asyncio.run(main())


def test_a_digest_that_failed_is_not_done(store: Store, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that was done is not done again that day, by no process."""
    previews: list[datetime] = []

    def refuse(*_: object) -> list[str]:
        raise ReportError("no template")

    def preview(_config: Config, _store: Store, now: datetime, _folder: Path) -> list[str]:
        previews.append(now)
        return ["written"]

    async def digest() -> None:
        await scheduler.Clock(config, store)._digest()

    monkeypatch.setattr(scheduler, "preview_all", refuse)
    with pytest.raises(ReportError):
        asyncio.run(digest())
    monkeypatch.setattr(scheduler, "preview_all", preview)
    for _ in range(2):
        asyncio.run(digest())
    assert previews == [config.now]


def test_a_source_is_planned_by_its_rhythm_and_once_over_processes(store: Store, config: Config) -> None:
    """Two processes see the same row: one polls, the other plans anew; a poll by hand counts too."""
    real = dataclasses.replace(config, now=None)
    one, two = scheduler.Clock(real, store), scheduler.Clock(real, store)
    source = one.sources["caspianwire_all"]
    now = datetime.now(UTC)
    assert one._owned([source]) == [source]
    assert two._owned([source]) == [], "its first poll"
    one._give_back([source], done=True)
    assert two._owned([source]) == [], "it has been run"

    def polled(minutes_ago: float) -> None:
        at = now - timedelta(minutes=minutes_ago)
        row = {"source": source.id, "outlet": source.outlet, "address": source.address}
        one.collecting.save_polls([{**row, "polled_at": at, "interval_minutes": 90.0}])

    polled(80)
    assert two._owned([source]) == [], "not due"
    polled(95)
    assert two._owned([source]) == [source]
    assert one._owned([source]) == []
    two._give_back([source], done=False)
    assert one._owned([source]) == [source], "it failed: again"

    polled(10)
    learned = one.collecting.sources([source.id])[source.id]
    wait = (one._next_poll(source, learned, now) - now).total_seconds() / 60
    assert 80 <= wait <= 89, "an interval after the last poll, up to a tenth later"
    assert one._trigger(source, learned).interval == timedelta(minutes=90)


def test_pages_are_asked_for_while_their_source_rests(store: Store, config: Config) -> None:
    one, two = scheduler.Clock(config, store), scheduler.Clock(config, store)
    source = one.sources["caspianwire_all"]
    assert config.now is not None
    link = "http://caspianwire.example/a"
    one.collecting.add_entries(source, [(Entry("A title", link, "", None, "", None), link)], config.now)
    assert one._with_pages([source]) == [], "it is polled, and its pages with it"
    assert one._with_pages([]) == [source]
    assert two._with_pages([]) == [], "another process is at it"


@pytest.mark.parametrize(("minute", "late"), [(29, False), (30, True), (59, True)])
def test_started_after_the_digests_time_it_catches_up(store: Store, config: Config, minute: int, late: bool) -> None:
    at = dataclasses.replace(config.digest, at="07:30")
    now = datetime(2026, 3, 23, 3, minute, tzinfo=UTC)  # 07:xx in Baku
    clock = scheduler.Clock(dataclasses.replace(config, digest=at, now=now), store)
    before = datetime.now(UTC)
    clock._plan()
    (job,) = [job for job in clock.scheduler.get_jobs() if job.id == "digest"]
    first = getattr(job, "next_run_time", None)  # a job not yet scheduled has none: its trigger decides
    assert (first is not None) == late
    if first is not None:
        assert 0 < (first - before).total_seconds() < scheduler.CATCH_UP_SECONDS + 10
