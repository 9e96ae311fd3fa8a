"""Crawls of a hostile web: every trouble is a result with its reason, and nothing is lost by it."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response
from twisted.internet.error import DNSLookupError

from crawler.crawl import _to_its_end
from crawler.fetch import GuardedResolver, GuardMiddleware, Refused, is_public, retry_after
from models.errors import StoreError
from tests.hostile import (
    RSS,
    TOMORROW,
    Answer,
    Hostile,
    Operator,
    article,
    drip,
    feed,
    healthy,
    one_line,
    pour,
    reset,
    rss,
)

slow = pytest.mark.slow
GARBAGE = random.Random(1).randbytes(3000)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"


def one_of_each() -> dict[str, tuple[Answer, tuple[str, str]]]:
    """Source -> (what its feed answers, the run's result and reason)."""
    part = b"<rss version='2.0'><channel><item>"
    return {
        "empty_feed": (Answer(rss(), type=RSS), ("empty", "no entries")),
        "empty_body": (Answer(b"", type=RSS), ("unreachable", "not_a_feed")),
        "html": (article("no feed at all"), ("unreachable", "not_a_feed")),
        "huge": (Answer(part + b" " * 20_000_000, type=RSS), ("unreachable", "too_large")),
        "huge_chunks": (Answer(trouble=pour(OK + b"\r\n", b" " * 1_000_000, times=20)), ("unreachable", "too_large")),
        "s401": (Answer(status=401), ("refused", "http_401")),
        "s403": (Answer(status=403), ("refused", "http_403")),
        "s404": (Answer(status=404), ("unreachable", "http_404")),
        "s410": (Answer(status=410), ("unreachable", "http_410")),
        "s429": (Answer(status=429, headers={"Retry-After": "3600"}), ("unreachable", "http_429")),
        "s500": (Answer(status=500), ("unreachable", "http_500")),
        "s503": (Answer(status=503, headers={"Retry-After": "7200"}), ("unreachable", "http_503")),
        "reset": (Answer(trouble=reset(OK + b"Content-Length: 9000\r\n\r\n" + part)), ("unreachable", "cut_off")),
        "reset_at_once": (Answer(trouble=reset()), ("unreachable", "cut_off")),
        "short": (
            Answer(rss("http://short.example/1"), type=RSS, headers={"Content-Length": "9000"}),
            ("unreachable", "cut_off"),
        ),
        "slow": (Answer(trouble=drip(OK + b"\r\n" + part)), ("unreachable", "timeout")),
        "loop": (
            Answer(status=302, headers={"Location": "http://loop.example/feed"}),
            ("unreachable", "redirect_loop"),
        ),
        "to_file": (Answer(status=301, headers={"Location": "file:///etc/passwd"}), ("unreachable", "http_301")),
        "bomb": (
            Answer(gzip.compress(bytes(100_000_000)), type=RSS, headers={"Content-Encoding": "gzip"}),
            ("unreachable", "too_large"),
        ),
        "headers": (Answer(trouble=pour(OK, b"X: " + b"x" * 1000 + b"\r\n", times=5000)), ("unreachable", "too_large")),
        "no_http": (Answer(trouble=pour(b"SSH-2.0-OpenSSH_9.6\r\n")), ("unreachable", "bad_http")),
        **{
            f"not_{name}": (
                Answer(GARBAGE, type=RSS, headers={"Content-Encoding": name}),
                ("unreachable", "undecodable"),
            )
            for name in ("gzip", "br", "zstd")
        },
    }


def host(source: str) -> str:
    return f"{source.replace('_', '-')}.example"


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """One crawl of sources that each have their own trouble, one in which all is well again."""
    cases = one_of_each()
    names = [*cases, "good", "cookie", "truncated", "moved", "forbids", "robots_error", "robots_reset"]
    with Hostile() as web:
        sources = {name: {name: healthy(web, host(name))} for name in names}
        healed = dict(web.routes)
        for name, (answer, _) in cases.items():
            web.routes[f"http://{host(name)}/feed"] = answer
        links = [f"http://truncated.example/{number}" for number in range(1, 6)]
        web.routes |= {"http://truncated.example/feed": Answer(rss(*links)[:-150], type=RSS)}
        web.routes |= {link: article(link) for link in links}
        healed |= {"http://truncated.example/feed": feed(*links)} | {link: article(link) for link in links}
        web.routes["http://moved.example/feed"] = Answer(status=301, headers={"Location": "http://moved.example/new"})
        web.routes["http://moved.example/new"] = feed("http://moved.example/1")
        web.routes["http://cookie.example/feed"] = feed("http://cookie.example/1", Set_Cookie="session=1; Path=/")
        web.routes["http://forbids.example/robots.txt"] = Answer(b"User-agent: *\nDisallow: /")
        web.routes["http://robots-error.example/robots.txt"] = Answer(status=500)
        web.routes["http://robots-reset.example/robots.txt"] = Answer(trouble=reset())
        operator = Operator(tmp_path_factory.mktemp("troubled"), web.address, sources, timeout_seconds=4)
        operator.run("db", "upgrade")
        printed = operator.crawl()
        first, asked = operator.results(), list(web.asked)
        web.routes = healed
        with sqlite3.connect(operator.database) as conn:  # a day later: what robots.txt said is asked for again
            conn.execute("UPDATE host SET robots_at = '2000-01-01 00:00:00' WHERE host != 'forbids.example'")
            conn.execute("UPDATE host SET next_allowed_at = NULL WHERE host = 's503.example'")
        operator.crawl(now=TOMORROW)
        yield SimpleNamespace(web=web, printed=printed, first=first, asked=asked, operator=operator, names=names)


@slow
@pytest.mark.parametrize(("source", "wanted"), [(name, wanted) for name, (_, wanted) in one_of_each().items()])
def test_a_troubled_source_says_what_was_wrong(troubled: Any, source: str, wanted: tuple[str, str]) -> None:
    assert troubled.first[source] == wanted
    result, reason = wanted
    assert f"{source}\t{result} ({reason})\t0 seen, 0 new\t-" in troubled.printed


@slow
def test_trouble_at_one_source_does_not_touch_the_others(troubled: Any) -> None:
    assert troubled.first["good"] == ("ok", "")
    assert troubled.first["moved"] == ("ok", "")
    assert troubled.first["truncated"] == ("ok", "")


@slow
def test_robots_that_forbid_or_fail_keep_us_out(troubled: Any) -> None:
    assert troubled.first["forbids"] == ("refused", "robots")
    assert troubled.first["robots_error"] == ("unreachable", "robots_unreachable")
    assert troubled.first["robots_reset"] == ("unreachable", "cut_off")
    for name in ("forbids", "robots-error", "robots-reset"):
        asked = {one.url for one in troubled.asked if one.host == f"{name}.example"}
        assert asked == {f"http://{name}.example/robots.txt"}


@slow
def test_cookies_are_never_sent_back(troubled: Any) -> None:
    assert len(troubled.web.to("http://cookie.example/1")) == 1
    assert not [one.url for one in troubled.web.asked if one.headers["Cookie"]]


@slow
def test_a_host_that_asked_for_an_hour_is_left_alone(troubled: Any) -> None:
    assert troubled.operator.results()["s429"] == ("not_run", "retry_after")
    assert len(troubled.web.to("http://s429.example/feed")) == 1


@slow
def test_nothing_is_lost_when_all_is_well_again(troubled: Any) -> None:
    results = troubled.operator.results()
    kept_out = {"s429", "s410", "forbids"}
    assert results["s410"] == ("not_run", "retired")
    assert {name for name in troubled.names if results[name][0] not in ("ok", "unchanged")} == kept_out
    articles = troubled.operator.articles()
    assert {f"http://{host(name)}/1" for name in troubled.names} - articles == {
        f"http://{host(name)}/1" for name in kept_out
    }
    assert {f"http://truncated.example/{number}" for number in range(1, 6)} <= articles
    assert {state for state, _ in troubled.operator.items().values()} == {"done"}


# --------------------------------------------------------------------------------------------------------------- pages

CHALLENGE = b"""<!doctype html><html><head><title>Just a moment...</title></head><body>
<div id="cf-wrapper"><h1>Checking your browser before accessing the site</h1>
<noscript>Enable JavaScript and cookies to continue</noscript>
<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></div></body></html>"""
# 2 MB, which held a worker past its 10 s before attributes were bounded; what a time-out costs is in test_workers.py.
ATTRIBUTES = b"<html><body><p " + b" ".join(b"a%d=1" % number for number in range(200_000)) + b">x</p>"


@pytest.fixture(scope="module")
def paged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """One feed whose pages are each bad in their own way, crawled twice."""
    base = "http://pages.example"
    pages = {
        "/good": article("Good"),
        "/pdf": Answer(b"%PDF-1.7\n" + GARBAGE, type="application/pdf"),
        "/pdf-as-html": Answer(b"%PDF-1.7\n" + GARBAGE),
        "/missing": Answer(status=404),
        "/withdrawn": article("Withdrawn"),
        "/challenge": Answer(CHALLENGE),
        "/challenge403": Answer(CHALLENGE, status=403),
        "/empty": Answer(b""),
        "/blank": Answer(b"<html><head><title></title></head><body></body></html>"),
        "/large": Answer(b"<html><body>" + b"<p>words</p>" * 500_000),
        "/bomb": Answer(ATTRIBUTES),
        "/image": Answer(GARBAGE, type="image/jpeg"),
        "/reset": Answer(trouble=reset(OK + b"Content-Length: 9000\r\n\r\n<html>")),
        "/twice": article("Twice"),
        "/last": article("Last"),
    }
    links = [*(base + path for path in pages), f"{base}/twice?utm_source=rss"]
    with Hostile({base + path: answer for path, answer in pages.items()}) as web:
        web.routes[f"{base}/feed"] = feed(*links)
        operator = Operator(
            tmp_path_factory.mktemp("paged"),
            web.address,
            {"pages": {"pages": f"{base}/feed"}},
            max_page_bytes=3_000_000,
        )
        operator.run("db", "upgrade")
        operator.crawl()
        first = operator.items()
        for path in ("/pdf", "/missing", "/challenge403", "/large", "/reset"):
            web.routes[base + path] = article(path)
        web.routes[f"{base}/withdrawn"] = Answer(status=410)
        web.routes[f"{base}/feed"] = feed(*links, title="Corrected")
        operator.crawl(now=TOMORROW)
        yield SimpleNamespace(web=web, operator=operator, first=first, base=base)


@slow
@pytest.mark.parametrize(
    ("path", "wanted"),
    {
        "/good": ("done", "new"),
        "/pdf": ("due", "failed:not_html"),
        "/pdf-as-html": ("due", "failed:not_html"),
        "/missing": ("due", "failed:http_404"),
        "/withdrawn": ("done", "new"),
        "/challenge": ("done", "dropped:challenge"),
        "/challenge403": ("due", "failed:refused"),
        "/empty": ("done", "dropped:empty"),
        "/blank": ("done", "dropped:empty"),
        "/large": ("due", "failed:too_large"),
        "/bomb": ("done", "dropped:empty"),
        "/image": ("due", "failed:not_html"),
        "/reset": ("due", "failed:cut_off"),
        "/twice": ("done", "new"),
        "/twice?utm_source=rss": ("done", "known"),
        "/last": ("done", "new"),
    }.items(),
)
def test_a_bad_page_is_an_outcome_of_its_own(paged: Any, path: str, wanted: tuple[str, str]) -> None:
    assert paged.first[paged.base + path] == wanted


@slow
def test_bad_pages_come_in_once_they_are_well(paged: Any) -> None:
    after = paged.operator.items()
    for path in ("/pdf", "/missing", "/challenge403", "/large", "/reset"):
        assert after[paged.base + path] == ("done", "new"), path
    assert after[f"{paged.base}/good"] == ("done", "unchanged")


@slow
def test_a_withdrawn_article_is_gone_and_kept(paged: Any) -> None:
    assert paged.operator.items()[f"{paged.base}/withdrawn"] == ("done", "gone")
    ((gone,),) = paged.operator.rows("SELECT gone_at FROM article WHERE url LIKE '%/withdrawn'")
    assert gone.startswith("2026-03-23 18:00")
    assert paged.operator.rows("SELECT count(*) FROM article WHERE gone_at IS NOT NULL") == [(1,)]


@slow
def test_the_counts_of_a_run_add_up(paged: Any) -> None:
    for seen, had, new, tries, outcomes, left in paged.operator.rows(
        "SELECT entries_seen, already_had, new_items, tries, outcomes, left_due FROM run"
    ):
        assert seen == had + new == 16
        assert tries == sum(json.loads(outcomes).values())
        assert left >= 0


# ---------------------------------------------------------------------------------------------------------- politeness


@slow
def test_one_host_is_asked_one_thing_at_a_time(tmp_path: Path) -> None:
    delay = 0.2
    with Hostile() as web:
        links = [f"http://polite.example/{number}" for number in range(6)]
        web.routes = {link: article(link) for link in links}
        for number in range(3):
            web.routes[f"http://polite.example/feed{number}"] = feed(*links[2 * number : 2 * number + 2])
        for url, answer in list(web.routes.items()):
            web.routes[url] = Answer(answer.body, type=answer.type, seconds=0.1)
        outlets = {"polite": {f"polite{number}": f"http://polite.example/feed{number}" for number in range(3)}}
        operator = Operator(tmp_path, web.address, outlets, delay_seconds=delay)
        operator.run("db", "upgrade")
        operator.crawl()
        operator.crawl(now=TOMORROW)
        assert len(operator.articles()) == 6
    asked = sorted(web.at("polite.example"), key=lambda one: one.started)
    assert len(asked) == 1 + 3 + 6 + 3
    assert len(web.to("http://polite.example/robots.txt")) == 1, "robots.txt is asked for once a day"
    for earlier, later in itertools.pairwise(asked):
        # The server notes the end of an answer when its thread is next awake, the crawler counts from what it received:
        # so the delay is held between starts, to the letter, and two requests never overlap.
        assert later.started - earlier.started >= delay, (earlier.url, later.url)
        assert later.started > earlier.ended, (earlier.url, later.url)


@slow
@pytest.mark.long
def test_a_busy_host_keeps_its_pages_for_later(tmp_path: Path) -> None:
    with Hostile() as web:
        sources = {name: {name: healthy(web, host(name), pages=6)} for name in ("busy", "down")}
        well = dict(web.routes)
        web.routes["http://busy.example/2"] = Answer(status=429, headers={"Retry-After": "3600"})
        for number in range(1, 7):
            web.routes[f"http://down.example/{number}"] = Answer(trouble=drip(OK + b"\r\n"))
        operator = Operator(tmp_path, web.address, sources, timeout_seconds=3)
        operator.run("db", "upgrade")
        operator.crawl()
        assert len(web.at("busy.example")) == 4, "robots.txt, the feed, one page, and the one that said 429"
        assert len(web.at("down.example")) == 5, "three pages in a row without an answer are enough"
        outcomes = operator.items()
        assert outcomes["http://busy.example/2"] == ("due", "failed:http_429")
        assert outcomes["http://busy.example/3"] == ("due", ""), "nothing was tried, so no try is counted"
        assert outcomes["http://down.example/3"] == ("due", "failed:timeout")
        assert outcomes["http://down.example/4"] == ("due", "")
        web.routes = well
        with sqlite3.connect(operator.database) as conn:
            conn.execute("UPDATE host SET next_allowed_at = NULL")
        operator.crawl(now=TOMORROW)
        assert len(operator.articles()) == 12


# ---------------------------------------------------------------------------------------------------------- validators


@slow
def test_validators_are_saved_only_after_the_entries(tmp_path: Path) -> None:
    stamp = "Sun, 22 Mar 2026 10:00:00 GMT"
    with Hostile() as web:
        sources = {name: {name: healthy(web, host(name))} for name in ("tagged", "plain")}
        web.routes["http://tagged.example/feed"] = feed("http://tagged.example/1", ETag='"one"', Last_Modified=stamp)
        operator = Operator(tmp_path, web.address, sources)
        operator.run("db", "upgrade")
        with sqlite3.connect(operator.database) as conn:
            conn.execute(
                "CREATE TRIGGER full BEFORE INSERT ON item BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
        assert one_line(operator.crawl(code=1)) == (
            "khazri: the disk is full; nothing of this batch was stored, free some space and run again"
        )
        assert set(operator.results().values()) <= {("not_run", "store"), ("not_run", "interrupted")}
        assert operator.items() == {}
        with sqlite3.connect(operator.database) as conn:
            conn.execute("DROP TRIGGER full")
        operator.crawl()
        assert not [one for one in web.asked if one.headers["If-None-Match"]], "nothing was stored, nothing may be 304"
        assert len(operator.articles()) == 2
        operator.crawl(now=TOMORROW)
        assert operator.results() == {"tagged": ("unchanged", "304"), "plain": ("unchanged", "same body")}
        last = web.to("http://tagged.example/feed")[-1].headers
        assert (last["If-None-Match"], last["If-Modified-Since"]) == ('"one"', stamp)
        assert len(web.to("http://tagged.example/1")) == 1
        assert operator.rows("SELECT count(*) FROM revision") == [(2,)]


# ------------------------------------------------------------------------------------------------------------ the guard


def guard(proxy: str = "") -> GuardMiddleware:
    crawl = SimpleNamespace(config=SimpleNamespace(proxy=proxy))
    return GuardMiddleware(SimpleNamespace(spider=SimpleNamespace(crawl=crawl)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://10.0.0.1/", "http://2130706433/"]
)
def test_the_guard_refuses_private_addresses(url: str) -> None:
    with pytest.raises(Refused) as refused:
        guard().process_request(Request(url))
    assert refused.value.reason == "forbidden_address"
    request = Request(url)
    guard("http://127.0.0.1:3128").process_request(request)
    assert request.meta["proxy"] == "http://127.0.0.1:3128"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://ftp.example.org/", "data:text/html,x"])
def test_the_guard_knows_two_schemes(url: str) -> None:
    for proxy in ("", "http://127.0.0.1:3128"):
        with pytest.raises(Refused):
            guard(proxy).process_request(Request(url))


def test_the_guard_looks_at_the_peer_and_the_resolved_name() -> None:
    request = Request("http://rebinding.example/")
    assert guard().process_response(request, Response(request.url, ip_address="93.184.216.34"))  # type: ignore[arg-type]
    with pytest.raises(Refused):
        guard().process_response(request, Response(request.url, ip_address="127.0.0.1"))  # type: ignore[arg-type]
    assert GuardedResolver._check("93.184.216.34", "a.example") == "93.184.216.34"
    with pytest.raises(DNSLookupError):
        GuardedResolver._check("169.254.169.254", "a.example")
    assert not is_public("::ffff:10.0.0.1")


def test_retry_after_in_all_its_forms() -> None:
    now = datetime(2026, 10, 21, 7, 0, tzinfo=UTC)

    def asked(value: str | None) -> float | None:
        return retry_after(Response("http://a.example/", 503, headers={"Retry-After": value} if value else {}), now)

    assert asked("120") == 120
    assert asked(" 0 ") == 0
    assert asked("9" * 400) == 999_999_999
    assert asked("Wed, 21 Oct 2026 07:28:00 GMT") == 28 * 60
    assert asked("Wednesday, 21-Oct-26 07:28:00 GMT") == 28 * 60
    assert asked("Wed Oct 21 07:28:00 2026") == 28 * 60
    assert asked("Wed, 21 Oct 2026 11:28:00 +0400") == 28 * 60
    for garbage in (None, "-5", "1.5", "٣", "soon", "Wed, 21 Oct 2026 06:28:00 GMT", "Wed, 99 Oct 2026"):
        assert asked(garbage) is None, garbage


@slow
def test_private_addresses_are_not_asked_without_a_proxy(tmp_path: Path) -> None:
    with Hostile() as web:
        port = web.address.rpartition(":")[2]
        places = {"ip": "127.0.0.1", "number": "2130706433", "name": "localhost"}
        sources = {name: {name: f"http://{place}:{port}/feed"} for name, place in places.items()}
        operator = Operator(tmp_path, "", sources)
        operator.run("db", "upgrade")
        operator.crawl()
        assert operator.results() == dict.fromkeys(places, ("refused", "forbidden_address"))
        assert web.asked == []


def test_winding_up_is_not_torn_by_a_cancellation() -> None:
    """A SIGTERM, or two, while a crawl winds up: its workers are closed and its runs stored before it ends."""
    done = []

    async def wind_up() -> None:
        await asyncio.sleep(0.05)
        done.append(True)

    async def main() -> None:
        task = asyncio.create_task(_to_its_end(wind_up()))
        for _ in range(2):
            await asyncio.sleep(0.01)
            task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert done == [True]


def test_what_winding_up_raises_comes_out() -> None:
    async def wind_up() -> None:
        raise StoreError("locked")

    with pytest.raises(StoreError, match="locked"):
        asyncio.run(_to_its_end(wind_up()))
