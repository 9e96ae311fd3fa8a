"""Sources that point at other people's pages: a server behaves like GDELT, WordPress, the Wayback Machine, t.me."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import yaml

from tests.hostile import NOW, RSS, TOMORROW, Answer, Hostile, Operator, article, feed, rss
from tests.test_unwrap import google_news, message, preview

pytestmark = pytest.mark.long
CLOCK = datetime.fromisoformat(NOW)
STAMP = "%Y%m%d%H%M%S"
LIMIT = 250


class Routes(dict[str, Answer]):
    """Fixed answers, and hosts that work theirs out from the address."""

    def __init__(self) -> None:
        super().__init__()
        self.hosts: dict[str, Callable[[dict[str, str]], Answer]] = {}

    def get(self, url: str, default: Any = None) -> Any:
        parts = urlsplit(url)
        made = self.hosts.get(parts.hostname or "")
        if made is None or parts.path == "/robots.txt":
            return super().get(url.partition("?utm_source=")[0], default)
        return made({name: values[0] for name, values in parse_qs(parts.query).items()})


class Gdelt:
    """Records by the time they were seen. Never more than 250 in an answer; errors are words with status 200."""

    def __init__(self, *records: tuple[datetime, str]) -> None:
        self.records = list(records)
        self.asked: list[tuple[datetime, datetime]] = []
        self.fails_from = 1_000  # which answer is the first 429
        self.retry_after = ""

    def __call__(self, query: dict[str, str]) -> Answer:
        start, end = (
            datetime.strptime(query[name], STAMP).replace(tzinfo=UTC) for name in ("startdatetime", "enddatetime")
        )
        self.asked.append((start, end))
        if len(self.asked) >= self.fails_from:
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            return Answer(b"Please limit requests to one every 5 seconds.", status=429, headers=headers)
        if "cable" not in query["query"] or query["mode"] != "artlist":
            return Answer(b"Your search contained an invalid keyword.\n", type="text/html")
        found = sorted((record for record in self.records if start <= record[0] <= end), reverse=True)
        rows = [
            {"url": url, "title": f"Cable , number {number}\x07", "seendate": f"{seen:%Y%m%dT%H%M%SZ}",
             "language": "English"}
            for number, (seen, url) in enumerate(found[: min(LIMIT, int(query["maxrecords"]))])
        ]  # fmt: skip
        body = json.dumps({"articles": rows} if rows else {}).replace("\\u0007", "\x07")
        return Answer(body.encode(), type="application/json; charset=utf-8")


class WordPress:
    """Posts, newest first, two on a page; past the last page it answers 400."""

    def __init__(self, host: str, *numbers: int) -> None:
        self.host, self.numbers = host, list(numbers)

    def __call__(self, query: dict[str, str]) -> Answer:
        page = int(query.get("page", "1"))
        chosen = self.numbers[2 * page - 2 : 2 * page]
        if not chosen:
            return Answer(b'{"code":"rest_post_invalid_page_number","data":{"status":400}}', status=400)
        posts = [
            {"id": number, "link": f"http://pages.{self.host}/{number}", "title": {"rendered": f"Post {number}"},
             "date_gmt": f"2026-03-{number:02}T10:00:00", "excerpt": {"rendered": ""}}
            for number in chosen
        ]  # fmt: skip
        return Answer(json.dumps(posts).encode(), type="application/json")


class Cdx:
    """A list of captures in parts, each with the key of the next."""

    def __init__(self, *parts: list[list[str]]) -> None:
        self.parts, self.asked = parts, [""]

    def __call__(self, query: dict[str, str]) -> Answer:
        key = query.get("resumeKey", "0")
        self.asked.append(key)
        rows: list[list[str]] = [["timestamp", "original", "mimetype", "statuscode", "digest"], *self.parts[int(key)]]
        if int(key) + 1 < len(self.parts):
            rows += [[], [str(int(key) + 1)]]
        return Answer(json.dumps(rows).encode(), type="application/json")


def outlet(host: str, *collect: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "name": {"en": host}, "languages": ["en"], "kind": "portal", "tier": 3, "zone": "Asia/Baku", "hosts": [host],
        "collect": list(collect), **values,
    }  # fmt: skip


def operator_of(folder: Path, web: Hostile, outlets: dict[str, Any]) -> Operator:
    operator = Operator(folder, web.address, {})
    content = yaml.safe_load(operator.config.read_text("utf-8"))
    operator.config.write_text(yaml.safe_dump({**content, "outlets": outlets}, sort_keys=False), "utf-8")
    operator.run("db", "upgrade")
    return operator


def gdelt(source: str, host: str = "", words: str = "cable") -> dict[str, Any]:
    return {"id": source, "api": f"http://{host or source}.example/doc?query={words}&timespan=1d", "format": "gdelt",
            "discovers": True}  # fmt: skip


def outlets_of(operator: Operator) -> dict[str, str]:
    """address -> outlet of every article."""
    return dict(operator.rows("SELECT url, outlet FROM article"))


def outcomes(operator: Operator, source: str) -> dict[str, str]:
    query = "SELECT url, outcome FROM item WHERE source = ? ORDER BY id"
    return {url: outcome or "" for url, outcome in operator.rows(query, source)}


# --------------------------------------------------------------------------------------------------------------- GDELT


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """One crawl with every kind of finder, and a second one a day later."""
    web, routes = Hostile(), Routes()
    web.routes = routes
    pages = ["steppe.example/1", "steppe.example/2", "ru.steppe.example/3", "stranger.example/1", "closed.example/1",
             "open.example/1", "hop.example/1", "alert.example/1", "short.example/1"]  # fmt: skip
    routes |= {f"http://{page}": article(f"Quay {page}") for page in pages}
    routes["http://hop.example/1"] = Answer(status=302, headers={"Location": "http://steppe.example/2"})
    routes["http://short.example/1"] = Answer(
        status=302, headers={"Location": "http://steppe.example/1?utm_medium=short"}, seconds=1.5
    )
    routes["http://steppe.example/1?utm_medium=short"] = routes["http://steppe.example/1"]
    routes["http://steppe.example/feed"] = feed("http://steppe.example/1")
    routes["http://open.example/feed"] = feed()
    wrapped = f"https://www.google.com/url?url={quote('http://alert.example/1', safe='')}"
    routes["http://www.google.example/alerts"] = Answer(rss(wrapped, google_news("AU_yq")), type=RSS)
    routes["http://news.google.example/rss"] = Answer(rss(google_news("AU_yq")), type=RSS)
    seen = CLOCK - timedelta(hours=30)
    finder = Gdelt(*((seen + timedelta(minutes=n), f"http://{page}?utm_source=g{n}") for n, page in enumerate(pages)))
    blog = WordPress("blog.example", 9, 8, 7, 6, 5)
    routes.hosts = {"finder.example": finder, "bad.example": Gdelt(), "blog.example": blog}
    routes |= {f"http://pages.blog.example/{number}": article(f"Post {number}") for number in range(1, 20)}
    routes["http://chan.example/kabel"] = article("Kabel")
    links = '<b>Kabel</b><br/><a href="http://chan.example/kabel">daha</a>'
    words = "<b>The ship came in</b><br/>" + "The ship came into the harbour and began to lay the cable today. " * 9
    routes["http://t.me/s/chan"] = Answer(
        preview(message(1, links), message(2, words)).replace(b"https://", b"http://")
    )
    post = f"<html><head><title>Telegram Widget</title></head><body>{message(2, words)}</body></html>"
    routes["http://t.me/xeber/2?embed=1"] = Answer(post.encode())
    refused = "refused: 403, seen 2026-09"
    outlets = {
        "steppe": outlet("steppe.example", {"id": "steppe", "feed": "http://steppe.example/feed"}),
        "closed": outlet("closed.example", {"id": "closed", "feed": "http://closed.example/feed", "enabled": False,
                                            "reason": refused}),
        "open": outlet("open.example", {"id": "open_old", "feed": "http://open.example/old", "enabled": False,
                                        "reason": refused}, {"id": "open", "feed": "http://open.example/feed"}),
        "gdelt": outlet("finder.example", gdelt("finder"), gdelt("bad", words="x")),
        "google": outlet("google.example",
                         {"id": "alerts", "feed": "http://www.google.example/alerts", "format": "google_alerts",
                          "discovers": True},
                         {"id": "news", "feed": "http://news.google.example/rss", "format": "google_news",
                          "discovers": True}),
        "blog": outlet("blog.example", {"id": "blog", "api": "http://blog.example/wp-json/wp/v2/posts?per_page=2",
                                        "format": "wordpress", "pages": 9}),
        "chan": outlet("chan.example", {"id": "chan", "listing": "http://t.me/s/chan", "format": "telegram"}),
    }  # fmt: skip
    with web:
        operator = operator_of(tmp_path_factory.mktemp("found"), web, outlets)
        operator.crawl()
        first = SimpleNamespace(results=operator.results(), asked=list(web.asked), articles=outlets_of(operator))
        blog.numbers.insert(0, 10)
        operator.crawl(now=TOMORROW)
        second = SimpleNamespace(results=operator.results(), asked=web.asked[len(first.asked) :])
        yield SimpleNamespace(operator=operator, first=first, second=second, finder=finder, web=web)


def test_what_a_finder_finds_belongs_to_the_outlet_of_the_address(found: Any) -> None:
    assert found.first.results["finder"] == ("ok", "")
    articles = found.first.articles
    assert articles["http://ru.steppe.example/3?utm_source=g2"] == "steppe"
    assert articles["http://stranger.example/1?utm_source=g3"] == "unlisted:stranger.example"
    assert articles["http://open.example/1?utm_source=g5"] == "open"
    assert found.operator.rows("SELECT name, listed FROM outlet WHERE outlet = 'unlisted:stranger.example'") == [
        ("stranger.example", 0)
    ]


def test_an_article_that_a_feed_has_is_known_to_a_finder(found: Any) -> None:
    assert outcomes(found.operator, "finder")["http://steppe.example/1?utm_source=g0"] == "known"
    assert len(found.web.to("http://steppe.example/1")) == 1
    assert found.web.to("http://steppe.example/1?utm_source=g0") == []
    assert found.operator.rows("SELECT count(*) FROM article WHERE address_key = '//steppe.example/1'") == [(1,)]


def test_a_redirect_decides_whose_the_page_is(found: Any) -> None:
    assert found.operator.rows("SELECT outlet FROM article WHERE address_key = '//steppe.example/2'") == [("steppe",)]
    assert "unlisted:hop.example" not in found.first.articles.values()


def test_a_redirect_to_an_article_that_a_feed_has_makes_no_revision(found: Any) -> None:
    assert outcomes(found.operator, "finder")["http://short.example/1?utm_source=g8"] == "known"
    query = (
        "SELECT count(*), min(r.published) FROM revision r JOIN article a ON a.id = r.article_id WHERE address_key = ?"
    )
    ((revisions, published),) = found.operator.rows(query, "//steppe.example/1")
    assert (revisions, published) == (1, "2026-03-22 10:00:00.000000"), "the feed's date stays"


def test_a_refusal_is_respected_though_a_finder_knows_an_address(found: Any) -> None:
    assert outcomes(found.operator, "finder")["http://closed.example/1?utm_source=g4"] == "dropped:refused"
    assert found.web.at("closed.example") == []


def test_seen_by_gdelt_is_not_published(found: Any) -> None:
    dates = found.operator.rows("SELECT published FROM item WHERE source IN ('finder', 'alerts')")
    assert {date for (date,) in dates} == {None}
    titles = {title for (title,) in found.operator.rows("SELECT title FROM item WHERE source = 'finder'")}
    assert "Cable, number 0" in titles


def test_the_next_poll_asks_from_where_the_last_one_ended(found: Any) -> None:
    first, second = found.finder.asked
    assert first == (CLOCK - timedelta(days=7), CLOCK)
    assert second == (CLOCK - timedelta(hours=6), CLOCK + timedelta(days=1))
    result, reason = found.second.results["finder"]
    assert (result, reason.partition(" in ")[0]) == ("unchanged", "no articles")


def test_words_with_status_200_are_an_error(found: Any) -> None:
    assert found.first.results["bad"] == ("unreachable", "api_error")


def test_alerts_lead_to_the_publisher_and_hidden_addresses_are_told(found: Any) -> None:
    assert found.first.results["alerts"] == ("ok", "")
    assert list(outcomes(found.operator, "alerts")) == ["http://alert.example/1"]
    assert found.first.results["news"] == ("unreachable", "wrapped_links")


def test_wordpress_is_walked_to_its_end_and_later_only_as_far_as_it_is_new(found: Any) -> None:
    assert found.first.results["blog"] == ("ok", "")
    walked = [one.url for one in found.first.asked if one.url.startswith("http://blog.example/wp-json")]
    assert [url.partition("&page=")[2] for url in walked] == ["", "2", "3", "4"]
    later = [one.url for one in found.second.asked if one.url.startswith("http://blog.example/wp-json")]
    assert [url.partition("&page=")[2] for url in later] == ["", "2"]
    items = found.operator.rows("SELECT key, published FROM item WHERE source = 'blog' ORDER BY key")
    assert len(items) == 6
    assert items[0] == ("post 10", "2026-03-10 10:00:00.000000")


def test_a_channel_s_links_and_words_are_articles(found: Any) -> None:
    assert found.first.articles["http://chan.example/kabel"] == "chan"
    ((title, text, outlet_id, url),) = found.operator.rows(
        "SELECT r.title, r.text, a.outlet, a.url FROM revision r JOIN article a ON a.id = r.article_id"
        " WHERE a.address_key = '//t.me/xeber/2'"
    )
    assert (title, outlet_id, url) == ("The ship came in", "chan", "http://t.me/xeber/2")
    assert "began to lay the cable" in text


# ------------------------------------------------------------------------------------------------ full answers and 429


def test_full_answers_are_split_and_a_429_loses_nothing(tmp_path: Path) -> None:
    """700 records in one day of a week, of six pages; the fourth answer of the first crawl is a 429."""
    web, routes = Hostile(), Routes()
    web.routes = routes
    routes |= {f"http://press.example/{number}": article(f"Press {number}") for number in range(7)}
    day = CLOCK - timedelta(days=6)
    records = [(day + timedelta(minutes=2 * n), f"http://press.example/{n % 6}") for n in range(700)]
    many = Gdelt(*records, (CLOCK - timedelta(hours=20), "http://press.example/6"))
    crowd = Gdelt(*((CLOCK - timedelta(days=3), "http://press.example/1") for _ in range(300)))
    many.fails_from, busy, again = 4, Gdelt(), Gdelt()
    many.retry_after = "1"
    busy.fails_from = again.fails_from = 1
    busy.retry_after = "3600"
    routes.hosts = {"many.example": many, "busy.example": busy, "again.example": again, "crowd.example": crowd}
    outlets = {"gdelt": outlet("many.example", *(gdelt(name) for name in ("many", "busy", "again", "crowd")))}
    with web:
        operator = operator_of(tmp_path, web, outlets)
        operator.crawl()
        results = operator.results()
        assert results["many"] == ("ok", ""), "what was had before the 429 is kept"
        assert results["busy"] == results["again"] == ("unreachable", "http_429")
        assert results["crowd"] == ("ok", "")
        assert min(end - start for start, end in crowd.asked) >= timedelta(minutes=15), "a full floor is left"
        assert len(crowd.asked) < 36
        half = many.asked[1][1]
        assert operator.rows("SELECT cursor FROM source WHERE source = 'many'") == [("null",)], "nothing covered yet"
        many.fails_from = 1_000
        before = len(many.asked)
        operator.crawl("many", "busy", now=TOMORROW)
        assert operator.results()["busy"] == ("not_run", "retry_after")
        assert operator.results()["many"][0] == "ok"
        assert many.asked[before][0] <= half
    covered = [(start, end) for start, end in many.asked[before:] if _count(many, start, end) < LIMIT]
    assert _gap(covered, many.asked[before]) == timedelta(0)
    assert len(operator.articles()) == 7


def _count(server: Gdelt, start: datetime, end: datetime) -> int:
    return sum(start <= seen <= end for seen, _ in server.records)


def _gap(covered: list[tuple[datetime, datetime]], whole: tuple[datetime, datetime]) -> timedelta:
    """The time of a window that no answer with room left covers."""
    at, gap = whole[0], timedelta(0)
    for start, end in sorted(covered):
        gap += max(start - at, timedelta(0))
        at = max(at, end)
    return gap + max(whole[1] - at, timedelta(0))


# ------------------------------------------------------------------------------------------------------- old captures


def test_old_pages_are_read_from_captures_and_never_replace_a_text(tmp_path: Path) -> None:
    web, routes = Hostile(), Routes()
    web.routes = routes
    routes["http://steppe.example/feed"] = feed("http://steppe.example/1")
    routes["http://steppe.example/1"] = article("The text of today")
    row = ["text/html", "200", "X"]
    cdx = Cdx(
        [
            ["20190401120000", "http://steppe.example:80/1", *row],
            ["20190402120000", "http://www.steppe.example/2", *row],
        ],
        [["20200101000000", "http://steppe.example/3", *row]],
    )
    routes.hosts = {"cdx.example": cdx}
    replay = "http://web.archive.org/web/{}id_/http://{}".format
    routes[replay("20190401120000", "steppe.example/1")] = article("An older text")
    two = replay("20190402120000", "www.steppe.example/2")
    routes[two] = Answer(article("Old").body.replace(b"</h1>", b"</h1><span class='date'>2 hours ago</span>"))
    old = {"id": "steppe_old", "archive": "http://cdx.example/cdx?url=steppe.example&matchType=domain", "format": "cdx"}
    outlets = {"steppe": outlet("steppe.example", {"id": "steppe", "feed": "http://steppe.example/feed"}, old)}
    with web:
        operator = operator_of(tmp_path, web, outlets)
        operator.crawl()
        assert operator.results()["steppe_old"] == ("ok", "")
        assert outcomes(operator, "steppe_old") == {
            replay("20190401120000", "steppe.example/1"): "", two: "new",
        }, "the feed's try at the same page is under way: the capture waits"  # fmt: skip
        rows = operator.rows("SELECT url, outlet, address_key, via, first_seen FROM article ORDER BY id")
        assert ("http://www.steppe.example/2", "steppe", "//steppe.example/2", "import",
                "2019-04-02 12:00:00.000000") in rows  # fmt: skip
        assert operator.rows("SELECT count(*) FROM revision") == [(2,)]
        operator.crawl("steppe_old", now=TOMORROW)
        assert cdx.asked[1:] == ["0", "1"], "taken up where the last poll ended"
        assert list(outcomes(operator, "steppe_old").values()) == ["known", "new", "failed:http_404"]
        assert operator.rows("SELECT count(*) FROM revision") == [(2,)]
