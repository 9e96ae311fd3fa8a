"""Whose a found page is, and what a capture of an old page may do to an article."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from crawler.addresses import normalise
from crawler.discovery import Places, captured_at, shown_name
from models.article import Entry
from models.collected import Collected
from models.collecting import Collecting
from models.config import Config, load_config
from models.store import Store

NOW = datetime(2026, 3, 22, 18, 0, tzinfo=UTC)
CAPTURE = "http://web.archive.org/web/20190401120000id_/http://wire.example/1"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    def outlet(host: str, *collect: dict[str, object], zone: str = "Asia/Baku") -> dict[str, object]:
        return {"name": host, "kind": "portal", "zone": zone, "hosts": [host], "collect": list(collect)}

    def source(name: str, **values: object) -> dict[str, object]:
        return {"id": name, "feed": f"https://x.example/{name}", **values}

    off = {"enabled": False, "reason": "refused: 403"}
    path = tmp_path / "config.yaml"
    outlets = {
        "finder": outlet("x.example", source("finder", discovers=True, zone="UTC")),
        "wire": outlet("wire.example", source("wire", zone="Asia/Almaty")),
        "closed": outlet(
            "closed.example", source("closed", **off), source("closed2", enabled=False, reason="dead: 404")
        ),
        "let_in": outlet("letin.example", source("let_in", **off), source("let_in_2")),
        "no_source": outlet("none.example"),
    }
    path.write_text(yaml.safe_dump({"version": 1, "outlets": outlets}), encoding="utf-8")
    return load_config(path)


@pytest.mark.parametrize(
    ("source", "url", "outlet", "zone"),
    [
        ("wire", "https://elsewhere.example/1", "wire", "Asia/Almaty"),
        ("finder", "https://ru.wire.example/1", "wire", "Asia/Baku"),
        ("finder", CAPTURE, "wire", "Asia/Baku"),
        ("finder", "https://none.example/1", "no_source", "Asia/Baku"),
        ("finder", "https://www.stranger.example/1", "unlisted:stranger.example", "UTC"),
        ("finder", "https://notwire.example/1", "unlisted:notwire.example", "UTC"),
    ],
)
def test_whose_a_page_is(config: Config, source: str, url: str, outlet: str, zone: str) -> None:
    places = Places(config)
    assert places.outlet(source, url).id == outlet
    assert places.zone(source, url) == zone


def test_only_a_stranger_s_name_is_stored_with_its_article(config: Config) -> None:
    places = Places(config)
    assert shown_name(places.outlet("finder", "https://www.stranger.example/1")) == "stranger.example"
    assert shown_name(places.outlet("finder", "https://wire.example/1")) == ""


def test_a_refusal_holds_for_finders_until_a_source_of_the_outlet_is_on(config: Config) -> None:
    places = Places(config)
    assert places.refusal("finder", "https://closed.example/1") == "refused: 403"
    assert places.refusal("closed", "https://closed.example/1") == "", "its own source is asked as config says"
    for url in ("https://letin.example/1", "https://none.example/1", "https://stranger.example/1"):
        assert places.refusal("finder", url) == ""


def test_when_a_capture_was_made() -> None:
    assert captured_at(CAPTURE) == datetime(2019, 4, 1, 12, tzinfo=UTC)
    for url in ("https://wire.example/1", CAPTURE.replace("20190401", "20190231"), CAPTURE.replace("120000", "")):
        assert captured_at(url) is None


def collected(item: int, text: str, **values: object) -> Collected:
    page = Collected(item, "old", "wire", "http://wire.example/1", "//wire.example/1", title="Cable", text=text)
    return replace(page, **values)  # type: ignore[arg-type]


def test_a_capture_never_becomes_the_current_text(store: Store, config: Config) -> None:
    collecting = Collecting(store)
    store.sync(config, NOW)
    source = config.sources[1]
    entry = Entry("", CAPTURE, "", None, "", None)
    collecting.add_entries(source, [(entry, normalise(CAPTURE))], NOW)
    (item,) = collecting.due_items([source.id], NOW)
    today = collected(0, "The text of today.", source=source.id)
    old = collected(item.id, "An older text.", source=source.id, via="import", first_seen=NOW - timedelta(days=2000))
    assert collecting.save_pages([today], NOW) == ["new"]
    assert collecting.save_pages([old], NOW) == ["known"]
    assert collecting.known_addresses({("wire", "//wire.example/1"), ("wire", "//wire.example/2")}) == {
        ("wire", "//wire.example/1")
    }
    long = f"//wire.example/{'a' * 2000}"
    assert collecting.save_pages([collected(0, "Long.", address_key=long)], NOW) == ["new"]
    assert collecting.known_addresses({("wire", long)}) == {("wire", long)}
