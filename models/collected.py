"""What travels between the crawl and the store: due items, collected pages, counts; and how they become columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.dates import KnownDate
from models.store import digest_of

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


LONGEST_KEY = 1_000  # bytes of an indexed text; PostgreSQL refuses an index row over 2,704


def index_key(text: str) -> str:
    """The text, or where it is too long to be indexed its beginning and a hash: still one key for one text."""
    if len(text.encode("utf-8", "replace")) <= LONGEST_KEY:
        return text
    return f"{text[:200]}#sha256:{digest_of(text)}"


def chunks(values: list[Any]) -> Iterable[list[Any]]:
    """Lists of at most CHUNK values, for IN lists."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
