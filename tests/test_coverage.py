"""Recall, told honestly: which channel would cover an address, what each saw, and the figure we promise."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import insert

from crawler.addresses import normalise
from crawler.coverage import Listed, Saw, channel_rows, judge, pair_rows
from jobs.coverage import against, against_text, coverage, coverage_text, read_list, totals
from models.config import Config, load_config
from models.errors import ImportRefused
from models.sightings import had_before
from models.store import Store
from models.tables import ArticleRow, ItemRow

ROOT = Path(__file__).parents[1]
NOON = datetime(2026, 3, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OUTLETS: dict[str, Any] = {
    "agency": (["agency.example"], ["en", "ru"], [
        {"id": "agency_en", "feed": "https://en.agency.example/rss", "language": "en"},
        {"id": "agency_ru", "feed": "https://ru.agency.example/rss", "language": "ru", "enabled": False,
         "reason": "listed only"},
    ]),
    "portal": (["portal.example"], ["az"], [
        {"id": "portal_bank", "listing": "https://portal.example/maliyye-xeberleri", "selectors": {"link": "a"}},
    ]),
    "paper": (["paper.example"], ["az"], [
        {"id": "paper", "listing": "https://paper.example/", "url_pattern": r"/\d{6}\.html$"},
    ]),
    "wall": (["wall.example"], ["en"], [
        {"id": "wall", "feed": "https://wall.example/rss", "enabled": False, "reason": "refused: 403, 2026-09"},
    ]),
    "cited": (["cited.example"], ["en"], []),
    "old": (["old.example"], ["en"], [{"id": "old", "archive": "https://archive.example/cdx"}]),
}  # fmt: skip
FINDER = {"id": "finder", "api": "https://finder.example/doc", "format": "gdelt", "discovers": True}


def make_config(folder: Path, *, finder: bool = False) -> Config:
    outlets = {
        name: {"name": {"en": name}, "languages": languages, "kind": "portal", "tier": 3, "zone": "UTC",
               "hosts": hosts, "collect": collect}
        for name, (hosts, languages, collect) in OUTLETS.items()
    }  # fmt: skip
    if finder:
        outlets["finder"] = {**outlets["cited"], "hosts": ["finder.example"], "collect": [FINDER]}
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "var": str(folder), "outlets": outlets}), encoding="utf-8")
    return load_config(path)


CASES = [
    ("https://en.agency.example/1.html", "", "own"),
    ("https://www.agency.example/1.html", "en", "own"),
    ("https://www.agency.example/1.html", "ru", "none"),  # the list says the language
    ("https://agency.example/ru/1.html", "", "none"),  # the address says it
    ("https://ru.agency.example/1.html", "en", "none"),  # the address knows better than the list
    ("https://portal.example/maliyye/bank-faizleri-artdi", "", "own"),
    ("https://portal.example/siyaset/secki", "", "none"),  # another section
    ("https://portal.example/123456/bank-faizleri", "", "none"),  # no section told: strictly no
    ("https://paper.example/123456.html", "", "own"),
    ("https://paper.example/tag/kabel", "", "none"),
    ("https://wall.example/1", "", "refused"),
    ("https://cited.example/1", "", "none"),
    ("https://old.example/1", "", "none"),  # an archive brings the old, not the new
    ("https://nobody.example/1", "", "unlisted"),
    ("", "", "no_address"),
    ("ftp://paper.example/123456.html", "", "no_address"),
]


@pytest.mark.parametrize(("url", "language", "verdict"), CASES)
def test_each_address_gets_its_verdict(tmp_path: Path, url: str, language: str, verdict: str) -> None:
    assert judge(Listed(url, language), make_config(tmp_path)).verdict == verdict


@pytest.mark.parametrize(("url", "language", "verdict"), CASES)
def test_discovery_adds_what_has_no_channel_and_never_what_refuses(
    tmp_path: Path, url: str, language: str, verdict: str
) -> None:
    expected = "discovery" if verdict in ("none", "unlisted") else verdict
    assert judge(Listed(url, language), make_config(tmp_path, finder=True)).verdict == expected


def test_a_source_that_was_refused_when_polled_covers_nothing(tmp_path: Path) -> None:
    config = make_config(tmp_path, finder=True)
    shut = {"paper": "refused: http_403 when last polled"}
    found = judge(Listed("https://paper.example/123456.html"), config, shut)
    assert (found.verdict, found.why) == ("refused", "refused: http_403 when last polled")


def test_shares_have_a_base_of_ten(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    one = judge(Listed("https://paper.example/123456.html"), config)
    assert totals([one] * 9)["own_share"] is None
    assert totals([one] * 10)["own_share"] == 1.0
    nothing = judge(Listed(""), config)
    assert totals([one] * 9 + [nothing])["own_share"] is None, "what has no address is no base"


def saw(article: int, channel: str, hours: float, *, timed: bool = True) -> Saw:
    return Saw(article, "agency", channel, NOON + HOUR * hours, timed)


def test_what_each_channel_saw() -> None:
    seen = [saw(1, "feed", 0), saw(1, "map", 2), saw(2, "map", 0), saw(3, "import", -9, timed=False), saw(3, "feed", 1)]
    rows = {row.channel: (row.articles, row.alone, row.first) for row in channel_rows(seen)}
    assert rows == {"feed": (2, 0, 2), "map": (2, 1, 1), "import": (1, 0, 0)}
    pairs = {(row.by, row.of): row for row in pair_rows(seen)}
    assert (pairs["feed", "map"].finds, pairs["feed", "map"].had, pairs["feed", "map"].share) == (2, 1, None)
    assert pairs["feed", "map"].lag_minutes == -120
    assert pairs["map", "feed"].lag_minutes == 120
    assert pairs["feed", "import"].lag_minutes is None, "an import's time is when somebody typed a command"


def test_a_share_from_ten_finds_on() -> None:
    seen = [saw(n, "map", 0) for n in range(10)] + [saw(n, "feed", 1) for n in range(7)]
    shares = {(row.by, row.of): row.share for row in pair_rows(seen)}
    assert shares == {("feed", "map"): 0.7, ("map", "feed"): None}


def put(store: Store, article: int, sources: list[str], *, via: str = "crawl", url: str = "") -> str:
    """An article of the paper and an item of each source that led to it; its address."""
    url = url or f"https://paper.example/{article:06}.html"
    key = normalise(url)
    with store.engine.begin() as conn:
        conn.execute(insert(ArticleRow).values(id=article, outlet="paper", url=url, address_key=key, first_seen=NOON,
                                               via=via, since=1))  # fmt: skip
        for number, source in enumerate(sources):
            conn.execute(insert(ItemRow).values(source=source, key=key, url=url, address_key=key, title="", summary="",
                                                entry_hash="", state="done", article_id=article,
                                                first_seen=NOON + HOUR * number))  # fmt: skip
    return url


def test_coverage_of_a_store(store: Store, tmp_path: Path) -> None:
    put(store, 1, ["paper", "finder"])
    put(store, 2, ["finder"])
    put(store, 3, ["paper"], via="import")
    with store.engine.begin() as conn:  # seen by a source that never had to fetch it: only the address is the same
        key = normalise("https://paper.example/000002.html")
        conn.execute(insert(ItemRow).values(source="paper_map", key=key, url="u", address_key=key, title="", summary="",
                                            entry_hash="", state="due", first_seen=NOON))  # fmt: skip
    found = coverage(make_config(tmp_path), store.engine)
    rows = {row["channel"]: (row["articles"], row["alone"]) for row in found["channels"]}
    assert rows == {"paper": (2, 0), "finder": (2, 0), "paper_map": (1, 0), "import": (1, 0)}
    assert found["nothing_yet"] == ["agency", "old", "portal"]
    assert "1 of 2 of finder" in " ".join(coverage_text(found).split())
    assert had_before(store.engine, "paper", [key, normalise("https://paper.example/000001.html")]) == {
        normalise("https://paper.example/000001.html")
    }


def test_what_is_in_the_store_is_told_beside_the_verdict(store: Store, tmp_path: Path) -> None:
    config = make_config(tmp_path)
    url = put(store, 1, ["paper", "finder"])
    found = against(
        [judge(Listed(one), config) for one in (f"{url}?utm_source=x", "https://wall.example/1")], store.engine
    )
    assert [(row["verdict"], row["have"], row["seen_by"]) for row in found["addresses"]] == [
        ("own", True, ["finder", "paper"]),
        ("refused", False, []),
    ]
    assert found["have"] == 1
    assert "covered by an own channel: 1 of 2" in against_text(found)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.txt", "# mine\nhttps://a.example/1\n\nhttps://b.example/2\n"),
        ("list.csv", "url,lang\nhttps://a.example/1,en\nhttps://b.example/2,\n"),
        ("semi.csv", "title;url\nx;https://a.example/1\ny;https://b.example/2\n"),
        ("list.json", json.dumps([{"url": "https://a.example/1", "text": "t"}, {"url": "https://b.example/2"}])),
        ("list.jsonl", '{"url": "https://a.example/1"}\n\n{"url": "https://b.example/2"}\n'),
    ],
)
def test_lists_of_every_form(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert [one.url for one in read_list(tmp_path / name)] == ["https://a.example/1", "https://b.example/2"]


@pytest.mark.parametrize(
    ("name", "content"), [("a.json", b"{"), ("a.json", b"[1]"), ("a.csv", b"x\n1"), ("a.txt", b"\xff")]
)
def test_a_list_that_is_none_is_refused_in_words(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImportRefused, match=name):
        list(read_list(tmp_path / name))
    with pytest.raises(ImportRefused, match="cannot be read"):
        list(read_list(tmp_path / "absent.txt"))


# ---------------------------------------------------------------------------------------------------------- the figure


def relevant_pages() -> list[Listed]:
    """Addresses of the pages that are about the topics; a page without an address stays in, as one."""
    folder = Path(os.environ.get("KHAZRI_DATA", ROOT.parent / "shared" / "data")).parent / "domain" / "pages"
    if not folder.is_dir():
        pytest.skip("the labelled pages are not here (KHAZRI_DATA)")
    pages = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return [Listed(page["url"] or "", page["lang"]) for page in pages if set(page["topics"].values()) - {"none"}]


@pytest.mark.quality
def test_most_of_the_relevant_pages_are_covered() -> None:
    """Measured: 23 of 31 by own channels, 24 with discovery, 7 refused; one page more has no address."""
    config = load_config(ROOT / "config.yaml")
    pages = relevant_pages()
    own = totals([judge(page, config) for page in pages])
    assert own["judged"] >= 31
    assert own["own_share"] >= 0.72
    with_discovery = totals([judge(page, searching(config)) for page in pages])
    assert with_discovery["with_discovery_share"] >= 0.75
    assert with_discovery["refused"] == own["refused"] >= 7, "discovery dodges no refusal"


def searching(config: Config) -> Config:
    """The config with its GDELT queries on, as an operator has them by default."""
    gdelt = config.outlets["gdelt"]
    collect = tuple(replace(source, format="gdelt", discovers=True, enabled=True) for source in gdelt.collect)
    return replace(config, outlets={**config.outlets, "gdelt": replace(gdelt, collect=collect)})
