"""The writing side of collect: sources and runs, items before their pages; pages go to models.pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from models.article import Entry
from models.collected import (
    LANGUAGE_CHARS,
    Added,
    Collected,
    DueItem,
    RunCount,
    chunks,
    date_columns,
    index_key,
    known_date,
)
from models.config import Source
from models.pages import ARTICLE_IDS, store_batch, stored
from models.store import Store, digest_of, upsert
from models.tables import ArticleRow, ItemRow, RunRow, SourceRow
from models.text import clean

RECHECKS_A_CRAWL = 20  # of one source, after all that is new; an agency's 200 a day fit into ten crawls


class Collecting:
    """Writing side of collect. Every method is one transaction.

    `recheck_hours`: how long after its first storing a crawled article's page is looked at again; none for an import.
    """

    def __init__(self, store: Store, recheck_hours: Sequence[int] = ()) -> None:
        self.store = store
        self.recheck_hours = recheck_hours

    # --- sources and runs

    def sources(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What earlier polls learned: validators, state, failures; nothing for a source never polled."""
        with self.store.read() as conn:
            rows = conn.execute(select(SourceRow.__table__).where(SourceRow.source.in_(list(ids))))
            return {row["source"]: dict(row) for row in rows.mappings()}

    def save_polls(self, polls: Sequence[Mapping[str, Any]]) -> None:
        """Validators and state of sources after their entries are stored: never before, or a 304 would hide them."""
        alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for values in polls:
            alike.setdefault(tuple(sorted(values)), []).append(dict(values))
        with self.store.change() as conn:
            for names, rows in alike.items():  # most polls learn the same: one statement for all of them
                statement = upsert(conn, SourceRow).values({name: bindparam(name) for name in names})
                changed = {name: statement.excluded[name] for name in names if name != "source"}
                conn.execute(statement.on_conflict_do_update(index_elements=["source"], set_=changed), rows)

    def start_runs(self, sources: Iterable[str], slot: str, now: datetime) -> dict[str, int]:
        """One row per source, `not_run` until it ends: a killed crawl leaves that truth behind."""
        rows = [
            {"source": s, "slot": slot, "started_at": now, "result": "not_run", "reason": "interrupted", "outcomes": {}}
            for s in sources
        ]
        if not rows:
            return {}
        with self.store.change() as conn:
            ids = conn.execute(insert(RunRow).returning(RunRow.source, RunRow.id), rows)
            return {row.source: row.id for row in ids}

    def finish_runs(self, runs: Mapping[int, RunCount], now: datetime) -> None:
        """Store the counts; what is left due is counted from the items themselves."""
        if not runs:
            return
        with self.store.change() as conn:
            left: dict[str, int] = {}
            for part in chunks([count.source for count in runs.values()]):
                due = select(ItemRow.source, func.count()).where(ItemRow.source.in_(part), ItemRow.state == "due")
                left.update((row.source, row[1]) for row in conn.execute(due.group_by(ItemRow.source)))
            rows = [_run_values(run, count, left.get(count.source, 0), now) for run, count in runs.items()]
            conn.execute(_END_RUN, rows)

    # --- items

    def add_entries(self, source: Source, entries: Sequence[tuple[Entry, str]], now: datetime) -> Added:
        """Store (entry, address key) pairs as items, in order. An entry seen again makes no row, also under another
        guid; one whose title, summary or date changed makes its item due again."""
        rows = _item_rows(source, entries, now)
        new = again = 0
        with self.store.change() as conn:
            have = _known_items(conn, source.id, [row["key"] for row in rows])
            _take_old_keys(conn, source.id, rows, have)
            fresh = [row for row in rows if row["key"] not in have]
            if fresh:
                # Another process may poll the same source at this moment; its row is as good as ours.
                statement = upsert(conn, ItemRow).on_conflict_do_nothing(index_elements=["source", "key"])
                conn.execute(statement, fresh)
                new = len(fresh)
            for row in rows:
                old = have.get(row["key"])
                if old is not None and old != row["entry_hash"]:
                    again += 1
                    conn.execute(
                        update(ItemRow)
                        .where(ItemRow.source == source.id, ItemRow.key == row["key"])
                        .values(state="due", tries=0, next_try=None, **_refreshed(row))
                    )
        return Added(seen=len(rows), had=len(rows) - new, new=new, due_again=again)

    def due_items(self, sources: Sequence[str], now: datetime) -> list[DueItem]:
        """Items of these sources whose page is to be asked for now, in the order they were first seen; then those
        whose page is to be looked at again, RECHECKS_A_CRAWL of a source, the longest due first."""
        columns = (
            ItemRow.id,
            ItemRow.source,
            ItemRow.url,
            ItemRow.title,
            ItemRow.language,
            ItemRow.published,
            ItemRow.published_info,
            ItemRow.tries,
            ItemRow.article_id,
        )
        query = select(*columns).where(ItemRow.state == "due", or_(ItemRow.next_try.is_(None), ItemRow.next_try <= now))
        place = func.row_number().over(partition_by=ItemRow.source, order_by=(ItemRow.recheck_at, ItemRow.id))
        again = select(*columns, place.label("place")).where(ItemRow.state == "done", ItemRow.recheck_at <= now)
        due: list[DueItem] = []
        rechecks: list[DueItem] = []
        with self.store.read() as conn:
            for part in chunks(list(sources)):
                rows = conn.execute(query.where(ItemRow.source.in_(part)).order_by(ItemRow.id))
                due += [_due_item(row, recheck=False) for row in rows]
                ranked = again.where(ItemRow.source.in_(part)).subquery()
                rows = conn.execute(select(ranked).where(ranked.c.place <= RECHECKS_A_CRAWL).order_by(ranked.c.id))
                rechecks += [_due_item(row, recheck=True) for row in rows]
        return due + rechecks

    def due_sources(self, sources: Sequence[str], now: datetime) -> set[str]:
        """Which of these sources have an item whose page is to be asked for now, for the first time or again."""
        first = and_(ItemRow.state == "due", or_(ItemRow.next_try.is_(None), ItemRow.next_try <= now))
        again = and_(ItemRow.state == "done", ItemRow.recheck_at <= now)
        found: set[str] = set()
        with self.store.read() as conn:
            for part in chunks(list(sources)):
                for wanted in (first, again):  # one at a time: each has its index
                    query = select(ItemRow.source).where(ItemRow.source.in_(part), wanted).distinct()
                    found.update(conn.execute(query).scalars())
        return found

    def known_items(self, items: Sequence[int]) -> set[int]:
        """Which of these items have an address that already is an article's of the same outlet, or led another item of
        that outlet to one: a redirect is followed once."""
        query = (
            select(ItemRow.id)
            .join(SourceRow, SourceRow.source == ItemRow.source)
            .join(
                ArticleRow,
                and_(ArticleRow.outlet == SourceRow.outlet, ArticleRow.address_key == ItemRow.address_key),
            )
        )
        other, its_source = aliased(ItemRow), aliased(SourceRow)
        led = (
            select(ItemRow.id)
            .join(SourceRow, SourceRow.source == ItemRow.source)
            .join(other, and_(other.address_key == ItemRow.address_key, other.id != ItemRow.id))
            .join(its_source, and_(its_source.source == other.source, its_source.outlet == SourceRow.outlet))
            .where(other.article_id.is_not(None), other.state == "done", other.outcome.in_(LED))
        )
        known: set[int] = set()
        with self.store.read() as conn:
            for part in chunks(list(items)):
                for wanted in (query, led):
                    known.update(conn.execute(wanted.where(ItemRow.id.in_(part))).scalars())
        return known

    def known_addresses(self, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which of these (outlet, address key) pairs are articles."""
        indexed = {(outlet, index_key(key)): (outlet, key) for outlet, key in keys}
        with self.store.read() as conn:
            return {indexed[key] for key, _ in stored(conn, ARTICLE_IDS, sorted(indexed))}

    # --- articles

    def save_pages(self, batch: Sequence[Collected], now: datetime) -> list[str]:
        """Articles, revisions and the outcome of each item, one transaction. Returns the outcomes in order."""
        batch = [replace(one, address_key=index_key(one.address_key)) for one in batch]
        with self.store.write(now, "collect") as tx:
            self.store.add_unlisted(tx, {one.outlet: one.unlisted for one in batch if one.unlisted and not one.outcome})
            return store_batch(tx, batch, self.recheck_hours)


LED = ("new", "known", "changed", "unchanged")  # outcomes of an item whose address shows its article


def _due_item(row: Any, *, recheck: bool) -> DueItem:
    date = known_date(row.published, row.published_info)
    return DueItem(row.id, row.source, row.url, row.title, row.language, date, row.tries, row.article_id, recheck)


_RUN: Any = RunRow.__table__
_RUN_COLUMNS = (
    "finished_at", "result", "reason", "status", "entries_seen", "already_had", "new_items", "tries", "outcomes",
    "left_due",
)  # fmt: skip
_END_RUN = update(_RUN).where(_RUN.c.id == bindparam("run")).values({name: bindparam(name) for name in _RUN_COLUMNS})


def _run_values(run: int, count: RunCount, left: int, now: datetime) -> dict[str, Any]:
    return {
        "run": run,
        "finished_at": now,
        "result": count.result,
        "reason": count.reason,
        "status": count.status,
        "entries_seen": count.seen,
        "already_had": count.had,
        "new_items": count.new,
        "tries": count.tries,
        "outcomes": dict(sorted(count.outcomes.items())),
        "left_due": left,
    }


REFRESHED = ("url", "address_key", "title", "summary", "entry_hash")


def _refreshed(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a changed entry changes of its item. A listing's date is kept as first seen: "2 hours ago" would move."""
    names = (*REFRESHED, "published", "published_info") if _stated(row["published_info"]) else REFRESHED
    return {name: row[name] for name in names}


def _stated(info: Mapping[str, Any] | None) -> bool:
    """Whether a date comes from a feed or sitemap, which states it, and not from words on a listing page."""
    return info is not None and str(info.get("origin", "")).startswith(("feed", "sitemap"))


def _item_rows(source: Source, entries: Sequence[tuple[Entry, str]], now: datetime) -> list[dict[str, Any]]:
    ids = Counter(entry.id for entry, _ in entries)
    rows: dict[str, dict[str, Any]] = {}
    for entry, address in entries:
        # A guid that several entries share says nothing about which one this is.
        key = index_key(clean(entry.id if entry.id and ids[entry.id] == 1 else address))
        date = date_columns("published", entry.published)
        if entry.conflicts:  # no date to believe, but what the source stated is kept beside it
            date["published_info"] = {"conflicts": [list(pair) for pair in entry.conflicts]}
        stated = entry.published.value if entry.published and _stated(date["published_info"]) else None
        rows.setdefault(
            key,
            {
                "source": source.id,
                "key": key,
                "url": clean(entry.link),
                "address_key": index_key(clean(address)),
                "title": clean(entry.title),
                "summary": clean(entry.summary),
                "language": (entry.language or source.language or "")[:LANGUAGE_CHARS] or None,
                **date,
                "entry_hash": digest_of(entry.title, entry.summary, stated),
                "state": "due",
                "tries": 0,
                "first_seen": now,
            },
        )
    return list(rows.values())


def _known_items(conn: Connection, source: str, keys: list[str]) -> dict[str, str]:
    have: dict[str, str] = {}
    for part in chunks(keys):
        rows = conn.execute(
            select(ItemRow.key, ItemRow.entry_hash).where(ItemRow.source == source, ItemRow.key.in_(part))
        )
        have.update({row.key: row.entry_hash for row in rows})
    return have


def _take_old_keys(conn: Connection, source: str, rows: Sequence[dict[str, Any]], have: dict[str, str]) -> None:
    """Give an entry whose guid changed the key of the item it has been: the only one of this source at its address, of
    an entry that is no longer in the feed under its old guid. Publishers change all guids at once."""
    present = {row["key"] for row in rows}
    at = Counter(row["address_key"] for row in rows)
    fresh = {row["address_key"]: row for row in rows if row["key"] not in have and at[row["address_key"]] == 1}
    found: dict[str, list[Any]] = {}
    columns = (ItemRow.key, ItemRow.entry_hash, ItemRow.address_key)
    for part in chunks(list(fresh)):
        query = select(*columns).where(ItemRow.source == source, ItemRow.address_key.in_(part))
        for item in conn.execute(query):
            found.setdefault(item.address_key, []).append(item)
    for address, items in found.items():
        if len(items) == 1 and items[0].key not in present:  # an address that many share says nothing of which it is
            fresh[address]["key"] = items[0].key
            have[items[0].key] = items[0].entry_hash
