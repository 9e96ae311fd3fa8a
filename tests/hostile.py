"""A hostile web for tests: an HTTP proxy on loopback that answers for `http://<name>.example` as badly as it is told.

Asked directly, without a proxy and with TLS if it was given a context, it answers by the Host header less its port.

    with Hostile() as web:
        web.routes["http://a.example/feed"] = Answer(rss("http://a.example/1"))
        operator = Operator(tmp_path, web.address, {"a": {"a": "http://a.example/feed"}})
        operator.crawl()

What is not in `routes` is a 404. Every request is logged with the times at which it began and ended.
"""

from __future__ import annotations

import os
import signal
import socket
import socketserver
import sqlite3
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import parse_headers
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import yaml

KHAZRI = Path(sys.executable).parent / "khazri"
NOW = "2026-03-22T18:00:00Z"
TOMORROW = "2026-03-23T18:00:00Z"  # every retry of a failed item is due by then
WAIT_SECONDS = 120.0  # for a command on a busy machine; nothing here measures speed


@dataclass(slots=True)
class Asked:
    """One request as it came in; `ended` is when the last byte of its answer was sent."""

    url: str
    headers: Message
    started: float
    ended: float = 0.0

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


Trouble = Callable[[socket.socket], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """`trouble` gets the bare socket instead of an answer; an ETag that comes back is a 304."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    type: str = "text/html; charset=utf-8"
    trouble: Trouble | None = None
    seconds: float = 0.0

    def sent(self, asked: Asked) -> bytes:
        headers = {"Content-Type": self.type, "Content-Length": str(len(self.body)), **self.headers}
        etag = headers.get("ETag")
        if etag is not None and asked.headers["If-None-Match"] == etag:
            return f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\nConnection: close\r\n\r\n".encode()
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} X\r\n{lines}Connection: close\r\n\r\n".encode() + self.body


def reset(part: bytes = b"") -> Trouble:
    """Send `part`, then slam the connection."""

    def act(sock: socket.socket) -> None:
        sock.sendall(part)
        time.sleep(0.05)  # or the reset overtakes the bytes
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return act


def drip(head: bytes, every: float = 0.2) -> Trouble:
    """A byte now and then, until the other side has had enough."""

    def act(sock: socket.socket) -> None:
        sock.sendall(head)
        for _ in range(int(60 / every)):
            time.sleep(every)
            sock.sendall(b" ")

    return act


def pour(*parts: bytes, times: int = 1) -> Trouble:
    """Send the parts, the last one `times` times."""

    def act(sock: socket.socket) -> None:
        for part in parts[:-1]:
            sock.sendall(part)
        for _ in range(times):
            sock.sendall(parts[-1])

    return act


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        web = self.server.web
        try:
            if web.tls is not None:  # here, not in the listening socket: a bad handshake is this connection's alone
                self.request = web.tls.wrap_socket(self.request, server_side=True)
            stream = self.request.makefile("rb")
            line = stream.readline().decode("latin-1").split()
            if len(line) != 3:
                self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                return
        except OSError:
            return
        headers = parse_headers(stream)
        asked = Asked(web.url_of(line[1], headers), headers, time.monotonic())
        with web.lock:
            web.asked.append(asked)
        answer = web.routes.get(asked.url) or Answer(status=404)
        try:
            if answer.trouble is not None:
                answer.trouble(self.request)
            else:
                time.sleep(answer.seconds)
                self.request.sendall(answer.sent(asked))
        except OSError:
            return  # the crawler hung up: that is its right
        finally:
            asked.ended = time.monotonic()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64
    web: Hostile


class Hostile:
    """The server, on a free port, and what it was asked."""

    def __init__(
        self,
        routes: Mapping[str, Answer] | None = None,
        *,
        at: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.routes: dict[str, Answer] = dict(routes or {})
        self.asked: list[Asked] = []
        self.tls = tls
        self.lock = threading.Lock()
        self.server = _Server((at, port), _Handler)
        self.server.web = self
        self.port: int = self.server.server_address[1]
        self.address = f"{self.scheme}://{at}:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def scheme(self) -> str:
        return "https" if self.tls is not None else "http"

    def url_of(self, target: str, headers: Message) -> str:
        """The address asked for: a proxy is told the whole of it, a server itself only the path."""
        host = headers.get("Host", "").rpartition(":")[0] or headers.get("Host", "")
        return f"{self.scheme}://{host}{target}" if target.startswith("/") else target

    def to(self, url: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.url == url]

    def at(self, host: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.host == host]


# ------------------------------------------------------------------------------------------------- what it may answer

RSS = "application/rss+xml; charset=utf-8"


def rss(*links: str, title: str = "Item") -> bytes:
    items = "".join(
        f"<item><title>{title} {link}</title><link>{link}</link><guid>{link}</guid>"
        "<pubDate>Sun, 22 Mar 2026 10:00:00 GMT</pubDate></item>"
        for link in links
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>{items}</channel></rss>'.encode()


def feed(*links: str, title: str = "Item", **headers: str) -> Answer:
    return Answer(rss(*links, title=title), type=RSS, headers={k.replace("_", "-"): v for k, v in headers.items()})


def article(about: str) -> Answer:
    """A page that reading takes for an article."""
    words = (
        f"The harbour office said on Sunday that work on {about} goes on as planned and that no ship had to wait. "
        "Engineers measured the depth of the sea floor again and found it as deep as it had been the year before. "
    )
    paragraphs = "".join(f"<p>{words}{number}.</p>" for number in range(4))
    return Answer(
        f"<!doctype html><html lang='en'><head><title>{about}</title></head>"
        f"<body><article><h1>{about}</h1>{paragraphs}</article></body></html>".encode()
    )


def healthy(web: Hostile, host: str, pages: int = 1) -> str:
    """Routes for a feed on `host` with so many articles; the feed's address."""
    links = [f"http://{host}/{number}" for number in range(1, pages + 1)]
    web.routes |= {link: article(f"Quay {link}") for link in links}
    web.routes[f"http://{host}/feed"] = feed(*links)
    return f"http://{host}/feed"


# ----------------------------------------------------------------------------------------------------------- operator


SourceKeys = str | Mapping[str, Any]


class Operator:
    """A config with some outlets, a database, and the commands an operator would type.

    outlets   outlet id -> {source id: the address of a feed, or {kind: address, other keys}}; its host is the first
              address's.
    """

    def __init__(
        self,
        folder: Path,
        proxy: str,
        outlets: Mapping[str, Mapping[str, SourceKeys]],
        **politeness: float | str | list[int],
    ) -> None:
        self.folder = folder
        self.database = folder / "khazri.db"
        self.config = folder / "config.yaml"
        polite = {
            "user_agent": "KhazriTest/1.0 (+mailto:test@reader.example)",
            "delay_seconds": 0.0,
            "timeout_seconds": 5,
            "max_page_bytes": 2_000_000,
            "max_feed_bytes": 8_000_000,
            "recheck_hours": [],  # what is counted here is what feeds bring; tests of re-checks say so
            **politeness,
        }
        content = {
            "version": 1,
            "var": str(folder),
            "politeness": polite,
            "outlets": {name: _outlet(name, sources) for name, sources in outlets.items()},
        }
        self.config.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        self.program = [str(KHAZRI)]
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("KHAZRI_")}
        self.env |= {"KHAZRI_DATABASE": f"sqlite:///{self.database}"}
        if proxy:
            self.env["KHAZRI_PROXY"] = proxy

    def start(self, *arguments: str, **keywords: Any) -> subprocess.Popen[str]:
        command = [*self.program, "--config", str(self.config), *arguments]
        options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": self.env}
        process: subprocess.Popen[str] = subprocess.Popen(
            command, text=True, start_new_session=True, **(options | keywords)
        )
        return process

    def run(self, *arguments: str, code: int = 0, **keywords: Any) -> str:
        """Run to the end, expect an exit code; stdout, then stderr."""
        process = self.start(*arguments, **keywords)
        try:
            out, err = process.communicate(timeout=WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        assert process.returncode == code, (process.returncode, out, err)
        return (out or "") + (err or "")

    def crawl(self, *sources: str, now: str = NOW, code: int = 0) -> str:
        return self.run("crawl", *sources, "--now", now, code=code)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.database) as conn:
            return conn.execute(query, values).fetchall()

    def results(self) -> dict[str, tuple[str, str]]:
        """source -> (result, reason) of its last run."""
        return {row[0]: (row[1], row[2]) for row in self.rows("SELECT source, result, reason FROM run ORDER BY id")}

    def items(self) -> dict[str, tuple[str, str]]:
        """address -> (state, outcome) of every item."""
        return {row[0]: (row[1], row[2] or "") for row in self.rows("SELECT url, state, outcome FROM item ORDER BY id")}

    def articles(self) -> set[str]:
        return {url for (url,) in self.rows("SELECT url FROM article")}


def _outlet(name: str, sources: Mapping[str, SourceKeys]) -> dict[str, Any]:
    keys = {key: {"feed": said} if isinstance(said, str) else dict(said) for key, said in sources.items()}
    host = urlsplit(str(next(iter(next(iter(keys.values())).values())))).hostname or ""
    return {
        "name": {"en": name.title()},
        "languages": ["en"],
        "kind": "portal",
        "tier": 3,
        "own": False,
        "zone": "UTC",
        "hosts": [host] if "." in host and not host.replace(".", "").isdigit() else [],
        "collect": [{"id": key, **said, "language": "en", "every_minutes": 60} for key, said in keys.items()],
    }


def one_line(text: str) -> str:
    """The one line of an error; a traceback or a second line fails."""
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


GONE = (FileNotFoundError, ProcessLookupError)  # what /proc says of a process that ends while it is read


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except GONE:
        return False


def command_of(pid: int) -> bytes:
    """The command line of a process, its words apart by NUL; empty once it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except GONE:
        return b""


def children_of(pid: int) -> set[int]:
    """All living descendants of a process, and nobody else's."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        try:
            tasks = list(Path(f"/proc/{parent}/task").glob("*/children"))
        except GONE:
            continue
        for task in tasks:
            try:
                born = {int(word) for word in task.read_text("ascii").split()}
            except GONE:  # a thread that ended meanwhile
                continue
            waiting += born - found
            found |= born
    return found


def wait_until(check: Callable[[], bool], seconds: float = WAIT_SECONDS) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(0.02)
    return False


def seconds_to_end(process: subprocess.Popen[str], number: signal.Signals) -> float:
    """Send the signal; how long the process then took."""
    started = time.monotonic()
    process.send_signal(number)
    process.wait(WAIT_SECONDS)
    return time.monotonic() - started
