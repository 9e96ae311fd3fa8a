"""What kind of page it is: each kind's recall over pages in eight languages, and articles that must not be lost."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest
from trafilatura.utils import load_html

from crawler.pages import read_page
from crawler.pageshape import shape_of
from tests.hostile import Answer, Hostile, Operator, article, feed
from tests.kindpages import LANGUAGES, Made, articles, pages, paragraphs

# Articles that are lost today: a Chinese one of a hundred characters with the site's cards or banner in its text.
LOST = {("zh", "with related cards"), ("zh", "brief with a banner")}
KINDS = {"listing", "home", "gallery", "paywall", "challenge", "consent", "error", "empty"}


def told(made: Made) -> str:
    return read_page(made.html.encode(), made.url).kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_is_told(language: str) -> None:
    made = pages(language)
    assert {one.kind for one in made} == KINDS
    assert {(one.kind, one.name): found for one in made if (found := told(one)) != one.kind} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_article_is_not_lost(language: str) -> None:
    lost = {one.name: found for one in articles(language) if (found := told(one)) != "article"}
    assert {name: kind for name, kind in lost.items() if (language, name) not in LOST} == {}


def test_there_are_enough_pages_of_each_kind() -> None:
    counts = Counter(one.kind for language in LANGUAGES for one in pages(language))
    assert min(counts.values()) >= 8
    assert sum(counts.values()) >= 160


@pytest.mark.parametrize(
    "title",
    [
        "404 jobs at the port",
        "500 kilometres of cable laid",
        "404: the story of an error",
        "Not found in the sea: the lost cable",
        "Страница не найдена в архиве",
        "502",
    ],
)
def test_a_headline_is_no_error(title: str) -> None:
    text = "<p>The ministry said the first stage of the project would be finished by the end of next year.</p>" * 3
    html = (
        f"<html><head><title>{title} | Wire</title></head><body><article><h1>{title}</h1>{text}</article></body></html>"
    )
    kind = read_page(html.encode(), "https://wire.example/n/1").kind
    assert kind == ("error" if title == "502" else "article")


def test_a_dated_page_is_an_article_whatever_its_title() -> None:
    json_ld = '{"@type": "NewsArticle", "headline": "404", "datePublished": "2026-03-20T10:00:00+04:00"}'
    head = f"<title>404 | Wire</title><script type='application/ld+json'>{json_ld}</script>"
    text = "<p>The film of this name opens in the capital next week, the distributor said on Friday.</p>"
    html = f"<html><head>{head}</head><body><article><h1>404</h1>{text}</article></body></html>"
    assert read_page(html.encode(), "https://wire.example/n/1").kind == "article"


@pytest.mark.parametrize("part", ["<a href='/x'><div>", "<h2><a href='/x'>a</a></h2>", "<figure><figcaption>a", "<h3>"])
def test_hostile_markup_takes_no_time(part: str) -> None:
    tree = load_html(f"<html><body><p>{'word ' * 20_000}</p>{part * 4_000}{'word ' * 20_000}</body></html>")
    started = time.process_time()
    shape_of(tree, "https://wire.example/n/1")
    assert time.process_time() - started < 2.0


@pytest.mark.slow
def test_only_articles_are_stored_and_the_rest_end_with_their_kind(tmp_path: Path) -> None:
    """A feed whose links lead to every kind of page, in two languages, and to the home page by a redirect."""
    made = {
        f"http://wire.example/{language}/{number}": one
        for language in ("en", "az")
        for number, one in enumerate(pages(language))
        if not one.name.startswith("home")  # told by its address, see below
    }
    with Hostile() as web:
        for url, one in made.items():
            web.routes[url] = Answer(one.html.encode())
        web.routes["http://wire.example/"] = Answer(pages("en")[4].html.encode())
        web.routes["http://wire.example/dead"] = Answer(status=302, headers={"Location": "http://wire.example/"})
        web.routes["http://wire.example/soft"] = Answer(pages("az")[6].html.replace("https", "http").encode())
        web.routes["http://wire.example/good"] = article("Quay")
        mixed = "".join(f"<p>{text}</p>" for text in [*paragraphs("az"), *paragraphs("ru")[:2]])
        page = f"<html><title>Port cargo doubles in a year</title><body><article>{mixed}</article></body></html>"
        web.routes["http://wire.example/mixed"] = Answer(page.encode())
        # An outlet that shows challenge after challenge is left alone for this crawl: articles come between them.
        good = [f"http://wire.example/good{number}" for number in range(len(made))]
        web.routes |= {url: article(f"Quay {url}") for url in good}
        links = [url for pair in zip(made, good, strict=True) for url in pair]
        others = [f"http://wire.example/{name}" for name in ("dead", "soft", "good", "mixed")]
        web.routes["http://wire.example/feed"] = feed(*links, *others)
        operator = Operator(tmp_path, web.address, {"wire": {"wire": "http://wire.example/feed"}})
        operator.run("db", "upgrade")
        operator.crawl()
        ended = {url: outcome for url, (_, outcome) in operator.items().items()}
        assert {url: ended[url] for url in made} == {url: f"dropped:{one.kind}" for url, one in made.items()}
        assert ended["http://wire.example/dead"] == "dropped:listing"
        assert ended["http://wire.example/soft"] == "dropped:home"
        assert operator.articles() == {*good, "http://wire.example/good", "http://wire.example/mixed"}
        told_of = operator.rows("SELECT detail FROM item WHERE url = ?", "http://wire.example/mixed")
        assert told_of == [("title in en; 33% of the paragraphs in ru",)]
        assert {ended[url] for url in (*good, "http://wire.example/good")} == {"new"}
