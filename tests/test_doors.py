"""The doors that others call from Python: what a caller leaves out or writes in another way is no crash."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.feeds import read_feed
from crawler.pages import read_page
from models.dates import parse_date

PAGE = """<html><head><title>Кабель</title></head><body><article><h1>Кабель</h1><p>2 часа назад</p>
<p>Первый участок кабеля по дну моря готов, сообщили вечером в порту после осмотра судна.</p></article></body></html>"""
FEED = """<rss version="2.0"><channel><title>t</title><item><title>Кабель</title><link>/a</link>
<pubDate>Tue, 10 Feb 2026 10:00:00 +0400</pubDate></item></channel></rss>"""


@pytest.mark.parametrize(
    "headers",
    [
        {"CONTENT-TYPE": "text/html; charset=windows-1251"},
        {b"Content-Type": [b"text/html; charset=windows-1251"]},
        {"content-type": ["text/html; charset=windows-1251"], "Server": None},
    ],
)
def test_headers_as_any_client_gives_them(headers: Mapping[Any, Any]) -> None:
    assert read_page(PAGE.encode("cp1251"), "https://a.example/x", headers=headers).title == "Кабель"
    assert read_feed(FEED.encode("cp1251"), "https://a.example/f", headers=headers).entries[0].title == "Кабель"


@pytest.mark.parametrize("url", ["", "http://[::1", "http://a.example:port/", "x", "urn:a:b"])
def test_addresses_that_are_none(url: str) -> None:
    assert read_page(PAGE.encode(), url).title == "Кабель"
    assert read_feed(FEED.encode(), url).entries[0].title == "Кабель"


@pytest.mark.parametrize("now", [datetime(2026, 2, 11), datetime(1, 1, 1, tzinfo=UTC), datetime.max])
def test_any_time_is_a_now(now: datetime) -> None:
    assert read_page(PAGE.encode(), "https://a.example/x", now=now).title == "Кабель"
    entry = read_feed(FEED.encode(), "https://a.example/f", now=now).entries[0]
    assert (entry.published is None) == (now.year == 1)  # the only one that the date is in the future of


@pytest.mark.parametrize("zone", ["Nowhere/Else", "../../etc/passwd", "a\0b"])
def test_a_zone_that_is_none_says_so(zone: str) -> None:
    with pytest.raises(ValueError, match="unknown time zone"):
        parse_date("2026-02-10 10:00", zone=zone)
