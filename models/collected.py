"""Writing what was collected: items before their pages, articles with their revisions, sources and runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select, tuple_, update
from sqlalchemy.orm import aliased

from models.article import Entry
from models.config import Source
from models.dates import KnownDate
from models.revising import changes, is_same_text, next_recheck
from models.store import Store, Write, digest_of, upsert
from models.tables import ArticleRow, ItemRow, RevisionRow, RunRow, SourceRow
from models.text import clean

MAX_TRIES = 5  # after five failed tries an item is done (DESIGN §4)
FIRST_RETRY_MINUTES = 30  # then doubled: 0.5, 1, 2, 4 hours; a host that is down for a night gets a morning's chance
RECHECKS_A_CRAWL = 20  # of one source, after all that is new; an agency's 200 a day fit into ten crawls
LANGUAGE_CHARS = 12  # of the language columns
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
    recheck: bool = False  # it is done, and its page is looked at again


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
    refused: tuple[tuple[str, str], ...] = ()  # (origin, day) of dates not believed, kept where `published` is None
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
            return {indexed[key] for key, _ in _stored(conn, _ARTICLE_IDS, sorted(indexed))}

    # --- articles

    def save_pages(self, batch: Sequence[Collected], now: datetime) -> list[str]:
        """Articles, revisions and the outcome of each item, one transaction. Returns the outcomes in order."""
        batch = [replace(one, address_key=index_key(one.address_key)) for one in batch]
        with self.store.write(now, "collect") as tx:
            self.store.add_unlisted(tx, {one.outlet: one.unlisted for one in batch if one.unlisted and not one.outcome})
            return _store_batch(tx, batch, self.recheck_hours)


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
LONGEST_KEY = 1_000  # bytes of an indexed text; PostgreSQL refuses an index row over 2,704


def index_key(text: str) -> str:
    """The text, or where it is too long to be indexed its beginning and a hash: still one key for one text."""
    if len(text.encode("utf-8", "replace")) <= LONGEST_KEY:
        return text
    return f"{text[:200]}#sha256:{digest_of(text)}"


def _refreshed(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a changed entry changes of its item. A listing's date is kept as first seen: "2 hours ago" would move."""
    names = (*REFRESHED, "published", "published_info") if _stated(row["published_info"]) else REFRESHED
    return {name: row[name] for name in names}


def _stated(info: Mapping[str, Any] | None) -> bool:
    """Whether a date comes from a feed or sitemap, which states it, and not from words on a listing page."""
    return info is not None and str(info.get("origin", "")).startswith(("feed", "sitemap"))


def chunks(values: list[Any]) -> Iterable[list[Any]]:
    """Lists of at most CHUNK values, for IN lists."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


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


def _store_batch(tx: Write, batch: Sequence[Collected], recheck_hours: Sequence[int]) -> list[str]:
    """What each page comes to is decided in memory first; then each kind of row is written in one statement.

    One statement a row costs 20 times as much on SQLite (benchmarks/store.py)."""
    items = _items(tx.conn, batch)
    linked = [(item.outlet, item.address_key) for item in items.values() if item.address_key is not None]
    articles = _articles(tx.conn, [*((one.outlet, one.address_key) for one in batch), *linked])
    decided: list[tuple[str, _Article | None]] = []
    for one in batch:
        key = (one.outlet, one.address_key)
        if one.outcome is not None:
            if one.outcome == "gone" and (had := items.get(one.item_id)) is not None:
                gone = update(ArticleRow).where(ArticleRow.id == had.article_id, ArticleRow.gone_at.is_(None))
                tx.conn.execute(gone.values(gone_at=tx.now))
            article = articles.get(key) if one.outcome == "known" else None
            decided.append((one.outcome, article))
            continue
        item = items.get(one.item_id)
        if key not in articles and item is not None and (had := articles.get((item.outlet, item.address_key))):
            key = _same_article(tx.conn, one, had, (item.outlet, item.address_key)) or key
        article = articles.setdefault(key, _Article())
        decided.append((_decide(tx.conn, one, article, item.article_id if item else None), article))
    _write_articles(tx, articles)
    _seen_again(tx.conn, [article.id for _, article in decided if article is not None and article.gone])
    _end_items(tx, batch, decided, items, recheck_hours)
    return [outcome for outcome, _ in decided]


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A revision to be written: its page, number and content hash, and what changed against the one before."""

    page: Collected
    number: int
    hash: str
    changed: str


@dataclass(slots=True)
class _Article:
    """An article of a batch: its row and current revision as stored, and the revisions the batch brings."""

    id: int = 0  # 0: not stored yet
    number: int = 0  # of its current revision
    hash: str = ""  # content hash of that revision
    gone: bool = False  # its page was gone when last looked at
    fresh: list[_Fresh] = field(default_factory=list)


_Key = tuple[str, str]  # outlet, address key
_ARTICLE_KEY = (ArticleRow.outlet, ArticleRow.address_key)
_WANTED = tuple_(*_ARTICLE_KEY).in_(bindparam("keys", expanding=True))
_ARTICLE_IDS = select(*_ARTICLE_KEY, ArticleRow.id).where(_WANTED)
_ARTICLE_STATES = (
    select(*_ARTICLE_KEY, ArticleRow.id, ArticleRow.gone_at, RevisionRow.number, RevisionRow.content_hash)
    .join(RevisionRow, RevisionRow.id == ArticleRow.revision_id)
    .where(_WANTED)
)


def _articles(conn: Connection, wanted: Sequence[_Key]) -> dict[_Key, _Article]:
    rows = _stored(conn, _ARTICLE_STATES, sorted(set(wanted)))
    return {key: _Article(row.id, row.number, row.content_hash, row.gone_at is not None) for key, row in rows}


def _stored(conn: Connection, query: Any, keys: list[_Key]) -> Iterable[tuple[_Key, Any]]:
    """The rows of a query over the articles that have one of these keys."""
    for part in chunks(keys):
        for row in conn.execute(query, {"keys": part}):
            yield (row.outlet, row.address_key), row


_ITEM_COLUMNS = (ItemRow.id, ItemRow.state, ItemRow.tries, ItemRow.outcome, ItemRow.article_id, ItemRow.recheck_at)
_ITEM_STATES = select(
    *_ITEM_COLUMNS, ItemRow.rechecks, ArticleRow.outlet, ArticleRow.address_key, ArticleRow.first_seen
).outerjoin(ArticleRow, ArticleRow.id == ItemRow.article_id)


def _items(conn: Connection, texts: Sequence[Collected]) -> dict[int, Any]:
    """item id -> its state, and the article it already led to, to tell `unchanged` from `known`."""
    found: dict[int, Any] = {}
    for part in chunks([one.item_id for one in texts if one.item_id]):
        found.update({row.id: row for row in conn.execute(_ITEM_STATES.where(ItemRow.id.in_(part)))})
    return found


def _same_article(conn: Connection, one: Collected, had: _Article, key: _Key) -> _Key | None:
    """The key of the article an item had, where its page has a new address and still the same text: a corrected
    headline changes the address of many publishers. A guid that was given to another article shows another text."""
    return key if is_same_text(_current(conn, had)[1], one.text) else None


def _current(conn: Connection, article: _Article) -> tuple[str, str, KnownDate | None]:
    """(title, text, published) of an article's last revision, of this batch or as stored."""
    if article.fresh:
        page = article.fresh[-1].page
        return page.title, page.text, page.published
    columns = (RevisionRow.title, RevisionRow.text, RevisionRow.published, RevisionRow.published_info)
    query = select(*columns).join(ArticleRow, ArticleRow.revision_id == RevisionRow.id)
    row = conn.execute(query.where(ArticleRow.id == article.id)).one()
    return row.title, row.text, known_date(row.published, row.published_info)


def _decide(conn: Connection, one: Collected, article: _Article, linked: int | None) -> str:
    """The outcome of a page with a text; a text that is new to its article joins the article's fresh revisions."""
    hashed = digest_of(one.title, one.text, one.published and one.published.value)
    same = "unchanged" if article.id and linked == article.id else "known"
    if hashed == article.hash:
        return same
    if one.via == "import" and one.item_id and article.number:
        return "known"  # a web archive's capture is older than what we have: it never becomes the current text
    if one.via == "import" and _had_before(conn, article, hashed):
        return "known"  # a file with two texts of one address, imported again
    changed: tuple[str, ...] = ()
    if article.number:
        changed = changes(_current(conn, article), (one.title, one.text, one.published))
        if not changed:
            return same
    outcome = "changed" if article.number else "new"
    article.number, article.hash = article.number + 1, hashed
    article.fresh.append(_Fresh(one, article.number, hashed, " ".join(changed)))
    return outcome


def _had_before(conn: Connection, article: _Article, hashed: str) -> bool:
    if any(hashed == fresh.hash for fresh in article.fresh):
        return True
    query = select(RevisionRow.id).where(RevisionRow.article_id == article.id, RevisionRow.content_hash == hashed)
    return bool(article.id) and conn.execute(query.limit(1)).first() is not None


def _write_articles(tx: Write, articles: Mapping[_Key, _Article]) -> None:
    """Insert the new articles and all fresh revisions, and make each article's last one its current revision."""
    # Without RETURNING: on SQLite that inserts row by row, which is slower than asking for the keys afterwards.
    touched = {key: article for key, article in articles.items() if article.fresh}
    new = {key: article for key, article in touched.items() if not article.id}
    if new:
        rows = [_article_values(tx, article.fresh[0].page) for article in new.values()]
        tx.conn.execute(insert(ArticleRow.__table__), rows)  # type: ignore[arg-type]  # declared wider than Table
        for key, row in _stored(tx.conn, _ARTICLE_IDS, list(new)):
            new[key].id = row.id
    rows = [_revision_values(tx, article.id, fresh) for article in touched.values() for fresh in article.fresh]
    if rows:
        tx.conn.execute(insert(RevisionRow.__table__), rows)  # type: ignore[arg-type]
    for part in chunks([article.id for article in touched.values()]):
        tx.conn.execute(_POINT_AT_LAST, {"articles": part})


_POINT_AT_LAST = (
    update(ArticleRow)
    .where(ArticleRow.id.in_(bindparam("articles", expanding=True)))
    .values(
        revision_id=select(func.max(RevisionRow.id)).where(RevisionRow.article_id == ArticleRow.id).scalar_subquery(),
        gone_at=None,
    )
)


def _article_values(tx: Write, one: Collected) -> dict[str, Any]:
    return {
        "outlet": one.outlet,
        "url": one.url,
        "address_key": one.address_key,
        "first_seen": one.first_seen or tx.now,
        "via": one.via,
        "since": tx.number,
    }


def _seen_again(conn: Connection, articles: list[int]) -> None:
    """Articles whose page was gone and has been read again."""
    for part in chunks(articles):
        conn.execute(update(ArticleRow).where(ArticleRow.id.in_(part)).values(gone_at=None))


def _revision_values(tx: Write, article: int, fresh: _Fresh) -> dict[str, Any]:
    one = fresh.page
    published = date_columns("published", one.published)
    if one.published is None and one.refused:
        published["published_info"] = {"conflicts": [list(pair) for pair in one.refused]}
    return {
        "article_id": article,
        "number": fresh.number,
        "since": tx.number,
        "seen_at": tx.now,
        "title": one.title,
        "text": one.text,
        "authors": list(one.authors),
        "language": one.language,
        **published,
        **date_columns("modified", one.modified),
        "content_hash": fresh.hash,
        "changed": fresh.changed,
    }


_ITEM: Any = ItemRow.__table__
_ITEM_VALUES = ("outcome", "detail", "state", "next_try", "tries", "recheck_at", "rechecks")
_END_ITEM = (
    update(_ITEM)
    .where(_ITEM.c.id == bindparam("item"))
    .values(
        **{name: bindparam(f"new_{name}") for name in _ITEM_VALUES},
        done_at=func.coalesce(bindparam("done_at", type_=_ITEM.c.done_at.type), _ITEM.c.done_at),
        article_id=func.coalesce(bindparam("article", type_=_ITEM.c.article_id.type), _ITEM.c.article_id),
    )
)


def _end_items(
    tx: Write,
    batch: Sequence[Collected],
    decided: Sequence[tuple[str, _Article | None]],
    items: Mapping[int, Any],
    recheck_hours: Sequence[int],
) -> None:
    """Write the items' outcomes. After `failed` one is due again, later each time; after MAX_TRIES it is done."""
    ended: dict[int, dict[str, Any]] = {}
    for one, (outcome, article) in zip(batch, decided, strict=True):
        if not one.item_id:
            continue  # an import has no item
        had = items[one.item_id]
        end = _looked_again if had.state == "done" else _tried
        ended[one.item_id] = {
            "item": one.item_id,
            "new_detail": one.detail[:300],
            "article": article.id if article else None,
            **end(had, outcome, tx.now, recheck_hours),
        }
    if not ended:
        return
    tx.conn.execute(_END_ITEM, list(ended.values()))


def _wait(tries: int) -> timedelta:
    return timedelta(minutes=FIRST_RETRY_MINUTES * 2 ** (tries - 1))


def _tried(had: Any, outcome: str, now: datetime, recheck_hours: Sequence[int]) -> dict[str, Any]:
    """What becomes of an item that was due. The one that stored an article looks at it again later."""
    tries = had.tries + 1
    again = outcome.startswith("failed:") and tries < MAX_TRIES
    recheck_at = had.recheck_at
    if outcome == "new":
        recheck_at = next_recheck(now, recheck_hours, now)
    elif recheck_at is not None and recheck_at <= now and not again:
        recheck_at = next_recheck(had.first_seen or now, recheck_hours, now)
    return {
        "new_outcome": outcome,
        "new_state": "due" if again else "done",
        "new_next_try": now + _wait(tries) if again else None,
        "new_tries": tries if again or recheck_at is None else 0,  # those of a re-check are counted anew
        "new_recheck_at": recheck_at,
        "new_rechecks": had.rechecks,
        "done_at": None if again else now,
    }


def _looked_again(had: Any, outcome: str, now: datetime, recheck_hours: Sequence[int]) -> dict[str, Any]:
    """What becomes of a done item whose page was looked at again: it stays done. A look that failed is repeated like
    any failed try, and neither it nor a page that shows no article takes the item's outcome."""
    tries = had.tries + 1
    again = outcome.startswith("failed:") and tries < MAX_TRIES
    lost = outcome.startswith(("failed:", "dropped:"))
    return {
        "new_outcome": had.outcome if lost else outcome,
        "new_state": "done",
        "new_next_try": None,
        "new_tries": tries if again else 0,
        "new_recheck_at": now + _wait(tries) if again else next_recheck(had.first_seen or now, recheck_hours, now),
        "new_rechecks": had.rechecks + (0 if again else 1),
        "done_at": None,
    }
