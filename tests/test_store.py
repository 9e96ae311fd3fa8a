"""The store's contract, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import dataclasses
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, func, insert, inspect, select, text

from models import schema
from models.article import Entry, Mention, Reading
from models.collected import Collected, RunCount
from models.collecting import Collecting
from models.config import Source
from models.dates import KnownDate
from models.errors import StoreError
from models.facts import Facts
from models.gate import Gate, Rest
from models.pages import MAX_TRIES
from models.store import Store, connect
from models.tables import (
    ArticleRow,
    Base,
    ItemRow,
    LedgerEntry,
    MentionRow,
    ReadingRow,
    RevisionRow,
    RunRow,
)

NOW = datetime(2026, 3, 23, 6, tzinfo=UTC)
SOURCE = Source("one", "outlet", "feed", "http://one.example/rss", "en", "Asia/Baku", 60, True)
STEPS = {"watch": "f1", "names": "f1", "topics": "f1", "attribution": "f1"}


def entry(name: str, title: str = "A title", guid: str | None = None) -> tuple[Entry, str]:
    link = f"http://one.example/{name}"
    date = KnownDate(NOW, "minute", "known", "feed")
    return Entry(title, link, guid if guid is not None else name, date, "", None), f"one.example/{name}"


def page(item: int, name: str, text: str = "Some text.", **more: object) -> Collected:
    one = Collected(item, "one", "outlet", f"http://one.example/{name}", f"one.example/{name}", title="T", text=text)
    return dataclasses.replace(one, **more)  # type: ignore[arg-type]


def mention(start: int, entity: str = "azertelecom") -> Mention:
    return Mention("text", start, start + 4, "Some", entity, "alias")


def add(store: Store, *names: str) -> list[int]:
    collecting = Collecting(store)
    collecting.add_entries(SOURCE, [entry(name) for name in names], NOW)
    return [item.id for item in collecting.due_items(["one"], NOW)]


def count(engine: Engine, table: type[Base]) -> int:
    with engine.connect() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


# --- schema ---------------------------------------------------------------------------------------------------


def test_models_and_migrations_agree(engine: Engine) -> None:
    with engine.begin() as conn:
        command.check(schema._alembic(conn))  # raises when a model has what no migration makes
    assert schema.version(engine) == schema.head()


def test_up_and_down_on_a_filled_database(store: Store, engine: Engine) -> None:
    (item,) = add(store, "a")
    Collecting(store).save_pages([page(item, "a")], NOW)
    schema.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    schema.upgrade(engine)
    (item,) = add(store, "a")
    assert Collecting(store).save_pages([page(item, "a")], NOW) == ["new"]


def test_an_empty_database_is_refused_with_the_command_that_mends_it(database: str) -> None:
    with pytest.raises(StoreError, match="run: khazri db upgrade"):
        schema.require(connect(database))


def test_a_newer_schema_is_refused(engine: Engine) -> None:
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer; update the program"):
        schema.require(engine)


# --- the ledger -----------------------------------------------------------------------------------------------


def test_numbers_are_in_order_and_time_never_goes_back(store: Store, engine: Engine) -> None:
    with store.write(NOW, "one") as first:
        pass
    with store.write(NOW - timedelta(days=1), "two") as second:
        pass
    assert second.number == first.number + 1
    with engine.connect() as conn:
        times = conn.execute(select(LedgerEntry.at).order_by(LedgerEntry.number)).scalars().all()
    assert times == [NOW, NOW]


def test_a_failed_transaction_takes_no_number(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write(NOW, "fails"):
        raise RuntimeError
    with store.write(NOW, "next") as tx:
        assert tx.number == 1


def test_times_come_back_aware_and_naive_ones_are_refused(store: Store, engine: Engine) -> None:
    add(store, "a")
    with engine.connect() as conn:
        assert conn.execute(select(ItemRow.first_seen)).scalar_one() == NOW
    with pytest.raises((StoreError, Exception), match="naive"), store.change() as conn:
        conn.execute(insert(LedgerEntry).values(number=99, at=datetime(2026, 1, 1), what="x"))


# --- collecting -----------------------------------------------------------------------------------------------


def test_entries_seen_again_make_no_row(store: Store, engine: Engine) -> None:
    collecting = Collecting(store)
    first = collecting.add_entries(SOURCE, [entry("a"), entry("b")], NOW)
    again = collecting.add_entries(SOURCE, [entry("a"), entry("b"), entry("c")], NOW)
    assert (first.seen, first.had, first.new) == (2, 0, 2)
    assert (again.seen, again.had, again.new) == (3, 2, 1)
    assert count(engine, ItemRow) == 3


def test_a_changed_entry_makes_its_item_due_again(store: Store) -> None:
    collecting = Collecting(store)
    (item,) = add(store, "a")
    assert collecting.save_pages([page(item, "a")], NOW) == ["new"]
    assert collecting.due_items(["one"], NOW) == []
    assert collecting.add_entries(SOURCE, [entry("a", "Another title")], NOW).due_again == 1
    (due,) = collecting.due_items(["one"], NOW)
    assert (due.id, due.title) == (item, "Another title")


def test_a_guid_that_entries_share_identifies_none_of_them(store: Store, engine: Engine) -> None:
    Collecting(store).add_entries(SOURCE, [entry("a", guid="same"), entry("b", guid="same")], NOW)
    with engine.connect() as conn:
        keys = set(conn.execute(select(ItemRow.key)).scalars())
    assert keys == {"one.example/a", "one.example/b"}


def test_each_try_ends_in_one_outcome(store: Store, engine: Engine) -> None:
    collecting = Collecting(store)
    first, second, third = add(store, "a", "b", "c")
    outcomes = collecting.save_pages(
        [page(first, "a"), page(second, "a"), page(third, "c", outcome="dropped:listing")], NOW
    )
    assert outcomes == ["new", "known", "dropped:listing"]
    assert collecting.save_pages([page(first, "a")], NOW) == ["unchanged"]
    assert collecting.save_pages([page(first, "a", text="Other text.")], NOW) == ["changed"]
    assert count(engine, ArticleRow) == 1
    with engine.connect() as conn:
        texts = conn.execute(select(RevisionRow.text).order_by(RevisionRow.number)).scalars().all()
    assert texts == ["Some text.", "Other text."]


def test_a_failed_item_is_due_again_later_and_done_after_five_tries(store: Store) -> None:
    collecting = Collecting(store)
    (item,) = add(store, "a")
    at = NOW
    for number in range(1, MAX_TRIES + 1):
        assert [due.id for due in collecting.due_items(["one"], at)] == [item]
        collecting.save_pages([page(item, "a", outcome="failed:timeout")], at)
        assert collecting.due_items(["one"], at) == [], f"due again at once after try {number}"
        at += timedelta(days=1)
    assert collecting.due_items(["one"], at) == []


def test_a_run_is_not_run_until_it_is_finished(store: Store, engine: Engine) -> None:
    collecting = Collecting(store)
    add(store, "a", "b")
    runs = collecting.start_runs(["one"], "slot", NOW)
    with engine.connect() as conn:
        assert conn.execute(select(RunRow.result)).scalar_one() == "not_run"
    done = RunCount("one", "ok", "", 200, seen=2, had=0, new=2)
    done.count("new")
    collecting.finish_runs({runs["one"]: done}, NOW)
    with engine.connect() as conn:
        row = conn.execute(select(RunRow)).scalar_one()  # type: ignore[arg-type]
        stored = conn.execute(select(RunRow.result, RunRow.tries, RunRow.outcomes, RunRow.left_due)).one()
    assert row
    assert tuple(stored) == ("ok", 1, {"new": 1}, 2)


def test_a_listings_moving_dates_make_nothing_due_again(store: Store) -> None:
    """ "2 hours ago" means another moment at each poll."""
    collecting = Collecting(store)

    def seen(at: datetime) -> list[tuple[Entry, str]]:
        date = KnownDate(at - timedelta(hours=2), "minute", "assumed", "text")
        return [(Entry("A title", "http://one.example/a", "", date, "", None), "one.example/a")]

    collecting.add_entries(SOURCE, seen(NOW), NOW)
    again = collecting.add_entries(SOURCE, seen(NOW + timedelta(hours=1)), NOW + timedelta(hours=1))
    assert (again.had, again.due_again) == (1, 0)
    (due,) = collecting.due_items(["one"], NOW)
    assert due.published is not None
    assert due.published.value == NOW - timedelta(hours=2)


def test_keys_too_long_for_an_index_are_kept_apart(store: Store, engine: Engine) -> None:
    entries = [entry(f"{'x' * 4000}{n}", guid=f"{'g' * 4000}{n}") for n in (1, 2)]
    assert Collecting(store).add_entries(SOURCE, entries, NOW).new == 2
    assert Collecting(store).add_entries(SOURCE, entries, NOW).had == 2
    items = Collecting(store).due_items(["one"], NOW)
    pages = [page(item.id, f"{'x' * 4000}{n}") for n, item in enumerate(items, 1)]
    assert Collecting(store).save_pages(pages, NOW) == ["new", "new"]


def test_what_no_database_takes_is_cleaned_at_the_door(store: Store) -> None:
    dirty = Entry("T\x00itle \ud800", "http://one.example/a\x00", "g\x00uid", None, "s\x00", "en-Latn-US-x-long")
    assert Collecting(store).add_entries(SOURCE, [(dirty, "one.example/a\x00")], NOW).new == 1


def test_two_polls_of_one_source_at_a_time_make_one_row(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    Collecting(store).add_entries(SOURCE, [entry("a")], NOW)
    monkeypatch.setattr("models.collecting._known_items", lambda *_: {})  # as the other process saw it a moment ago
    Collecting(store).add_entries(SOURCE, [entry("a"), entry("b")], NOW)
    assert len(Collecting(store).due_items(["one"], NOW)) == 2


# --- facts ----------------------------------------------------------------------------------------------------


def test_reading_again_closes_what_no_longer_holds_and_keeps_the_rest(store: Store, engine: Engine) -> None:
    facts = Facts(store)
    (item,) = add(store, "a")
    Collecting(store).save_pages([page(item, "a")], NOW)
    (due,) = facts.due(STEPS, 10)
    assert facts.save([(due, Reading((mention(0), mention(5))))], STEPS, NOW) == (2, 0)
    assert facts.due(STEPS, 10) == []
    other = {**STEPS, "watch": "f2"}
    assert facts.count_due(other) == 1
    (due,) = facts.due(other, 10)
    assert facts.save([(due, Reading((mention(5), mention(7))))], other, NOW) == (1, 1)
    with engine.connect() as conn:
        rows = conn.execute(select(MentionRow.start, MentionRow.until).order_by(MentionRow.start)).all()
    closed_at = next(row.until for row in rows if row.start == 0)
    assert closed_at is not None
    assert [(row.start, row.until is None) for row in rows] == [(0, False), (5, True), (7, True)]


def test_a_new_revision_takes_over_the_facts_of_the_old_one(store: Store, engine: Engine) -> None:
    facts, collecting = Facts(store), Collecting(store)
    (item,) = add(store, "a")
    collecting.save_pages([page(item, "a")], NOW)
    facts.save([(facts.due(STEPS, 10)[0], Reading((mention(0),)))], STEPS, NOW)
    collecting.save_pages([page(item, "a", text="Some other text.")], NOW)
    (due,) = facts.due(STEPS, 10)
    facts.save([(due, Reading((mention(0),)))], STEPS, NOW)
    with engine.connect() as conn:
        current = conn.execute(select(MentionRow.revision_id).where(MentionRow.until.is_(None))).scalars().all()
    assert current == [due.revision_id]
    assert count(engine, MentionRow) == 2
    assert count(engine, ReadingRow) == 2 * len(STEPS)


def test_a_reader_that_comes_late_does_not_bring_old_facts_back(store: Store, engine: Engine) -> None:
    facts, collecting = Facts(store), Collecting(store)
    (item,) = add(store, "a")
    collecting.save_pages([page(item, "a")], NOW)
    (old,) = facts.due(STEPS, 10)
    collecting.save_pages([page(item, "a", text="Some other text.")], NOW)
    (new,) = facts.due(STEPS, 10)
    assert facts.save([(new, Reading((mention(7),)))], STEPS, NOW) == (1, 0)
    assert facts.save([(old, Reading((mention(0),)))], STEPS, NOW) == (0, 0)
    with engine.connect() as conn:
        assert conn.execute(select(MentionRow.start).where(MentionRow.until.is_(None))).scalars().all() == [7]


# --- the gate -------------------------------------------------------------------------------------------------


def test_one_holder_at_a_time_and_the_host_rests_between(store: Store) -> None:
    gate = Gate(store)
    assert gate.hold("one.example", "me", NOW, 30) == (0.0, None)
    wait, holder = gate.hold("one.example", "you", NOW, 30)
    assert wait > 0
    assert holder == "me"
    gate.release("one.example", "me", Rest(NOW + timedelta(seconds=2)))
    assert gate.hold("one.example", "you", NOW + timedelta(seconds=1), 30)[0] == pytest.approx(1.0)
    assert gate.hold("one.example", "you", NOW + timedelta(seconds=2), 30)[0] == 0.0


def test_a_dead_holders_claim_ends_by_itself(store: Store) -> None:
    gate = Gate(store)
    gate.hold("one.example", "dead", NOW, 30)
    assert gate.hold("one.example", "you", NOW + timedelta(seconds=31), 30)[0] == 0.0


def test_a_slot_runs_once_whoever_asks(store: Store) -> None:
    gate = Gate(store)
    assert gate.take_slot("digest", "2026-03-23", "me", NOW, 60)
    assert not gate.take_slot("digest", "2026-03-23", "you", NOW, 60)
    assert gate.keep_lease("digest", "me", NOW, 60)
    gate.end_job("digest", "me")
    assert not gate.take_slot("digest", "2026-03-23", "you", NOW, 60)
    assert gate.take_slot("digest", "2026-03-24", "you", NOW, 60)
    assert not gate.keep_lease("digest", "me", NOW, 60)


def test_a_slot_whose_owner_died_is_run_again(store: Store) -> None:
    gate = Gate(store)
    assert gate.take_slot("digest", "2026-03-23", "dead", NOW, 60)
    assert not gate.take_slot("digest", "2026-03-23", "me", NOW + timedelta(seconds=59), 60)
    assert gate.take_slot("digest", "2026-03-23", "me", NOW + timedelta(seconds=61), 60)


# --- what the database refuses --------------------------------------------------------------------------------


def sqlite_store(tmp_path: Path) -> tuple[Store, Path]:
    path = tmp_path / "khazri.db"
    engine = connect(f"sqlite:///{path}")
    schema.upgrade(engine)
    return Store(engine), path


def test_a_full_database_says_so_and_loses_nothing(tmp_path: Path) -> None:
    store, _ = sqlite_store(tmp_path)
    (item,) = add(store, "a")
    with store.engine.connect() as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
    raw = store.engine.raw_connection()
    raw.driver_connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[union-attr]
    raw.close()
    with pytest.raises(StoreError, match="disk is full"):
        Collecting(store).save_pages([page(item, "a", text="word " * 100_000)], NOW)
    assert [due.id for due in Collecting(store).due_items(["one"], NOW)] == [item]


def test_a_locked_database_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.store.BUSY_SECONDS", 0)
    store, path = sqlite_store(tmp_path)
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked by another process"):
        add(store, "a")
    other.rollback()
    other.close()


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "khazri.db"
    path.write_bytes(b"this is no database, it is a text of more than sixteen bytes")
    with pytest.raises(StoreError, match="no SQLite database"):
        schema.require(connect(f"sqlite:///{path}"))
