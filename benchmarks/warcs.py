"""Web archive records a second of `read_captures` against bare fastwarc over the same file; reading pages left out."""

from __future__ import annotations

import gzip
import importlib.util
import io
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks._table import NotHere, Row
from crawler.imported import ImportResult
from crawler.warcs import read_captures

RECORDS = 2_000  # responses with HTML, in members of their own as CC-NEWS has them
PAGE_CHARS = 40_000  # of markup a page: the middle of the labelled pages
ROUNDS = 5  # ours and the yardstick in turn; the median of their ratios is the figure
MAX_BYTES = 8_000_000  # of a page, above every one in the file


def measure(records: int = RECORDS, rounds: int = ROUNDS) -> Iterator[Row]:
    """One row, stated. Raises NotHere without fastwarc."""
    if importlib.util.find_spec("fastwarc") is None:
        raise NotHere("needs fastwarc: the extra backfill")
    with tempfile.TemporaryDirectory(prefix="khazri-bench-") as folder:
        file = Path(folder) / "bench.warc.gz"
        write(file, records)
        timed = [(_seconds(_ours, file, records), _seconds(_bare, file, records)) for _ in range(rounds + 1)][1:]
    yield Row(
        f"warcs, {records:,} gzipped records of {PAGE_CHARS // 1000} KB",
        f"{records / median(mine for mine, _ in timed):,.0f} records/s",
        f"{records / median(theirs for _, theirs in timed):,.0f} records/s",
        median(theirs / mine for mine, theirs in timed),
    )


def write(file: Path, records: int) -> None:
    """A .warc.gz written by fastwarc itself."""
    from fastwarc.warc import WarcRecord, WarcRecordType

    with file.open("wb") as stream:
        for number in range(records):
            words = f"<p>Page {number}: the ship has laid {number} km of cable &amp; goes on.</p>\n"
            page = (f"<html><title>Page {number}</title>" + words * (PAGE_CHARS // len(words))).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n\r\n"
            record = WarcRecord()
            record.init_headers(WarcRecordType.response)
            record.headers["WARC-Target-URI"] = f"http://host0.example/news/page-{number}.html"
            record.headers["WARC-Date"] = "2026-03-22T10:00:00Z"
            record.headers["Content-Type"] = "application/http; msgtype=response"
            record.set_bytes_content(head.encode("ascii") + page)
            member = io.BytesIO()
            record.write(member)
            stream.write(gzip.compress(member.getvalue()))


def _ours(file: Path) -> int:
    return sum(1 for _ in read_captures(file, ImportResult(), max_bytes=MAX_BYTES))


def _bare(file: Path) -> int:
    """What fastwarc does by itself: the HTTP head parsed, the body read."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    count = 0
    with file.open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
            record.reader.read()
            count += 1
    return count


def _seconds(read: Callable[[Path], int], file: Path, records: int) -> float:
    started = time.process_time()
    found = read(file)
    seconds = time.process_time() - started
    assert found == records, f"{found} records of {records}"
    return seconds
