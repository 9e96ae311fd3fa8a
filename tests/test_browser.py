"""Pages that JavaScript makes, in a real Chromium (extra `browser`): read as others are, and fenced in."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crawler import addresses, browsing
from crawler.browserproxy import PageProxy
from models import schema
from models.store import connect
from tests.hostile import (
    NOW,
    Answer,
    Hostile,
    Operator,
    article,
    children_of,
    command_of,
    is_alive,
    pour,
    wait_until,
)
from tests.test_hostile_servers import OPEN, PRIVATE, in_world

MISSING = browsing.why_no_browser()
in_chromium = pytest.mark.skipif(bool(MISSING), reason=MISSING or "there is one")
TIMEOUT_SECONDS = 8  # of a page; the endless ones wait for it, side by side
PAGE_BYTES = 300_000  # cap of the crawls below


def listing(*scripts: str, body: str = "") -> Answer:
    """A page whose words are its scripts' business."""
    run = "".join(f"<script>{script}</script>" for script in scripts)
    return Answer(f"<!doctype html><html><head><title>L</title></head><body>{body}{run}</body></html>".encode())


def shows(host: str, *numbers: int) -> str:
    """A script that writes links to articles."""
    links = "".join(f'<h3><a href="/n/{number}.html">Kabel haqda xeber {number}</a></h3>' for number in numbers)
    return f"document.body.insertAdjacentHTML('beforeend', `{links}`);"


def source(url: str, **keys: Any) -> dict[str, Any]:
    return {"listing": url, "javascript": True, "selectors": {"link": "h3 a"}, **keys}


def written(answer: Answer) -> Answer:
    """An article whose words are there only once its script has run."""
    inner = answer.body.decode().partition("<body>")[2].partition("</body>")[0]
    return listing(f"document.body.innerHTML = `{inner}`")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database with our schema: making it by the command takes as long as a crawl."""
    file = tmp_path_factory.mktemp("empty") / "khazri.db"
    engine = connect(f"sqlite:///{file}")
    schema.upgrade(engine)
    with engine.begin() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file.read_bytes()


def reaching(script: str) -> str:
    """A script that tries something, whatever becomes of it."""
    return f"try {{ {script} }} catch (error) {{}}"


# --------------------------------------------------------------------------------------------------- what is missing


def test_what_is_missing_is_told_with_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert browsing.why_no_browser().startswith("needs a browser, which Khazri has none of: .venv/bin/pip install")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setenv("PATH", "")
    assert (
        browsing.why_no_browser() == "needs a browser, and there is no Chromium on the PATH: apt-get install chromium"
    )


# ------------------------------------------------------------------------------------------------ the proxy by itself


async def ask_by_socks(proxy: PageProxy, host: str, port: int, request: bytes = b"") -> tuple[int, bytes]:
    """(the proxy's reply, what came through it)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.address.rpartition(":")[2]))
    name = host.encode()
    writer.write(b"\5\1\0" + bytes((5, 1, 0, 3, len(name))) + name + port.to_bytes(2, "big"))
    answer = await reader.readexactly(12)
    writer.write(request)
    came = await reader.read() if answer[3] == 0 else b""
    writer.close()
    return answer[3], came


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0177.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "10.0.0.1",
     "169.254.169.254", "inside.example", "user@open.example", "nowhere.example"],
)  # fmt: skip
def test_the_proxy_connects_to_nobody_private(host: str) -> None:
    async def resolve(name: str) -> str:
        if name == "nowhere.example":
            raise OSError(name)
        return PRIVATE if name == "inside.example" else name

    async def ask() -> int:
        async with PageProxy("", resolve, 10_000) as proxy:
            return (await asyncio.wait_for(ask_by_socks(proxy, host, secret.port), 5))[0]

    with Hostile(at=PRIVATE) as secret:
        assert asyncio.run(ask()) in (1, 2)
        assert secret.asked == []


def test_the_proxy_brings_what_is_public_and_not_more_than_a_page_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    really = addresses.is_public
    monkeypatch.setattr(addresses, "is_public", lambda address: str(address) == OPEN or really(address))

    async def resolve(name: str) -> str:
        return OPEN

    async def ask(path: str) -> tuple[bytes, bool]:
        async with PageProxy("", resolve, 100_000) as proxy:
            _, came = await ask_by_socks(
                proxy, "a.example", web.port, f"GET {path} HTTP/1.1\r\nHost: a.example:{web.port}\r\n\r\n".encode()
            )
            return came, proxy.spent

    with Hostile(at=OPEN) as web:
        web.routes["http://a.example/small"] = Answer(b"small")
        web.routes["http://a.example/endless"] = Answer(
            trouble=pour(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 9999, times=9999)
        )
        small, spent = asyncio.run(ask("/small"))
        assert (small[-5:], spent) == (b"small", False)
        endless, spent = asyncio.run(ask("/endless"))
        assert spent
        assert len(endless) <= 100_000


# --------------------------------------------------------------------------------------------------- read as any other


@pytest.mark.slow
def test_without_a_browser_the_source_is_not_run_and_says_why(tmp_path: Path, empty: bytes) -> None:
    with Hostile() as web:
        operator = Operator(tmp_path, web.address, {"a": {"a": source("http://a.example/list")}})
        operator.database.write_bytes(empty)
        operator.env["PATH"] = ""
        operator.crawl()
        ((result, reason),) = operator.results().values()
        assert result == "not_run"
        assert reason in (browsing.NO_EXTRA, browsing.NO_CHROMIUM)
        assert web.asked == []


@pytest.mark.long
@in_chromium
def test_what_scripts_make_is_collected(tmp_path: Path, empty: bytes) -> None:
    """A list made of data, its second page, an article of plain HTML and one that is made; robots and delay hold."""
    with Hostile() as web:
        web.routes["http://a.example/list"] = listing(
            "fetch('/data.json').then(r => r.json()).then(n => { " + shows("a", 1, 2) + " })",
            body='<a rel="next" href="/list2">more</a>',
        )
        web.routes["http://a.example/data.json"] = Answer(b"[1]", type="application/json")
        web.routes["http://a.example/list2"] = listing(shows("a", 3))
        web.routes["http://a.example/n/1.html"] = article("Quay one")
        web.routes["http://a.example/n/2.html"] = written(article("Quay two \u0259"))
        web.routes["http://a.example/n/3.html"] = Answer(status=403)
        web.routes["http://shut.example/robots.txt"] = Answer(b"User-agent: *\nDisallow: /list", type="text/plain")
        web.routes["http://shut.example/list"] = listing(shows("shut", 1))
        web.routes["http://data.example/robots.txt"] = Answer(b"User-agent: *\nDisallow: /api", type="text/plain")
        web.routes["http://data.example/list"] = listing("fetch('/api/news')", shows("data", 1))
        web.routes["http://data.example/n/1.html"] = article("Quay of data")
        wall = b"<!doctype html><title>Just a moment...</title><script>fetch('/solve')</script>"
        web.routes["http://wall.example/list"] = Answer(wall, headers={"cf-mitigated": "challenge"})
        names = ("a", "shut", "data", "wall")
        sources = {name: {name: source(f"http://{name}.example/list", pages=3)} for name in names}
        operator = Operator(tmp_path, web.address, sources, timeout_seconds=TIMEOUT_SECONDS, delay_seconds=0.3)
        operator.database.write_bytes(empty)
        operator.crawl()
        results = operator.results()
        assert results == {
            "a": ("ok", ""), "shut": ("refused", "robots"), "data": ("ok", ""), "wall": ("refused", "challenge")
        }  # fmt: skip
        assert operator.items() == {
            "http://a.example/n/1.html": ("done", "new"),
            "http://a.example/n/2.html": ("done", "new"),
            "http://a.example/n/3.html": ("due", "failed:refused"),
            "http://data.example/n/1.html": ("done", "new"),
        }
        (text,) = operator.rows(
            "SELECT r.text FROM revision r JOIN article a ON a.id = r.article_id WHERE a.url LIKE '%/n/2.html'"
        )
        assert "goes on as planned" in text[0] and "\u0259" in text[0]
        assert web.to("http://data.example/api/news") == web.to("http://wall.example/solve") == []
        pages = [one.started for one in web.at("a.example") if one.url.endswith((".html", "/list", "/list2"))]
        assert min(late - early for early, late in itertools.pairwise(pages)) >= 0.27
        for one in web.asked:
            assert one.headers["User-Agent"] == "KhazriTest/1.0 (+mailto:test@reader.example)"
            assert not one.headers["Cookie"]


# ------------------------------------------------------------------------------------------------------------ fenced in


def inwards(port: int, udp: int) -> dict[str, tuple[str, ...]]:
    """Source -> scripts that try to reach what is not for them."""
    there = f"http://127.0.0.1:{port}/secret"
    add = "document.body.insertAdjacentHTML('beforeend', "
    places = (
        there, "http://169.254.169.254/latest", f"http://localhost:{port}/s", f"http://inside.example:{port}/s",
        f"http://2130706433:{port}/s", "/away",
    )  # fmt: skip
    asks = (
        *(f"fetch('{place}', {{mode: 'no-cors'}})" for place in places),
        f'{add}\'<iframe src="{there}"></iframe><object data="{there}"></object><img src="{there}">\')',
        f"const e = document.createElement('script'); e.src = '{there}'; document.head.append(e)",
        f"const e = document.createElement('link'); e.rel = 'stylesheet'; e.href = '{there}'; document.head.append(e)",
        f"navigator.sendBeacon('{there}', 'x')",
        f"new WebSocket('ws://127.0.0.1:{port}/s')",
        f"new EventSource('{there}')",
        f"new Worker(URL.createObjectURL(new Blob([`fetch('{there}')`])))",
        "navigator.serviceWorker.register('/worker.js')",
        f"const p = new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{udp}'}}, {{urls: "
        f"'turn:127.0.0.1:{port}?transport=tcp', username: 'u', credential: 'c'}}]}}); p.createDataChannel('x'); "
        "p.createOffer().then(o => p.setLocalDescription(o))",
        f"new WebTransport('https://127.0.0.1:{udp}/')",
    )
    link = f"const a = document.createElement('a'); a.href = '{there}'; a.target = '_blank'; document.body.append(a); "
    return {
        "asks": asks,
        "leaves": (f"location.href = '{there}'",),
        "refreshes": (f"{add}'<meta http-equiv=refresh content=\"0;url={there}\">')",),
        "windows": (
            f"window.open('{there}')",
            f"{link}a.click()",
            f"const f = document.createElement('form'); f.action = '{there}'; document.body.append(f); f.submit()",
        ),
        "open": ("fetch('/data')",),
    }


@pytest.mark.long
@in_chromium
def test_a_script_reaches_nobody_private(tmp_path: Path, empty: bytes) -> None:
    """Without a proxy in config, as in production: what it tries fails, and the page is collected all the same."""
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind((PRIVATE, 0))
    with Hostile(at=OPEN) as web, Hostile(at=PRIVATE, port=web.port) as secret, datagrams:
        tries = inwards(web.port, datagrams.getsockname()[1])
        away = Answer(status=302, headers={"Location": f"http://127.0.0.1:{web.port}/secret"})
        web.routes["http://asks.example/away"] = away
        for name, scripts in tries.items():
            web.routes[f"http://{name}.example/list"] = listing(shows(name, 1), *map(reaching, scripts))
        sources = {name: {name: source(f"http://{name}.example:{web.port}/list")} for name in tries}
        operator = Operator(tmp_path, "", sources, timeout_seconds=TIMEOUT_SECONDS)
        operator.database.write_bytes(empty)
        world = {f"{name}.example": [OPEN] for name in tries} | {"inside.example": [PRIVATE]}
        in_world(operator, names=world, public=[OPEN]).crawl()
        assert operator.results() == dict.fromkeys(tries, ("ok", ""))
        assert secret.asked == []
        assert len(web.to("http://open.example/data")) == len(web.to("http://asks.example/away")) == 1
        datagrams.setblocking(False)
        with pytest.raises(BlockingIOError):
            datagrams.recv(1)


HANGS = "setTimeout(() => { while (true) {} }, 50)"


@pytest.fixture(scope="module")
def abused(tmp_path_factory: pytest.TempPathFactory, empty: bytes) -> Iterator[SimpleNamespace]:
    """One crawl of pages that mean harm, and a good one."""
    cases = {
        "endless_script": (listing(shows("x", 1), HANGS), ("unreachable", "timeout")),
        "large_page": (listing("document.body.append(document.createComment('x'.repeat(5e7)))"),
                       ("unreachable", "too_large")),
        "endless_data": (listing("fetch('/endless')", shows("x", 1)), ("unreachable", "too_large")),
        "alerts": (listing("for (let i = 0; i < 100; i++) { alert(i); confirm(i); print() }", shows("x", 1)),
                   ("ok", "")),
        "downloads": (
            listing("const a = document.createElement('a'); a.href = 'data:text/plain,x'; a.download = 'x'; "
                    "document.body.append(a); a.click()", shows("x", 1)), ("ok", ""),
        ),
        "attachment": (
            Answer(b"<h3><a href='/n/1.html'>Kabel haqda</a></h3>", headers={"Content-Disposition": "attachment"}),
            ("ok", ""),
        ),
        "popups": (listing("for (let i = 0; i < 30; i++) window.open('about:blank')", shows("x", 1)), ("ok", "")),
        "reloads": (listing(shows("x", 1), "location.reload()"), ("ok", "")),
        "polls": (listing("setInterval(() => fetch('/data'), 100)", shows("x", 1)), ("ok", "")),
        "good": (listing(shows("x", 1)), ("ok", "")),
    }  # fmt: skip
    with Hostile() as web:
        endless = Answer(trouble=pour(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1_000_000, times=1000))
        hosts = {name: f"{name.replace('_', '-')}.example" for name in cases}
        for name, (answer, _) in cases.items():
            web.routes |= {f"http://{hosts[name]}/list": answer, f"http://{hosts[name]}/endless": endless}
        sources = {name: {name: source(f"http://{hosts[name]}/list")} for name in cases}
        operator = Operator(tmp_path_factory.mktemp("abused"), web.address, sources,
                            timeout_seconds=TIMEOUT_SECONDS, max_page_bytes=PAGE_BYTES)  # fmt: skip
        operator.database.write_bytes(empty)
        started = time.monotonic()
        said = operator.crawl()
        yield SimpleNamespace(
            web=web, results=operator.results(), wanted={name: wanted for name, (_, wanted) in cases.items()},
            seconds=time.monotonic() - started, said=said,
        )  # fmt: skip


@pytest.mark.long
@in_chromium
def test_a_page_that_means_harm_is_one_result_with_its_reason(abused: Any) -> None:
    assert abused.results == abused.wanted
    assert abused.seconds < 60
    assert "Traceback" not in abused.said
    assert abused.web.at("victim.example") == []


# ------------------------------------------------------------------------------------------------- no process left over


def browsers_of(pid: int) -> set[int]:
    return {
        child for child in children_of(pid) if b"chromium" in command_of(child) or b"playwright" in command_of(child)
    }


@pytest.mark.long
@in_chromium
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_browser_outlives_the_crawl(tmp_path: Path, empty: bytes, number: signal.Signals) -> None:
    with Hostile() as web:
        web.routes["http://a.example/list"] = listing("fetch('/running')", HANGS)
        operator = Operator(tmp_path, web.address, {"a": {"a": source("http://a.example/list")}}, timeout_seconds=60)
        operator.database.write_bytes(empty)
        process = operator.start("crawl", "--now", NOW)
        assert wait_until(lambda: bool(web.to("http://a.example/running")), 30)
        time.sleep(0.2)
        left = browsers_of(process.pid)
        assert len(left) > 3
        started = time.monotonic()
        process.send_signal(number)
        process.communicate(timeout=30)
        assert time.monotonic() - started < 2.5
        assert wait_until(lambda: not [pid for pid in left if is_alive(pid)], 5 if number == signal.SIGKILL else 1)


@pytest.mark.long
@in_chromium
def test_a_browser_that_dies_costs_one_page(tmp_path: Path, empty: bytes) -> None:
    with Hostile() as web:
        web.routes["http://a.example/list"] = listing("fetch('/running')", "setInterval(() => fetch('/x'), 100)")
        web.routes["http://b.example/list"] = listing(shows("b", 1))
        web.routes["http://b.example/robots.txt"] = Answer(b"", seconds=4)
        sources = {name: {name: source(f"http://{name}.example/list")} for name in "ab"}
        operator = Operator(tmp_path, web.address, sources, timeout_seconds=10)
        operator.database.write_bytes(empty)
        process = operator.start("crawl", "--now", NOW)
        assert wait_until(lambda: bool(web.to("http://a.example/running")), 30)
        for pid in browsers_of(process.pid):
            if b"playwright/driver" not in command_of(pid):
                os.kill(pid, signal.SIGKILL)
        _, said = process.communicate(timeout=60)
        assert operator.results() == {"a": ("unreachable", "browser_died"), "b": ("ok", "")}
        assert "Chromium ended in the middle of a page and is started again" in said
