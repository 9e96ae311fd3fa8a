"""Pages of our own making, in the encodings, layouts and date forms of real sites: every field is compared."""

from __future__ import annotations

import gzip
import json
import time
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crawler.pages import read_page
from models.article import Page
from models.config import Config, PageHints, load_config
from models.errors import CollectError, TooLarge

FOLDER = Path(__file__).parent / "data" / "pages"
# What `khazri record` wrote in this checkout is compared too. Those pages are their publishers' and stay out of it.
RECORDED = Path(__file__).parents[1] / "var" / "recorded"
PAIRS = {path.stem: path for folder in (FOLDER, RECORDED) for path in sorted(folder.glob("*.json"))}
ARTICLES = [name for name in PAIRS if not name.startswith("kind_")]
KINDS = [name for name in PAIRS if name.startswith("kind_")]
SENTENCE = "The ships laid the cable along the floor of the sea in the spring, the head of the project said. "


def record_of(name: str) -> dict[str, Any]:
    expected: dict[str, Any] = json.loads(PAIRS[name].read_text("utf-8"))
    return expected


@cache
def shipped() -> Config:
    return load_config(Path(__file__).parents[1] / "config.yaml")


def load(name: str) -> tuple[Page, dict[str, Any]]:
    expected = record_of(name)
    now = datetime.fromisoformat(expected["now"]) if "now" in expected else None
    hints = shipped().outlets[expected["outlet"]].hints if "outlet" in expected else ()
    body, url, zone = PAIRS[name].with_suffix(".html").read_bytes(), expected["url"], expected.get("zone")
    return read_page(body, url, headers=expected.get("headers"), zone=zone, now=now, hints=hints), expected


def having(field: str) -> list[str]:
    """The articles whose record says what `field` should be; one that nobody has judged yet is not compared."""
    return [name for name in ARTICLES if field in record_of(name)]


def test_there_are_enough_pages() -> None:
    local = [name for name in ARTICLES if name[:2] in ("az", "kk", "ka", "uk", "tr", "ru", "zh")]
    assert len(local) >= 40


@pytest.mark.parametrize("name", having("title"))
def test_title(name: str) -> None:
    page, expected = load(name)
    assert page.title == expected["title"]


@pytest.mark.parametrize("name", having("contains"))
def test_text(name: str) -> None:
    page, expected = load(name)
    assert page.kind == "article"
    for words in expected["contains"]:
        assert words in page.text
    for words in expected["without"]:
        assert words not in page.text
    assert len(page.text.splitlines()) >= expected.get("lines", 3), "paragraphs are kept"


@pytest.mark.parametrize("name", having("published"))
def test_published(name: str) -> None:
    page, expected = load(name)
    if expected["published"] is None:
        assert page.published is None
        assert [list(pair) for pair in page.conflicts] == expected["conflicts"]
        return
    assert page.published is not None
    assert page.published.value == datetime.fromisoformat(expected["published"])
    assert (page.published.precision, page.published.zone) == (expected["precision"], expected["known"])
    if "local" in expected:
        assert page.published.local.date().isoformat() == expected["local"]


@pytest.mark.parametrize("name", ARTICLES)
def test_modified(name: str) -> None:
    page, expected = load(name)
    stated = expected.get("modified")
    assert (page.modified.value if page.modified else None) == (datetime.fromisoformat(stated) if stated else None)


@pytest.mark.parametrize("name", having("language"))
def test_language(name: str) -> None:
    page, expected = load(name)
    assert page.language == expected["language"]


@pytest.mark.parametrize("name", having("authors"))
def test_authors(name: str) -> None:
    page, expected = load(name)
    assert list(page.authors) == expected["authors"]


@pytest.mark.parametrize("name", ARTICLES)
def test_canonical_address(name: str) -> None:
    page, expected = load(name)
    assert page.canonical_url == expected.get("canonical", expected["url"])


@pytest.mark.parametrize("name", KINDS)
def test_kind(name: str) -> None:
    page, expected = load(name)
    assert page.kind == expected["kind"]


def test_wrong_labels_are_told() -> None:
    assert any("is koi8-r" in warning for warning in load("ru_koi8r_labelled_1251")[0].warnings)


def article(text: str, head: str = "", title: str = "A headline that is long enough") -> bytes:
    return (
        f"<html><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1>"
        f"<p>{SENTENCE}</p><p>{text}</p><p>{SENTENCE[::-1]}</p></article></body></html>"
    ).encode()


def test_without_now_a_relative_date_stays_open() -> None:
    body = article(SENTENCE).replace(b"</h1>", b'</h1><span class="date">2 hours ago</span>')
    assert read_page(body, "https://a.example/x").published is None
    now = datetime.fromisoformat("2026-01-05T09:07:00+00:00")
    published = read_page(body, "https://a.example/x", now=now).published
    assert published is not None
    assert published.value == datetime.fromisoformat("2026-01-05T07:07:00+00:00")


def test_a_date_in_the_future_is_no_date() -> None:
    body = article(SENTENCE, '<meta property="article:published_time" content="2099-01-01T00:00:00Z">')
    page = read_page(body, "https://a.example/x", now=datetime.fromisoformat("2026-01-05T09:07:00+00:00"))
    assert page.published is None
    assert any("future" in warning for warning in page.warnings)


def test_conflicting_dates_are_kept() -> None:
    head = (
        '<meta property="article:published_time" content="2025-03-01T10:00:00Z"><meta name="date" content="2024-01-01">'
    )
    published = read_page(article(SENTENCE, head), "https://a.example/x").published
    assert published is not None
    assert published.value.year == 2025
    assert published.conflicts == (("meta", "2024-01-01"),)


def test_article_body_of_json_ld_cleans_the_text() -> None:
    paragraphs = [
        f"{SENTENCE}{number} ships took part in it, and each of them worked for a week." for number in range(4)
    ]
    node = json.dumps({"@type": "NewsArticle", "articleBody": "\n".join(paragraphs), "datePublished": "2025-03-01"})
    shown = "".join(
        f"<p>{text}</p>"
        for text in [
            *paragraphs,
            "Follow our channel to hear of all the news of the day first, and tell all your friends about it today.",
        ]
    )
    script = f"<script type='application/ld+json'>{node}</script>"
    body = (
        f"<html><head><title>T</title>{script}</head><body><article><h1>A headline</h1>{shown}</article></body></html>"
    )
    page = read_page(body.encode(), "https://a.example/x")
    assert "3 ships took part" in page.text
    assert "Follow our channel" not in page.text


def test_hints_go_first() -> None:
    body = article(SENTENCE).replace(b"</h1>", b'</h1><div id="when">03.02.2025</div><h2 id="t">Another title</h2>')
    page = read_page(
        body, "https://a.example/x", hints=PageHints(title="#t", date="#when", body="article p", verified="2026-11")
    )
    assert page.title == "Another title"
    assert page.published is not None
    assert (page.published.origin, page.published.value.month) == ("hint", 2)
    assert page.text.startswith("The ships laid")


@pytest.mark.parametrize("body", [b"%PDF-1.7 stream", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04abc"])
def test_bytes_that_are_no_page_are_refused(body: bytes) -> None:
    with pytest.raises(CollectError) as caught:
        read_page(body, "https://a.example/x")
    assert caught.value.reason == "not_html"


@pytest.mark.parametrize("body", [b"", b"   ", b"\x00\x00", b"<", b"<html>", b"\xff\xfe", b"<!--"])
def test_nothing_in_nothing_out(body: bytes) -> None:
    page = read_page(body, "https://a.example/x")
    assert (page.kind, page.text, page.language) == ("empty", "", None)


@pytest.mark.parametrize(
    "body", [f"<div>{SENTENCE * 3}</div>", SENTENCE * 3, f"<!-- {'x' * 80} --><p>{SENTENCE * 3}</p>"]
)
def test_fragments_keep_their_words(body: str) -> None:
    assert "laid the cable" in read_page(body.encode(), "https://a.example/x").text


def test_gzip_without_a_header() -> None:
    page = read_page(gzip.compress(article(SENTENCE)), "https://a.example/x")
    assert "laid the cable" in page.text


def test_a_bomb_is_refused() -> None:
    with pytest.raises(TooLarge):
        read_page(gzip.compress(b"<p>" + b"0" * 30_000_000), "https://a.example/x")


def test_text_is_clean() -> None:
    page = read_page(article(f"{SENTENCE} e\u0301\x07 \ufeff{SENTENCE}"), "https://a.example/x")
    assert "\x07" not in page.text
    assert "é" in page.text


def test_what_only_breaks_lines_is_left_out() -> None:
    shy = "Kabel\u00adtrasse über\u200b das Kaspische\u2060 Meer"
    words = "Die Kabel\u00adtrasse wird im Sommer verlegt, sagte der Netz\u00adbetreiber am Montag in Baku. " * 4
    page = read_page(f"<html><h1>{shy}</h1><p>{shy}</p><p>{words}</p></html>".encode(), "https://a.example/x")
    assert page.title == "Kabeltrasse über das Kaspische Meer"
    assert page.text.startswith("Die Kabeltrasse wird"), "and a headline is told from the text without them"
    assert "\u00ad" not in page.text


def test_a_data_address_does_not_eat_the_article() -> None:
    body = article(SENTENCE).replace(b"</h1>", b'</h1><img src="data:image/png;base64,' + b"A" * 3_000_000 + b'">')
    assert "laid the cable" in read_page(body, "https://a.example/x").text


@pytest.mark.slow
@pytest.mark.parametrize(
    "hostile",
    [
        b"<div>" * 20_000,
        b"<b>" * 50_000,
        b'<a href="/x">y</a>' * 1_000_000,
        b"x" * 10_000_000,
        b"0123456789 " * 450_000,
        b"<table><tr><td>" * 5_000,
        b"&lt;" * 1_000_000,
        b"<" * 1_000_000,
    ],
    ids=["divs", "bold", "links", "token", "digits", "tables", "entities", "stray"],
)
def test_hostile_pages_keep_their_words_and_the_time(hostile: bytes) -> None:
    body = article(SENTENCE).replace(b"</h1>", b"</h1>" + hostile)
    start = time.process_time()
    page = read_page(body, "https://a.example/x")
    assert time.process_time() - start < 10
    assert "laid the cable" in page.text or b"x" * 100 in hostile


def test_the_date_of_a_related_article_is_not_this_pages() -> None:
    body = (
        "<html><head><title>Harbour cats</title></head><body><article><h1>Harbour cats</h1>"
        + "<p>The cats of the harbour sleep on the nets and wait for the boats to come in from the sea.</p>" * 6
        + "</article><p>More: <a href='/2026/03/09/the-winch-keeper'>The winch keeper</a></p></body></html>"
    )
    page = read_page(body.encode(), "http://notes.example/harbour-cats")
    assert page.published is None


def test_the_headline_is_not_repeated_in_the_text() -> None:
    body = (
        "<html><head><title>Cable | Site</title><meta property='og:title' content='A cable lands at Aktau today'>"
        "</head><body><article><h1>A cable lands at Aktau today</h1><div><p>A cable lands at Aktau today</p>"
        + "".join(
            f"<p>Sentence number {n} of a text that is long enough to be taken for an article.</p>" for n in range(9)
        )
        + "</div></article></body></html>"
    )
    page = read_page(body.encode(), "http://site.example/cable")
    assert page.title == "A cable lands at Aktau today"
    assert page.text.startswith("Sentence number 0")
