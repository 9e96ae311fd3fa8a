"""Sitemaps over several polls: only what changed is asked for, and an archive is not taken for news."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.hostile import Answer, Hostile, Operator, article

pytestmark = pytest.mark.long
XML = "application/xml"
FIRST, HOUR_LATER, SECOND = "2026-03-22T18:00:00Z", "2026-03-22T19:00:00Z", "2026-03-23T18:00:00Z"
HOST = "http://maps.example"
ROOT = f"{HOST}/sitemap.xml"


def urlset(*pages: tuple[str, str], **headers: str) -> Answer:
    """A sitemap of (address, lastmod or "")."""
    rows = "".join(f"<url><loc>{link}</loc>{_lastmod(changed)}</url>" for link, changed in pages)
    return Answer(f"<urlset>{rows}</urlset>".encode(), type=XML, headers=headers)


def index(*children: tuple[str, str]) -> Answer:
    rows = "".join(f"<sitemap><loc>{link}</loc>{_lastmod(changed)}</sitemap>" for link, changed in children)
    return Answer(f"<sitemapindex>{rows}</sitemapindex>".encode(), type=XML)


def _lastmod(changed: str) -> str:
    return f"<lastmod>{changed}</lastmod>" if changed else ""


def operator(folder: Path, web: Hostile, **keys: Any) -> Operator:
    made = Operator(folder, web.address, {"maps": {"maps": {"sitemap": ROOT, **keys}}})
    made.run("db", "upgrade")
    return made


def pages(web: Hostile, *names: object) -> list[str]:
    links = [f"{HOST}/news/{name}" for name in names]
    web.routes |= {link: article(f"Quay {link}") for link in links}
    return links


def asked(web: Hostile) -> list[str]:
    """What was asked since the last time, without robots.txt."""
    urls = [one.url.removeprefix(HOST) for one in web.asked if not one.url.endswith("/robots.txt")]
    web.asked.clear()
    return urls


def test_the_second_poll_asks_only_what_changed(tmp_path: Path) -> None:
    with Hostile() as web:
        a, b, c, old = pages(web, "a", "b", "c", "old")
        web.routes[ROOT] = index((f"{HOST}/2015.xml", "2015-12-31"), (f"{HOST}/one.xml", "2026-03-22T10:00:00Z"),
                                 (f"{HOST}/two.xml", "2026-03-22T11:00:00Z"))  # fmt: skip
        web.routes[f"{HOST}/one.xml"] = urlset((a, "2026-03-22T09:00:00Z"), (old, "2015-01-01"))
        web.routes[f"{HOST}/two.xml"] = urlset((b, "2026-03-21"))
        who = operator(tmp_path, web)
        who.crawl(now=FIRST)
        assert asked(web) == ["/sitemap.xml", "/two.xml", "/one.xml", "/news/a", "/news/b"]
        assert who.results() == {"maps": ("ok", "")}
        assert who.rows("SELECT entries_seen, already_had, new_items FROM run") == [(2, 0, 2)]

        who.crawl(now=HOUR_LATER)
        assert asked(web) == ["/sitemap.xml"]
        assert who.results() == {"maps": ("unchanged", "same body")}

        web.routes[ROOT] = index((f"{HOST}/2015.xml", "2015-12-31"), (f"{HOST}/one.xml", "2026-03-22T10:00:00Z"),
                                 (f"{HOST}/two.xml", "2026-03-23T11:00:00Z"))  # fmt: skip
        web.routes[f"{HOST}/two.xml"] = urlset((b, "2026-03-21"), (c, "2026-03-23"))
        who.crawl(now=SECOND)
        assert asked(web) == ["/sitemap.xml", "/two.xml", "/news/c"]
        assert who.articles() == {a, b, c}


def test_children_without_lastmod_are_asked_conditionally_and_then_rest(tmp_path: Path) -> None:
    with Hostile() as web:
        a, old = pages(web, "a", "old")
        web.routes[ROOT] = index((f"{HOST}/live.xml", ""), (f"{HOST}/dead.xml", ""))
        web.routes[f"{HOST}/live.xml"] = urlset((a, "2026-03-22"), ETag='"1"')
        web.routes[f"{HOST}/dead.xml"] = urlset((old, "2015-01-01"))
        who = operator(tmp_path, web)
        who.crawl(now=FIRST)
        assert asked(web) == ["/sitemap.xml", "/dead.xml", "/live.xml", "/news/a"]
        who.crawl(now=HOUR_LATER)
        (conditional,) = web.to(f"{HOST}/live.xml")
        assert conditional.headers["If-None-Match"] == '"1"'
        assert asked(web) == ["/sitemap.xml", "/live.xml"]
        assert who.results()["maps"] == ("unchanged", "none of 2 sitemaps changed")
        who.crawl(now=SECOND)  # a day later the dead one is looked at once more
        assert asked(web) == ["/sitemap.xml", "/live.xml", "/dead.xml"]
        who.crawl(now="2026-03-24T18:10:00Z")  # and then rests longer
        assert asked(web) == ["/sitemap.xml", "/live.xml"]


def test_an_archive_of_50000_addresses_is_not_taken_for_news(tmp_path: Path) -> None:
    with Hostile() as web:
        listed = [(f"{HOST}/news/{number}", f"20{number % 16 + 10}-01-01") for number in range(49_000)]
        fresh = [(f"{HOST}/news/{number}", "2026-03-22") for number in range(49_000, 49_003)]
        web.routes[ROOT] = urlset(*listed, *fresh)
        pages(web, 49_000, 49_001, 49_002)
        who = operator(tmp_path, web)
        printed = who.crawl("-v", now=FIRST)
        assert asked(web) == ["/sitemap.xml", "/news/49000", "/news/49001", "/news/49002"]
        assert "49,000 addresses older than 2026-03-19 left out" in printed


def test_undated_addresses_are_news_when_they_are_new(tmp_path: Path) -> None:
    with Hostile() as web:
        links = pages(web, *range(1, 301))
        web.routes[ROOT] = urlset(*((link, "") for link in links[:250]))
        who = operator(tmp_path, web)
        assert "150 undated addresses over the limit" in who.crawl("-v", now=FIRST)
        assert asked(web)[:3] == ["/sitemap.xml", "/news/250", "/news/249"]
        assert who.rows("SELECT new_items FROM run") == [(100,)]
        web.routes[ROOT] = urlset(*((link, "") for link in links[:252]))
        who.crawl(now=HOUR_LATER)
        assert asked(web) == ["/sitemap.xml", "/news/252", "/news/251"]


def test_a_date_that_all_share_is_when_the_file_was_built(tmp_path: Path) -> None:
    with Hostile() as web:
        links = pages(web, *range(1, 301))
        web.routes[ROOT] = urlset(*((link, FIRST) for link in links[:250]))
        who = operator(tmp_path, web)
        who.crawl(now=FIRST)
        asked(web)
        web.routes[ROOT] = urlset(*((link, HOUR_LATER) for link in links[:251]))
        who.crawl(now=HOUR_LATER)
        assert asked(web) == ["/sitemap.xml", "/news/251"]


def test_loops_end_and_other_hosts_are_left_out(tmp_path: Path) -> None:
    with Hostile() as web:
        (a,) = pages(web, "a")
        today = "2026-03-22"
        web.routes[ROOT] = index((ROOT, today), (f"{HOST}/b.xml", today), ("http://elsewhere.example/s.xml", today),
                                 ("http://news.maps.example/s.xml", today))  # fmt: skip
        web.routes[f"{HOST}/b.xml"] = index((ROOT, today), (f"{HOST}/c.xml", today))
        web.routes[f"{HOST}/c.xml"] = index((f"{HOST}/b.xml", today), (f"{HOST}/d.xml", today))
        web.routes[f"{HOST}/d.xml"] = index((f"{HOST}/e.xml", today))
        web.routes[f"{HOST}/e.xml"] = urlset((f"{HOST}/too-deep", today))
        web.routes["http://news.maps.example/s.xml"] = urlset((a, today), ("http://elsewhere.example/1", today))
        who = operator(tmp_path, web)
        printed = who.crawl("-v", now=FIRST)
        assert sorted(asked(web)) == ["/b.xml", "/c.xml", "/d.xml", "/news/a", "/sitemap.xml",
                                      "http://news.maps.example/s.xml"]  # fmt: skip
        for words in ("1 sitemaps on other sites", "1 addresses of other sites", "deeper than 3 levels"):
            assert words in printed


def test_an_endless_index_costs_ten_requests_a_poll(tmp_path: Path) -> None:
    with Hostile() as web:
        web.routes[ROOT] = index(*((f"{HOST}/s{number}.xml", "") for number in range(500)))
        for number in range(500):
            web.routes[f"{HOST}/s{number}.xml"] = urlset((f"{HOST}/news/{number}", "2015-01-01"))
        who = operator(tmp_path, web)
        assert "490 further sitemaps wait" in who.crawl("-v", now=FIRST)
        assert asked(web) == ["/sitemap.xml", *(f"/s{number}.xml" for number in range(499, 489, -1))]
        who.crawl(now=HOUR_LATER)
        assert asked(web) == ["/sitemap.xml", *(f"/s{number}.xml" for number in range(489, 479, -1))]


def test_a_child_that_fails_does_not_cost_the_others(tmp_path: Path) -> None:
    with Hostile() as web:
        (a,) = pages(web, "a")
        today = "2026-03-22"
        web.routes[ROOT] = index(*((f"{HOST}/{name}.xml", today) for name in ("good", "gone", "feed", "secret")))
        web.routes[f"{HOST}/good.xml"] = urlset((a, today))
        web.routes[f"{HOST}/feed.xml"] = Answer(b"<rss/>", type=XML)
        web.routes[f"{HOST}/robots.txt"] = Answer(b"User-agent: *\nDisallow: /secret")
        who = operator(tmp_path, web)
        printed = who.crawl("-v", now=FIRST)
        assert who.results() == {"maps": ("ok", "")}
        assert set(asked(web)) == {"/sitemap.xml", "/good.xml", "/gone.xml", "/feed.xml", "/news/a"}
        for words in ("gone.xml: http_404", "feed.xml: not_a_sitemap", "secret.xml: robots"):
            assert words in printed
        assert who.rows("SELECT count(*) FROM run") == [(1,)]


def test_an_index_whose_children_all_refuse_is_refused(tmp_path: Path) -> None:
    with Hostile() as web:
        web.routes[ROOT] = index((f"{HOST}/a.xml", ""), (f"{HOST}/b.xml", ""))
        web.routes |= {f"{HOST}/{name}.xml": Answer(status=403) for name in "ab"}
        who = operator(tmp_path, web)
        who.crawl(now=FIRST)
        assert who.results() == {"maps": ("refused", "http_403")}


def test_url_pattern_and_an_empty_sitemap(tmp_path: Path) -> None:
    with Hostile() as web:
        a, b = pages(web, "1", "b")
        web.routes[ROOT] = urlset((a, "2026-03-22"), (b, "2026-03-22"), (f"{HOST}/", "2026-03-22"))
        who = operator(tmp_path, web, url_pattern=r"/news/\d+$")
        who.crawl(now=FIRST)
        assert who.articles() == {a}
        web.routes[ROOT] = urlset((b, "2026-03-23"))
        who.crawl(now=SECOND)
        assert who.results()["maps"] == ("empty", "no entries")
        web.routes[ROOT] = Answer(b"<urlset></urlset>", type=XML)
        who.crawl(now="2026-03-24T18:00:00Z")
        assert who.results()["maps"] == ("empty", "no entries")
        web.routes[ROOT] = urlset((a, "2015-03-23"))
        who.crawl(now="2026-03-25T18:00:00Z")
        assert who.results()["maps"] == ("unchanged", "none of 1 addresses is new")
