"""One article once, whatever its guid and address do; and its page looked at again. On the store alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, select

from models.article import Entry
from models.collected import Collected, DueItem
from models.collecting import RECHECKS_A_CRAWL, Collecting
from models.config import Source
from models.dates import KnownDate
from models.pages import MAX_TRIES
from models.queries import ArticleFilter, snapshot
from models.store import Store
from models.tables import ArticleRow, ItemRow, RevisionRow, SourceRow

NOW = datetime(2026, 3, 23, 6, tzinfo=UTC)
DAY = timedelta(days=1)
SOURCE = Source("one", "outlet", "feed", "http://one.example/rss", "en", "Asia/Baku", 60, True)
OTHER = dataclasses.replace(SOURCE, id="other")
TEXT = " ".join(f"word{number}" for number in range(60))


def entry(name: str, guid: str, title: str = "A title") -> tuple[Entry, str]:
    date = KnownDate(NOW, "minute", "known", "feed")
    return Entry(title, f"http://one.example/{name}", guid, date, "", None), f"//one.example/{name}"


def page(item: DueItem, name: str = "", **more: Any) -> Collected:
    url = f"http://one.example/{name}" if name else item.url
    one = Collected(item.id, item.source, "outlet", url, url.removeprefix("http:"), title="T", text=TEXT)
    return dataclasses.replace(one, **more)


def made(store: Store, *entries: tuple[Entry, str], source: Source = SOURCE) -> tuple[Collecting, list[DueItem]]:
    """A collecting that re-checks after a day and a week, and the due items of these entries."""
    collecting = Collecting(store, (24, 168))
    collecting.save_polls([{"source": source.id, "outlet": "outlet", "address": source.address}])
    collecting.add_entries(source, entries, NOW)
    return collecting, collecting.due_items([source.id], NOW)


def count(engine: Engine, table: Any) -> int:
    with engine.connect() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def item(engine: Engine) -> Any:
    with engine.connect() as conn:
        return conn.execute(select(ItemRow.__table__)).one()


# --- guids and addresses ------------------------------------------------------------------------------------------


def test_a_feed_whose_guids_all_change_brings_nothing(store: Store, engine: Engine) -> None:
    """As of a large broadcaster: the same links, "#0" at the end of each guid one day and "#3" the next."""
    collecting, due = made(store, *(entry(name, f"{name}#0") for name in "abc"))
    collecting.save_pages([page(one) for one in due], NOW)
    added = collecting.add_entries(SOURCE, [entry(name, f"{name}#3") for name in "abcd"], NOW)
    assert (added.seen, added.had, added.new, added.due_again) == (4, 3, 1, 0)
    assert [one.url[-1] for one in collecting.due_items(["one"], NOW)] == ["d"]
    again = collecting.add_entries(SOURCE, [entry(name, f"{name}#4", "Corrected") for name in "abcd"], NOW)
    assert (again.had, again.due_again) == (4, 4), "a corrected title is seen through the new guid"
    assert count(engine, ItemRow) == 4


def test_one_address_of_many_entries_is_nobodys(store: Store) -> None:
    """A feed whose links all lead to the same page: its guids tell its entries apart."""
    collecting, _ = made(store, entry("home", "1"), entry("home", "2"))
    assert collecting.add_entries(SOURCE, [entry("home", "2"), entry("home", "3")], NOW).new == 1


def test_an_entry_beside_its_old_guid_is_another(store: Store) -> None:
    collecting, _ = made(store, entry("a", "1"))
    assert collecting.add_entries(SOURCE, [entry("a", "1"), entry("a", "2")], NOW).new == 1


def test_a_corrected_headline_with_a_new_address_is_a_revision(store: Store, engine: Engine) -> None:
    collecting, (due,) = made(store, entry("first-slug", "1"))
    collecting.save_pages([page(due)], NOW)
    collecting.add_entries(SOURCE, [entry("second-slug", "1", "Corrected")], NOW)
    (due,) = collecting.due_items(["one"], NOW)
    assert due.url.endswith("/second-slug")
    assert collecting.save_pages([page(due, title="Corrected", text=f"{TEXT} more")], NOW) == ["changed"]
    assert (count(engine, ArticleRow), count(engine, RevisionRow)) == (1, 2)
    # and the new address is known by then, to the outlet's other sources too
    _, (other,) = made(store, entry("second-slug", "x"), source=OTHER)
    assert collecting.known_items([other.id]) == {other.id}


def test_a_guid_given_to_another_article_makes_another_article(store: Store, engine: Engine) -> None:
    """Guids that number the places of a feed."""
    collecting, (due,) = made(store, entry("a", "1"))
    collecting.save_pages([page(due)], NOW)
    collecting.add_entries(SOURCE, [entry("b", "1", "Another")], NOW)
    (due,) = collecting.due_items(["one"], NOW)
    other = " ".join(f"other{number}" for number in range(60))
    assert collecting.save_pages([page(due, title="Another", text=other)], NOW) == ["new"]
    assert count(engine, ArticleRow) == 2


def test_a_redirect_to_a_known_article_ends_known_and_is_followed_once(store: Store, engine: Engine) -> None:
    collecting, due = made(store, entry("a", "1"), entry("short", "2"))
    assert collecting.save_pages([page(due[0]), page(due[1], "a")], NOW) == ["new", "known"]
    _, (other,) = made(store, entry("short", "x"), source=OTHER)
    assert collecting.known_items([other.id]) == {other.id}
    assert count(engine, ArticleRow) == 1


# --- revisions ----------------------------------------------------------------------------------------------------


def test_a_revision_says_what_changed(store: Store, engine: Engine) -> None:
    collecting, (due,) = made(store, entry("a", "1"))
    versions: Sequence[dict[str, Any]] = (
        {}, {"title": "T2"}, {"title": "T2", "text": f"{TEXT} more"},
        {"published": KnownDate(NOW, "minute", "known", "meta")},
    )  # fmt: skip
    outcomes = [collecting.save_pages([page(due, **version)], NOW)[0] for version in versions]
    assert outcomes == ["new", "changed", "changed", "changed"]
    with engine.connect() as conn:
        assert list(conn.execute(select(RevisionRow.changed).order_by(RevisionRow.number)).scalars()) == [
            "", "headline", "text", "headline text date",
        ]  # fmt: skip
    with snapshot(engine) as at:
        (article,) = at.articles(ArticleFilter())
    assert article.changed == ("headline", "text", "date")


def test_what_a_later_page_lacks_stays_known(store: Store, engine: Engine) -> None:
    """A clipping with a title alone emptied the article's text once, and an edit without a date made it undated."""
    date = KnownDate(NOW, "minute", "known", "meta")
    collecting, (due,) = made(store, entry("a", "1"))
    collecting.save_pages([page(due, published=date)], NOW)
    clipping = dataclasses.replace(page(due), item_id=0, source="import", via="import", text="")
    assert collecting.save_pages([clipping], NOW) == ["known"]
    assert collecting.save_pages([page(due, text=f"{TEXT} more")], NOW) == ["changed"]
    with engine.connect() as conn:
        rows = conn.execute(select(RevisionRow.text, RevisionRow.published).order_by(RevisionRow.number)).all()
    assert [tuple(row) for row in rows] == [(TEXT, NOW), (f"{TEXT} more", NOW)]


def test_a_counter_makes_no_revision(store: Store, engine: Engine) -> None:
    collecting, (due,) = made(store, entry("a", "1"))
    collecting.save_pages([page(due, text=f"{TEXT}\n1 024 views")], NOW)
    assert collecting.save_pages([page(due, text=f"{TEXT}\n2 048 views\n")], NOW) == ["unchanged"]
    assert count(engine, RevisionRow) == 1


# --- re-checks ----------------------------------------------------------------------------------------------------


def test_a_page_is_looked_at_again_after_a_day_and_a_week(store: Store, engine: Engine) -> None:
    collecting, (due,) = made(store, entry("a", "1"))
    collecting.save_pages([page(due)], NOW)
    assert collecting.due_items(["one"], NOW + DAY - timedelta(minutes=1)) == []
    (again,) = collecting.due_items(["one"], NOW + DAY)
    assert again.recheck
    assert collecting.due_sources(["one"], NOW + DAY) == {"one"}
    assert collecting.save_pages([page(again)], NOW + DAY) == ["unchanged"]
    assert collecting.due_items(["one"], NOW + 6 * DAY) == []
    (again,) = collecting.due_items(["one"], NOW + 7 * DAY)
    assert collecting.save_pages([page(again, title="Corrected")], NOW + 7 * DAY) == ["changed"]
    assert collecting.due_items(["one"], NOW + 99 * DAY) == []
    row = item(engine)
    assert (row.state, row.outcome, row.rechecks, row.recheck_at) == ("done", "changed", 2, None)


def test_a_look_that_fails_is_repeated_and_loses_nothing(store: Store, engine: Engine) -> None:
    collecting, (due,) = made(store, entry("a", "1"))
    collecting.save_pages([page(due)], NOW)
    at = NOW + DAY
    for number in range(1, MAX_TRIES + 1):
        (again,) = collecting.due_items(["one"], at)
        collecting.save_pages([page(again, outcome="failed:timeout")], at)
        row = item(engine)
        assert (row.state, row.outcome) == ("done", "new"), number
        assert collecting.due_items(["one"], at) == []
        at += timedelta(hours=9)
    assert item(engine).recheck_at == NOW + 7 * DAY, "given up until the next look"
    (again,) = collecting.due_items(["one"], NOW + 7 * DAY)
    collecting.save_pages([page(again, outcome="dropped:challenge")], NOW + 7 * DAY)
    row = item(engine)
    assert (row.state, row.outcome, row.recheck_at) == ("done", "new", None)


def test_gone_is_told_up_to_its_time_and_taken_back(store: Store, engine: Engine) -> None:
    collecting, (due,) = made(store, entry("a", "1"))
    collecting.save_pages([page(due)], NOW)
    (again,) = collecting.due_items(["one"], NOW + DAY)
    assert collecting.save_pages([page(again, outcome="gone")], NOW + DAY) == ["gone"]

    def gone(as_of: datetime | None = None) -> datetime | None:
        with snapshot(engine, as_of) as at:
            (article,) = at.articles(ArticleFilter())
        return article.gone

    assert gone() == gone(NOW + DAY) == NOW + DAY
    assert gone(NOW) is None
    assert gone(NOW + DAY - timedelta(minutes=1)) is None
    (again,) = collecting.due_items(["one"], NOW + 7 * DAY)
    assert collecting.save_pages([page(again)], NOW + 7 * DAY) == ["unchanged"]
    assert gone() is None, "it is there again"


def test_only_the_item_that_stored_an_article_looks_again(store: Store) -> None:
    collecting, due = made(store, entry("a", "1"), entry("short", "2"), entry("x", "3"))
    collecting.save_pages([page(due[0]), page(due[1], "a"), page(due[2], outcome="dropped:listing")], NOW)
    assert [one.id for one in collecting.due_items(["one"], NOW + 99 * DAY)] == [due[0].id]


def test_looks_are_few_and_come_after_what_is_new(store: Store) -> None:
    collecting, due = made(store, *(entry(f"a{number}", f"{number}") for number in range(RECHECKS_A_CRAWL + 5)))
    collecting.save_pages([page(one) for one in due], NOW)
    collecting.add_entries(SOURCE, [entry("new", "new")], NOW + DAY)
    later = collecting.due_items(["one"], NOW + DAY)
    assert [one.recheck for one in later] == [False] + [True] * RECHECKS_A_CRAWL


def test_imports_are_not_looked_at_again(store: Store, engine: Engine) -> None:
    Collecting(store).save_pages([Collected(0, "x", "outlet", "u", "k", title="T", text=TEXT, via="import")], NOW)
    assert count(engine, ArticleRow) == 1
    assert count(engine, ItemRow) == count(engine, SourceRow) == 0
