"""`khazri import`: articles out of files. Rows of JSON, JSONL and CSV here and in rowfiles.py, WARC in warcs.py.

A file of rows is read twice: first every row is checked, then they are stored, so a bad row stores nothing of its file.
The same file imported twice adds nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from crawler.addresses import LONGEST, normalise
from crawler.imported import BATCH, ImportResult, OutletIndex, host_of, unlisted
from crawler.language import language_of
from crawler.plain import one_line
from crawler.rowfiles import KNOWN, Row, form_of, read_rows, shown
from models.collected import Collected
from models.collecting import Collecting
from models.config import Config
from models.config.fields import is_language
from models.dates import OLDEST_YEAR, KnownDate, Precision, ZoneKnown, too_far_ahead
from models.errors import ImportRefused
from models.store import Store
from models.text import clean

__all__ = ["ImportResult", "OutletIndex", "Row", "import_date", "import_files", "read_rows", "to_collected"]

URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{1,31}:\S+", re.IGNORECASE)
APPROXIMATE = "approximate"  # as the origin of a conflict: the date was written with a final ~

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?\s?(Z|z|[+-]\d\d(?::?\d\d)?)?)?)?)?",
    re.ASCII,
)
_COARSER: Mapping[Precision, Precision] = {"minute": "day", "day": "month", "month": "month", "year": "year"}


# ---------------------------------------------------------------------------------------------------------------- dates


def import_date(text: str, *, zone: str | None = None) -> KnownDate:
    """The date of a row: YYYY, YYYY-MM, YYYY-MM-DD or a full ISO time; origin `import`.

    zone  IANA name for times without an offset; UTC when None. Days, months and years are never shifted.
    A final `~` says approximate: a time keeps only its day, a day only its month, a month or a year stays what it is,
    and what was written is kept in `conflicts` under the origin `approximate`. Raises ImportRefused without a place.
    """
    written = text.strip()
    approximate = written.endswith("~")
    match = _DATE.fullmatch(written.removesuffix("~").rstrip())
    if match is None:
        raise ImportRefused(f"{shown(written)} is no date; YYYY, YYYY-MM, YYYY-MM-DD or a full ISO time, ~ for about")
    try:
        value, precision = _moment(match, zone)
    except (ValueError, OverflowError) as error:  # 31 February, hour 25, offset +99:99, or a shift past the year 9999
        raise ImportRefused(f"{shown(written)} is no date in the calendar") from error
    if value.year < OLDEST_YEAR:
        raise ImportRefused(f"{shown(written)} is before {OLDEST_YEAR}")
    offset: ZoneKnown = "known" if match[7] else "assumed"
    if not approximate:
        return KnownDate(value, precision, offset, "import")
    coarse = _COARSER[precision]
    first = datetime(int(match[1]), int(match[2] or 1), int(match[3]) if coarse == "day" else 1, tzinfo=UTC)
    return KnownDate(first, coarse, offset, "import", ((APPROXIMATE, written),))


def _moment(match: re.Match[str], zone: str | None) -> tuple[datetime, Precision]:
    year, month, day, hour, minute = (int(match[n]) if match[n] else 0 for n in range(1, 6))
    first = datetime(year, month or 1, day or 1, tzinfo=UTC)
    if (match[2] and not month) or (match[3] and not day):
        raise ValueError("month or day 0")
    if match[4] is None:
        return first, "day" if match[3] else "month" if match[2] else "year"
    local = first.replace(hour=hour, minute=minute, second=int(match[6] or 0), tzinfo=None)
    if match[7]:
        return datetime.fromisoformat(f"{local.isoformat()}{match[7].upper()}").astimezone(UTC), "minute"
    return local.replace(tzinfo=ZoneInfo(zone) if zone else UTC).astimezone(UTC), "minute"


def _last_moment(known: KnownDate) -> datetime:
    """The end of what a date covers."""
    value = known.value
    if known.precision == "minute":
        return value
    if known.precision == "day":
        following = value + timedelta(days=1)
    elif known.precision == "month":
        following = (value + timedelta(days=31)).replace(day=1)
    else:
        following = value.replace(year=value.year + 1)
    return following - timedelta(seconds=1)


# ----------------------------------------------------------------------------------------------------------------- rows


def to_collected(row: Row, config: Config, now: datetime, *, outlets: OutletIndex | None = None) -> Collected:
    """A row as an article to store, with no item. Raises ImportRefused with the row's place.

    A row without an address gets a urn out of outlet, title and text, so the same row is the same article. Without a
    language it is guessed from the text. A published date over 24 h after `now` is left out. `first_seen` without a
    time of day counts as the end of its day, month or year, never later than `now`: nobody is made first by rounding.
    """
    one = _prepared(row, outlets or OutletIndex(config), now)
    return one if one.language else dataclasses.replace(one, language=language_of(one.text, one.title))


def _prepared(row: Row, outlets: OutletIndex, now: datetime) -> Collected:
    """All of `to_collected` that can refuse; guessing the language costs more than all the rest."""
    title, text = one_line(row.get("title")), clean(row.get("text")).strip()
    if not title and not text:
        raise ImportRefused(f"{row.where}: neither title nor text")
    url = _address(row)
    outlet = outlets.find(row.get("outlet"), url)
    key, name = (outlet.id, "") if outlet else unlisted(row.get("outlet"), url)
    url = url or _urn(key, title, text)
    zone = outlet.zone if outlet else None
    published = _date(row, "published", zone)
    return Collected(
        item_id=0,
        source="import",
        outlet=key,
        url=url,
        address_key=normalise(url),
        title=title,
        text=text,
        language=_language(row),
        published=None if published and too_far_ahead(published, now) else published,
        via="import",
        unlisted=name,
        first_seen=_first_seen(row, zone, now),
    )


def _address(row: Row) -> str:
    url = row.get("url")
    if url and not (URN.fullmatch(url) or host_of(url)):
        raise ImportRefused(f"{row.where}: url {shown(url)} is no http or https address")
    if not url.isprintable():
        escaped = url.encode("ascii", "backslashreplace").decode()
        raise ImportRefused(f"{row.where}: url {shown(escaped)} has an invisible character in it")
    if len(url) > LONGEST:
        raise ImportRefused(f"{row.where}: url {shown(url)} is longer than {LONGEST:,} characters")
    return url.replace(" ", "%20")


def _urn(outlet: str, title: str, text: str) -> str:
    hashed = hashlib.sha256(json.dumps([outlet, title, text], ensure_ascii=False).encode()).hexdigest()
    return f"urn:khazri:sha256:{hashed[:32]}"


def _language(row: Row) -> str | None:
    """ "ru" of "ru", "RU" and "ru-RU"."""
    written = row.get("language")
    code = re.split("[-_]", written.lower(), maxsplit=1)[0]
    if written and not (is_language(code) or code == "other"):
        raise ImportRefused(f"{row.where}: language {shown(written)} is no two-letter code")
    return code or None


def _date(row: Row, name: str, zone: str | None) -> KnownDate | None:
    if not row.get(name):
        return None
    try:
        return import_date(row.get(name), zone=zone)
    except ImportRefused as error:
        raise ImportRefused(f"{row.where}: {name} {error}") from error


def _first_seen(row: Row, zone: str | None, now: datetime) -> datetime | None:
    known = _date(row, "first_seen", zone)
    if known is None:
        return None
    if too_far_ahead(known, now):
        raise ImportRefused(f"{row.where}: first_seen {shown(row.get('first_seen'))} is in the future")
    return min(_last_moment(known), now)


# ---------------------------------------------------------------------------------------------------------------- files


def import_files(
    paths: Sequence[Path], config: Config, store: Store, *, now: datetime, ignore_extra: bool = False
) -> ImportResult:
    """Store the articles of files and folders (recursive, sorted), in batches of 200 rows a transaction.

    Raises ImportRefused at the first file that cannot be taken: nothing of a file of rows with a bad row is stored, the
    files before it are. Raises StoreError when the database refuses; importing again completes it.
    """
    result = ImportResult()
    files = [file for path in paths for file in _files(path, result)]
    outlets = OutletIndex(config)
    for file in files:
        if form_of(file) == "warc":
            from crawler.warcs import import_warc  # it needs an extra and worker processes; rows need neither

            import_warc(file, config, store, outlets, result, now=now)
        else:
            _import_rows(file, store, outlets, result, now=now, ignore_extra=ignore_extra)
    return result


def _files(path: Path, result: ImportResult) -> Iterator[Path]:
    if path.is_dir():
        found = False
        for folder, folders, names in os.walk(path, onerror=_unreadable):
            folders.sort()
            for name in sorted(names):
                file = Path(folder, name)
                if form_of(file) and not name.startswith(".") and file.is_file():
                    found = True
                    yield file
                else:
                    result.remark("other_file")
        if not found:
            raise ImportRefused(f"{path}: no file to import in this folder; known: {KNOWN}")
        return
    if not path.exists():
        raise ImportRefused(f"{path}: no such file or folder")
    if not path.is_file():
        raise ImportRefused(f"{path}: no plain file; rows are read twice, so save the stream to a file first")
    if not form_of(path):
        raise ImportRefused(f"{path}: unknown kind of file; known: {KNOWN}")
    yield path


def _unreadable(error: OSError) -> None:
    raise ImportRefused(f"{error.filename}: cannot be read: {error.strerror}") from error


def _import_rows(
    file: Path, store: Store, outlets: OutletIndex, result: ImportResult, *, now: datetime, ignore_extra: bool
) -> None:
    for row in read_rows(file, ignore_extra=ignore_extra):
        _prepared(row, outlets, now)
    collecting = Collecting(store)
    batch: list[Collected] = []
    for row in read_rows(file, ignore_extra=ignore_extra):
        one = _prepared(row, outlets, now)
        if row.get("published") and one.published is None:
            result.remark("future_date")
        batch.append(one if one.language else dataclasses.replace(one, language=language_of(one.text, one.title)))
        if len(batch) == BATCH:
            result.count(batch, collecting.save_pages(batch, now))
            batch = []
    if batch:
        result.count(batch, collecting.save_pages(batch, now))
