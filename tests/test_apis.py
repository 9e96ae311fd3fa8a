"""What GDELT, WordPress and the CDX server answer: entries, windows, pages, and their ways of saying no."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler.addresses import normalise, original_of
from crawler.apis import (
    FLOOR,
    MOST_RECORDS,
    OVERLAP,
    Window,
    gdelt_address,
    is_full,
    mend_title,
    next_window,
    read_gdelt,
    read_wordpress,
    wordpress_address,
)
from crawler.cdx import ROWS, cdx_address, read_cdx
from crawler.hosts import HostGate
from models.config import Politeness
from models.errors import CollectError

NOW = datetime(2026, 3, 22, 18, 0, tzinfo=UTC)
GDELT = "https://api.gdeltproject.org/api/v2/doc/doc?query=caspian%20(%22fiber%20optic%22)&mode=timelinevol&timespan=1d"
WORDPRESS = "https://site.example/wp-json/wp/v2/posts?per_page=2"
CDX = "http://web.archive.org/cdx/search/cdx?url=site.example/ikt/&matchType=prefix&from=2019&limit=5000"


def record(number: int, **values: Any) -> dict[str, Any]:
    return {
        "url": f"https://site.example/{number}",
        "url_mobile": "",
        "title": f"Cable {number}",
        "seendate": "20260318T031500Z",
        "domain": "site.example",
        "language": "Azerbaijani",
        "sourcecountry": "Azerbaijan",
        **values,
    }


def answer(*records: object) -> bytes:
    return json.dumps({"articles": list(records)}, ensure_ascii=False).encode()


def query(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query, keep_blank_values=True)


# --------------------------------------------------------------------------------------------------------------- GDELT


def test_gdelt_records_are_entries_without_a_date() -> None:
    feed = read_gdelt(answer(record(1), record(2, language="Klingon")), GDELT)
    first, second = feed.entries
    assert (first.title, first.link, first.language) == ("Cable 1", "https://site.example/1", "az")
    assert second.language is None
    assert [entry.published for entry in feed.entries] == [None, None], "seendate is when GDELT saw it"


@pytest.mark.parametrize(
    ("title", "mended"),
    [
        ("Cable laid , says minister", "Cable laid, says minister"),
        ("What next ? Nobody knows .", "What next? Nobody knows."),
        ("Kazakhstan ' s cable", "Kazakhstan's cable"),
        ("( AzerTelecom ) is on", "(AzerTelecom) is on"),
        ("Price : 37 % more", "Price: 37% more"),
        ("Ratio of 3 :4 and .az", "Ratio of 3 :4 and .az"),
        ("Rock &amp; <b>sea</b>", "Rock & sea"),
    ],
)
def test_gdelt_titles_are_glued_again(title: str, mended: str) -> None:
    assert mend_title(title) == mended


def test_broken_characters_in_the_json_are_blanked() -> None:
    body = answer(record(1)).replace(b"Cable 1", b'Cable\x01 \x1f\x09one \\x two \\u12 \\\\x \\"three\\"')
    feed = read_gdelt(body, GDELT)
    assert feed.entries[0].title == 'Cable one x two u12 \\x "three"'
    assert feed.warnings == ("illegal characters in the JSON blanked",)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"Your query was too short or too long.\n", "api_error"),
        (b"Please limit requests to one every 5 seconds or contact us.", "too_many_requests"),
        (b"<html><body>Invalid query start date.</body></html>", "api_error"),
        (b"", "api_error"),
        (b'{"articles": [', "api_error"),
        (b'{"articles": 7}', "api_error"),
    ],
)
def test_what_gdelt_says_with_status_200_is_told(body: bytes, reason: str) -> None:
    with pytest.raises(CollectError) as caught:
        read_gdelt(body, GDELT)
    assert caught.value.reason == reason


def test_nothing_found_is_no_error() -> None:
    assert read_gdelt(b"{}", GDELT).entries == ()
    dashed = read_gdelt(b"{}", "https://x.example/?query=domain:jam-news.net%20cable")
    assert dashed.warnings == ("GDELT finds nothing for a domain: with a dash in it",)


def test_records_without_an_address_are_left_out_and_still_count_for_the_limit() -> None:
    records = [record(number) for number in range(MOST_RECORDS - 2)]
    feed = read_gdelt(answer(*records, record(0, url="javascript:alert(1)"), record(0, url=None)), GDELT)
    assert len(feed.entries) == MOST_RECORDS - 2
    assert is_full(feed)
    assert not is_full(read_gdelt(answer(*records), GDELT))


def test_the_address_asks_for_the_window_and_nothing_else_of_ours_is_left() -> None:
    asked = query(gdelt_address(GDELT, Window(NOW - timedelta(days=1), NOW)))
    assert asked == {
        "query": ['caspian ("fiber optic")'],
        "mode": ["artlist"],
        "format": ["json"],
        "maxrecords": ["250"],
        "sort": ["datedesc"],
        "startdatetime": ["20260321180000"],
        "enddatetime": ["20260322180000"],
    }


def test_windows_follow_each_other_without_a_gap() -> None:
    assert next_window(None, NOW) == Window(NOW - timedelta(days=7), NOW)
    until = NOW - timedelta(hours=5)
    assert next_window(until.isoformat(), NOW) == Window(until - OVERLAP, NOW)
    assert next_window((NOW - timedelta(days=400)).isoformat(), NOW).start == NOW - timedelta(days=90)
    assert next_window((NOW + timedelta(days=1)).isoformat(), NOW) == Window(NOW - OVERLAP, NOW), "a clock set back"
    assert next_window("soon", NOW).start == NOW - timedelta(days=7)


def test_a_window_is_halved_down_to_a_floor() -> None:
    window, depth = Window(NOW - timedelta(days=90), NOW), 0
    while (halves := window.halves()) is not None:
        assert (halves[0].start, halves[0].end, halves[1].end) == (window.start, halves[1].start, window.end)
        window, depth = halves[1], depth + 1
    assert FLOOR <= window.end - window.start < 2 * FLOOR
    assert depth == 13


def test_hosts_that_say_how_often_they_may_be_asked_are_asked_no_more_often() -> None:
    def delay(host: str, seconds: float) -> float:
        polite = Politeness("t", seconds, 5, 1000, 1000)
        return HostGate(None, polite, "me").delay(host)  # type: ignore[arg-type]  # the table is not asked

    assert delay("api.gdeltproject.org", 2.0) == 5.0
    assert delay("api.gdeltproject.org", 9.0) == 9.0
    assert delay("site.example", 2.0) == 2.0


# ----------------------------------------------------------------------------------------------------------- WordPress


def post(number: int, **values: Any) -> dict[str, Any]:
    return {
        "id": number,
        "date": "2026-03-22T14:30:00",
        "date_gmt": "2026-03-22T10:30:00",
        "link": f"https://site.example/{number}",
        "title": {"rendered": f"Kabel &#8211; {number}"},
        "excerpt": {"rendered": "<p>The cable &amp; the sea [&hellip;]</p>\n"},
        **values,
    }


def test_posts_are_entries() -> None:
    (entry,) = read_wordpress(json.dumps([post(7)]).encode(), WORDPRESS, language="en", now=NOW).entries
    assert (entry.title, entry.link, entry.id, entry.summary, entry.language) == (
        "Kabel – 7", "https://site.example/7", "post 7", "The cable & the sea", "en",
    )  # fmt: skip
    assert entry.published is not None
    assert entry.published.value == datetime(2026, 3, 22, 10, 30, tzinfo=UTC)
    assert (entry.published.zone, entry.published.precision) == ("known", "minute")


def test_a_post_without_gmt_has_its_date_in_the_site_s_zone() -> None:
    body = json.dumps([post(1, date_gmt="0000-00-00T00:00:00"), post(2, date_gmt=None, date=None)]).encode()
    first, second = read_wordpress(body, WORDPRESS, zone="Asia/Tbilisi", now=NOW).entries
    assert first.published is not None
    assert (first.published.value, first.published.zone) == (datetime(2026, 3, 22, 10, 30, tzinfo=UTC), "assumed")
    assert second.published is None


def test_a_scheduled_post_keeps_no_date_in_the_future() -> None:
    feed = read_wordpress(json.dumps([post(1, date_gmt="2026-05-01T00:00:00")]).encode(), WORDPRESS, now=NOW)
    assert feed.entries[0].published is None
    assert feed.warnings == ("date in the future left out",)


def test_notices_before_the_json_and_bare_control_characters_are_borne() -> None:
    body = b"<br />\nNotice: x in y.php\n" + json.dumps([post(1)]).replace("sea", "s\x02ea").encode()
    assert len(read_wordpress(body, WORDPRESS).entries) == 1


def test_errors_of_wordpress_are_told_and_the_page_past_the_last_is_none() -> None:
    past = b'{"code":"rest_post_invalid_page_number","message":"...","data":{"status":400}}'
    assert read_wordpress(past, WORDPRESS).entries == ()
    for body in (b'{"code":"rest_forbidden","message":"Sorry"}', b"<html>no API here</html>", b"7", b""):
        with pytest.raises(CollectError) as caught:
            read_wordpress(body, WORDPRESS)
        assert caught.value.reason == "api_error"


def test_pages_of_wordpress() -> None:
    assert wordpress_address(WORDPRESS, 1) == WORDPRESS
    assert query(wordpress_address(WORDPRESS, 3)) == {"per_page": ["2"], "page": ["3"]}


# ----------------------------------------------------------------------------------------------------------------- CDX

HEADER = ["timestamp", "original", "mimetype", "statuscode", "digest"]


def row(original: str, timestamp: str = "20190401120000", mime: str = "text/html", status: str = "200") -> list[str]:
    return [timestamp, original, mime, status, "X"]


def test_captures_are_fetched_from_the_archive_and_are_their_originals() -> None:
    body = json.dumps([HEADER, row("http://site.example:80/ikt/cable"), [], ["site,example)/ikt 2019"]]).encode()
    captures = read_cdx(body, CDX)
    (entry,) = captures.feed.entries
    assert entry.link == "http://web.archive.org/web/20190401120000id_/http://site.example/ikt/cable"
    assert normalise(entry.link) == normalise("https://www.site.example/ikt/cable/")
    assert entry.published is None, "when the archive came by is not when it was published"
    assert captures.resume == "site,example)/ikt 2019"


def test_what_is_no_article_s_capture_is_left_out() -> None:
    rows = [
        row("http://site.example/ikt/1"),
        row("http://site.example/ikt/1/", "20200101000000"),
        row("http://site.example/"),
        row("http://site.example/ikt/2", mime="image/png"),
        row("http://site.example/ikt/3", status="301"),
        row("http://127.0.0.1/ikt/4"),
        row("http://site.example/ikt/5", "2019"),
        row("http://site.example/sport/6"),
        ["short"],
    ]
    captures = read_cdx(json.dumps([HEADER, *rows]).encode(), CDX, url_pattern="/ikt/")
    assert [original_of(entry.link) for entry in captures.feed.entries] == ["http://site.example/ikt/1"]
    assert captures.resume == ""
    assert captures.feed.warnings == ("8 of 9 captures left out: no article's address, seen before or too many",)


@pytest.mark.parametrize("body", [b"", b"[]", json.dumps([HEADER]).encode()])
def test_an_archive_without_captures_is_empty(body: bytes) -> None:
    assert read_cdx(body, CDX).feed.entries == ()


@pytest.mark.parametrize("body", [b"<h1>Blocked Site Error</h1>", b"{}", b'[["a", "b"], ["1", "2"]]', b"[1]"])
def test_what_the_archive_says_instead_is_told(body: bytes) -> None:
    with pytest.raises(CollectError) as caught:
        read_cdx(body, CDX)
    assert caught.value.reason == "api_error"


def test_the_address_asks_for_what_reading_relies_on() -> None:
    asked = query(cdx_address(CDX, "a b+c"))
    assert asked == {
        "url": ["site.example/ikt/"],
        "matchType": ["prefix"],
        "from": ["2019"],
        "filter": ["statuscode:200", "mimetype:text/html"],
        "collapse": ["urlkey"],
        "output": ["json"],
        "fl": [",".join(HEADER)],
        "showResumeKey": ["true"],
        "limit": [str(ROWS)],
        "resumeKey": ["a b+c"],
    }
    assert query(cdx_address(cdx_address(CDX, "old"), "new"))["resumeKey"] == ["new"]


@pytest.mark.parametrize(
    ("capture", "original"),
    [
        ("https://web.archive.org/web/2019/https:/site.example/1", "https://site.example/1"),
        ("http://web.archive.org/web/20190401120000if_/http://site.example/1?a=1", "http://site.example/1?a=1"),
        ("https://web.archive.org/about/", "https://web.archive.org/about/"),
        (
            "https://site.example/web/2019/https://other.example/",
            "https://site.example/web/2019/https://other.example/",
        ),
    ],
)
def test_a_capture_is_the_page_it_shows(capture: str, original: str) -> None:
    assert original_of(capture) == original
    assert normalise(normalise(capture)) == normalise(capture) == normalise(original)
