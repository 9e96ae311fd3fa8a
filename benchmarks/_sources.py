"""Many sources for the polling benchmarks: a generator of feeds, and a proxy on loopback that serves one a host."""

from __future__ import annotations

import asyncio
import contextlib
import html
import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection

FIRST = datetime(2026, 3, 22, 6, tzinfo=UTC)
ROBOTS = b"User-agent: *\nDisallow: /admin/\nDisallow: /search\nAllow: /\n\nUser-agent: BadBot\nDisallow: /\n"
WORDS = (
    "The consortium said on Monday that the survey of the sea bed between the two shores has ended & that the next "
    "ship is due in spring. “We keep to the plan”, its director told reporters. "
)
ENTRY_CHARS = 1_700  # of a summary: 50 entries come to 125 KB, as in the table of feeds that was measured


def feed_body(entries: int = 50, host: str = "host0.example") -> bytes:
    """An RSS 2.0 feed as news sites write them: escaped HTML in the summaries, guids, dates, categories."""
    site = f"http://{host}/"
    top = f"<title>News of {host}</title><link>{site}</link><description>All news</description><language>en</language>"
    items = "".join(_item(site, number) for number in range(entries))
    head = '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    return f"{head}<channel>{top}{items}</channel></rss>".encode()


def _item(site: str, number: int) -> str:
    address = f"{site}news/2026/03/page-{number}.html"
    when = (FIRST - timedelta(minutes=17 * number)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    paragraph = f'<p class="lead">Part {number}. {WORDS}<a href="/tags/cable">cable</a> <b>news</b></p>\n'
    summary = html.escape((paragraph * (ENTRY_CHARS // len(paragraph) + 1))[:ENTRY_CHARS])
    return (
        f"<item><title>Page {number}: ships &amp; cables, a headline of a page</title><link>{address}</link>"
        f'<guid isPermaLink="false">page-{number}</guid><pubDate>{when}</pubDate><dc:creator>A. Writer</dc:creator>'
        f"<category>Economy</category><category>Technology</category><description>{summary}</description></item>\n"
    )


def host(number: int) -> str:
    return f"feed{number}.example"


def address(number: int) -> str:
    return f"http://{host(number)}/rss.xml"


class _Proxy(asyncio.Protocol):
    """Answers GET with an absolute address: robots.txt, a feed, or 304 where its ETag is known. Keeps connections."""

    entries = 50

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._to, self._had = transport, b""

    def data_received(self, data: bytes) -> None:
        self._had += data
        while b"\r\n\r\n" in self._had:
            head, _, self._had = self._had.partition(b"\r\n\r\n")
            self._to.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        target = head.split(b" ", 2)[1].decode("ascii")
        name = target.removeprefix("http://").partition("/")[0]
        if target.endswith("/robots.txt"):
            return _message("200 OK", b"text/plain", ROBOTS)
        if b"\r\nif-none-match:" in head.lower():
            return b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n\r\n'
        if target.endswith("/rss.xml"):
            return _message("200 OK", b"application/rss+xml", feed_body(self.entries, name))
        return _message("404 Not Found", b"text/plain", b"")


def _message(status: str, kind: bytes, body: bytes) -> bytes:
    head = f'HTTP/1.1 {status}\r\nETag: "v1"\r\nContent-Length: {len(body)}\r\nContent-Type: '.encode("ascii")
    return head + kind + b"\r\n\r\n" + body


async def _serve(entries: int, port: Connection) -> None:
    handler = type("Proxy", (_Proxy,), {"entries": entries})
    server = await asyncio.get_running_loop().create_server(handler, "127.0.0.1", 0)
    port.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _process(entries: int, port: Connection) -> None:
    asyncio.run(_serve(entries, port))


@contextlib.contextmanager
def sources(entries: int) -> Iterator[str]:
    """The proxy's address while a process of its own serves; its CPU is not counted."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_process, args=(entries, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()
        process.join()
