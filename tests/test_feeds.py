"""Feeds of every kind, wrong labels, and bodies made to break or hold a parser."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.feeds import read_feed
from models.article import Feed
from models.errors import CollectError, NotAFeed, TooLarge

FOLDER = Path(__file__).parent / "data" / "feeds"
NOW = datetime(2026, 1, 10, tzinfo=UTC)
URL = "https://feeds.example/rss"


def rss(items: str, head: str = "", encoding: str = "utf-8") -> bytes:
    channel = f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'
    return f'<?xml version="1.0" encoding="{encoding}"?>{head}{channel}'.encode()


def item(title: str = "x", link: str = "https://e.example/1", rest: str = "") -> str:
    return f"<item><title>{title}</title><link>{link}</link>{rest}</item>"


def load(name: str, zone: str = "Asia/Baku") -> Feed:
    return read_feed((FOLDER / name).read_bytes(), URL, zone=zone, now=NOW)


def test_rss2() -> None:
    feed = load("rss2.xml")
    first, second, undated, future, mail = feed.entries
    assert (feed.title, feed.language) == ("Şimal Xəbər", "az")
    assert first.title == "Kabel çəkilir & sınaqdan keçir"
    assert first.summary == "Xəttin uzunluğu 380 km."
    assert (first.id, first.link, first.language) == ("sx-1", "https://simal-xeber.example/n/1", "az")
    assert first.published is not None
    assert (first.published.value, first.published.zone, first.published.origin) == (
        datetime(2025, 11, 17, 9, 55, tzinfo=UTC),
        "known",
        "feed",
    )
    assert second.link == "https://simal-xeber.example/n/2", "relative to the channel's own site"
    assert second.published is not None
    assert (second.published.value, second.published.zone) == (datetime(2025, 11, 17, 6, tzinfo=UTC), "assumed")
    assert undated.published is None, "a guid is no date"
    assert future.published is None
    assert mail.link == ""
    assert any("future" in warning for warning in feed.warnings)
    assert any("mailto" in warning for warning in feed.warnings)


def test_atom() -> None:
    first, second = load("atom.xml").entries
    assert (first.title, first.link, first.summary) == (
        "Cable work starts",
        "https://northernpost.example/1",
        "Ships are ready.",
    )
    assert first.published is not None
    assert first.published.origin == "feed"
    assert (second.title, second.link) == ("If A < B then what", "https://northernpost.example/2")
    assert second.summary == "First. Second."
    assert second.published is not None
    assert second.published.origin == "feed-updated"


def test_rss1() -> None:
    (entry,) = load("rss1.rdf").entries
    assert (entry.title, entry.id, entry.language) == (
        "Каспий түбімен кабель тартылады",
        "https://dala.example/1",
        "kk",
    )
    assert entry.published is not None
    assert entry.published.value == datetime(2025, 12, 26, 11, 6, tzinfo=UTC)


def test_json_feed() -> None:
    feed = load("feed.json")
    first, second = feed.entries
    assert (first.title, first.summary, first.language) == ("Deal & tender", "Signed.", "en")
    assert (second.id, second.link, second.summary) == ("2", "https://feeds.example/2", "Untitled note")
    assert second.published is not None
    assert (second.published.precision, second.published.origin) == ("day", "feed-updated")


@pytest.mark.parametrize("name", ["cp1251_says_utf8.xml", "utf8_says_cp1251.xml"])
def test_wrong_labels(name: str) -> None:
    (entry,) = load(name).entries
    assert entry.title == "Кабель по дну Каспия начнут строить весной, сообщил руководитель проекта"
    assert entry.published is not None
    assert entry.published.value == datetime(2025, 12, 26, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize("label", ["text/html; charset=windows-1251", "application/rss+xml; charset=ISO-8859-1"])
def test_a_server_that_mislabels_utf8(label: str) -> None:
    body = (
        "<rss version='2.0'><channel><item><title>Кабель по дну Каспия</title><link>https://a.example/1</link></item>"
    )
    feed = read_feed(f"{body}</channel></rss>".encode(), "https://a.example/feed", headers={"Content-Type": label})
    assert [entry.title for entry in feed.entries] == ["Кабель по дну Каспия"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_that_say_utf8(encoding: str) -> None:
    (entry,) = read_feed(rss(item("Qazaxıstan kabeli")).decode().encode(encoding), URL).entries
    assert entry.title == "Qazaxıstan kabeli"


def test_control_characters_go() -> None:
    (entry,) = read_feed(rss(item("a\x00b\x0bc\x1fd&#7;e")), URL).entries
    assert entry.title == "abcde"


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("a&#55357;&#56832;b", "a😀b"),
        ("a&#xD83D;&#Xde00;b", "a😀b"),
        ("a&#0055357;&#x00DE00;b", "a😀b"),
        ("&#55001;&#55357;&#56832;", "훙😀"),
        ("<![CDATA[a &#55357;&#56832; b]]>", "a 😀 b"),
        ("a&#55357;b", "a\ufffdb"),
        ("a&#56832;&#55357;b", "a\ufffd\ufffdb"),
        ("a&#1114112;b", "a\ufffdb"),
        ("a&#x110000;b", "a\ufffdb"),
        (f"a&#{'9' * 5_000};b", "a\ufffdb"),
        ("a&#0;b", "ab"),
        ("&#553&#0;57;", "\ufffd"),
        ("&#1114111;&#0000065;&#x10FFFF;", "\U0010ffffA\U0010ffff"),
    ],
)
def test_broken_references_do_not_cost_the_feed(title: str, read: str) -> None:
    feed = read_feed(rss(item(title) + item("next")), URL)
    assert [entry.title for entry in feed.entries] == [read, "next"]


def test_what_feedparser_chokes_on_is_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def choke(*_: object, **__: object) -> None:
        raise UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed")

    monkeypatch.setattr("feedparser.parse", choke)
    with pytest.raises(CollectError) as caught:
        read_feed(rss(item()), URL)
    assert (caught.value.reason, caught.value.url) == ("unreadable", URL)


@pytest.mark.parametrize(
    "link",
    [f"https://{'a' * 64}.example/1", f"https://{'a.' * 130}example/1", "https://e.example/a&#127;b"],
    ids=["label", "host", "control"],
)
def test_an_entry_keeps_no_link_that_cannot_be_asked_for(link: str) -> None:
    (entry,) = read_feed(rss(item(link=link)), URL).entries
    assert (entry.title, entry.link) == ("x", "")


def test_a_json_link_with_nul_or_half_a_character_is_none() -> None:
    body = rb'{"items": [{"title": "x", "url": "https://e.example/\u0000"}, {"url": "https://e.example/\ud83d"}]}'
    assert [entry.link for entry in read_feed(body, URL).entries] == ["", ""]


def test_bare_ampersands_stay() -> None:
    (entry,) = read_feed(rss(item("A & B", "https://e.example/?a=1&b=2")), URL).entries
    assert (entry.title, entry.link) == ("A & B", "https://e.example/?a=1&b=2")


def test_the_sources_zone_is_used_where_the_feed_gives_none() -> None:
    (entry,) = read_feed(rss(item(rest="<pubDate>2025-11-21 10:00:00</pubDate>")), URL, zone="Asia/Almaty").entries
    assert entry.published is not None
    assert (entry.published.value, entry.published.zone) == (datetime(2025, 11, 21, 5, tzinfo=UTC), "assumed")


def test_an_empty_channel_is_a_feed_with_a_warning() -> None:
    feed = read_feed(rss(""), URL)
    assert feed.entries == ()
    assert feed.warnings == ("the feed has no entries",)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"\xef\xbb\xbf",
        b"<!doctype html><html><head><title>Access denied</title></head><body>403</body></html>",
        b"plain words",
        b'{"error": 1}',
        b"{",
        b"[" * 100_000,
        b'{"items":' + b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_no_feed(body: bytes) -> None:
    with pytest.raises(NotAFeed) as caught:
        read_feed(body, URL)
    assert caught.value.url == URL


def test_a_truncated_feed_keeps_what_is_whole() -> None:
    body = rss("".join(item(f"T{number}", f"https://e.example/{number}") for number in range(50)))[:2000]
    feed = read_feed(body, URL)
    assert [entry.title for entry in feed.entries[:20]] == [f"T{number}" for number in range(20)]


def test_gzip_without_a_header() -> None:
    assert len(read_feed(gzip.compress(rss(item())), URL).entries) == 1


def test_a_damaged_gzip_is_refused() -> None:
    with pytest.raises(CollectError) as caught:
        read_feed(gzip.compress(rss(item()))[:10] + b"\xff" * 20, URL)
    assert caught.value.reason == "bad_gzip"


def test_entries_over_the_cap_are_cut_off_and_told() -> None:
    feed = read_feed(rss("".join(item(f"T{n}", f"https://e.example/{n}") for n in range(1_200))), URL)
    assert len(feed.entries) == 1_000
    assert any("first 1,000" in warning for warning in feed.warnings)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (rss(item("x" * 9_000_000)), TooLarge),
        (gzip.compress(rss(item("x" * 9_000_000))), TooLarge),
        (rss("<item " + " ".join(f'a{n}="1"' for n in range(300)) + "><title>x</title></item>"), TooLarge),
        (rss("<item><description>" + "<a>" * 100 + "</a>" * 100 + "</description></item>"), TooLarge),
        (rss(item("&a;"), '<!DOCTYPE z [<!ENTITY a "b">]>'), CollectError),
    ],
    ids=["bytes", "bomb", "attributes", "depth", "entities"],
)
def test_over_the_caps(body: bytes, error: type[CollectError]) -> None:
    with pytest.raises(error):
        read_feed(body, URL)


def test_an_external_entity_is_not_read() -> None:
    head = '<!DOCTYPE z SYSTEM "file:///etc/hostname">'
    (entry,) = read_feed(rss(item("a &x; b"), head), URL).entries
    assert entry.title == "a b"


HOSTILE = {
    "attributes": rss("<item " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>"),
    "nesting": rss("<item><description>" + "<a>" * 100_000 + "</description></item>"),
    "escaped nesting": rss("<item><title>x</title><description>" + "&lt;div&gt;" * 100_000 + "</description></item>"),
    "entries": rss(item() * 20_000),
    "open tags": b'<rss version="2.0"><channel><item><title>' + b"<" * 1_000_000,
    "ampersands": rss(item("&" * 1_000_000)),
    "open cdata": b'<rss version="2.0"><channel><item><description><![CDATA[' + b"a]" * 2_500_000,
    "open comment": b'<rss version="2.0"><channel><!--' + b"- " * 500_000,
    "open doctype": b"<!DOCTYPE rss [" + b'<!ENTITY a "b"> ' * 60_000,
    "open quotes": rss("<item a='" * 200_000),
    "entities": rss(item("&amp;" * 240_000)),
    "surrogates": rss(item(f"<![CDATA[{'&#55357;' * 900_000}]]>")),
    "pairs": rss(item("&#55357;&#56832;" * 9_000)),
    "endless references": rss(item("&#" + "0" * 7_000_000) + item("&#" + "9" * 500_000)),
    "long entries": rss(item("x", rest=f"<description>{'&lt;p&gt;word ' * 1_000}</description>") * 400),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_takes_two_seconds(name: str) -> None:
    start = time.process_time()
    try:
        feed = read_feed(HOSTILE[name], URL)
    except CollectError as error:
        outcome = error.reason
    else:
        outcome = f"{len(feed.entries)} entries"
    assert outcome
    assert time.process_time() - start < 2


# Title, summary, encoding and the date as such a feed writes it; our own words.
TONGUES = {
    "az": ("Xəzərin dibi ilə kabel çəkilir", "Gəmi İyul ayında Bakıdan çıxacaq.", "utf-8", "21 İyul 2025 14:00"),
    "kk": ("Каспий түбімен кабель тартылады", "Кеме шілдеде Ақтауға келеді.", "utf-16", "2025 жылғы 21 шілде 14:00"),
    "ka": ("კაბელი ზღვის ფსკერზე", "გემი ივლისში გავა.", "utf-8", "21 ივლისი 2025 14:00"),
    "uk": ("Кабель прокладуть дном моря", "Її корабель вийде в липні.", "koi8-u", "Пн, 21 лип 2025 14:00"),
    "tr": ("Deniz dibine kablo döşeniyor", "Gemi Temmuz ayında çıkacak.", "iso-8859-9", "21 Temmuz 2025 14:00"),
    "ru": ("Кабель по дну моря", "Судно выйдет в июле.", "windows-1251", "Пн, 21 июл 2025 14:00"),
    "zh": ("里海海底光缆开始铺设", "船将于七月出发。", "gb18030", "2025年7月21日 14:00"),
    "en": ("A cable on the sea bed", "The ship’s start is in July.", "windows-1252", "Mon, 21 Jul 2025 14:00"),
}


@pytest.mark.parametrize("language", TONGUES)
@pytest.mark.parametrize("told", ["label", "header"])
def test_eight_languages_in_their_encodings(language: str, told: str) -> None:
    title, summary, encoding, date = TONGUES[language]
    rest = f"<description>{summary}</description><pubDate>{date}</pubDate>"
    text = rss(item(title, rest=rest), encoding=encoding).decode()
    if told == "header":
        text = text.partition("?>")[2]
    headers = {"Content-Type": f"application/rss+xml; charset={encoding}"} if told == "header" else None
    feed = read_feed(text.encode(encoding), URL, headers=headers, language=language, zone="Asia/Baku", now=NOW)
    (entry,) = feed.entries
    assert (entry.title, entry.summary) == (title, summary)
    assert entry.published is not None
    assert (entry.published.value, entry.published.zone) == (datetime(2025, 7, 21, 10, tzinfo=UTC), "assumed")


def test_a_date_in_the_future_is_kept_as_a_candidate() -> None:
    late = "<pubDate>Fri, 31 Dec 2099 23:59:59 +0000</pubDate>"
    only, other = read_feed(
        rss(item(rest=late) + item(rest=late + "<atom:updated>2025-11-21T10:00:00Z</atom:updated>"),
            "").replace(b"<rss ", b'<rss xmlns:atom="http://www.w3.org/2005/Atom" '), URL, now=NOW
    ).entries  # fmt: skip
    refused = (("feed", "2099-12-31T23:59:59+00:00"),)
    assert (only.published, only.conflicts) == (None, refused)
    assert other.published is not None
    assert (other.published.origin, other.published.conflicts, other.conflicts) == ("feed-updated", refused, ())


def test_an_id_is_kept_as_the_feed_wrote_it() -> None:
    body = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>posts/7</id><title>x</title></entry></feed>'
    for url in (URL, "https://moved.example/feeds/atom.xml"):
        assert read_feed(body, url).entries[0].id == "posts/7"


def test_a_post_without_a_title_is_called_by_its_summary() -> None:
    long = "word " * 60
    body = rss("".join(f"<item><description>{text}</description></item>" for text in ("A short post.", long)))
    short, cut = read_feed(body, URL).entries
    assert short.title == "A short post."
    assert cut.title == f"{' '.join(['word'] * 24)}…"


def test_json_feed_by_its_specification() -> None:
    body = b"""{"version": "https://jsonfeed.org/version/1.1", "title": "t", "language": "az-AZ", "items": [
        {"id": 7, "content_html": "<p>A &amp; B</p>", "external_url": "https://other.example/1",
         "date_modified": "2025-11-21T10:00:00+04:00"},
        {"id": "https://feeds.example/2", "title": "T", "content_text": "x", "external_url": "https://other.example/2",
         "language": "ru", "date_published": "2025-11-20", "date_modified": "2025-11-21"}, "no item"]}"""
    feed = read_feed(body, URL, now=NOW)
    first, second = feed.entries
    assert (first.id, first.title, first.summary, first.language) == ("7", "A & B", "A & B", "az")
    assert first.link == "https://other.example/1"
    assert first.published is not None
    assert (first.published.value, first.published.origin) == (datetime(2025, 11, 21, 6, tzinfo=UTC), "feed-updated")
    assert (second.link, second.language) == ("https://feeds.example/2", "ru"), (
        "its own page before the one it is about"
    )
    assert second.published is not None
    assert (second.published.value.day, second.published.origin) == (20, "feed")


@pytest.mark.parametrize(
    ("identifier", "link"),
    [
        ("urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"),
        ("javascript:alert(1)", ""),
        ("JavaScript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("just some words", ""),
        ("7", ""),
    ],
)
def test_an_entry_that_has_only_a_name_is_called_by_it(identifier: str, link: str) -> None:
    body = f"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>{identifier}</id><title>t</title></entry></feed>"
    (entry,) = read_feed(body.encode(), "https://one.example/atom").entries
    assert (entry.link, entry.id) == (link, identifier)
