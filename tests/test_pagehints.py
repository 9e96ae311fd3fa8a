"""Hints of an outlet's config: which layout a page is in, what a selector may and may not do to the general rules."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from pathlib import Path

import pytest
import yaml

from crawler.pagehints import layouts
from crawler.pages import read_page
from crawler.workers import Workers
from jobs.inspection import Inspector
from models.article import Page
from models.config import PageHints, load_config
from tests.hostile import Answer, Hostile, Operator, rss

OLD = PageHints(body="div.old", valid_until=date(2024, 6, 30))
MIDDLE = PageHints(body="div.middle", valid_until=date(2025, 12, 31))
NEW = PageHints(body="div.new")
RUSSIAN = PageHints(body="div.ru", url_pattern="/ru/")
ALL = (OLD, NEW, RUSSIAN, MIDDLE)
URL = "https://outlet.example/news/1"
WORDS = [
    f"Paragraph {number} tells at some length what the keeper of the harbour said to the fishermen on that morning."
    for number in range(5)
]


def page(
    inside: str, *hints: PageHints, url: str = URL, now: str = "2026-11-20T10:00:00+00:00", head: str = ""
) -> Page:
    body = f"<html><head><title>The harbour keeper speaks</title>{head}</head><body>{inside}</body></html>"
    return read_page(body.encode(), url, now=datetime.fromisoformat(now), zone="Asia/Baku", hints=hints)


def text_block(name: str, extra: str = "") -> str:
    return f'<div class="{name}">{extra}{"".join(f"<p>{line}</p>" for line in WORDS)}</div>'


@pytest.mark.parametrize(
    ("published", "fetched", "expected"),
    [
        ("2026-05-01", "2026-05-01", (NEW,)),
        ("2025-05-01", "2026-05-01", (NEW, MIDDLE)),  # the site may have rebuilt it, or not
        ("2025-05-01", "2025-05-02", (MIDDLE, NEW)),  # taken when the middle layout was in force
        ("2024-05-01", "2024-05-02", (OLD, MIDDLE, NEW)),
        (None, "2024-05-02", (OLD, MIDDLE, NEW)),
        (None, "2026-05-02", (NEW,)),
        ("2024-05-01", None, (NEW, MIDDLE, OLD)),
        (None, None, (NEW, MIDDLE, OLD)),
    ],
)
def test_the_layout_of_the_day_goes_first(
    published: str | None, fetched: str | None, expected: tuple[PageHints, ...]
) -> None:
    days = [date.fromisoformat(day) if day else None for day in (published, fetched)]
    assert layouts(ALL, URL, *days) == expected


def test_a_pattern_keeps_hints_to_its_addresses() -> None:
    assert RUSSIAN in layouts(ALL, "https://outlet.example/ru/1", None, None)
    assert RUSSIAN not in layouts(ALL, URL, None, None)


def test_an_old_page_in_its_old_layout_is_read_by_the_old_hint() -> None:
    old = '<meta property="article:published_time" content="2024-05-01T10:00:00+04:00">'
    found = page(
        f"<h1>The harbour keeper speaks</h1>{text_block('old', '<p>Kicker of the old layout</p>')}", OLD, NEW, head=old
    )
    assert found.text.startswith("Kicker of the old layout\nParagraph 0")
    assert "hint for body found nothing" not in found.warnings


def test_decay_is_told_and_the_general_rules_read_on() -> None:
    found = page(
        f"<article><h1>The harbour keeper speaks</h1>{text_block('text')}</article>",
        PageHints("h2.x", "div.y", "b.z", "i.w"),
    )
    assert found.title == "The harbour keeper speaks"
    assert found.text == "\n".join(WORDS)
    told = [warning for warning in found.warnings if warning.startswith("hint")]
    assert told == [f"hint for {name} found nothing" for name in ("title", "date", "body", "author")]


def test_a_hint_that_became_a_teaser_does_not_cut_the_text() -> None:
    lead = "<h1>The harbour keeper speaks</h1><div class='lead'>A lead of one line.</div>"
    inside = f"<article>{lead}{text_block('text')}</article>"
    unproven = page(inside, PageHints(body="div.lead"))
    assert WORDS[4] in unproven.text
    assert "hint for body found little: general rules found more" in unproven.warnings
    assert page(inside, PageHints(body="div.lead", verified="2026-11")).text == "A lead of one line."


def test_junk_inside_a_hinted_body_goes_by_the_same_rules() -> None:
    extra = "<div class='share'>Paylaş</div><p>Oxşar xəbərlər: <a href='/2'>The winch keeper of the old pier</a></p>"
    picture = "<figure><img src='x'><figcaption>A caption by the photographer</figcaption></figure><script>f()</script>"
    found = page(f"<h1>The harbour keeper speaks</h1>{text_block('text', picture + extra)}", PageHints(body="div.text"))
    assert found.text == "\n".join(WORDS)


def test_paragraphs_and_breaks_are_lines_and_nothing_comes_twice() -> None:
    block = f"<div class='text'>{WORDS[0]}<br><br>{WORDS[1]}<p>{WORDS[2]} <b>in</b><i>deed</i></p>{WORDS[3]}</div>"
    found = page(block, PageHints(body="div.text, div.text p"))
    assert found.text.splitlines() == [WORDS[0], WORDS[1], f"{WORDS[2]} indeed", WORDS[3]]


@pytest.mark.parametrize(
    ("inside", "css", "more", "expected"),
    [
        ("<ul class='d'><li>01 dekabr, 2024</li><li>23:43</li></ul>", "ul.d li", {}, "2024-12-01T19:43:00+00:00"),
        ("<p><i class='d'>09.11.2025</i> <i class='d'>10:59</i></p>", "i.d", {}, "2025-11-09T06:59:00+00:00"),
        ("<b data-at='2025-11-09 10:59'>x</b>", "b@data-at", {}, "2025-11-09T06:59:00+00:00"),
        ("<time datetime='2025-11-09T10:59:00+03:00'>x</time>", "time", {}, "2025-11-09T07:59:00+00:00"),
        ("<b class='d'>11/09/2025 10:59</b>", "b.d", {"date_order": "mdy"}, "2025-11-09T06:59:00+00:00"),
        ("<b class='d'>11/09/2025 10:59</b>", "b.d", {"date_order": "dmy"}, "2025-09-11T06:59:00+00:00"),
        ("<b class='d'>25/11/09 10:59</b>", "b.d", {"date_order": "ymd"}, "2025-11-09T06:59:00+00:00"),
        ("<b class='d'>09.11.2025 10:59</b>", "b.d", {"zone": "Asia/Tashkent"}, "2025-11-09T05:59:00+00:00"),
    ],
)  # fmt: skip
def test_dates_by_hint(inside: str, css: str, more: dict[str, str], expected: str) -> None:
    hints = PageHints(date=css, **more)  # type: ignore[arg-type]
    found = page(f"<article><h1>The harbour keeper speaks</h1>{inside}{text_block('text')}</article>", hints).published
    assert found is not None
    assert (found.value, found.origin) == (datetime.fromisoformat(expected), "hint")


def test_a_day_by_hint_takes_its_minute_from_the_page() -> None:
    meta = '<meta property="article:published_time" content="2025-11-09T23:30:00+04:00">'
    found = page(f"<b class='d'>9 noyabr 2025</b>{text_block('text')}", PageHints(date="b.d"), head=meta).published
    assert found is not None
    assert (found.value.isoformat(), found.origin) == ("2025-11-09T19:30:00+00:00", "meta")


def test_authors_by_hint_are_judged_like_any_others() -> None:
    inside = "<i class='by'>Müəllif: Aysel Quliyeva</i>" + text_block("text")
    assert page(inside, PageHints(author="i.by")).authors == ("Aysel Quliyeva",)
    assert page(inside.replace("Aysel Quliyeva", "Admin"), PageHints(author="i.by")).authors == ()


def test_the_shipped_hints_are_usable() -> None:
    config = load_config("config.yaml")
    hinted = [outlet for outlet in config.outlets.values() if outlet.hints]
    assert len(hinted) >= 40
    for outlet in hinted:
        for hints in outlet.hints:
            found = page(f"<article><h1>The harbour keeper speaks</h1>{text_block('t')}</article>", hints)
            assert found.text == "\n".join(WORDS), outlet.id


@pytest.mark.long
def test_a_crawl_reads_by_the_outlets_hints_and_tells_their_decay(tmp_path: Path) -> None:
    good = (
        f"<h1>The harbour keeper speaks</h1>{text_block('told')}<div class='more'><p>{'Other words. ' * 40}</p></div>"
    )
    routes = {
        "http://a.example/feed": Answer(rss("http://a.example/1", "http://a.example/2"), type="application/rss+xml"),
        "http://a.example/1": Answer(f"<html><body>{good}<i class='d'>03/04/2025</i></body></html>".encode()),
        "http://a.example/2": Answer(f"<html><body>{good.replace('told', 'new')}</body></html>".encode()),
    }
    with Hostile(routes) as web:
        operator = Operator(tmp_path, web.address, {"a": {"a": "http://a.example/feed"}})
        config = yaml.safe_load(operator.config.read_text("utf-8"))
        config["outlets"]["a"]["hints"] = [
            {"body": "div.told p", "date": "i.d", "date_order": "mdy", "verified": "2026-03"}
        ]
        operator.config.write_text(yaml.safe_dump(config), encoding="utf-8")
        operator.run("db", "upgrade")
        out = operator.crawl()
        texts = dict(operator.rows("SELECT a.url, r.text FROM article a JOIN revision r ON r.article_id = a.id"))
        days = dict(operator.rows("SELECT a.url, r.published FROM article a JOIN revision r ON r.article_id = a.id"))
    assert texts["http://a.example/1"] == "\n".join(WORDS)
    assert days["http://a.example/1"].startswith("2025-03-04")
    assert WORDS[4] in texts["http://a.example/2"], "the general rules read on"
    assert "a: hint for body found nothing on 1 of 2 pages" in out


@pytest.mark.long
@pytest.mark.parametrize("row", [{"url": "https://a.example/1"}, {"outlet": "a"}, {"outlet": "a", "zone": "UTC"}])
def test_inspecting_a_page_uses_what_config_knows_of_its_outlet(tmp_path: Path, row: dict[str, str]) -> None:
    hints = [{"body": "div.told p", "date": "i.d", "verified": "2026-03"}]
    outlet = {"name": "A", "kind": "portal", "hosts": ["a.example"], "zone": "Asia/Baku", "hints": hints}
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"version": 1, "outlets": {"a": outlet}}), encoding="utf-8")
    file = tmp_path / "page.html"
    inside = f"<h1>The keeper</h1>{text_block('told')}<p>{'Other words. ' * 40}</p><i class='d'>09.11.2025 10:59</i>"
    file.write_text(f"<html><body>{inside}</body></html>", encoding="utf-8")
    workers = Workers(1)
    try:
        inspector = Inspector(load_config(config), workers, None)
        found, _ = asyncio.run(inspector._page({"file": str(file), **row}))
    finally:
        workers.close()
    assert found.text == "\n".join(WORDS)
    assert found.published is not None
    assert found.published.value.hour == (10 if "zone" in row else 6)
