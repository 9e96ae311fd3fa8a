"""The store at one ledger number: what was current then, in an order that does not depend on insertion."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from models.errors import StoreError
from models.queries import BATCH, ArticleFilter, OutletAt, Snapshot, snapshot
from models.store import connect
from tests.shelf import Shelf, commit_time

DAY = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def shelf(database: str) -> Iterator[Shelf]:
    """An empty store on each database."""
    engine = connect(database)
    yield Shelf(engine)
    engine.dispose()


def titles(at: Snapshot, only: ArticleFilter | None = None) -> list[str]:
    return [article.title for article in at.articles(only or ArticleFilter())]


def test_an_empty_store_has_number_zero_and_nothing(shelf: Shelf) -> None:
    with snapshot(shelf.engine) as at:
        assert (at.number, titles(at), list(at.entity_counts(ArticleFilter()))) == (0, [], [])


def test_as_of_is_the_last_commit_at_or_before_the_time(shelf: Shelf) -> None:
    shelf.article("report", "first", DAY, since=2)
    shelf.article("report", "second", DAY, since=5)
    for when, number, seen in (
        (commit_time(2) - MINUTE, 0, []),
        (commit_time(2), 2, ["first"]),
        (commit_time(5) - MINUTE, 2, ["first"]),
        (commit_time(5), 5, ["first", "second"]),
        (None, 5, ["first", "second"]),
    ):
        with snapshot(shelf.engine, when) as at:
            assert (at.number, titles(at)) == (number, seen)


def test_a_superseded_fact_is_seen_before_and_not_after(shelf: Shelf) -> None:
    article = shelf.article("report", "A", DAY)
    shelf.mention(article, "azertelecom", since=2, until=4)
    shelf.mention(article, "kazakhtelecom", since=4)
    shelf.topic(article, "cable", "passing", since=2, until=4)
    shelf.topic(article, "cable", "primary", since=4)
    seen = {}
    for number in (1, 2, 3, 4):
        with snapshot(shelf.engine, commit_time(number)) as at:
            (found,) = at.articles(ArticleFilter())
            seen[number] = ([m.entity.id for m in found.mentions], [t.role for t in found.topics])
            assert [c.id for c in at.entity_counts(ArticleFilter())] == seen[number][0]
    assert seen == {
        1: ([], []),
        2: (["azertelecom"], ["passing"]),
        3: (["azertelecom"], ["passing"]),
        4: (["kazakhtelecom"], ["primary"]),
    }


def test_title_and_date_come_from_the_revision_current_then(shelf: Shelf) -> None:
    article = shelf.article("report", "before", DAY, since=1)
    shelf.revision(article, 2, "after", DAY + timedelta(days=3), since=3, language="az")
    with snapshot(shelf.engine, commit_time(2)) as at:
        (old,) = at.articles(ArticleFilter())
    with snapshot(shelf.engine) as at:
        (new,) = at.articles(ArticleFilter())
    assert (old.title, old.published, old.language, old.revisions) == ("before", DAY, "en", 1)
    assert (new.title, new.published, new.language, new.revisions) == ("after", DAY + timedelta(days=3), "az", 2)


def test_an_outlet_keeps_its_name_of_then(shelf: Shelf) -> None:
    shelf.outlet("report", "Report", since=1, until=5)
    shelf.outlet("report", "Report Agency", since=5, own=True, tier=2, country="KZ")
    shelf.article("report", "A", DAY)
    with snapshot(shelf.engine, commit_time(4)) as at:
        assert [a.outlet for a in at.articles(ArticleFilter())] == [OutletAt("report", "Report", "AZ", 1, False)]
    with snapshot(shelf.engine, commit_time(5)) as at:
        assert [a.outlet for a in at.articles(ArticleFilter())] == [OutletAt("report", "Report Agency", "KZ", 2, True)]


def test_an_outlet_that_config_never_described_is_its_id(shelf: Shelf) -> None:
    shelf.article("unlisted:x.example", "A", DAY)
    with snapshot(shelf.engine) as at:
        (found,) = at.articles(ArticleFilter())
    assert found.outlet == OutletAt("unlisted:x.example", "unlisted:x.example")


def test_order_is_publication_outlet_address_whatever_the_insertion(shelf: Shelf) -> None:
    shelf.article("report", "undated", None)
    shelf.article("report", "later", DAY + MINUTE)
    shelf.article("trend", "T", DAY)
    for url in ("https://r.example/ə", "https://r.example/a", "https://r.example/Z", "https://r.example/_"):
        shelf.article("report", url[-1], DAY, url=url)
    with snapshot(shelf.engine) as at:
        assert titles(at) == ["Z", "_", "a", "ə", "T", "later", "undated"]  # code points, not a locale's alphabet


def test_ambiguous_mentions_and_decoys_are_counted_nowhere_and_kept_aside(shelf: Shelf) -> None:
    article = shelf.article("report", "A", DAY)
    shelf.mention(article, "azertelecom")
    shelf.mention(article, "ttk_russia", decoy=True)
    shelf.mention(article, "kaztranscom", ambiguous=True)
    with snapshot(shelf.engine) as at:
        (counted,) = at.articles(ArticleFilter())
        (aside,) = at.articles(ArticleFilter(), set_aside=True)
        assert [c.id for c in at.entity_counts(ArticleFilter())] == ["azertelecom"]
        assert titles(at, ArticleFilter(entities=("ttk_russia", "kaztranscom"))) == []
    assert [m.entity.id for m in counted.mentions] == ["azertelecom"]
    assert [m.entity.id for m in aside.mentions] == ["kaztranscom", "ttk_russia"]


def test_mentions_come_as_one_reads(shelf: Shelf) -> None:
    article = shelf.article("report", "A", DAY)
    for part, start in (("text", 40), ("text", 5), ("title", 9)):
        shelf.mention(article, "azertelecom", part=part, start=start, end=start + 11)
    with snapshot(shelf.engine) as at:
        (found,) = at.articles(ArticleFilter())
    assert [(m.part, m.start) for m in found.mentions] == [("title", 9), ("text", 5), ("text", 40)]


def test_filters(shelf: Shelf) -> None:
    a = shelf.article("report", "a", DAY, language="az")
    b = shelf.article("trend", "b", DAY)
    c = shelf.article("trend", "c", None)
    shelf.topic(a, "cable", "primary")
    shelf.topic(b, "cable", "passing")
    shelf.topic(c, "cable", "none")
    shelf.mention(b, "azertelecom")
    with snapshot(shelf.engine) as at:
        assert titles(at, ArticleFilter(topics=("cable",))) == ["a", "b"]
        assert titles(at, ArticleFilter(topics=("cable",), roles=("primary",))) == ["a"]
        assert titles(at, ArticleFilter(roles=("passing",))) == ["b"]
        assert titles(at, ArticleFilter(entities=("azertelecom",))) == ["b"]
        assert titles(at, ArticleFilter(mentioned=True)) == ["b"]
        assert titles(at, ArticleFilter(outlets=("trend",))) == ["b", "c"]
        assert titles(at, ArticleFilter(languages=("az", "ru"))) == ["a"]
        assert titles(at, ArticleFilter(after=DAY, before=DAY + MINUTE)) == ["a", "b", "c"]
        assert titles(at, ArticleFilter(after=DAY, before=DAY + MINUTE, undated=False)) == ["a", "b"]
        assert titles(at, ArticleFilter(after=DAY + MINUTE, undated=False, also=(DAY,))) == ["a", "b"]
        assert titles(at, ArticleFilter(undated=False)) == ["a", "b"]
        assert {(c.id, c.mentions) for c in at.topic_counts(ArticleFilter())} == {("cable", None)}
        assert len(list(at.topic_counts(ArticleFilter()))) == 2


def test_articles_a_reader_has_had(shelf: Shelf) -> None:
    told, failed, other, today = (shelf.article("report", name, DAY) for name in ("told", "failed", "other", "today"))
    shelf.delivery("ana", "2026-03-05", "sent", (told,))
    shelf.delivery("ana", "2026-03-06", "refused", (failed,))
    shelf.delivery("bob", "2026-03-05", "unknown", (other,))
    shelf.delivery("ana", "2026-03-07", "sent", (today,))
    with snapshot(shelf.engine) as at:
        assert titles(at, ArticleFilter(not_had_by=("ana", "2026-03-07"))) == ["failed", "other", "today"]
        assert titles(at, ArticleFilter(not_had_by=("bob", "2026-03-07"))) == ["failed", "today", "told"]
        assert at.has_had_mail("ana", "2026-03-06")
        assert not at.has_had_mail("ana", "2026-03-05")
        assert not at.has_had_mail("eve", "2026-03-07")


def test_mails_that_were_interrupted(shelf: Shelf) -> None:
    for day, state in (("2026-03-05", "sent"), ("2026-03-06", "claimed"), ("2026-03-07", "claimed")):
        shelf.delivery("ana", day, state, ())
    with snapshot(shelf.engine) as at:
        assert at.interrupted("2026-03-07") == [("ana", "2026-03-06")]


@pytest.mark.slow
def test_streams_over_several_batches_with_facts_in_between(shelf: Shelf) -> None:
    """A second cursor on the connection of a running stream: each database has its own opinion of that."""
    many = BATCH + 7
    for index in range(many):
        article = shelf.article("report", f"{index:04}", DAY + index * MINUTE)
        if index % 50 == 0:
            shelf.mention(article, "azertelecom")
    with snapshot(shelf.engine) as at:
        stream = at.articles(ArticleFilter())
        first = next(stream)
        shelf.article("report", "written meanwhile", DAY - MINUTE, since=9)
        assert [first.title, *(a.title for a in stream)] == [f"{index:04}" for index in range(many)]
        assert len(list(at.entity_counts(ArticleFilter()))) == 5


def test_known_ids_include_what_is_no_longer_current(shelf: Shelf) -> None:
    shelf.outlet("gone", "Gone", since=1, until=2)
    shelf.entity("old", "Old", since=1, until=2)
    article = shelf.article("unlisted:x", "A", DAY)
    shelf.topic(article, "retired", since=1, until=2)
    with snapshot(shelf.engine) as at:
        assert at.known() == ({"gone", "unlisted:x"}, {"old"}, {"retired"})


def test_a_database_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(StoreError) as refused, snapshot(engine):
        pytest.fail("opened a store without tables")
    engine.dispose()
    assert "\n" not in str(refused.value)


def test_a_failure_while_streaming_is_one_line_too(shelf: Shelf) -> None:
    shelf.article("report", "A", DAY)
    with pytest.raises(StoreError), snapshot(shelf.engine) as at:
        at._connection.execute(text("select * from no_such_table"))
