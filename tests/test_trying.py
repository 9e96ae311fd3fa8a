"""`khazri tag --dry-run`: an analyst sees what a name or a query finds before anything is stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.archives import import_files
from jobs import read_now
from jobs.trying import SAMPLES, as_text, try_entity, try_query, try_topic
from models.config import Config, load_config
from models.errors import KhazriError
from models.store import Store

pytestmark = pytest.mark.slow  # each test builds a reader

NOON = datetime(2026, 3, 23, 12, tzinfo=UTC)
CONFIG = """
version: 1
outlets:
  wire: {name: {en: The Wire}, country: AZ, languages: [en], kind: agency, tier: 1, own: false, zone: Asia/Baku,
         hosts: [wire.example]}
entities:
  azertelecom: {type: org, name: {en: AzerTelecom}, aliases: [AzerTelecom]}
  northern: {type: org, name: {en: Northern Link}, aliases: [ALIAS]}
topics:
  azertelecom: {name: {en: AzerTelecom}, clauses: [{all: [["entity:azertelecom"]]}]}
  ports: {name: {en: Ports}, query: 'QUERY'}
digest: {at: "08:00", sender: khazri@reader.example, readers: []}
politeness: {user_agent: "Test (+mailto:x@reader.example)", delay_seconds: 0, timeout_seconds: 5,
             max_page_bytes: 1000000, max_feed_bytes: 1000000}
"""
ROWS = [
    {"url": "http://wire.example/1", "title": "A cable", "text": "AzerTelecom and the Northern Link company began to "
     "lay the cable which had been promised for years, as its crew said in the port on Monday morning.",
     "published": "2026-03-20", "language": "en"},
    {"url": "http://wire.example/2", "title": "Wind", "text": "Wind from the north in the port.", "language": "en"},
    {"url": "http://wire.example/3", "title": "Link", "text": "Northern-Link'in gəmisi gəldi.", "language": "az"},
]  # fmt: skip


def config(folder: Path, alias: str = "Northern Link", query: str = "port AND wind") -> Config:
    path = folder / "config.yaml"
    path.write_text(CONFIG.replace("ALIAS", alias).replace("QUERY", query), "utf-8")
    return load_config(path)


@pytest.fixture
def filled(store: Store, tmp_path: Path) -> Store:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(ROWS), "utf-8")
    import_files([path], config(tmp_path), store, now=NOON)
    read_now(config(tmp_path), store, NOON)
    return store


def everything(store: Store) -> list[tuple[object, ...]]:
    tables = ("mention", "topic_hit", "reading", "change")
    with store.engine.connect() as conn:
        known = [name for name in tables if store.engine.dialect.has_table(conn, name)]
        return [tuple(row) for name in known for row in conn.exec_driver_sql(f"SELECT * FROM {name} ORDER BY 1, 2")]


def test_an_entity_as_it_is_stored(filled: Store, tmp_path: Path) -> None:
    before = everything(filled)
    tried = try_entity(config(tmp_path), filled, "northern")
    assert (tried.articles, tried.found, tried.places, tried.new, tried.gone) == (3, 2, 2, 0, 0)
    assert tried.languages == {"en": 1, "az": 1}
    lines = list(as_text(tried))
    assert lines[0] == "entity northern: 2 of 3 articles, 2 places; nothing was stored"
    shown = "  2026-03-20 wire en  AzerTelecom and the [Northern Link] company began to lay the cable"
    assert any(line.startswith(shown) and line.endswith(" …") for line in lines)
    assert any("[Northern-Link'in] gəmisi" in line for line in lines)
    assert everything(filled) == before, "nothing was stored"


def test_what_a_change_would_bring_and_take(filled: Store, tmp_path: Path) -> None:
    tried = try_entity(config(tmp_path, alias="Wind"), filled, "northern")
    assert (tried.found, tried.new, tried.gone) == (1, 1, 2)
    assert [sample.sign for sample in tried.samples].count("-") == 2
    assert any(line.startswith("+ undated wire en  [Wind]") for line in as_text(tried))
    assert any(line.strip() == "no longer found" for line in as_text(tried))


def test_topics_and_queries(filled: Store, tmp_path: Path) -> None:
    tried = try_topic(config(tmp_path), filled, "ports")
    assert (tried.found, tried.new, tried.gone) == (1, 0, 0)
    tried = try_topic(config(tmp_path, query="port AND crew"), filled, "ports")
    assert (tried.found, tried.new, tried.gone) == (1, 1, 1)
    tried = try_query(config(tmp_path), filled, "entity:azertelecom NEAR/3 northern")
    assert (tried.found, tried.new) == (1, 1)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (lambda conf, store: try_entity(conf, store, "nothern"), "did you mean 'northern'"),
        (lambda conf, store: try_topic(conf, store, "port"), "did you mean 'ports'"),
        (lambda conf, store: try_query(conf, store, "port AND NOT port"), "^can never be met"),
    ],
)
def test_what_cannot_be_tried_is_told(store: Store, tmp_path: Path, what, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(KhazriError, match=message):
        what(config(tmp_path), store)


def test_a_large_archive_shows_a_dozen(store: Store, tmp_path: Path) -> None:
    rows = [
        {"url": f"http://wire.example/{number}", "title": "Port", "text": f"Wind number {number} in the port.",
         "language": "en"}
        for number in range(80)
    ]  # fmt: skip
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows), "utf-8")
    import_files([path], config(tmp_path), store, now=NOON)
    tried = try_query(config(tmp_path), store, "wind")
    assert tried.found == 80
    assert sum(line.startswith("+ ") for line in as_text(tried)) == SAMPLES
