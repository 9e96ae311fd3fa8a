"""Web archives (WARC) -> articles: records are unpacked here, pages are read in killable workers."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.addresses import LONGEST, normalise
from crawler.imported import BATCH, ImportResult, OutletIndex, host_of, unlisted
from crawler.workers import Workers
from models.article import Page
from models.collected import Collected
from models.collecting import Collecting
from models.config import Config
from models.dates import KnownDate, too_far_ahead
from models.errors import CollectError, ImportRefused
from models.store import Store

if TYPE_CHECKING:
    from fastwarc.warc import WarcRecord

HTML = ("text/html", "application/xhtml+xml")
AT_A_TIME = 1 << 20  # bytes packed or unpacked that are looked at together
AT_ONCE = 8  # pages on their way to the workers: keeps four of them busy and holds at most 8 page sizes in memory
# The HTTP block of a record before unpacking; what unpacks to more than politeness.max_page_bytes is too large anyway.
HEADERS_AND_CHUNKS = 1_000_000


@dataclass(frozen=True, slots=True)
class Capture:
    """One page as an archive has it; `seen` is when it was fetched. `reason` is set where it cannot be read."""

    url: str
    body: bytes
    headers: dict[str, str]
    seen: datetime | None
    reason: str = ""


def import_warc(
    file: Path, config: Config, store: Store, outlets: OutletIndex, result: ImportResult, *, now: datetime
) -> None:
    """Store the articles of one .warc or .warc.gz; counts go into `result`.

    Read are responses of status 200 with HTML; others are remarks. A page is `first_seen`, and its relative dates are
    resolved, at its WARC-Date. Records cut short are read as far as they go and counted as `truncated`; a file that
    breaks off is stored up to there. Raises ImportRefused for a file that is no web archive.
    """
    # Each file gets its own loop and workers: a web archive has thousands of pages, starting takes a second.
    captures = read_captures(file, result, max_bytes=config.politeness.max_page_bytes)
    asyncio.run(_import(captures, Collecting(store), outlets, result, now))


async def _import(
    captures: Iterator[Capture], collecting: Collecting, outlets: OutletIndex, result: ImportResult, now: datetime
) -> None:
    workers = Workers()
    batch: list[Collected] = []

    async def store() -> None:
        result.count(batch, await asyncio.to_thread(collecting.save_pages, batch, now))
        batch.clear()

    try:
        for group in _groups(captures, AT_ONCE):
            batch += await asyncio.gather(*(_read(capture, workers, outlets, now) for capture in group))
            if len(batch) >= BATCH:
                await store()
        if batch:
            await store()
    finally:
        await asyncio.to_thread(workers.close)


def _groups(captures: Iterable[Capture], size: int) -> Iterator[list[Capture]]:
    group: list[Capture] = []
    for capture in captures:
        group.append(capture)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


async def _read(capture: Capture, workers: Workers, outlets: OutletIndex, now: datetime) -> Collected:
    """One catch per page: whatever goes wrong is its outcome."""
    if capture.reason:
        return _collected(capture, None, outlets, now, outcome=f"failed:{capture.reason}")
    outlet = outlets.find("", capture.url)
    try:
        page = await workers.read_page(
            capture.body,
            capture.url,
            headers=capture.headers,
            zone=outlet.zone if outlet else None,
            now=capture.seen,
            hints=outlet.hints if outlet else None,
        )
    except CollectError as error:
        return _collected(capture, None, outlets, now, outcome=f"failed:{error.reason}")
    except Exception as error:  # noqa: BLE001 - the one catch per page: anything is an outcome with its reason
        return _collected(capture, None, outlets, now, outcome=f"failed:{type(error).__name__.lower()}")
    if page.kind != "article" or not page.text.strip():
        kind = page.kind if page.kind != "article" else "empty"
        return _collected(capture, None, outlets, now, outcome=f"dropped:{kind}")
    return _collected(capture, page, outlets, now)


def _collected(
    capture: Capture, page: Page | None, outlets: OutletIndex, now: datetime, *, outcome: str | None = None
) -> Collected:
    url = page.canonical_url or capture.url if page else capture.url
    outlet = outlets.find("", capture.url)
    key, name = (outlet.id, "") if outlet else unlisted("", capture.url)
    return Collected(
        item_id=0,
        source="import",
        outlet=key,
        url=url,
        address_key=normalise(url),
        outcome=outcome,
        title=page.title if page else "",
        text=page.text if page else "",
        authors=page.authors if page else (),
        language=page.language if page else None,
        published=_not_ahead(page.published, now) if page else None,
        modified=_not_ahead(page.modified, now) if page else None,
        via="import",
        first_seen=min(capture.seen, now) if capture.seen else None,
        unlisted=name,
    )


def _not_ahead(date: KnownDate | None, now: datetime) -> KnownDate | None:
    """An archive whose own clock was ahead lets a page's date through that our clock refuses."""
    return None if date is not None and too_far_ahead(date, now) else date


# -------------------------------------------------------------------------------------------------------------- records


def read_captures(file: Path, result: ImportResult, *, max_bytes: int) -> Iterator[Capture]:
    """The HTML pages of an archive as they come; what is passed over is counted in `result.remarks`. No process is
    started. `max_bytes` of a page after unpacking: more is a capture with the reason `too_large`."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType  # a tenth of a second that other imports do not need

    records, told, last = 0, 0, 0
    try:
        with file.open("rb") as stream:
            # parse_http off: an HTTP block that cannot be decoded would end the whole iteration.
            for record in ArchiveIterator(stream, record_types=WarcRecordType.any_type, parse_http=False):
                records, last, told = records + 1, record.stream_pos, result.remarks.get("truncated", 0)
                if record.record_type == WarcRecordType.response:
                    yield from _captured(record, result, max_bytes)
    except OSError as error:
        if error.errno is not None:
            raise ImportRefused(f"{file}: cannot be read: {error.strerror}") from error
        if records == 0:
            raise ImportRefused(f"{file}: no web archive: {error}") from error
        result.remark("truncated")  # what came before is good
        return
    if result.remarks.get("truncated", 0) == told and _breaks_off(file, last):
        result.remark("truncated")  # in a record of which nothing could be read: fastwarc takes that for the end


def _breaks_off(file: Path, start: int) -> bool:
    """Whether the gzip member at `start` (bytes), that of the last record, or one behind it has no end."""
    with file.open("rb") as stream:
        stream.seek(start)
        unpacker, data = zlib.decompressobj(wbits=31), stream.read(AT_A_TIME)
        if not data.startswith(b"\x1f\x8b"):
            return False
        while data:
            try:
                unpacker.decompress(data, AT_A_TIME)
            except zlib.error:  # bytes behind the last member that are none: nothing is missing
                return False
            data = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            data = data or stream.read(AT_A_TIME)
            if unpacker.eof and data:
                unpacker = zlib.decompressobj(wbits=31)
        return not unpacker.eof


def _captured(record: WarcRecord, result: ImportResult, max_bytes: int) -> Iterator[Capture]:
    raw = record.reader.read(max_bytes + HEADERS_AND_CHUNKS)
    if len(raw) < min(record.content_length, max_bytes + HEADERS_AND_CHUNKS) or record.headers.get("WARC-Truncated"):
        result.remark("truncated")
    url = (record.headers.get("WARC-Target-URI") or "").strip().removeprefix("<").removesuffix(">")
    http = _http(raw)
    if http is None:
        result.remark("no_http")
    elif http.http_headers.status_code != 200:
        result.remark(f"http_{http.http_headers.status_code}")
    elif (http.http_content_type or "").lower() not in HTML:
        result.remark("not_html")
    elif not host_of(url) or not url.isprintable() or " " in url or len(url) > LONGEST:
        result.remark("bad_address")
    else:
        yield _capture(url, raw, http, _seen(record), max_bytes)


def _seen(record: WarcRecord) -> datetime | None:
    """WARC-Date as an aware time; None where it is missing or no date."""
    try:
        seen: datetime | None = record.record_date
    except ValueError:
        return None
    if seen is None:
        return None
    return seen.replace(tzinfo=UTC) if seen.tzinfo is None else seen.astimezone(UTC)


def _http(raw: bytes, decode: Any = "none") -> WarcRecord | None:
    """The HTTP block by itself, headers parsed; None where it has none."""
    from fastwarc.warc import WarcRecord, WarcRecordType

    alone = WarcRecord()
    alone.init_headers(WarcRecordType.response)
    alone.is_http = True
    alone.set_bytes_content(raw)
    try:
        alone.parse_http(auto_decode=decode, strict_mode=False)
    except OSError:
        return None
    return alone if alone.is_http_parsed and alone.http_headers.status_code else None


def _capture(url: str, raw: bytes, plain: WarcRecord, seen: datetime | None, max_bytes: int) -> Capture:
    headers = dict(plain.http_headers.to_dict())
    body = _body(raw, plain, max_bytes)
    if len(body) > max_bytes:
        return Capture(url, b"", headers, seen, reason="too_large")
    return Capture(url, body, headers, seen)


def _body(raw: bytes, plain: WarcRecord, max_bytes: int) -> bytes:
    """Unchunked and unpacked, at most one byte over `max_bytes`. Some archives store the unpacked body under the old
    headers: then it is taken as it is."""
    decoded = _http(raw, "all")
    if decoded is not None:
        try:
            return decoded.reader.read(max_bytes + 1)
        except OSError:
            return plain.reader.read(max_bytes + 1)
    return plain.reader.read(max_bytes + 1)
