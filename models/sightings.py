"""Which source saw which article, and which addresses a source has had: reading what collecting left behind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from models.collected import chunks, index_key
from models.store import refusals
from models.tables import ArticleRow, ItemRow
from models.text import clean

IMPORT = "import"  # the channel of what came from files: an import leaves no item


@dataclass(frozen=True, slots=True)
class Sighting:
    """One article as one channel saw it. `channel` is a source id, or IMPORT; `seen` is when it saw it first."""

    article: int
    outlet: str
    channel: str
    seen: datetime


def sightings(engine: Engine) -> list[Sighting]:
    """Every article with every channel that saw it, once each, by article and channel.

    A source saw an article when an item of it led there, or has its address though it never had to be fetched. An
    article that was imported first has the channel IMPORT; an import of one that was there already leaves no mark.
    Raises StoreError.
    """
    a, i = ArticleRow, ItemRow
    led = select(a.id, a.outlet, i.source, i.first_seen).join(i, i.article_id == a.id)
    same = select(a.id, a.outlet, i.source, i.first_seen).join(i, i.address_key == a.address_key)
    both = led.union_all(same).subquery("both")
    seen = select(both.c.id, both.c.outlet, both.c.source, func.min(both.c.first_seen))
    imported = select(a.id, a.outlet, a.first_seen).where(a.via == "import")
    with refusals(), engine.connect() as connection:
        found = [Sighting(*row) for row in connection.execute(seen.group_by(both.c.id, both.c.outlet, both.c.source))]
        found += [Sighting(row.id, row.outlet, IMPORT, row.first_seen) for row in connection.execute(imported)]
    return sorted(found, key=lambda one: (one.article, one.channel))


def articles_at(engine: Engine, addresses: Iterable[str]) -> dict[str, int]:
    """address key -> the article it leads to, by its own address or by an item's, for those in the store.

    `addresses` are keys of crawler.addresses.normalise. Raises StoreError.
    """
    keys = {index_key(clean(address)): address for address in addresses}
    found: dict[str, int] = {}
    with refusals(), engine.connect() as connection:
        for part in chunks(list(keys)):
            led = select(ItemRow.address_key, ArticleRow.id).join(ArticleRow, ItemRow.article_id == ArticleRow.id)
            own = select(ArticleRow.address_key, ArticleRow.id)
            for query in (led.where(ItemRow.address_key.in_(part)), own.where(ArticleRow.address_key.in_(part))):
                found.update({keys[row.address_key]: row.id for row in connection.execute(query)})
    return found


def had_before(engine: Engine, source: str, addresses: Iterable[str]) -> set[str]:
    """Which of these address keys an item of the source already has. Raises StoreError."""
    keys = {index_key(clean(address)): address for address in addresses}
    had: set[str] = set()
    with refusals(), engine.connect() as connection:
        for part in chunks(list(keys)):
            rows = connection.execute(select(ItemRow.key).where(ItemRow.source == source, ItemRow.key.in_(part)))
            had.update(keys[row.key] for row in rows)
    return had
