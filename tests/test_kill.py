"""kill -9 in the middle of the demo and a rerun end as an undisturbed run does."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOW = "2026-03-22T18:00:00Z"
WAIT_SECONDS = 90.0  # for something to happen in a busy test run; nothing here measures speed

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Any]:
    sys.path.insert(0, str(ROOT / "demo"))
    from newsroom import Newsroom

    with Newsroom(edition=1) as running:
        yield running
    sys.path.remove(str(ROOT / "demo"))


def start(newsroom: Any, database: Path, *arguments: str) -> subprocess.Popen[bytes]:
    env = {**os.environ, "KHAZRI_DATABASE": f"sqlite:///{database}", "KHAZRI_PROXY": newsroom.address}
    command = [
        Path(sys.executable).parent / "khazri",
        "--config",
        ROOT / "demo" / "config.yaml",
        "--now",
        NOW,
        *arguments,
    ]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, start_new_session=True)


def finish(newsroom: Any, database: Path, *arguments: str) -> None:
    assert start(newsroom, database, *arguments).wait(WAIT_SECONDS) == 0


def kill_when(process: subprocess.Popen[bytes], database: Path, query: str, enough: int) -> int:
    """Kill the process at the moment `query` counts `enough`; what it counted then."""
    until = time.monotonic() + WAIT_SECONDS
    count = 0
    while time.monotonic() < until and process.poll() is None:
        with sqlite3.connect(database) as conn:
            (count,) = conn.execute(query).fetchone()
        if count >= enough:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return count


TABLES = {
    "outlets": "SELECT outlet, name, names, tier, own FROM outlet WHERE until IS NULL",
    "items": "SELECT source, key, url, state, outcome FROM item",
    "articles": "SELECT outlet, address_key, url FROM article",
    "revisions": (
        "SELECT a.outlet, a.address_key, r.number, r.title, r.content_hash, r.published FROM revision r"
        " JOIN article a ON a.id = r.article_id"
    ),
    "mentions": (
        "SELECT a.address_key, m.entity, m.part, m.start, m.end, m.rule FROM mention m"
        " JOIN article a ON a.id = m.article_id WHERE m.until IS NULL"
    ),
    "topics": (
        "SELECT a.address_key, t.topic, t.role, t.score FROM topic_hit t"
        " JOIN article a ON a.id = t.article_id WHERE t.until IS NULL"
    ),
    "attributions": (
        "SELECT a.address_key, t.outlet, t.name, t.start FROM attribution t"
        " JOIN article a ON a.id = t.article_id WHERE t.until IS NULL"
    ),
}


def remembered(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    with sqlite3.connect(database) as conn:
        return {name: sorted(conn.execute(query).fetchall(), key=repr) for name, query in TABLES.items()}


@pytest.fixture(scope="module")
def undisturbed(newsroom: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    database = tmp_path_factory.mktemp("undisturbed") / "khazri.db"
    for command in (("db", "upgrade"), ("crawl",), ("tag",)):
        finish(newsroom, database, *command)
    found = remembered(database)
    assert len(found["articles"]) >= 80
    assert found["mentions"]
    return found


ITEMS, ARTICLES, READINGS = (f"SELECT count(*) FROM {table}" for table in ("item", "article", "reading"))


def test_what_was_killed_is_completed_by_the_next(newsroom: Any, tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    """Killed while polling, at the first pages, late, and while reading."""
    database = tmp_path / "khazri.db"
    finish(newsroom, database, "db", "upgrade")
    for query, enough in ((ITEMS, 1), (ARTICLES, 1), (ARTICLES, 60)):
        stored = kill_when(start(newsroom, database, "crawl"), database, query, enough)
        assert stored >= enough, "the crawl ended before it could be killed"
        assert remembered(database)["articles"] != undisturbed["articles"], "killed too late to show anything"
    finish(newsroom, database, "crawl")
    kill_when(start(newsroom, database, "tag"), database, READINGS, 1)
    finish(newsroom, database, "tag")
    after = remembered(database)
    for name in TABLES:
        assert after[name] == undisturbed[name], name
