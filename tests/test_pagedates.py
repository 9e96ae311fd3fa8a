"""When a page says it was published: which of its dates is its own, on whose calendar, and what is only a candidate."""

from __future__ import annotations

from datetime import datetime

import pytest

from crawler.pages import read_page
from models.article import Page

NOW = datetime.fromisoformat("2026-01-05T09:07:00+00:00")
BODY = "".join(
    f"<p>Paragraph {number} of the keeper of the winch says what he saw at the pier that morning.</p>"
    for number in range(6)
)
JSONLD = '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"%s"}</script>'


def page(
    before: str = "", after: str = "", head: str = "", url: str = "https://a.example/n/1", zone: str | None = None
) -> Page:
    inside = f"<article>{before}<h1>The winch keeper of the old pier</h1>{after}{BODY}</article>"
    body = f"<html><head><title>The winch keeper of the old pier</title>{head}</head><body>{inside}</body></html>"
    return read_page(body.encode(), url, now=NOW, zone=zone)


def day_of(found: Page) -> str | None:
    return found.published.local.date().isoformat() if found.published else None


# ------------------------------------------------------------------------------------------------ the outlet's own day


@pytest.mark.parametrize(
    ("stated", "url", "head", "zone", "day", "offset"),
    [
        # the day in the address is the outlet's own: its clock is behind UTC, or ahead of it
        ("2025-04-14T00:38:07Z", "https://a.example/news/20250413/second", "", None, "2025-04-13", -60),
        ("2025-04-13T22:00:00Z", "https://a.example/2025/04/14/second", "", None, "2025-04-14", 120),
        # a meta states the same moment on the wall clock
        ("2025-04-14T00:38:07Z", "https://a.example/news/20250413/x",
         '<meta name="date" content="2025-04-13T16:38:07Z">', None, "2025-04-13", -480),
        # config knows the zone, or the page's own script names it
        ("2025-04-13T22:00:00Z", "https://a.example/n/1", "", "Asia/Baku", "2025-04-14", 240),
        ("2025-05-02T02:54:29.000Z", "https://a.example/n/1",
         '<script>var s={"timezone":{"short":"ET","long":"America/New_York"}}</script>', None, "2025-05-01", -240),
        ("2025-05-02T02:54:29Z", "https://a.example/n/1", '<script>tz={"timeZone":"America\\/New_York"}</script>', None,
         "2025-05-01", -240),
        # nothing tells, or two zones do, or the source wrote its own offset, or the address is days away
        ("2025-04-14T00:38:07Z", "https://a.example/n/1", "", None, "2025-04-14", 0),
        ("2025-05-02T02:54:29Z", "https://a.example/n/1",
         '<script>a={timezone:"America/New_York"};b={timezone:"Asia/Tokyo"}</script>', None, "2025-05-02", 0),
        ("2025-04-14T00:38:07+03:00", "https://a.example/news/20250413/x", "", "Asia/Baku", "2025-04-14", 180),
        ("2025-04-14T00:38:07Z", "https://a.example/news/20250401/x", "", None, "2025-04-14", 0),
    ],
)  # fmt: skip
def test_a_moment_in_utc_gets_the_day_of_the_outlet(
    stated: str, url: str, head: str, zone: str | None, day: str, offset: int
) -> None:
    found = page(head=JSONLD % stated + head, url=url, zone=zone)
    assert found.published is not None
    assert found.published.value == datetime.fromisoformat(stated), "the moment stays"
    assert (day_of(found), found.published.offset) == (day, offset)


# --------------------------------------------------------------------------------------------------------- which date


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("<div class='date'>17.11.2025</div>", "", "2025-11-17"),
        ("", "<div class='x1'>August 06, 2025</div>", "2025-08-06"),
        ("", "<div class='comments'><small class='comment-time'>August 06, 2025</small></div>", None),
        ("", "<aside><span class='date'>06.08.2025</span></aside>", None),
        ("<div class='header-date'>5 yanvar 2026</div>", "<i class='post-date'>17.11.2025</i>", "2025-11-17"),
        ("<div class='weather'><b class='date'>5 yanvar 2026</b></div>", "", None),
        ("<header><time>5 yanvar 2026</time></header>", "", "2026-01-05"),  # the article's own header
        ("", "<time class='entry-date updated' datetime='2025-11-17T10:00:00Z'>x</time>", "2025-11-17"),
        (
            "",
            "<b class='date'>17.11.2025</b> <time class='updated' datetime='2025-12-01T10:00:00Z'>x</time>",
            "2025-11-17",
        ),
    ],
)
def test_only_the_articles_own_date_counts(before: str, after: str, expected: str | None) -> None:
    found = page(before, after)
    assert day_of(found) == expected


def test_a_live_blog_began_before_its_posts() -> None:
    posts = '{"@type":"BlogPosting","headline":"Reel in","author":"A. Post","articleBody":"x","datePublished":"%s"}'
    blog = (
        '<script type="application/ld+json">{"@type":"LiveBlogPosting","headline":"The winch, live",'
        '"datePublished":"2025-03-03T09:00:00Z","liveBlogUpdate":[%s]}</script>'
    )
    found = page(blog % (posts % "2025-03-04T11:00:00Z"), "")
    assert day_of(found) == "2025-03-03"
    assert found.authors == ()


def test_the_frames_date_is_not_the_articles() -> None:
    frame = "<header><div class='date'>5 yanvar 2026</div><nav><a href='/1'>a</a></nav></header>"
    body = f"<html><body>{frame}<h1>The winch keeper</h1><div class='date'>3 mart 2025</div>{BODY}</body></html>"
    assert day_of(read_page(body.encode(), "https://a.example/n/1", now=NOW)) == "2025-03-03"


@pytest.mark.parametrize(
    ("url", "value", "precision"),
    [
        ("https://a.example/az/news/20251115223014022-Basliq", "2025-11-15T18:30:14+00:00", "minute"),
        ("https://a.example/news-detail/a-slug-2025-4-11-18/", "2025-04-11T00:00:00+00:00", "day"),
        ("https://a.example/content/244810/2025-04-16/2025-w16/1009/slug", "2025-04-16T00:00:00+00:00", "day"),
        ("https://a.example/news/2025/1/8/701234/", "2025-01-08T00:00:00+00:00", "day"),
        ("https://a.example/2025/03/a-slug/", "2025-03-01T00:00:00+00:00", "month"),
        ("https://web.archive.org/web/20171008220355/http://a.example/essays/keeper", None, ""),
        (
            "https://web.archive.org/web/20171008220355/http://a.example/2017/01/26/keeper",
            "2017-01-26T00:00:00+00:00",
            "day",
        ),
        ("https://a.example/2025/13/a-slug/", None, ""),
        ("https://a.example/news/20251399123456789-x", None, ""),
        ("https://a.example/p/1763712000123", None, ""),
    ],
)
def test_dates_in_addresses(url: str, value: str | None, precision: str) -> None:
    published = page(url=url, zone="Asia/Baku").published
    assert (published.value.isoformat(), published.precision) == (value, precision) if value else published is None
    assert published is None or published.origin == "address"


def test_day_and_time_apart_are_one_date() -> None:
    after = "<div><span class='time date'><i></i> 15 Noy 2025</span> <span class='time'><i></i> 12:44</span></div>"
    found = page(after=after, zone="Asia/Baku").published
    assert found is not None
    assert (found.value.isoformat(), found.precision) == ("2025-11-15T08:44:00+00:00", "minute")


@pytest.mark.parametrize(
    "words",
    ["26.12.2025 14:05, Yenilənib: 26.12.2025 17:20", "26 декабря 2025, 14:05 (обновлено: 26 декабря 2025, 17:20)",
     "26 Aralık 2025 14:05 Son Güncelleme: 26 Aralık 2025 17:20", "26 грудня 2025, 14:05. Оновлено 26 грудня, 17:20",
     "2025年12月26日 14:05 更新时间：2025年12月26日 17:20", "26.12.2025 14:05 განახლდა 26.12.2025 17:20"],
)  # fmt: skip
def test_what_was_changed_is_not_what_was_published(words: str) -> None:
    found = page(after=f"<div class='date'>{words}</div>", zone="Asia/Baku")
    assert found.published is not None
    assert found.modified is not None
    times = [date.value.strftime("%H:%M") for date in (found.published, found.modified)]
    assert times == ["10:05", "13:20"]


def test_a_copyright_year_is_no_date() -> None:
    found = page(
        after="<p class='c'>Copyright 2019 The Old Pier</p>", head='<meta name="copyright" content="2019 Pier">'
    )
    assert found.published is None


# ---------------------------------------------------------------------------------------------------------- candidates


def test_days_ahead_are_candidates_and_nothing_is_guessed() -> None:
    ahead = (
        '<meta name="date" content="2026-03-09"><meta property="article:published_time" content="2026-03-08T10:00Z">'
    )
    found = page(head=ahead, after="<p>Published 3 March 2025</p>")
    assert found.published is None
    assert found.conflicts == (("meta", "2026-03-08"), ("meta", "2026-03-09"))


def test_a_date_that_is_believed_keeps_the_one_ahead_as_its_conflict() -> None:
    head = JSONLD % "2026-03-08T10:00:00Z" + '<meta name="date" content="2025-03-09">'
    found = page(head=head)
    assert day_of(found) == "2025-03-09"
    assert found.published is not None
    assert found.published.conflicts == (("json-ld", "2026-03-08"),)
    assert found.conflicts == ()


def test_without_a_clock_nothing_is_ahead() -> None:
    body = f"<html><head>{JSONLD % '2026-03-08T10:00:00Z'}</head><body><h1>The winch keeper</h1>{BODY}</body></html>"
    assert day_of(read_page(body.encode(), "https://a.example/n/1")) == "2026-03-08"
