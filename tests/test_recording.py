"""`khazri record`: pairs of page and expected fields, fetched politely or read from files, never overwritten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.pages import read_page
from jobs.recording import pair_name, record
from models.article import Page
from models.config import Config, load_config
from models.errors import KhazriError
from tests.hostile import Answer, Hostile, Operator

PAGES = Path(__file__).parent / "data" / "pages"
NOW = datetime.fromisoformat("2026-01-05T09:07:00+00:00")
FIELDS = ("title", "published", "precision", "known", "modified", "language", "authors")


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(Path(__file__).parents[1] / "config.yaml")


def recorded(config: Config, folder: Path, what: Path, url: str = "", outlet: str | None = None) -> dict[str, Any]:
    paths, warnings = record(config, str(what), outlet_id=outlet, url=url, folder=folder, now=NOW, store=None)
    html, expected = paths
    assert ("hint for body found nothing" in warnings) is (outlet == "trend")
    assert html.read_bytes() == what.read_bytes()
    found: dict[str, Any] = json.loads(expected.read_text("utf-8"))
    return found


@pytest.mark.long
@pytest.mark.parametrize("name", ["az_kabel", "ru_updated", "az_future"])
def test_a_file_becomes_the_pair_that_tests_compare(config: Config, tmp_path: Path, name: str) -> None:
    ours = json.loads((PAGES / f"{name}.json").read_text("utf-8"))
    found = recorded(config, tmp_path, PAGES / f"{name}.html", ours["url"], outlet="trend")
    assert (found["url"], found["outlet"], found["zone"]) == (ours["url"], "trend", "Asia/Baku")
    assert {key: found.get(key) for key in FIELDS} == {key: ours.get(key) for key in FIELDS}
    page = read_page((PAGES / f"{name}.html").read_bytes(), found["url"], zone=found["zone"], now=NOW)
    assert found["contains"]
    assert all(words in page.text for words in found["contains"])


@pytest.mark.long
def test_a_page_that_is_no_article_is_its_kind(config: Config, tmp_path: Path) -> None:
    found = recorded(config, tmp_path, PAGES / "kind_challenge.html", "https://wire.example/tech/1.html")
    assert found["kind"] == "challenge"
    assert "title" not in found
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "kind_wire_example_tech_1.html",
        "kind_wire_example_tech_1.json",
    ]


def test_what_cannot_be_recorded_is_one_line(config: Config, tmp_path: Path) -> None:
    def refused(what: str, outlet: str | None = None) -> str:
        with pytest.raises(KhazriError) as caught:
            record(config, what, outlet_id=outlet, url="", folder=tmp_path, now=NOW, store=None)
        return str(caught.value)

    assert refused(str(tmp_path / "none.html")) == "cannot read none.html: No such file or directory"
    assert refused("x.html", "trendd") == "there is no outlet 'trendd'; did you mean 'trend'?"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://www.report.az/ikt/limanda-yeni-korpu/", "report_az_ikt_limanda_yeni_korpu"),
        ("https://a.example/news/1.html?x=1#y", "a_example_news_1"),
        ("https://a.example/../../etc/passwd", "a_example_etc_passwd"),
        ("https://a.example/g%C9%99mi", "a_example_g_mi"),
        ("page.html", "page"),
        ("", "page"),
    ],
)
def test_names_of_pairs(address: str, name: str) -> None:
    assert pair_name(address, Page("", "", (), None, None, None, "", "article")) == name


@pytest.fixture(scope="module")
def web() -> Iterator[Hostile]:
    body = (PAGES / "ru_cp1251.html").read_bytes()
    answers = {
        "http://a.example/1": Answer(body, type="text/html; charset=windows-1251"),
        "http://a.example/moved": Answer(status=301, headers={"Location": "http://a.example/1"}),
        "http://closed.example/robots.txt": Answer(b"User-agent: *\nDisallow: /\n", type="text/plain"),
        "http://closed.example/1": Answer(body),
    }
    with Hostile(answers) as hostile:
        yield hostile


@pytest.mark.long
def test_an_address_is_fetched_as_a_crawl_fetches(tmp_path: Path, web: Hostile) -> None:
    operator = Operator(tmp_path, web.address, {"a": {"a": "http://a.example/feed"}})
    operator.run("db", "upgrade")
    out = operator.run("record", "http://a.example/moved")
    pair = json.loads((tmp_path / "recorded" / "a_example_1.json").read_text("utf-8"))
    assert (pair["url"], pair["outlet"]) == ("http://a.example/1", "a")
    assert pair["headers"] == {"Content-Type": "text/html; charset=windows-1251"}
    assert (tmp_path / "recorded" / "a_example_1.html").read_bytes() == (PAGES / "ru_cp1251.html").read_bytes()
    assert "correct the .json by hand" in out
    assert web.to("http://a.example/robots.txt")
    again = operator.run("record", "http://a.example/1", code=1)
    assert "is there already" in again
    assert "robots" in operator.run("record", "http://closed.example/1", code=1)
    assert not web.to("http://closed.example/1")
    assert "HTTP 404" in operator.run("record", "http://a.example/none", code=1)
    assert operator.rows("SELECT count(*) FROM article") == [(0,)]
