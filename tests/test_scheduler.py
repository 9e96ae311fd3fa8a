"""`khazri schedule`: it starts, crawls and reads; it stops at once, loses nothing and leaves nobody behind."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.conftest import make_postgres
from tests.hostile import (
    TOMORROW,
    Answer,
    Hostile,
    Operator,
    children_of,
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
        if b"jobs.reader" in Path(f"/proc/{child}/cmdline").read_bytes():
            return child
    return 0


def test_the_demo_by_the_clock(newsroom: Any, tmp_path: Path) -> None:
    operator = demo(tmp_path, newsroom.address)
    operator.run("db", "upgrade")
    process = operator.start("schedule", "--now", "2026-03-22T18:00:00Z")
    try:
        assert wait_until(lambda: count(operator, "mention") > 0), "facts appear"
        first = reader_of(process.pid)
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
