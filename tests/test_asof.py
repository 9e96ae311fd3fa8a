"""What a report said at a time it says again: before an import, a re-tag after a watch-list change, a renaming."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import reports
from crawler.archives import import_files
from jobs import read_now
from models.config import Config, load_config
from models.store import Store
from reports import output

pytestmark = pytest.mark.slow  # each test builds a reader

NOON = datetime(2026, 3, 23, 12, tzinfo=UTC)
CONFIG = """
version: 1
outlets:
  wire: {{name: {{en: {name}}}, country: AZ, languages: [en], kind: agency, tier: 1, own: false, zone: Asia/Baku,
         hosts: [wire.example]}}
entities:
  azertelecom: {{type: org, name: {{en: AzerTelecom}}, aliases: [AzerTelecom{alias}]}}
  {more}
topics:
  azertelecom: {{name: {{en: AzerTelecom}}, clauses: [{{all: [["entity:azertelecom"]]}}]}}
digest: {{at: "08:00", sender: khazri@reader.example, readers: []}}
politeness: {{user_agent: "Test (+mailto:x@reader.example)", delay_seconds: 0, timeout_seconds: 5,
             max_page_bytes: 1000000, max_feed_bytes: 1000000}}
"""
FIRST = [
    {"url": "http://wire.example/1", "title": "AzerTelecom lays a cable", "text": "AzerTelecom and the Northern Link "
     "company began.", "published": "2026-03-20T10:00:00+04:00", "language": "en"},
    {"url": "http://wire.example/2", "title": "Weather", "text": "Wind from the north.", "published": "2026-03-21"},
]  # fmt: skip
SECOND = [
    {"url": "http://wire.example/1", "title": "AzerTelecom lays two cables", "text": "AzerTelecom corrected itself.",
     "published": "2026-03-22", "language": "en"},
    {"url": "http://wire.example/3", "title": "More", "text": "AzerTelecom again.", "published": "2026-03-20"},
]  # fmt: skip


def config(folder: Path, *, name: str = "The Wire", alias: str = "", more: str = "") -> Config:
    path = folder / "config.yaml"
    path.write_text(CONFIG.format(name=name, alias=alias, more=more), "utf-8")
    return load_config(path)


def take(folder: Path, rows: list[dict[str, str]], conf: Config, store: Store, now: datetime) -> None:
    path = folder / "rows.json"
    path.write_text(json.dumps(rows), "utf-8")
    import_files([path], conf, store, now=now)
    read_now(conf, store, now)


def said(store: Store, conf: Config, as_of: datetime | None) -> dict[str, bytes]:
    """Every report as CSV bytes."""
    found = {}
    for name in reports.names():
        stream = io.BytesIO()
        query = reports.ReportQuery(as_of=as_of, by="day")
        output.write(reports.run(name, query, store.engine, conf), "csv", stream)
        found[name] = stream.getvalue()
    return found


@pytest.fixture
def changed(store: Store, tmp_path: Path) -> tuple[Store, Config, datetime, dict[str, bytes]]:
    """(store, the later config, a time before the changes, what the reports said then)."""
    before = config(tmp_path)
    store.sync(before, NOON)
    take(tmp_path, FIRST, before, store, NOON)
    then = NOON + timedelta(minutes=5)
    report = said(store, before, None)
    later = config(
        tmp_path,
        name="Caspian Wire",
        alias=", corrected",
        more="northern_link: {type: org, name: {en: Northern Link}, aliases: [Northern Link]}",
    )
    store.sync(later, NOON + timedelta(hours=1))
    read_now(later, store, NOON + timedelta(hours=1))
    take(tmp_path, SECOND, later, store, NOON + timedelta(hours=2))
    return store, later, then, report


def test_the_reports_say_what_they_said_then(changed: tuple[Store, Config, datetime, dict[str, bytes]]) -> None:
    store, later, then, report = changed
    assert said(store, later, then) == report


def test_the_changes_are_seen_now(changed: tuple[Store, Config, datetime, dict[str, bytes]]) -> None:
    """Else the test above would hold for a store that ignores time."""
    store, later, _, report = changed
    now = said(store, later, None)
    # no name stands in three articles here, so `candidates` is empty then and now
    assert all(now[name] != report[name] for name in report if name != "candidates")
    text = now["mentions"].decode()
    assert "Caspian Wire" in text
    assert "northern_link" not in report["mentions"].decode()
    assert "two cables" in text


def test_between_the_changes_each_is_seen_in_its_turn(
    changed: tuple[Store, Config, datetime, dict[str, bytes]],
) -> None:
    store, later, _, _ = changed
    between = said(store, later, NOON + timedelta(hours=1, minutes=5))["mentions"].decode()
    assert "Caspian Wire" in between
    assert "northern_link" in between
    assert "two cables" not in between


def test_before_anything_was_stored_the_reports_are_their_headers(
    changed: tuple[Store, Config, datetime, dict[str, bytes]],
) -> None:
    store, later, _, _ = changed
    for name, body in said(store, later, NOON - timedelta(days=1)).items():
        assert len(body.decode("utf-8-sig").splitlines()) == 1, name
