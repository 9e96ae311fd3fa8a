"""Pages of a listing: how the next one is found, and walks over listings that lie, loop, end or break."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from lxml.html import document_fromstring

from crawler.listings import read_listing
from crawler.paging import next_page
from models.config import Selectors
from tests.hostile import NOW, TOMORROW, Answer, Hostile, Operator, reset


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
        (Selectors(link="a.out"), "", "none of the 1 links that the selectors find is an article's; "
         "3 links look like articles"),
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


@dataclass(frozen=True)
class Case:
    """A listing on a host of its own: its pages by number on two days, what is asked for and which articles are had.

    The first page changes every day, as pages do, unless it says otherwise; what `second` has replaces `first`.
    """

    first: dict[int, Answer]
    asked: list[int]
    had: list[int]
    second: dict[int, Answer] = field(default_factory=dict)
    asked_then: list[int] = field(default_factory=lambda: [1])
    had_then: list[int] | None = None
    robots: bytes = b""


TWO = listing(1, 2, more="?page=2")
OTHER = {"Location": "http://other.example/2"}
DECAYED = b"".join(b'<p><a href="/n/12345%d-kabel-haqda-xeber.html">Xeber %d</a></p>' % (n, n) for n in range(4))
CASES = {
    "walked": Case({1: listing(5, 6, more="?page=2"), 2: listing(3, 4, more="?page=3"), 3: listing(1, 2)},
                   [1, 2, 3], [1, 2, 3, 4, 5, 6]),
    "news": Case({1: listing(5, 6, more="?page=2"), 2: listing(3, 4)}, [1, 2], [3, 4, 5, 6],
                 {1: listing(8, 9, more="?page=2"), 2: listing(5, 6, more="?page=3"), 3: listing(7)},
                 [1, 2], [3, 4, 5, 6, 8, 9]),
    "endless": Case({1: listing(1, more="?page=2")}
                    | {n: listing(n, more=f"?page={n + 1}") for n in range(2, 9)}, [1, 2, 3, 4], [1, 2, 3, 4]),
    "always-page-one": Case({1: TWO, 2: listing(1, 2, more="?page=3"), 3: listing(1, 2)}, [1, 2], [1, 2]),
    "itself": Case({1: listing(1, 2, more="/news")}, [1], [1, 2]),
    "back-to-one": Case({1: TWO, 2: listing(3, more="/news")}, [1, 2], [1, 2, 3]),
    "away": Case({1: listing(1, 2, more="http://other.example/2")}, [1], [1, 2]),
    "sent-away": Case({1: TWO, 2: Answer(status=302, headers=OTHER)}, [1, 2], [1, 2]),
    "not-found": Case({1: TWO}, [1, 2], [1, 2]),
    "empty": Case({1: TWO, 2: listing(more="?page=3")}, [1, 2], [1, 2]),
    "no-page": Case({1: TWO, 2: Answer(b"\x89PNG\r\n\x1a\n" * 50, type="image/png")}, [1, 2], [1, 2]),
    "forbidden": Case({1: TWO, 2: listing(3, 4)}, [1], [1, 2], robots=b"User-agent: *\nDisallow: /news?page="),
    # a page that failed for the moment is walked to at the next poll, though all before it is known
    "broken": Case({1: listing(5, 6, more="?page=2"), 2: Answer(trouble=reset()), 3: listing(1, 2)}, [1, 2], [5, 6],
                   {2: listing(3, 4, more="?page=3")}, [1, 2, 3], [1, 2, 3, 4, 5, 6]),
    "decayed": Case({1: Answer(DECAYED)}, [1], []),
}  # fmt: skip


def put(web: Hostile, host: str, pages: Mapping[int, Answer], day: int) -> None:
    for number, answer in pages.items():
        if number == 1:
            answer = replace(answer, body=answer.body.replace(b"</body>", b"<p>Day %d</p></body>" % day))
        web.routes[address(host, number)] = answer


def address(host: str, number: int) -> str:
    return f"http://{host}.example/news" + (f"?page={number}" if number > 1 else "")


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """All listings polled on two days: what was asked for each day, what was had after it. One crawl a day."""
    with Hostile() as web:
        sources = {host: {host.replace("-", "_"): address(host, 1)} for host in CASES}
        operator = Operator(tmp_path_factory.mktemp("walked"), web.address,
                            {host.replace("-", "_"): source for host, source in sources.items()})  # fmt: skip
        config: dict[str, Any] = yaml.safe_load(operator.config.read_text("utf-8"))
        for outlet in config["outlets"].values():
            source = outlet["collect"][0]
            source["listing"] = source.pop("feed")
            source |= {"selectors": {"link": "h3 a"}, "pages": 4}
        operator.config.write_text(yaml.safe_dump(config), encoding="utf-8")
        web.routes["http://other.example/2"] = listing(20, 21)
        operator.run("db", "upgrade")
        days = []
        for day, now in enumerate((NOW, TOMORROW)):
            for host, case in CASES.items():
                put(web, host, {**case.first, **(case.second if day else {})}, day)
                if case.robots:
                    web.routes[f"http://{host}.example/robots.txt"] = Answer(case.robots, type="text/plain")
            web.asked.clear()
            said = operator.run("crawl", "-v", "--now", now)
            days.append(([one.url for one in web.asked], set(operator.items()), operator.results(), said))
        yield SimpleNamespace(days=days)


def asked(walked: Any, day: int, host: str) -> list[int]:
    urls = walked.days[day][0]
    return [number for number in range(1, 12) for _ in range(urls.count(address(host, number)))]


def had(walked: Any, day: int, host: str) -> list[int]:
    urls = walked.days[day][1]
    return [number for number in range(1, 30) if f"http://{host}.example/n/{number:06}.html" in urls]


@pytest.mark.long
@pytest.mark.parametrize("host", CASES)
def test_the_first_poll_walks_and_keeps_what_it_had(walked: Any, host: str) -> None:
    assert (asked(walked, 0, host), had(walked, 0, host)) == (CASES[host].asked, CASES[host].had)


@pytest.mark.long
@pytest.mark.parametrize("host", CASES)
def test_the_daily_poll_is_one_request_unless_there_is_news(walked: Any, host: str) -> None:
    case = CASES[host]
    wanted = case.had if case.had_then is None else case.had_then
    assert (asked(walked, 1, host), had(walked, 1, host)) == (case.asked_then, wanted)


@pytest.mark.long
def test_no_page_of_another_site_is_taken(walked: Any) -> None:
    assert not [url for day in walked.days for url in day[1] if "other.example" in url]


@pytest.mark.long
def test_decayed_selectors_are_the_reason_of_an_empty_run(walked: Any) -> None:
    results = walked.days[0][2]
    assert results.pop("decayed") == ("empty", "the selectors find nothing; 4 links look like articles")
    assert set(results.values()) == {("ok", "")}


@pytest.mark.long
@pytest.mark.parametrize(
    ("source", "warning"),
    [
        ("always_page_one", "page 2 shows the same links as before: its pagination ends or lies here"),
        ("empty", "page 2 shows no links: its pagination ends or lies here"),
        ("back_to_one", "page 2 names an earlier page as the next one: the walk ends"),
        ("sent_away", "page 2 was answered by another site: the walk ends"),
        ("not_found", "page 2 could not be read (http_404); the pages before it are kept"),
        ("forbidden", "page 2 could not be read (robots); the pages before it are kept"),
    ],
)
def test_why_a_walk_ended_is_told(walked: Any, source: str, warning: str) -> None:
    assert f"{source}: {warning}" in walked.days[0][3]
