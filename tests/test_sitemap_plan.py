"""What of a sitemap is asked for and taken: the decisions, without a network."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from crawler.sitemapplan import (
    FIRST_ENTRIES,
    MOST_ENTRIES,
    Child,
    Memory,
    due_children,
    load,
    pick,
    stamp,
    when_of,
    without_build_time,
)
from models.article import Located, Sitemap
from models.dates import KnownDate, parse_date

NOW = datetime(2026, 3, 22, 18, tzinfo=UTC)
SITE = "https://a.example"


def known(text: str, origin: str = "sitemap") -> KnownDate | None:
    return parse_date(text, origin=origin) if text else None


def at(path: str, changed: str = "", published: str = "") -> Located:
    return Located(f"{SITE}/{path}", known(changed), "", known(published, "sitemap news"))


def order(*children: Located, memory: Memory | None = None, now: datetime = NOW) -> list[str]:
    due = due_children(children, memory or Memory(), now).children
    return [child.link.removeprefix(f"{SITE}/") for child in due]


def picked(*pages: Located, memory: Memory, now: datetime = NOW, fresh: bool = False, url: str = "s") -> list[str]:
    found = pick([(url, Sitemap(pages))], {url} if fresh else set(), memory, now)
    return [entry.link.removeprefix(f"{SITE}/") for entry in found.entries]


@pytest.mark.parametrize(
    "children",
    [  # each in the order in which they are to be asked
        [at("b.xml", "2026-03-22"), at("a.xml", "2026-03-21")],
        [at("sitemap-2026-03.xml"), at("sitemap-2026-02.xml"), at("sitemap-2026-01.xml")],
        [at("archive_az_2026_03.xml"), at("archive_az_2026_02.xml")],
        [at("articles-2026-W12.xml"), at("articles-2026-W11.xml"), at("articles-2026-W09.xml")],
        [at("sitemap-news-206_en.xml"), at("sitemap-news-205_en.xml"), at("sitemap-news-9_en.xml")],
        [at("news.xml?p=13"), at("news.xml?p=2"), at("news.xml?p=1")],
        [at("news-sitemap.xml"), at("sitemap-2026.xml"), at("pages.xml")],
        [at("latest.xml.gz"), at("5_8.xml.gz"), at("5_7.xml.gz")],
    ],
)
def test_the_newest_children_first(children: list[Located]) -> None:
    wanted = [child.link.removeprefix(f"{SITE}/") for child in children]
    assert order(*children) == wanted
    assert order(*reversed(children)) == wanted


def test_the_last_one_first_where_nothing_else_tells() -> None:
    assert order(at("a.xml"), at("b.xml"), at("c.xml")) == ["c.xml", "b.xml", "a.xml"]


def test_old_children_are_never_asked() -> None:
    assert order(at("a.xml", "2026-03-01"), at("sitemap-2025.xml"), at("archive/2025/11/30/s.xml")) == []
    # 02 may be a running number; only a year that is over says that nothing new is in it
    assert order(at("sitemap-2026-02.xml")) == ["sitemap-2026-02.xml"]


def test_which_children_are_asked_again() -> None:
    memory = Memory(since=NOW - timedelta(days=20))
    asked = NOW - timedelta(hours=2)
    child = at("a.xml", "2026-03-22T10:00:00Z")

    def again(listed: Located, **said: object) -> bool:
        memory.children = {listed.link: Child(asked=asked, **said)}  # type: ignore[arg-type]
        return bool(order(listed, memory=memory))

    assert not again(child, lastmod=stamp(child))
    assert again(child, lastmod="before")
    assert again(at("a.xml"), newest=NOW - timedelta(days=13))
    assert not again(at("a.xml"), newest=NOW - timedelta(days=15))
    assert not again(at("a.xml"))
    assert again(at("a.xml"), index=True)
    assert not again(child, lastmod="before", liar=True)  # it was called changed, and was not
    asked = NOW - timedelta(days=2)
    assert again(at("a.xml"))
    assert not again(at("a.xml"), still=1)
    asked = NOW - timedelta(days=8)
    assert again(at("a.xml"), still=9)


def test_the_best_date_of_an_address() -> None:
    day = datetime(2026, 3, 20, tzinfo=UTC)
    assert when_of(at("news/1", "2026-03-22", "2026-03-20")) == day
    assert when_of(at("2026/03/20/slug", "2026-03-22")) == day
    assert when_of(at("news/20260320-slug", "2026-03-22")) == day
    assert when_of(at("news/in-2019-05-12-it-was", "2026-03-20")) == day  # a slug's words are no date
    assert when_of(at("2026/02/31/slug")) is None
    assert when_of(at("news/1")) is None


def test_a_change_never_becomes_the_publication() -> None:
    entries = pick([("s", Sitemap((at("1", "2026-03-22"), at("2", "", "2026-03-22"))))], set(), Memory(), NOW).entries
    assert entries[0].published is None
    assert entries[1].published is not None
    assert entries[1].published.origin == "sitemap news"


def test_the_window() -> None:
    memory = Memory()
    assert picked(at("1", "2026-03-22"), at("2", "2026-03-19"), at("3", "2026-03-18"), memory=memory) == ["1", "2"]
    # what the first poll left out stays out, later pages stay in for the time of an outage
    later = NOW + timedelta(days=10)
    assert picked(at("1", "2026-03-22"), at("3", "2026-03-18"), memory=memory, now=later) == ["1"]
    assert picked(at("1", "2026-03-22"), memory=memory, now=later + timedelta(days=6)) == []


def test_a_first_poll_is_as_long_as_a_feed_and_what_it_cut_does_not_come_back() -> None:
    memory = Memory()
    pages = [at(str(n), (NOW - timedelta(minutes=n)).isoformat()) for n in range(300)]
    assert picked(*pages, memory=memory) == [str(n) for n in range(FIRST_ENTRIES)]
    assert picked(*pages, memory=memory) == [str(n) for n in range(FIRST_ENTRIES)]
    assert picked(at("new", "2026-03-22"), at("old", "2026-03-21"), memory=memory) == ["new"]  # the day is not over


def test_undated_addresses_over_the_limit_come_next_time() -> None:
    memory = Memory()
    picked(at("1"), memory=memory)
    pages = [at(str(n)) for n in range(1, MOST_ENTRIES + 11)]
    assert len(picked(*pages, memory=memory)) == MOST_ENTRIES
    assert not memory.settled
    assert picked(*pages, memory=memory) == [str(n) for n in range(10, 1, -1)]
    assert picked(*pages, memory=memory) == []


def test_an_undated_sitemap_first_looked_into_later() -> None:
    for fresh, wanted in ((False, []), (True, ["1"])):
        memory = Memory(since=NOW)
        assert picked(at("1"), memory=memory, fresh=fresh) == wanted
        assert picked(at("1"), at("2"), memory=memory, fresh=fresh) == ["2"]


def test_build_times() -> None:
    same = [at(str(n), "2026-03-22T10:00:00Z") for n in range(30)]
    assert all(page.changed is None for page in without_build_time(same))
    assert without_build_time(same[:10]) == same[:10]
    a_busy_day = [at(str(n), "2026-03-22") for n in range(300)]
    assert without_build_time(a_busy_day) == a_busy_day


def test_the_memory_survives_the_store() -> None:
    memory = Memory()
    memory.children = {f"{SITE}/a.xml": Child(lastmod="x", etag='"1"', asked=NOW, newest=NOW, still=2, liar=True)}
    picked(at("1"), at("2"), memory=memory, url=f"{SITE}/a.xml")
    assert load(json.loads(json.dumps(memory.dump()))) == memory
    assert load({}) == Memory()


def test_what_is_remembered_has_an_end() -> None:
    memory = Memory(since=NOW)
    for number in range(30):
        url = f"{SITE}/{number}.xml"
        memory.children[url] = Child(asked=NOW, newest=NOW if number == 29 else None)
        memory.had[url] = {bytes([number, *place.to_bytes(4)]) for place in range(5_000)}
    dumped = json.dumps(memory.dump())
    assert len(dumped) < 1_000_000
    assert f"{SITE}/29.xml" in load(json.loads(dumped)).had
