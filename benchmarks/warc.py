"""Records a second of a web archive as `khazri import` unpacks it, against bare fastwarc over the same file."""

from __future__ import annotations

import gzip
import tempfile
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from benchmarks._table import Row
from crawler.imported import ImportResult
from crawler.warcs import read_captures

PAGES = 2_000  # a request and a response each, as CC-NEWS files have them
PAGE_BYTES = 60_000  # of HTML, near the median of news pages
PAIRS = 5  # ours and bare in turn; the median of their ratios is the figure
MAX_BYTES = 8_000_000  # politeness.max_page_bytes as shipped
SENTENCE = b"<p>Page %d: the company told reporters in Baku on Monday that cable number %d reached the shore.</p>\n"


def write_archive(file: Path) -> None:
    """A file in the layout of CC-NEWS: warcinfo, then request and response by turns, each its own gzip member."""
    with file.open("wb") as stream:
        _write(stream, "warcinfo", "", b"software: bench\r\n")
        for number in range(PAGES):
            url = f"https://host{number % 50}.example/news/page-{number}"
            sentence = SENTENCE % (number, number)
            body = sentence * (PAGE_BYTES // len(sentence))
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(
                body
            )
            _write(stream, "request", url, b"GET / HTTP/1.1\r\nHost: host.example\r\n\r\n")
            _write(stream, "response", url, head + body)


def _write(stream: BinaryIO, kind: str, url: str, block: bytes) -> None:
    record = WarcRecord()
    record.init_headers(getattr(WarcRecordType, kind))
    if url:
        record.headers["WARC-Target-URI"] = url
        record.headers["Content-Type"] = f"application/http; msgtype={kind}"
    record.set_bytes_content(block)
    plain = BytesIO()
    record.write(plain)
    stream.write(gzip.compress(plain.getvalue(), 6))


def ours(file: Path) -> int:
    return sum(len(one.body) > 0 for one in read_captures(file, ImportResult(), max_bytes=MAX_BYTES))


def bare(file: Path) -> int:
    """What anybody would write: iterate over responses, HTTP parsed, bodies read."""
    with file.open("rb") as stream:
        records = ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True)
        return sum(len(record.reader.read()) > 0 for record in records)


def _seconds(work: Callable[[Path], int], file: Path) -> float:
    started = time.process_time()
    assert work(file) == PAGES
    return time.process_time() - started


def measure() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "news.warc.gz"
        write_archive(file)
        _seconds(ours, file), _seconds(bare, file)  # warm files and imports
        pairs = [(_seconds(ours, file), _seconds(bare, file)) for _ in range(PAIRS)]
    records = 2 * PAGES + 1
    rates = [median(records / pair[which] for pair in pairs) for which in (0, 1)]
    ratio = median(theirs / mine for mine, theirs in pairs)
    yield Row("WARC records", f"{rates[0]:,.0f} records/s CPU", f"{rates[1]:,.0f} records/s CPU", ratio)
