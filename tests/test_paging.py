"""Pages of a listing: how the next one is found, and walks over listings that lie, loop, end or break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml.html import document_fromstring

from crawler.listings import read_listing
from crawler.paging import next_page
from models.config import Selectors
from tests.hostile import TOMORROW, Answer, Hostile, Operator, article, reset

LIST = "http://list.example/news"


def found(markup: str, url: str = "https://xeber.example/iqtisadiyyat", css: str = "") -> str:
    return next_page(document_fromstring(f"<html><body>{markup}</body></html>"), url, css)


@pytest.mark.parametrize(
    ("markup", "url", "wanted"),
    [
        # as the sites of the watch list page: ?page=N, /page/N/, ?start=N, more parameters than the first page
        ('<a href="?page=2">2</a><a href="?page=3">3</a>', "https://a.example/xeber", "https://a.example/xeber?page=2"),
        ('<a href="?page=2">2</a><a href="?page=3">3</a>', "https://a.example/xeber?page=2", "https://a.example/xeber?page=3"),
        ('<a href="/iqt/page/2">2</a>', "https://a.example/iqt", "https://a.example/iqt/page/2"),
        ('<a href="/iqt/page/4/">4</a>', "https://a.example/iqt/page/3/", "https://a.example/iqt/page/4/"),
        ('<a href="?start=2">Növbəti</a>', "https://a.example/x/", "https://a.example/x/?start=2"),
        ('<a href="/?page=2&per-page=39">2</a>', "https://a.example/", "https://a.example/?page=2&per-page=39"),
        ('<a href="/news?page=2&lang=ru">2</a>', "https://a.example/news?lang=ru", "https://a.example/news?page=2&lang=ru"),
        ('<a rel="next" href="/older">x</a>', "https://a.example/", "https://a.example/older"),
        ('<link rel="next" href="/p2">', "https://a.example/", "https://a.example/p2"),
        ('<a href="/lenta?before=99">Далее »</a>', "https://a.example/lenta", "https://a.example/lenta?before=99"),
        # not the next page
        ('<a href="/siyaset?page=2">2</a>', "https://a.example/xeber", ""),
        ('<a href="?page=3">3</a>', "https://a.example/xeber", ""),
        ('<a href="?page=1">1</a>', "https://a.example/xeber?page=2", ""),
        ('<a href="/news?page=2">2</a>', "https://a.example/news?lang=ru", ""),
        ('<a href="https://b.example/?page=2">2</a>', "https://a.example/", ""),
        ('<a rel="next" href="https://b.example/2">x</a>', "https://a.example/", ""),
        ('<a rel="next" href="/">x</a>', "https://a.example/", ""),
        ('<a rel="next" href="javascript:more()">x</a>', "https://a.example/", ""),
        ('<a rel="next" href="http://127.0.0.1/2">x</a>', "http://127.0.0.1/", ""),
        ('<a href="/news/next-step-of-the-cable">Next</a>', "https://a.example/news", ""),
        ('<a href="/xeber/2026">2</a>', "https://a.example/xeber", ""),
        ('<a>2</a><a href="">»</a>', "https://a.example/xeber", ""),
    ],
)  # fmt: skip
def test_the_next_page_is_what_the_page_names(markup: str, url: str, wanted: str) -> None:
    assert found(markup, url) == wanted


def test_a_selector_decides_alone() -> None:
    markup = '<a rel="next" href="/wrong">x</a><div class="more" data-url="/2"><a href="/3">mehr</a></div>'
    assert found(markup, css="div.more") == "https://xeber.example/3"
    assert found(markup, css="div.more@data-url") == "https://xeber.example/2"
    assert found(markup, css="div.absent") == ""


ARTICLES = "".join(f'<h3><a href="/n/12345{n}-kabel-haqda-xeber.html">Kabel haqqında {n}</a></h3>' for n in range(3))


@pytest.mark.parametrize(
    ("selectors", "pattern", "warning"),
    [
        (Selectors(link="div.gone a"), "", "the selectors find nothing; 3 links look like articles"),
        (Selectors(link="h3 a"), r"/old/\d+", "no link matches url_pattern; 3 links look like articles"),
        (Selectors(), r"/old/\d+", "no link matches url_pattern; 3 links look like articles"),
        (Selectors(link="a.out"), "", "none of the 1 links that the selectors find is an article's; 3 links look like articles"),
    ],
)  # fmt: skip
def test_decay_says_what_a_look_without_selectors_finds(selectors: Selectors, pattern: str, warning: str) -> None:
    body = f'<html><body>{ARTICLES}<a class="out" href="https://b.example/">b</a></body></html>'.encode()
    feed = read_listing(body, "https://a.example/", selectors, url_pattern=pattern)
    assert feed.warnings == (warning,)


# ------------------------------------------------------------------------------------------------------------ the walk


def listing(*numbers: int, more: str = "", extra: str = "") -> Answer:
    """A page with links to so many articles and a link to a next page."""
    links = "".join(f'<h3><a href="/n/{number:06}.html">Harbour news {number}</a></h3>' for number in numbers)
    following = f'<a rel="next" href="{more}">next</a>' if more else ""
    return Answer(f"<html><body>{links}{following}{extra}</body></html>".encode())


Walker = Callable[..., tuple[Operator, Hostile]]


@pytest.fixture
def walker(tmp_path: Path) -> Iterator[Walker]:
    """Starts a web with these pages and an operator whose listing may walk `pages` of them."""
    webs: list[Hostile] = []

    def start(pages: int = 5, **routes: Answer) -> tuple[Operator, Hostile]:
        web = Hostile()
        webs.append(web)
        web.__enter__()
        for number in range(1, 40):
            web.routes[f"http://list.example/n/{number:06}.html"] = article(f"Harbour news {number}")
        web.routes |= {LIST if name == "first" else f"{LIST}?page={name[1:]}": one for name, one in routes.items()}
        operator = Operator(tmp_path, web.address, {"list": {"list": LIST}})
        config: dict[str, Any] = yaml.safe_load(operator.config.read_text("utf-8"))
        source = config["outlets"]["list"]["collect"][0]
        source["listing"] = source.pop("feed")
        source |= {"selectors": {"link": "h3 a"}, "pages": pages}
        operator.config.write_text(yaml.safe_dump(config), encoding="utf-8")
        operator.run("db", "upgrade")
        return operator, web

    yield start
    for web in webs:
        web.__exit__(None, None, None)


def asked(web: Hostile) -> list[str]:
    """The listing pages asked for so far, "" for the first; then the record starts anew."""
    pages = [one.url.removeprefix(LIST) for one in web.asked if one.url.startswith(LIST)]
    web.asked.clear()
    return pages


def numbers(operator: Operator) -> list[int]:
    return sorted(int(url[-11:-5]) for url in operator.items())


@pytest.mark.slow
def test_new_pages_are_walked_and_a_daily_poll_is_one_request(walker: Walker) -> None:
    operator, web = walker(first=listing(5, 6, more="?page=2"), p2=listing(3, 4, more="?page=3"), p3=listing(1, 2))
    assert "6 seen, 6 new" in operator.crawl()
    assert asked(web) == ["", "?page=2", "?page=3"]
    web.routes[LIST] = listing(5, 6, more="?page=2", extra="<p>another advertisement</p>")
    operator.crawl(now=TOMORROW)
    assert asked(web) == [""], "nothing unknown on page 1"
    web.routes[LIST] = listing(8, 9, more="?page=2")
    web.routes[f"{LIST}?page=2"] = listing(5, 6, more="?page=3")
    operator.crawl(now="2026-03-24T18:00:00Z")
    assert asked(web) == ["", "?page=2"], "page 2 was all known"
    assert numbers(operator) == [1, 2, 3, 4, 5, 6, 8, 9]


CUT = {
    "page 1 for every number": (dict(p2=listing(1, 2, more="?page=3"), p3=listing(1, 2)), ["", "?page=2"], [1, 2]),
    "its own address": (dict(first=listing(1, 2, more="/news")), [""], [1, 2]),
    "back to the first": (dict(p2=listing(3, more="/news")), ["", "?page=2"], [1, 2, 3]),
    "another host": (dict(first=listing(1, 2, more="http://other.example/news?page=2")), [""], [1, 2]),
    "a page that is 404": (dict(), ["", "?page=2"], [1, 2]),
    "an empty page": (dict(p2=listing(more="?page=3")), ["", "?page=2"], [1, 2]),
    "redirect to another host": (
        dict(p2=Answer(status=302, headers={"Location": "http://other.example/2"})), ["", "?page=2"], [1, 2]
    ),
    "redirect to the first": (dict(p2=Answer(status=302, headers={"Location": LIST})), ["", "?page=2", ""], [1, 2]),
    "what is no page": (dict(p2=Answer(b"\x89PNG\r\n\x1a\n" * 50, type="image/png")), ["", "?page=2"], [1, 2]),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", CUT)
def test_pagination_that_lies_or_ends_keeps_what_was_had(walker: Walker, name: str) -> None:
    routes, pages, items = CUT[name]
    operator, web = walker(**{"first": listing(1, 2, more="?page=2"), **routes})
    web.routes["http://other.example/2"] = listing(20, 21)
    web.routes["http://other.example/news?page=2"] = listing(20, 21)
    assert operator.crawl().startswith("list\tok")
    assert (asked(web), numbers(operator)) == (pages, items)
    operator.crawl(now=TOMORROW)
    assert asked(web) == [""], "the next poll is one request again"


@pytest.mark.slow
def test_endless_pagination_ends_at_the_limit(walker: Walker) -> None:
    pages = {f"p{number}": listing(number, more=f"?page={number + 1}") for number in range(2, 39)}
    operator, web = walker(pages=4, first=listing(1, more="?page=2"), **pages)
    operator.crawl()
    assert asked(web) == ["", "?page=2", "?page=3", "?page=4"]
    assert numbers(operator) == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_page_that_failed_for_the_moment_is_walked_to_at_the_next_poll(walker: Walker) -> None:
    operator, web = walker(first=listing(5, 6, more="?page=2"), p2=Answer(trouble=reset()), p3=listing(1, 2))
    assert "2 seen, 2 new" in operator.crawl()
    web.routes[f"{LIST}?page=2"] = listing(3, 4, more="?page=3")
    operator.crawl(now=TOMORROW)
    assert numbers(operator) == [1, 2, 3, 4, 5, 6]
    asked(web)
    operator.crawl(now="2026-03-24T18:00:00Z")
    assert asked(web) == [""]


@pytest.mark.slow
def test_robots_hold_for_further_pages(walker: Walker) -> None:
    operator, web = walker(first=listing(1, 2, more="?page=2"), p2=listing(3, 4))
    web.routes["http://list.example/robots.txt"] = Answer(b"User-agent: *\nDisallow: /news?page=", type="text/plain")
    operator.crawl()
    assert (asked(web), numbers(operator)) == ([""], [1, 2])


@pytest.mark.slow
def test_decayed_selectors_are_the_reason_of_an_empty_run(walker: Walker) -> None:
    body = b"<html><body>" + b"".join(
        b'<p><a href="/n/12345%d-kabel-haqda-xeber.html">Xeber %d</a></p>' % (n, n) for n in range(4)
    )
    operator, _ = walker(first=Answer(body))
    operator.crawl()
    assert operator.results()["list"] == ("empty", "the selectors find nothing; 4 links look like articles")
