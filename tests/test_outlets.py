"""The shipped config.yaml and watch/: it loads, it is complete, and it says why a source is off."""

from __future__ import annotations

import os
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.config import Config, check_config, load_config, show_config

ROOT = Path(__file__).parents[1]
OWN = {"azertelecom_pr", "dsw_site", "einpresswire", "kazakhtelecom_pr"}
# Kinds that are built; the others are written down and switched on by the issue that builds them.
BUILT = {"feed", "sitemap", "listing", "api", "archive", "url"}


@pytest.fixture(scope="module")
def shipped() -> Config:
    patch = pytest.MonkeyPatch()
    for name in list(os.environ):
        if name.upper().startswith("KHAZRI_"):
            patch.delenv(name)
    config = load_config(ROOT / "config.yaml")
    patch.undo()
    return config


@pytest.fixture(scope="module")
def draft() -> list[dict[str, Any]]:
    """The list of sources that the outlets were made from; it lies beside the test data."""
    path = Path(os.environ.get("KHAZRI_DATA", ROOT / "../shared/data")).parent / "domain" / "sources.yaml"
    if not path.exists():
        pytest.skip("no source list here: set KHAZRI_DATA to the test data")
    sources: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]
    return sources


def test_the_shipped_config_has_no_mistake(shipped: Config) -> None:
    assert shipped.version == 1
    assert [line for line in check_config(ROOT / "config.yaml") if " lint: " not in line] == []


def test_no_outlet_has_a_remark() -> None:
    """Shared names, sources on foreign hosts: none in what we ship."""
    assert [line for line in check_config(ROOT / "config.yaml") if line.startswith("watch/outlets/")] == []


def test_every_listed_source_is_here_once(shipped: Config, draft: list[dict[str, Any]]) -> None:
    ids = [source.id for source in shipped.sources]
    wanted = [entry["id"] for entry in draft if entry["feed"] or entry["home"]]
    assert len(draft) == 109
    assert [entry_id for entry_id in wanted if ids.count(entry_id) != 1] == []
    # one has no address at all: an outlet that others cite
    assert [entry["id"] for entry in draft if entry["id"] not in wanted] == ["beltroadnews"]
    assert shipped.outlets["beltroadnews"].collect == ()


def test_the_feeds_that_work_are_on_and_no_others(shipped: Config, draft: list[dict[str, Any]]) -> None:
    measured = {entry["id"]: entry["feed"] for entry in draft if entry["state"] == "ok"}
    assert {s.id: s.address for s in shipped.sources if s.enabled and s.kind == "feed"} == measured


def test_the_feeds_have_the_address_of_the_list(shipped: Config, draft: list[dict[str, Any]]) -> None:
    for entry in draft:
        source = shipped.source(entry["id"])
        if source is not None and entry["feed"]:
            assert source.address == entry["feed"], entry["id"]


def test_one_publisher_is_one_outlet(shipped: Config) -> None:
    by_outlet = {source.id: source.outlet for source in shipped.sources}
    assert {by_outlet[source] for source in ("trend_en", "trend_ru", "trend_az")} == {"trend"}
    assert {by_outlet[source] for source in ("kazinform_ru", "kazinform_kk", "kazinform_en", "kazinform_zh")} == {
        "kazinform"
    }
    assert {by_outlet[source] for source in ("aa_en", "aa_tr")} == {"aa"}


def test_every_source_that_is_off_says_why(shipped: Config) -> None:
    off = [source for source in shipped.sources if not source.enabled]
    assert len(off) > 50
    assert [source.id for source in off if len(source.reason) < 8] == []


def test_only_what_is_built_is_on(shipped: Config) -> None:
    assert [source.id for source in shipped.sources if source.enabled and source.kind not in BUILT] == []


def test_a_refusal_is_respected(shipped: Config) -> None:
    """No other way into an outlet whose site answered 403 is left on; Report's English feed was measured working."""
    refused = {source.outlet for source in shipped.sources if source.reason.startswith("refused")}
    assert len(refused) >= 9
    assert {s.id for s in shipped.sources if s.outlet in refused and s.enabled} == {"report_en"}


def test_a_listing_knows_its_articles(shipped: Config) -> None:
    """Without a selector or an address pattern every link of a home page would be taken for an article."""
    listings = [source for source in shipped.sources if source.enabled and source.kind == "listing"]
    assert [source.id for source in listings if not (source.selectors.link or source.url_pattern)] == []


@pytest.mark.parametrize(
    ("source", "article", "other"),
    [
        ("abcaz", "https://abc.az/en/news/123456", "https://abc.az/en/rubric/5"),
        ("azertelecom_pr", "https://www.azertelecom.az/en/news/2019/11/28/87.html", "https://www.azertelecom.az/en/news/"),
        ("dsw_site", "https://www.digitalsilkway.az/page/36/azerbaijan-kazakhstan-route", "https://digitalsilkway.az/contact"),
        ("caliber", "https://caliber.az/post/ot-aktau-do-sumgajyta", "https://caliber.az/category/economics"),
        ("ulysmedia", "https://ulysmedia.kz/news/56626-v-kaspiiskom-more", "https://ulysmedia.kz/news/"),
        ("interfaxua", "https://en.interfax.com.ua/news/economic/626887.html", "https://interfax.com.ua/news/economic.html"),
        ("kazinform_ru_listing", "https://www.inform.kz/ru/kogda-budet-vvedena-1a2b3c", "https://www.inform.kz/lenta/?page=2"),
        ("menafn", "https://menafn.com/1107816542/NEQSOL-Holding", "https://menafn.com/about"),
        ("comnews_listing", "https://www.comnews.ru/content/244810/2026-04-16/2026-w16/1009/x", "https://www.comnews.ru/news?page=1"),
    ],
)  # fmt: skip
def test_address_patterns(shipped: Config, source: str, article: str, other: str) -> None:
    found = shipped.source(source)
    assert found is not None
    assert re.search(found.url_pattern, article)
    assert not re.search(found.url_pattern, other)


def test_own_voices_are_marked(shipped: Config) -> None:
    assert {outlet.id for outlet in shipped.outlets.values() if outlet.own} == OWN


@pytest.mark.parametrize(
    ("name", "outlet"),
    [
        ("Тренд", "trend"), ("Trend News Agency", "trend"), ("Репорт", "report"),
        ("AZƏRTAC", "azertac"), ("Азертадж", "azertac"), ("Казинформ", "kazinform"),
        ("Қазинформ", "kazinform"), ("哈通社", "kazinform"), ("ТАСС", "tass"),
        ("Інтерфакс-Україна", "interfaxua"), ("Anadolu Ajansı", "aa"), ("AA", "aa"),
        ("Анадолу", "aa"), ("新华社", "xinhua"), ("Синьхуа", "xinhua"),
        ("Belt and Road News", "beltroadnews"), ("Jibek Joly", "jibekjoly"), ("Euronews", "euronews"),
        ("Reuters", "reuters"), ("Turkmen Dovlet Khabarlary", "tdh"), ("Fineko", "abcaz"),
        ("Вестник Кавказа", "vestnik"),
    ],
)  # fmt: skip
def test_outlets_are_known_by_the_names_others_use(shipped: Config, name: str, outlet: str) -> None:
    assert [found.id for found in shipped.outlets.values() if name in found.names] == [outlet]


@pytest.mark.slow
def test_the_shipped_config_comes_back_from_show(shipped: Config, tmp_path: Path) -> None:
    shown = tmp_path / "shown.yaml"
    shown.write_text(show_config(shipped), encoding="utf-8")
    assert replace(load_config(shown), path=shipped.path) == shipped


def test_loading_is_quick() -> None:
    load_config(ROOT / "config.yaml")  # imports and warm files
    start = time.process_time()
    load_config(ROOT / "config.yaml")
    assert time.process_time() - start < 0.5  # seconds CPU; measured 0.15 with 171 outlets and 80 entities
