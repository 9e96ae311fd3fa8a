"""Sources of which config gives only the address: their kind is what they send."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.sniffing import sniff
from tests.hostile import Answer, Hostile, Operator, article, feed, rss


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (rss("https://a.example/1"), "feed"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><!-- <html> --><?xml-stylesheet?><feed xmlns='x'/>", "feed"),
        (b"<rdf:RDF xmlns:rdf='x'></rdf:RDF>", "feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', "feed"),
        (b"<urlset></urlset>", "sitemap"),
        (b"<?xml version='1.0'?>\n<sm:sitemapindex>", "sitemap"),
        (gzip.compress(b"<urlset></urlset>", mtime=0), "sitemap"),  # its time would be another in each test process
        ("\ufeff<urlset></urlset>".encode("utf-16-le"), "sitemap"),
        (b"https://a.example/1\nhttps://a.example/2\n", "sitemap"),
        (b"<!DOCTYPE html>\n<p>no tags named html", "listing"),
        (b"<HTML><body></body></HTML>", "listing"),
        (b'{"error": "no"}', None),
        (b"<opml></opml>", None),
        (b"", None),
        (b"\x1f\x8bdamaged", None),
        (b"words", None),
    ],
)
def test_the_kind_is_in_the_content(body: bytes, kind: str | None) -> None:
    assert sniff(body) == kind


@given(st.binary(max_size=200))
def test_any_bytes_have_a_kind_or_none(noise: bytes) -> None:
    for body in (noise, b"\x1f\x8b" + noise, b"<" + noise):
        assert sniff(body) in ("feed", "sitemap", "listing", None)


@pytest.mark.long
def test_a_url_source_follows_its_content(tmp_path: Path) -> None:
    host = "http://any.example"
    links = [f"{host}/news/{number}-words-that-make-headlines" for number in range(1, 7)]
    anchors = "".join(f'<a href="{link}">A headline that is long enough {link[-30:]}</a>' for link in links)
    page = Answer(f"<!doctype html><html><body>{anchors}</body></html>".encode())
    sitemap = f"<urlset><url><loc>{links[1]}</loc><lastmod>2026-03-22</lastmod></url></urlset>".encode()
    with Hostile() as web:
        web.routes = {link: article(link) for link in links}
        web.routes[f"{host}/any"] = Answer(rss(links[0]), type="text/html")  # a wrong label
        who = Operator(tmp_path, web.address, {"any": {"any": {"url": f"{host}/any"}}})
        who.run("db", "upgrade")

        def poll(hour: int) -> tuple[str, str, int]:
            who.crawl(now=f"2026-03-22T{hour:02d}:00:00Z")
            row = who.rows("SELECT result, reason, new_items FROM run ORDER BY id DESC LIMIT 1")[0]
            return row[0], row[1], row[2]

        assert poll(10) == ("ok", "", 1)
        web.routes[f"{host}/any"] = Answer(sitemap, type="application/rss+xml")
        assert poll(11) == ("ok", "", 1)
        web.routes[f"{host}/any"] = page  # once may be an accident, twice is a new kind
        assert poll(12) == ("unreachable", "kind_changed", 0)
        assert poll(13) == ("ok", "", 4)  # the sitemap's and the feed's are known by their addresses
        web.routes[f"{host}/any"] = feed(links[0])
        assert poll(14)[0] == "ok"
        web.routes[f"{host}/any"] = Answer(b"what is this", type="text/plain")
        assert poll(15) == ("unreachable", "unknown_kind", 0)
