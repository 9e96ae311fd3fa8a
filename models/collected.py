"""Writing what was collected: items before their pages, articles with their revisions, sources and runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, insert, or_, select, tuple_, update

from models.article import Entry
from models.config import Source
from models.dates import KnownDate
from models.store import Store, Write, digest_of, upsert
from models.tables import ArticleRow, ItemRow, RevisionRow, RunRow, SourceRow

MAX_TRIES = 5  # after five failed tries an item is done (DESIGN §4)
FIRST_RETRY_MINUTES = 30  # then doubled: 0.5, 1, 2, 4 hours; a host that is down for a night gets a morning's chance
CHUNK = 500  # bound parameters per IN list; SQLite's limit is 32,766 and 500 keeps plans short


@dataclass(frozen=True, slots=True)
class DueItem:
    """An item whose page is to be asked for."""

    id: int
    source: str
    url: str
    title: str
    language: str | None
    published: KnownDate | None
    tries: int
    article_id: int | None


@dataclass(frozen=True, slots=True)
class Added:
    """Counts of one poll: entries seen = already had + new items; `due_again` entries changed since we had them."""

    seen: int
    had: int
    new: int
    due_again: int = 0


@dataclass(frozen=True, slots=True)
class Collected:
    """One page as fetched and read, or the reason why there is none. Exactly one outcome comes of it.

    `outcome` is set for what needs no text (`dropped:…`, `failed:…`, `gone`); else title and text are stored.
    """

    item_id: int
    source: str
    outlet: str
    url: str
    address_key: str
    outcome: str | None = None
    detail: str = ""
    title: str = ""
    text: str = ""
    authors: tuple[str, ...] = ()
    language: str | None = None
    published: KnownDate | None = None
    modified: KnownDate | None = None
    via: str = "crawl"
    first_seen: datetime | None = None  # aware; when an archive saw it, None for now
    unlisted: str = ""  # the name to show of an outlet that config does not list, stored with the article


@dataclass(slots=True)
class RunCount:
    """What one crawl did at one source, filled while it runs and stored at its end."""

    source: str
    result: str = "not_run"
    reason: str = "interrupted"
    status: int | None = None
    seen: int = 0
    had: int = 0
    new: int = 0
    tries: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: str) -> None:
        self.tries += 1
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


def date_columns(prefix: str, date: KnownDate | None) -> dict[str, Any]:
    """`published` + `published_info` (or modified…): the value for SQL, the evidence beside it."""
    if date is None:
        return {prefix: None, f"{prefix}_info": None}
    info = {
        "precision": date.precision,
        "zone": date.zone,
        "origin": date.origin,
        "conflicts": [list(pair) for pair in date.conflicts],
        "offset": date.offset,
    }
    return {prefix: date.value, f"{prefix}_info": info}


def known_date(value: datetime | None, info: Mapping[str, Any] | None) -> KnownDate | None:
    """The way back of `date_columns`."""
    if value is None or info is None:
        return None
    conflicts = tuple((str(origin), str(text)) for origin, text in info["conflicts"])
    return KnownDate(value, info["precision"], info["zone"], info["origin"], conflicts, info.get("offset"))


class Collecting:
    """Writing side of collect. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self.store = store

    # --- sources and runs

    def sources(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What earlier polls learned: validators, state, failures; nothing for a source never polled."""
        with self.store.read() as conn:
            rows = conn.execute(select(SourceRow.__table__).where(SourceRow.source.in_(list(ids))))
            return {row["source"]: dict(row) for row in rows.mappings()}

    def save_polls(self, polls: Sequence[Mapping[str, Any]]) -> None:
        """Validators and state of sources after their entries are stored: never before, or a 304 would hide them."""
        with self.store.change() as conn:
            for values in polls:
                statement = upsert(conn, SourceRow).values(**values)
                changed = {key: statement.excluded[key] for key in values if key != "source"}
                conn.execute(statement.on_conflict_do_update(index_elements=["source"], set_=changed))

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
        with self.store.change() as conn:
            for run, count in runs.items():
                left = conn.execute(
                    select(ItemRow.id).where(ItemRow.source == count.source, ItemRow.state == "due")
                ).all()
                conn.execute(
                    update(RunRow)
                    .where(RunRow.id == run)
                    .values(
                        finished_at=now,
                        result=count.result,
                        reason=count.reason,
                        status=count.status,
                        entries_seen=count.seen,
                        already_had=count.had,
                        new_items=count.new,
                        tries=count.tries,
                        outcomes=dict(sorted(count.outcomes.items())),
                        left_due=len(left),
                    )
                )

    # --- items

    def add_entries(self, source: Source, entries: Sequence[tuple[Entry, str]], now: datetime) -> Added:
        """Store (entry, address key) pairs as items, in order. An entry seen again makes no row; one whose title,
        summary or date changed makes its item due again."""
        rows = _item_rows(source, entries, now)
        new = again = 0
        with self.store.change() as conn:
            have = _known_items(conn, source.id, [row["key"] for row in rows])
            fresh = [row for row in rows if row["key"] not in have]
            if fresh:
                conn.execute(insert(ItemRow), fresh)
                new = len(fresh)
            for row in rows:
                old = have.get(row["key"])
                if old is not None and old != row["entry_hash"]:
                    again += 1
                    conn.execute(
                        update(ItemRow)
                        .where(ItemRow.source == source.id, ItemRow.key == row["key"])
                        .values(state="due", tries=0, next_try=None, **{k: row[k] for k in REFRESHED})
                    )
        return Added(seen=len(rows), had=len(rows) - new, new=new, due_again=again)

    def due_items(self, sources: Sequence[str], now: datetime) -> list[DueItem]:
        """Items of these sources whose page is to be asked for now, in the order they were first seen."""
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
        due: list[DueItem] = []
        with self.store.read() as conn:
            for part in chunks(list(sources)):
                for row in conn.execute(query.where(ItemRow.source.in_(part)).order_by(ItemRow.id)):
                    due.append(
                        DueItem(
                            row.id,
                            row.source,
                            row.url,
                            row.title,
                            row.language,
                            known_date(row.published, row.published_info),
                            row.tries,
                            row.article_id,
                        )
                    )
        return due

    def known_items(self, items: Sequence[int]) -> set[int]:
        """Which of these items have an address that already is an article's of the same outlet."""
        query = (
            select(ItemRow.id)
            .join(SourceRow, SourceRow.source == ItemRow.source)
            .join(
                ArticleRow,
                and_(ArticleRow.outlet == SourceRow.outlet, ArticleRow.address_key == ItemRow.address_key),
            )
        )
        known: set[int] = set()
        with self.store.read() as conn:
            for part in chunks(list(items)):
                known.update(conn.execute(query.where(ItemRow.id.in_(part))).scalars())
        return known

    # --- articles

    def save_pages(self, batch: Sequence[Collected], now: datetime) -> list[str]:
        """Articles, revisions and the outcome of each item, one transaction. Returns the outcomes in order."""
        with self.store.write(now, "collect") as tx:
            self.store.add_unlisted(tx, {one.outlet: one.unlisted for one in batch if one.unlisted and not one.outcome})
            return _store_batch(tx, batch)


REFRESHED = ("url", "address_key", "title", "summary", "published", "published_info", "entry_hash")


def chunks(values: list[Any]) -> Iterable[list[Any]]:
    """Lists of at most CHUNK values, for IN lists."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def _item_rows(source: Source, entries: Sequence[tuple[Entry, str]], now: datetime) -> list[dict[str, Any]]:
    ids = [entry.id for entry, _ in entries]
    rows: dict[str, dict[str, Any]] = {}
    for entry, address in entries:
        # A guid that several entries share says nothing about which one this is.
        key = entry.id if entry.id and ids.count(entry.id) == 1 else address
        rows.setdefault(
            key,
            {
                "source": source.id,
                "key": key,
                "url": entry.link,
                "address_key": address,
                "title": entry.title,
                "summary": entry.summary,
                "language": entry.language or source.language,
                **date_columns("published", entry.published),
                "entry_hash": digest_of(entry.title, entry.summary, entry.published and entry.published.value),
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


def _end_item(conn: Connection, one: Collected, outcome: str, article_id: int | None, now: datetime) -> str:
    """Write an item's outcome. After `failed` it is due again, later each time; after MAX_TRIES it is done."""
    if not one.item_id:
        return outcome  # an import has no item
    values: dict[str, Any] = {"outcome": outcome, "detail": one.detail[:300], "tries": ItemRow.tries + 1}
    tries = conn.execute(select(ItemRow.tries).where(ItemRow.id == one.item_id)).scalar_one() + 1
    if outcome.startswith("failed:") and tries < MAX_TRIES:
        wait = timedelta(minutes=FIRST_RETRY_MINUTES * 2 ** (tries - 1))
        values |= {"state": "due", "next_try": now + wait}
    else:
        values |= {"state": "done", "done_at": now, "next_try": None}
    if article_id is not None:
        values["article_id"] = article_id
    conn.execute(update(ItemRow).where(ItemRow.id == one.item_id).values(**values))
    return outcome


def _store_batch(tx: Write, batch: Sequence[Collected]) -> list[str]:
    articles = _articles(tx.conn, batch)
    linked = _linked(tx.conn, batch)
    outcomes: list[str] = []
    for one in batch:
        key = (one.outlet, one.address_key)
        if one.outcome is not None:
            if one.outcome == "gone" and one.item_id in linked:
                query = update(ArticleRow).where(ArticleRow.id == linked[one.item_id], ArticleRow.gone_at.is_(None))
                tx.conn.execute(query.values(gone_at=tx.now))
            article = articles.get(key) if one.outcome == "known" else None
            outcomes.append(_end_item(tx.conn, one, one.outcome, article[0] if article else None, tx.now))
            continue
        outcome, state = _store_article(tx, one, articles.get(key), linked.get(one.item_id))
        articles[key] = state
        outcomes.append(_end_item(tx.conn, one, outcome, state[0], tx.now))
    return outcomes


# article id, number of its current revision, content hash of that revision
_State = tuple[int, int, str]


def _articles(conn: Connection, texts: Sequence[Collected]) -> dict[tuple[str, str], _State]:
    have: dict[tuple[str, str], _State] = {}
    query = select(
        ArticleRow.outlet, ArticleRow.address_key, ArticleRow.id, RevisionRow.number, RevisionRow.content_hash
    ).join(RevisionRow, RevisionRow.id == ArticleRow.revision_id)
    for part in chunks(sorted({(one.outlet, one.address_key) for one in texts})):
        for row in conn.execute(query.where(tuple_(ArticleRow.outlet, ArticleRow.address_key).in_(part))):
            have[(row.outlet, row.address_key)] = (row.id, row.number, row.content_hash)
    return have


def _linked(conn: Connection, texts: Sequence[Collected]) -> dict[int, int]:
    """item id -> the article it already led to, to tell `unchanged` from `known`."""
    ids = [one.item_id for one in texts if one.item_id]
    found: dict[int, int] = {}
    for part in chunks(ids):
        rows = conn.execute(
            select(ItemRow.id, ItemRow.article_id).where(ItemRow.id.in_(part), ItemRow.article_id.is_not(None))
        )
        found.update({row.id: row.article_id for row in rows})
    return found


def _store_article(tx: Write, one: Collected, state: _State | None, linked: int | None) -> tuple[str, _State]:
    hashed = digest_of(one.title, one.text, one.published and one.published.value)
    if state is None:
        article = tx.conn.execute(
            insert(ArticleRow)
            .values(
                outlet=one.outlet,
                url=one.url,
                address_key=one.address_key,
                first_seen=one.first_seen or tx.now,
                via=one.via,
                since=tx.number,
            )
            .returning(ArticleRow.id)
        ).scalar_one()
        _add_revision(tx, one, article, 1, hashed)
        return "new", (article, 1, hashed)
    article, number, current = state
    if hashed == current:
        return ("unchanged" if linked == article else "known"), state
    if one.via == "import" and _had_before(tx.conn, article, hashed):
        return "known", state  # a file with two texts of one address, imported again
    _add_revision(tx, one, article, number + 1, hashed)
    return "changed", (article, number + 1, hashed)


def _had_before(conn: Connection, article: int, hashed: str) -> bool:
    query = select(RevisionRow.id).where(RevisionRow.article_id == article, RevisionRow.content_hash == hashed)
    return conn.execute(query.limit(1)).first() is not None


def _add_revision(tx: Write, one: Collected, article: int, number: int, hashed: str) -> None:
    revision = tx.conn.execute(
        insert(RevisionRow)
        .values(
            article_id=article,
            number=number,
            since=tx.number,
            seen_at=tx.now,
            title=one.title,
            text=one.text,
            authors=list(one.authors),
            language=one.language,
            **date_columns("published", one.published),
            **date_columns("modified", one.modified),
            content_hash=hashed,
        )
        .returning(RevisionRow.id)
    ).scalar_one()
    tx.conn.execute(update(ArticleRow).where(ArticleRow.id == article).values(revision_id=revision, gone_at=None))
