"""The outside world of the benchmarks: the labelled `aeb` pages behind a proxy on loopback, one feed for all."""

from __future__ import annotations

import contextlib
import gzip
import html
import json
import multiprocessing
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks._table import NotHere

ROOT = Path(__file__).resolve().parent.parent
HOSTS = 10  # outlets' hosts: each has its robots.txt asked for once and answers one request at a time
NAME = "AzerTelecom"  # watched, in no page of the set
FEED = "http://host0.example/rss.xml"
START_FEED = "http://host0.example/start.xml"  # the first pages only
START_PAGES = 2  # a crawl of so few shows what a crawl costs by itself
LINE_LEAST = 80  # characters of a labelled line that is running text and no caption
LINE_START = 20  # characters of it that are looked for: the rest may hold tags and entities


@dataclass(frozen=True, slots=True)
class RealPage:
    """A page as its publisher sent it, and the lines of its body as labelled."""

    html: bytes
    lines: tuple[str, ...]


def load_pages(limit: int | None = None) -> list[RealPage]:
    """The pages in the order of their names. Raises NotHere without the data."""
    folder = Path(os.environ.get("KHAZRI_DATA", ROOT.parent / "shared" / "data")) / "pages" / "aeb"
    files = sorted((folder / "html").glob("*.html.gz"))[:limit]
    if not files:
        raise NotHere("needs the labelled pages: KHAZRI_DATA/pages/aeb/html/*.html.gz")
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    bodies = [labels[file.name.removesuffix(".html.gz")]["body"] for file in files]
    return [
        RealPage(gzip.decompress(file.read_bytes()), tuple(body.splitlines()))
        for file, body in zip(files, bodies, strict=True)
    ]


def plant(pages: Sequence[RealPage], every: int) -> list[bytes]:
    """The pages' bytes, with the watched name in one paragraph of each `every`-th page."""
    return [_planted(page) if number % every == 0 else page.html for number, page in enumerate(pages)]


def _planted(page: RealPage) -> bytes:
    """The name before the first labelled line that the markup has word for word after a tag. A page without one stays
    as it is; the benchmark says how many articles hit."""
    for line in page.lines:
        start = re.escape(line.strip()[:LINE_START].encode())
        found = re.search(rb">\s*(?=" + start + rb")", page.html) if len(line) > LINE_LEAST else None
        if found is not None:
            return page.html[: found.end()] + f"{NAME} was named here. ".encode("ascii") + page.html[found.end() :]
    return page.html


def address(number: int) -> str:
    return f"http://host{number % HOSTS}.example/news/2026/03/page-{number}.html"


def _feed(count: int) -> bytes:
    entries = "".join(
        f"<item><title>Page {number}</title><link>{html.escape(address(number))}</link>"
        f"<guid>page-{number}</guid><pubDate>Sun, 22 Mar 2026 10:00:00 +0400</pubDate></item>"
        for number in range(count)
    )
    top = "<title>All pages</title><link>http://host0.example/</link><description>-</description>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{top}{entries}</channel></rss>'.encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive, as real servers do
    disable_nagle_algorithm = True
    bodies: Mapping[str, tuple[str, bytes]] = {}

    def do_GET(self) -> None:
        kind, body = self.bodies.get(self.path, ("", b""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the benchmark's output is its table."""


def _serve(pages: Sequence[bytes], port: Connection) -> None:
    bodies = {address(number): ("text/html", page) for number, page in enumerate(pages)}
    bodies[FEED] = ("application/rss+xml", _feed(len(pages)))
    bodies[START_FEED] = ("application/rss+xml", _feed(START_PAGES))
    handler = type("Handler", (_Handler,), {"bodies": bodies})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    port.send(server.server_address[1])
    server.serve_forever()


@contextlib.contextmanager
def outside(pages: Sequence[bytes]) -> Iterator[str]:
    """The proxy's address while a process of its own serves: its CPU is not counted."""
    assert len({urlsplit(address(number)).path for number in range(len(pages))}) == len(pages)
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_serve, args=(pages, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()
        process.join()
