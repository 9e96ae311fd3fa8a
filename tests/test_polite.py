"""Politeness and identity over HTTP: hosts, back-off, moved and retired sources, pages looked at again."""

from __future__ import annotations

import asyncio
import csv
import io
import itertools
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import create_engine, text

from crawler.hosts import LONGEST_PUSHBACK_SECONDS, Answered, HostGate, pushback_seconds
from models.config import Politeness
from models.gate import Gate
from models.store import Store
from tests.conftest import make_postgres
from tests.hostile import NOW, TOMORROW, Answer, Asked, Hostile, Operator, article, feed, healthy

pytestmark = pytest.mark.long

HOST = "http://polite.example"
DELAY = 0.3  # seconds; well over what two processes differ in telling the time
START = datetime(2026, 3, 22, 18, tzinfo=UTC)


def later(**more: float) -> str:
    return (START + timedelta(**more)).isoformat()


# --- one gate a host ----------------------------------------------------------------------------------------------


def four_sources(web: Hostile, folder: Path) -> Operator:
    """Two feeds and two listings, all on one host, with two pages each; every answer takes a while."""
    collect: list[dict[str, Any]] = []
    for number in range(4):
        links = [f"{HOST}/{number}/page-{place}" for place in (1, 2)]
        web.routes |= {link: article(f"Quay {link}") for link in links}
        anchors = "".join(f'<p><a class="x" href="{link}">A headline of some words</a></p>' for link in links)
        if number < 2:
            web.routes[f"{HOST}/{number}/feed"] = feed(*links)
            collect.append({"id": f"s{number}", "feed": f"{HOST}/{number}/feed"})
        else:
            web.routes[f"{HOST}/{number}/list"] = Answer(f"<html><body>{anchors}</body></html>".encode())
            collect.append({"id": f"s{number}", "listing": f"{HOST}/{number}/list", "selectors": {"link": "a.x"}})
    for url, answer in list(web.routes.items()):
        web.routes[url] = Answer(answer.body, type=answer.type, seconds=0.1)
    operator = Operator(folder, web.address, {"a": {"a": f"{HOST}/x"}}, delay_seconds=DELAY)
    content = yaml.safe_load(operator.config.read_text(encoding="utf-8"))
    content["outlets"]["a"]["collect"] = collect
    operator.config.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return operator


def assert_polite(asked: list[Asked]) -> None:
    ordered = sorted(asked, key=lambda one: one.started)
    assert len(ordered) == 1 + 4 + 8, [one.url for one in ordered]
    assert len([one for one in ordered if one.url.endswith("/robots.txt")]) == 1, "robots.txt once a day a host"
    for earlier, after in itertools.pairwise(ordered):
        assert after.started > earlier.ended, f"{earlier.url} and {after.url} overlap"
        assert after.started - earlier.started >= DELAY, f"{after.url} came too soon"


def test_four_sources_of_three_kinds_share_one_gate(tmp_path: Path) -> None:
    with Hostile() as web:
        operator = four_sources(web, tmp_path)
        operator.run("db", "upgrade")
        operator.crawl()
        assert_polite(web.asked)
        assert len(operator.articles()) == 8


def test_two_processes_on_one_postgresql_share_it_too(postgres: str, tmp_path: Path) -> None:
    address = make_postgres(postgres, "two_crawls")
    with Hostile() as web:
        operator = four_sources(web, tmp_path)
        operator.env["KHAZRI_DATABASE"] = address
        operator.run("db", "upgrade")
        pairs = (("s0", "s2"), ("s1", "s3"))
        both = [operator.start("crawl", *pair, "--now", NOW) for pair in pairs]
        for process in both:
            _, said = process.communicate(timeout=120)
            assert process.returncode == 0, said
        assert_polite(web.asked)
        first_pages = [one.started for one in web.asked if "/page-" in one.url]
        assert len(first_pages) == 8
    engine = create_engine(address)
    with engine.connect() as conn:
        assert conn.execute(text("SELECT count(*) FROM article")).scalar_one() == 8
        assert conn.execute(text("SELECT count(*) FROM host WHERE holder IS NOT NULL")).scalar_one() == 0
    engine.dispose()


# --- back-off -----------------------------------------------------------------------------------------------------


def rest_of(operator: Operator, host: str) -> tuple[float, int]:
    """(seconds until the host may be asked again, answers 429 or 503 in a row)."""
    ((until, pushbacks),) = operator.rows("SELECT next_allowed_at, pushbacks FROM host WHERE host = ?", host)
    return (datetime.fromisoformat(until).replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds(), pushbacks


def forgive(operator: Operator) -> None:
    """Let the time pass that hosts asked for."""
    with sqlite3.connect(operator.database) as conn:
        conn.execute("UPDATE host SET next_allowed_at = NULL")


def test_a_busy_host_is_left_alone_longer_each_time(tmp_path: Path) -> None:
    with Hostile() as web:
        sources = {name: {name: healthy(web, f"{name}.example")} for name in ("plain", "dated", "robots", "page")}
        well = dict(web.routes)
        begun = time.monotonic()
        in_two_hours = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
        web.routes["http://plain.example/feed"] = Answer(status=503, headers={"Retry-After": "soon"})
        web.routes["http://dated.example/feed"] = Answer(status=429, headers={"Retry-After": in_two_hours})
        web.routes["http://robots.example/robots.txt"] = Answer(status=429, headers={"Retry-After": "7200"})
        web.routes["http://page.example/1"] = Answer(status=429, headers={"Retry-After": "7200"})
        operator = Operator(tmp_path, web.address, sources)
        operator.run("db", "upgrade")
        operator.crawl()
        for name, seconds in {"plain": 60, "dated": 7200, "robots": 7200, "page": 7200}.items():
            rest, pushbacks = rest_of(operator, f"{name}.example")
            assert seconds - (time.monotonic() - begun) - 1 <= rest <= seconds, name
            assert pushbacks == 1, name
        for number in (2, 3):
            forgive(operator)
            begun = time.monotonic()
            operator.crawl("plain")
            rest, pushbacks = rest_of(operator, "plain.example")
            seconds = 60 * 2 ** (number - 1)
            assert seconds - (time.monotonic() - begun) <= rest <= seconds
            assert pushbacks == number
        assert len(web.to("http://plain.example/feed")) == 3
        operator.crawl("plain")
        assert len(web.to("http://plain.example/feed")) == 3, "it is resting"
        assert operator.results()["plain"] == ("not_run", "retry_after")
        forgive(operator)
        web.routes = well
        operator.crawl("plain")
        assert rest_of(operator, "plain.example")[1] == 0, "a good answer ends it"


def test_the_longest_rest() -> None:
    assert [pushback_seconds(number) for number in (0, 1, 2, 3, 9)] == [60, 60, 120, 240, 60 * 256]
    assert pushback_seconds(10) == pushback_seconds(10_000) == LONGEST_PUSHBACK_SECONDS


def pushed(store: Store, *answers: Answered | None) -> int:
    async def ask() -> None:
        hosts = HostGate(Gate(store), Politeness("KhazriTest/1.0", 0.0, 5, 1_000_000, 1_000_000), "me")
        for answered in answers:
            await hosts.hold("http://a.example/1")
            await hosts.release("http://a.example/1", answered)
        await hosts.release_all()

    asyncio.run(ask())
    return Gate(store).pushbacks("a.example")


def test_pushbacks_in_a_row(store: Store) -> None:
    at_once = Answered(True, 0.0)
    assert pushed(store, at_once, at_once) == 2
    assert pushed(store, None) == 2, "no answer teaches nothing"
    assert pushed(store, at_once) == 3, "over crawls"
    assert pushed(store, Answered(False), at_once) == 1
    assert pushed(store, Answered(False)) == 0


# --- moved and retired --------------------------------------------------------------------------------------------


def row_of(operator: Operator, source: str) -> dict[str, Any]:
    with sqlite3.connect(operator.database) as conn:
        conn.row_factory = sqlite3.Row
        return dict(conn.execute("SELECT * FROM source WHERE source = ?", (source,)).fetchone())


@pytest.fixture
def moving(tmp_path: Path) -> Iterator[tuple[Hostile, Operator]]:
    with Hostile() as web:
        new = healthy(web, "new.example")
        web.routes[new] = feed("http://new.example/1", ETag='"one"')
        web.routes["http://old.example/feed"] = Answer(status=301, headers={"Location": new})
        operator = Operator(tmp_path, web.address, {"old": {"old": "http://old.example/feed"}})
        operator.run("db", "upgrade")
        yield web, operator


def test_a_source_that_moved_is_asked_at_its_new_address(moving: tuple[Hostile, Operator]) -> None:
    web, operator = moving
    for hour in range(3):
        operator.crawl(now=later(hours=hour))
    row = row_of(operator, "old")
    assert (row["moved_to"], row["moved_agreed"]) == ("http://new.example/feed", 3), "two of them were a 304"
    assert row["reason"] == "304; moved to http://new.example/feed: put it into config"
    operator.crawl(now=later(hours=3))
    assert len(web.to("http://old.example/feed")) == 3
    last = web.to("http://new.example/feed")[-1]
    assert last.headers["If-None-Match"] == '"one"', "the validators are the new address's"
    assert operator.results()["old"] == ("unchanged", "304; moved to http://new.example/feed: put it into config")
    # gone from there as well: the one of config is asked again
    del web.routes["http://new.example/feed"]
    operator.crawl(now=later(hours=4))
    assert operator.results()["old"] == ("unreachable", "http_404")
    web.routes["http://old.example/feed"] = feed("http://new.example/1")
    operator.crawl(now=later(hours=5))
    assert operator.results()["old"] == ("ok", ""), "after a failure the same bytes are read once more"
    assert row_of(operator, "old")["moved_to"] is None


def test_a_temporary_redirect_moves_nothing(moving: tuple[Hostile, Operator]) -> None:
    web, operator = moving
    web.routes["http://old.example/feed"] = Answer(status=302, headers={"Location": "http://new.example/feed"})
    for hour in range(4):
        operator.crawl(now=later(hours=hour))
    assert len(web.to("http://old.example/feed")) == 4
    assert row_of(operator, "old")["moved_to"] is None


def test_another_address_in_config_forgets_what_was_learned(moving: tuple[Hostile, Operator]) -> None:
    _, operator = moving
    for hour in range(3):
        operator.crawl(now=later(hours=hour))
    written = operator.config.read_text(encoding="utf-8")
    operator.config.write_text(written.replace("http://old.example/feed", "http://new.example/feed"), encoding="utf-8")
    operator.crawl(now=later(hours=3))
    row = row_of(operator, "old")
    assert (row["address"], row["moved_to"], row["moved_agreed"]) == ("http://new.example/feed", None, 0)
    assert (row["state"], row["reason"]) == ("ok", "")


def test_a_source_that_is_gone_is_retired_until_it_is_named(tmp_path: Path) -> None:
    with Hostile() as web:
        sources = {name: {name: healthy(web, f"{name}.example")} for name in ("gone", "well", "soft", "shut")}
        well = dict(web.routes)
        operator = Operator(tmp_path, web.address, sources)
        operator.run("db", "upgrade")
        web.routes |= {
            f"http://{name}.example/feed": Answer(status=status)
            for name, status in {"gone": 410, "soft": 404, "shut": 403}.items()
        }
        operator.crawl()
        assert row_of(operator, "gone")["retired_at"].startswith("2026-03-22 18:00")
        assert row_of(operator, "soft")["retired_at"] is None
        assert row_of(operator, "soft")["failing_since"].startswith("2026-03-22 18:00")
        assert row_of(operator, "shut")["interval_minutes"] == 1440, "a refusal is respected for a day"
        web.routes = well
        operator.crawl(now=TOMORROW)
        assert operator.results()["gone"] == ("not_run", "retired")
        assert len(web.to("http://gone.example/feed")) == 1
        assert operator.results()["soft"][0] == "ok"
        assert row_of(operator, "soft")["failing_since"] is None
        operator.crawl("gone", now=TOMORROW)
        assert operator.results()["gone"] == ("ok", "")
        row = row_of(operator, "gone")
        assert (row["retired_at"], row["failures"], row["failing_since"]) == (None, 0, None)


# --- pages looked at again ----------------------------------------------------------------------------------------


def report(operator: Operator, *arguments: str) -> dict[str, dict[str, str]]:
    written = operator.run("report", "articles", *arguments)
    return {row["url"].rpartition("/")[2]: row for row in csv.DictReader(io.StringIO(written))}


def test_pages_are_looked_at_again_and_reports_tell(tmp_path: Path) -> None:
    with Hostile() as web:
        address = healthy(web, "a.example", pages=4)
        web.routes["http://a.example/1"] = Answer(
            article("Quay 1").body.replace(b"</article>", b"<p>This page has had 1 024 views.</p></article>")
        )
        operator = Operator(tmp_path, web.address, {"a": {"a": address}}, recheck_hours=[24, 168])
        operator.run("db", "upgrade")
        operator.crawl()
        operator.crawl(now=later(hours=23))
        assert len(web.to("http://a.example/1")) == 1
        web.routes["http://a.example/1"] = Answer(web.routes["http://a.example/1"].body.replace(b"1 024", b"4 096"))
        web.routes["http://a.example/2"] = Answer(
            web.routes["http://a.example/2"].body.replace(b"Quay http", b"Harbour http")
        )
        web.routes["http://a.example/3"] = Answer(status=404)
        web.routes["http://a.example/4"] = Answer(status=302, headers={"Location": "http://a.example/"})
        web.routes["http://a.example/"] = article("The home page")
        said = operator.crawl(now=TOMORROW)
        assert "1 changed, 2 gone, 1 unchanged" in said
        told = {name: (row["changed"], row["gone"]) for name, row in report(operator).items()}
        assert told["1"] == ("", "")
        assert told["2"][0].startswith("headline")
        assert told["3"] == told["4"] == ("", "2026-03-23T22:00:00+04:00")
        before = report(operator, "--as-of", later(hours=23))
        assert {(row["changed"], row["gone"]) for row in before.values()} == {("", "")}
        operator.crawl(now=TOMORROW)
        assert len(web.to("http://a.example/1")) == 2, "once"
        operator.crawl(now=later(days=8))
        assert len(web.to("http://a.example/1")) == 3
        operator.crawl(now=later(days=30))
        assert len(web.to("http://a.example/1")) == 3


# --- one article once ---------------------------------------------------------------------------------------------


def test_one_article_under_many_addresses(tmp_path: Path) -> None:
    """Tracking, AMP, mobile and print forms, https, a slash, a redirect and a canonical link: one article."""
    base = "http://site.example/news/cable-1"
    with Hostile() as web:
        body = article("Quay").body
        named = Answer(body.replace(b"<title>", f'<link rel="canonical" href="{base}"><title>'.encode()))
        web.routes = {base: Answer(body), "http://site.example/?p=17": Answer(status=301, headers={"Location": base})}
        web.routes["http://site.example/short-link"] = named
        links = (
            base, f"{base}/?utm_source=rss", f"{base}/amp", "http://m.site.example/news/cable-1", f"{base}?print=1",
            f"{base}#comments", "http://www.site.example/news/cable-1/", "http://site.example/?p=17",
            "http://site.example/short-link",
        )  # fmt: skip
        sources = {}
        for number, link in enumerate(links):
            web.routes[f"http://site.example/feed{number}"] = feed(link)
            sources[f"s{number}"] = f"http://site.example/feed{number}"
        operator = Operator(tmp_path, web.address, {"site": sources})
        operator.run("db", "upgrade")
        operator.crawl()
        operator.crawl(now=TOMORROW)  # forms on other hosts waited for the first one's end
        assert operator.articles() == {base}
        outcomes = sorted(outcome for _, outcome in operator.items().values())
        assert outcomes == ["known"] * (len(outcomes) - 1) + ["new"]
        asked = {one.url for one in web.asked if "feed" not in one.url and "robots" not in one.url}
        assert asked == {base, "http://site.example/?p=17", "http://site.example/short-link"}, "one form is enough"
        assert operator.rows("SELECT count(*) FROM revision") == [(1,)]
