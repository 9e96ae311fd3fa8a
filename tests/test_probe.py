"""`khazri sources probe URL`: what it finds, what it asks, and that its block is what `config check` accepts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from crawler.frontpage import read_front
from models.config import load_config
from tests.hostile import NOW, Answer, Hostile, Operator, feed, one_line, rss

HOST = "http://www.paper.example"
XML = "application/xml"


def front(head: str = "", body: str = "") -> Answer:
    markup = (
        f"<!doctype html><html lang='az'><head><title>The: Paper | News</title>{head}</head><body>{body}</body></html>"
    )
    return Answer(markup.encode())


def alternate(path: str, kind: str = "application/rss+xml") -> str:
    return f'<link rel="alternate" type="{kind}" href="{path}">'


def probe(folder: Path, routes: Mapping[str, Answer], *, code: int = 0, address: str = HOST) -> tuple[str, list[str]]:
    """What the command prints on stdout (on stderr, when it fails), and the paths it asked for, robots.txt apart."""
    folder.mkdir(exist_ok=True)
    with Hostile({f"{HOST}{path}": answer for path, answer in routes.items()}) as web:
        who = Operator(folder, web.address, {"known": {"known": "http://known.example/rss"}})
        who.run("db", "upgrade")
        printed = who.run("sources", "probe", address, "--now", NOW, code=code)
        return printed, [one.url.removeprefix(HOST) for one in web.asked if not one.url.endswith("/robots.txt")]


def check(folder: Path, block: str) -> dict[str, str]:
    """The block as a file of watch/outlets: kind -> address of its sources, after `config check` had nothing to say."""
    (folder / "watch" / "outlets").mkdir(parents=True)
    (folder / "watch" / "outlets" / "new.yaml").write_text(block, encoding="utf-8")
    config = folder / "checked.yaml"
    config.write_text(yaml.safe_dump({"version": 1, "include": ["watch/outlets"]}), encoding="utf-8")
    return {source.kind: source.address for source in load_config(config).sources}


def test_what_a_page_says() -> None:
    head = alternate("/comments/feed") + alternate("/rss") + alternate("/wp-json/1", "application/json")
    body = '<a href="/az/feed.xml">RSS</a><a href="https://other.example/rss">x</a><a href="/rss-news/12">no</a>'
    said = read_front(front(head, body).body, HOST)
    assert said.feeds == (f"{HOST}/rss", f"{HOST}/comments/feed", f"{HOST}/az/feed.xml")
    assert (said.name, said.language) == ("The: Paper", "az")


@pytest.mark.long
def test_the_feed_a_page_names_is_best(tmp_path: Path) -> None:
    sitemap = f"<urlset><url><loc>{HOST}/1</loc><lastmod>2026-03-22</lastmod></url></urlset>".encode()
    index = f"<sitemapindex><sitemap><loc>{HOST}/s1.xml</loc></sitemap></sitemapindex>".encode()
    printed, asked = probe(tmp_path, {
        "": front(alternate("/feed") + alternate("/old")), "/": front(alternate("/feed") + alternate("/old")),
        "/feed": feed(f"{HOST}/1", f"{HOST}/2"),
        "/old": Answer(rss(f"{HOST}/1").replace(b"2026", b"2019"), type="application/rss+xml"),
        "/robots.txt": Answer(f"Sitemap: {HOST}/map.xml\nSitemap: http://else.example/s.xml".encode()),
        "/map.xml": Answer(index, type=XML), "/s1.xml": Answer(sitemap, type=XML),
    })  # fmt: skip
    assert [path or "/" for path in asked] == ["/", "/feed", "/old", "/map.xml", "/s1.xml"]
    assert "2 entries, newest 2026-03-22" in printed
    assert "# - {id: paper_sitemap" in printed
    assert "1 entries, newest 2026-03-22, index of 1, figures of its newest" in printed
    assert "newest 2019-03-22" in printed
    assert check(tmp_path, printed) == {"feed": f"{HOST}/feed"}


@pytest.mark.long
def test_the_usual_places_and_then_the_page_itself(tmp_path: Path) -> None:
    links = "".join(
        f'<a href="/n/{n}-a-very-long-headline-here">A long headline about number {n}</a>' for n in range(10, 17)
    )
    json_feed = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "url": "/1", "title": "x"}]}'
    printed, asked = probe(tmp_path / "a", {"": front(), "/": front(), "/feed.json": Answer(json_feed)})
    assert asked[1:7] == ["/rss", "/feed", "/rss.xml", "/feed.xml", "/atom.xml", "/feed.json"]
    assert asked[7:] == ["/sitemap.xml", "/sitemap_index.xml", "/news-sitemap.xml", "/sitemap-news.xml"]
    assert check(tmp_path / "a", printed) == {"feed": f"{HOST}/feed.json"}
    printed, _ = probe(tmp_path / "b", {"": front(body=links), "/": front(body=links), "/rss": front()})
    assert "7 entries, no dates, without selectors" in printed
    assert list(check(tmp_path / "b", printed)) == ["listing"]


@pytest.mark.long
def test_nothing_found_and_refusals_are_one_line(tmp_path: Path) -> None:
    printed, _ = probe(tmp_path / "a", {"": front(), "/": front()}, code=1)
    assert "nothing to collect from found" in one_line(printed)
    refuses = {"": Answer(status=403), "/": Answer(status=403), "/rss": feed(f"{HOST}/1")}
    printed, asked = probe(tmp_path / "b", refuses, code=1)
    assert "http_403" in printed
    assert "Traceback" not in printed
    assert len(asked) == 1  # not dodged
    robots = {"/robots.txt": Answer(b"User-agent: *\nDisallow: /"), "/rss": feed(f"{HOST}/1")}
    printed, asked = probe(tmp_path / "c", robots, code=1)
    assert "robots" in printed
    assert asked == []


@pytest.mark.long
def test_what_is_known_and_what_is_no_address(tmp_path: Path) -> None:
    with Hostile({"http://known.example/rss": feed("http://known.example/1")}) as web:
        who = Operator(tmp_path, web.address, {"known": {"known": "http://known.example/rss"}})
        who.run("db", "upgrade")
        printed = who.run("sources", "probe", "http://known.example/rss", "--now", NOW)
        assert "for `collect:` of the outlet known, which is in config" in printed
        assert "- {id: known_2, feed:" in printed
        assert "is in config as known" in printed
        for wrong in ("ftp://known.example/", "https://", "no address"):
            assert "is no http or https address" in one_line(who.run("sources", "probe", wrong, code=1))
        assert "known" in who.run("sources")
        assert '"source": "known"' in who.run("sources", "--json")
