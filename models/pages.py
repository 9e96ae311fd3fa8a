"""Writing pages: articles with their revisions, and how the items ended. Decided in memory, written in batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, tuple_, update

from models.collected import (
    Collected,
    chunks,
    date_columns,
    known_date,
)
from models.dates import KnownDate
from models.revising import changes, is_same_text, next_recheck
from models.store import Write, digest_of
from models.tables import ArticleRow, ItemRow, RevisionRow

MAX_TRIES = 5  # after five failed tries an item is done (DESIGN §4)
FIRST_RETRY_MINUTES = 30  # then doubled: 0.5, 1, 2, 4 hours; a host that is down for a night gets a morning's chance


def store_batch(tx: Write, batch: Sequence[Collected], recheck_hours: Sequence[int]) -> list[str]:
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
ARTICLE_IDS = select(*_ARTICLE_KEY, ArticleRow.id).where(_WANTED)
_ARTICLE_STATES = (
    select(*_ARTICLE_KEY, ArticleRow.id, ArticleRow.gone_at, RevisionRow.number, RevisionRow.content_hash)
    .join(RevisionRow, RevisionRow.id == ArticleRow.revision_id)
    .where(_WANTED)
)


def _articles(conn: Connection, wanted: Sequence[_Key]) -> dict[_Key, _Article]:
    rows = stored(conn, _ARTICLE_STATES, sorted(set(wanted)))
    return {key: _Article(row.id, row.number, row.content_hash, row.gone_at is not None) for key, row in rows}


def stored(conn: Connection, query: Any, keys: list[_Key]) -> Iterable[tuple[_Key, Any]]:
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
        before = _current(conn, article)
        one = _completed(one, before)
        changed = changes(before, (one.title, one.text, one.published))
        if not changed:
            return same
    outcome = "changed" if article.number else "new"
    article.number, article.hash = article.number + 1, hashed
    article.fresh.append(_Fresh(one, article.number, hashed, " ".join(changed)))
    return outcome


def _completed(one: Collected, before: tuple[str, str, KnownDate | None]) -> Collected:
    """The page with what it lacks and the revision before it had: a list of clippings with titles alone takes nobody's
    text away, and a page that lost its date was read worse. What it said of a date in the future stays a conflict."""
    title, text, published = before
    if one.published is None and published is not None:
        published = replace(published, conflicts=tuple(dict.fromkeys((*published.conflicts, *one.refused))))
    return replace(one, title=one.title or title, text=one.text or text, published=one.published or published)


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
        for key, row in stored(tx.conn, ARTICLE_IDS, list(new)):
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
