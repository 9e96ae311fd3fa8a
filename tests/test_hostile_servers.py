"""Servers that mean harm, all in one crawl: each ends as one result with its reason, in bounded time and memory, and
the healthy source beside them is collected (DESIGN §7). What test_crawl.py shows already is not shown again."""

from __future__ import annotations

import gzip
import itertools
import json
import logging
import random
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import brotli
import pytest
from scrapy.http import Response
from scrapy.utils._compression import zstd

from crawler.fetch import retry_after
from tests.certificates import by_name, certificate, pem
from tests.hostile import (
    RSS,
    TOMORROW,
    Answer,
    Hostile,
    Operator,
    article,
    drip,
    feed,
    healthy,
    pour,
    rss,
)

pytestmark = pytest.mark.long

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"
NOISE = random.Random(2).randbytes(3000)
GIGABYTE = 1024  # MB of zeros in each bomb
TIMEOUT_SECONDS = 30  # as in config.yaml: nothing in the first crawl waits for it
DRIP_SECONDS = 3
CAP = 8_000_000  # bytes of a feed, as in config.yaml
CRAWL_SECONDS = 120  # for all of them at once on a busy machine
EXTRA_MB = 150  # of memory over a crawl of healthy sources: 60 measured; one bomb unpacked would be 1,024


def zeros(pack: Any) -> bytes:
    """A gigabyte of zeros through a compressor object."""
    part = bytes(1 << 20)
    return b"".join(pack.compress(part) for _ in range(GIGABYTE)) + pack.flush()


def brotli_zeros() -> bytes:
    pack, part = brotli.Compressor(quality=1), bytes(1 << 20)
    return b"".join(pack.process(part) for _ in range(GIGABYTE)) + pack.finish()


def packed(body: bytes, coding: str) -> Answer:
    return Answer(body, type=RSS, headers={"Content-Encoding": coding})


def bombs() -> dict[str, tuple[Answer, tuple[str, str]]]:
    """Source -> (what its feed answers, the run's result and reason)."""
    large = ("unreachable", "too_large")
    empty_member, empty_frame = gzip.compress(b"", mtime=0), zstd.compress(b"")
    layered = rss()
    for _ in range(50):
        layered = gzip.compress(layered, 1)
    return {
        "gzip_gigabyte": (packed(zeros(zlib.compressobj(1, wbits=31)), "gzip"), large),
        "deflate_gigabyte": (packed(zeros(zlib.compressobj(1)), "deflate"), large),
        "raw_deflate_gigabyte": (packed(zeros(zlib.compressobj(1, wbits=-15)), "deflate"), large),
        "brotli_gigabyte": (packed(brotli_zeros(), "br"), large),
        "zstd_gigabyte": (packed(zeros(zstd.ZstdCompressor()), "zstd"), large),
        "gzip_in_gzip": (packed(gzip.compress(gzip.compress(bytes(100_000_000))), "gzip, gzip"), large),
        "gzip_unlabelled": (Answer(gzip.compress(bytes(100_000_000)), type=RSS), large),
        "gzip_many_layers": (packed(layered, ", ".join(["gzip"] * 50)), ("unreachable", "undecodable")),
        "gzip_empty_members": (
            packed(empty_member * (CAP // len(empty_member)), "gzip"),
            ("unreachable", "undecodable"),
        ),
        "zstd_empty_frames": (packed(empty_frame * (CAP // len(empty_frame)), "zstd"), ("unreachable", "undecodable")),
        "zstd_skipped_frames": (
            packed(b"\x50\x2a\x4d\x18\0\0\0\0" * (CAP // 8), "zstd"),
            ("unreachable", "undecodable"),
        ),
        "endless": (Answer(trouble=pour(OK + b"\r\n<rss>", b" " * 100_000, times=10_000)), large),
        "says_a_terabyte": (Answer(rss(), type=RSS, headers={"Content-Length": str(10**12)}), large),
        "huge_chunk": (
            Answer(trouble=pour(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffff\r\n", b" " * 1000)),
            ("unreachable", "cut_off"),
        ),
        "one_line_header": (Answer(trouble=pour(OK + b"X: ", b"x" * 100_000, times=1000)), large),
        "header_flood": (Answer(trouble=pour(OK, b"X: y\r\n" * 1000, times=10_000)), large),
        "endless_hints": (Answer(trouble=pour(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, times=10_000)), large),
    }


def troubles() -> dict[str, tuple[Answer, tuple[str, str]]]:
    cut, odd = ("unreachable", "cut_off"), ("unreachable", "bad_http")
    body = rss()
    length = f"Content-Length: {len(body)}\r\n".encode()
    to = "http://chain.example/"
    return {
        "length_longer": (Answer(body, type=RSS, headers={"Content-Length": "90000"}), cut),
        "length_shorter": (Answer(body, type=RSS, headers={"Content-Length": "30"}), ("unreachable", "not_a_feed")),
        "length_negative": (Answer(body, type=RSS, headers={"Content-Length": "-1"}), odd),
        "length_words": (Answer(body, type=RSS, headers={"Content-Length": "many"}), odd),
        "length_twice": (Answer(trouble=pour(OK + length + b"Content-Length: 7\r\n\r\n" + body)), odd),
        "chunks_of_garbage": (Answer(trouble=pour(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body)), cut),
        "chunk_size_endless": (Answer(trouble=pour(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 99999)), cut),
        "odd_coding": (Answer(body, type=RSS, headers={"Transfer-Encoding": "rot13"}), odd),
        "cut_chunk": (Answer(trouble=pour(OK + b"Transfer-Encoding: chunked\r\n\r\n99\r\n<rss")), cut),
        "status_words": (Answer(trouble=pour(b"HTTP/1.1 fine OK\r\n\r\n")), odd),
        "nul_in_header": (
            Answer(trouble=pour(OK + b"X-Nul: a\0b\r\nX: \x1b[31m\r\n" + length + b"\r\n" + body)),
            ("empty", "no entries"),
        ),
        "escape_in_header": (Answer(trouble=pour(OK + b"\x1b[31m: c\r\n" + length + b"\r\n" + body)), odd),
        "superscript_wait": (
            Answer(trouble=pour(b"HTTP/1.1 429 X\r\nRetry-After: \xb2\r\nContent-Length: 0\r\n\r\n")),
            ("unreachable", "http_429"),
        ),
        "s204": (Answer(trouble=pour(b"HTTP/1.1 204 No Content\r\n\r\n")), ("unreachable", "http_204")),
        "s206": (Answer(body, status=206, type=RSS), ("unreachable", "http_206")),
        "s302_nowhere": (Answer(status=302), ("unreachable", "http_302")),
        "s304_unasked": (Answer(status=304), ("unreachable", "http_304")),
        "s999": (Answer(status=999), ("unreachable", "http_999")),
        "to_garbage": (Answer(status=302, headers={"Location": "http://[::1"}), ("unreachable", "bad_redirect")),
        "to_no_host": (Answer(status=302, headers={"Location": "http://"}), ("unreachable", "redirect_loop")),
        "to_long_label": (
            Answer(status=302, headers={"Location": f"http://{'a' * 70}.example/"}),
            ("unreachable", "http_404"),  # our proxy's answer; without one the guard refuses the name
        ),
        "to_data": (Answer(status=302, headers={"Location": "data:text/xml,<rss/>"}), ("unreachable", "http_302")),
        "chain": (Answer(status=301, headers={"Location": f"{to}1"}), ("unreachable", "redirect_loop")),
        "image": (Answer(b"\x89PNG\r\n\x1a\n" + NOISE), ("unreachable", "not_a_feed")),
        "pdf": (Answer(b"%PDF-1.7\n" + NOISE), ("unreachable", "not_a_feed")),
        "zip": (Answer(b"PK\x03\x04" + NOISE, type="text/xml"), ("unreachable", "not_a_feed")),
        "refresh": (
            Answer(b'<html><head><meta http-equiv="refresh" content="0; url=http://victim.example/r"></head></html>'),
            ("unreachable", "not_a_feed"),
        ),
        "script": (
            Answer(b"<html><script>location.href = 'http://victim.example/s'</script></html>"),
            ("unreachable", "not_a_feed"),
        ),
    }  # fmt: skip


def drips() -> dict[str, Answer]:
    """Answers that never end, though something always comes: a limit of idle time would wait for ever."""
    return {
        "drip_headers": Answer(trouble=drip(b"HTTP/1.1 200 OK\r\nX-Slow:")),
        "drip_status": Answer(trouble=drip(b"HTTP/1.1 2")),
        "drip_body": Answer(trouble=drip(OK + b"Content-Length: 90000\r\n\r\n" + rss(), every=0.05)),
        "drip_chunks": Answer(trouble=drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", every=0.05)),
        "silent": Answer(trouble=lambda _: time.sleep(8 * DRIP_SECONDS)),
    }


def robots() -> dict[str, tuple[Answer, tuple[str, str]]]:
    """Source -> (what its robots.txt answers, the run's result and reason)."""
    keep_out = ("unreachable", "robots_unreachable")
    return {
        "robots_fifty_mb": (Answer(b"# endless\n" * 5_000_000, type="text/plain"), ("unreachable", "too_large")),
        "robots_bomb": (packed(gzip.compress(bytes(100_000_000)), "gzip"), ("unreachable", "too_large")),
        "robots_stars": (Answer(b"User-agent: *\n" + b"Disallow: /*a*a*a*a*a*a*b$\n" * 18_000), ("ok", "")),
        "robots_delays": (Answer(b"User-agent: *\nCrawl-delay: nan\nCrawl-delay: -1e999"), ("ok", "")),
        "robots_loop": (
            Answer(status=301, headers={"Location": "http://robots-loop.example/robots.txt"}),
            ("unreachable", "redirect_loop"),
        ),
        "robots_elsewhere": (
            Answer(status=302, headers={"Location": "http://rules.example/robots.txt"}),
            ("refused", "robots"),
        ),
        "robots_403": (Answer(status=403), ("ok", "")),
        "robots_502": (Answer(status=502), keep_out),
        "robots_429": (Answer(status=429), keep_out),
        "robots_noise": (Answer(NOISE, type="text/plain"), ("ok", "")),
    }


def host(source: str) -> str:
    return f"{source.replace('_', '-')}.example"


# ------------------------------------------------------------------------------------------------------ peak memory


class Watched:
    """A crawl whose own process is watched: `peak_mb` is its largest resident size, workers left out."""

    def __init__(self, operator: Operator, now: str) -> None:
        started = time.monotonic()
        process = operator.start("crawl", "--now", now, stdout=-1)
        self.peak_mb = 0.0
        watcher = threading.Thread(target=self._watch, args=(Path(f"/proc/{process.pid}/status"),))
        watcher.start()
        out, err = process.communicate(timeout=300)
        watcher.join()
        self.seconds = time.monotonic() - started
        self.printed = out + err
        assert process.returncode == 0, self.printed

    def _watch(self, status: Path) -> None:
        while True:
            try:
                lines = [line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM")]
            except OSError:
                return
            if not lines:  # a zombie has no memory
                return
            self.peak_mb = max(self.peak_mb, int(lines[0].split()[1]) / 1024)
            time.sleep(0.02)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """One crawl of healthy sources only, then one in which all the others attack."""
    cases, rules = bombs() | troubles(), robots()
    names = [*cases, *rules, "good", "crowd", "sticky"]
    with Hostile() as web:
        sources = {name: {name: healthy(web, host(name))} for name in names}
        web.routes["http://crowd.example/feed"] = feed(*(f"http://rules.example/{n}" for n in range(10_000)))
        calm = Operator(tmp_path_factory.mktemp("calm"), web.address, {"good": sources["good"]})
        calm.run("db", "upgrade")
        before = Watched(calm, TOMORROW)
        web.asked.clear()
        web.routes |= {f"http://{host(name)}/feed": answer for name, (answer, _) in cases.items()}
        web.routes |= {f"http://{host(name)}/robots.txt": answer for name, (answer, _) in rules.items()}
        web.routes["http://rules.example/robots.txt"] = Answer(b"User-agent: *\nDisallow: /")
        for number in range(1, 10):
            web.routes[f"http://chain.example/{number}"] = Answer(
                status=301, headers={"Location": f"http://chain.example/{number + 1}"}
            )
        cookie = "id=1; Path=/; Domain=example"
        web.routes["http://sticky.example/feed"] = feed(
            "http://sticky.example/1", Set_Cookie=cookie, Content_Disposition='attachment; filename="../../x"'
        )
        operator = Operator(
            tmp_path_factory.mktemp("attacked"), web.address, sources,
            timeout_seconds=TIMEOUT_SECONDS, max_feed_bytes=CAP, max_page_bytes=CAP,
        )  # fmt: skip
        operator.run("db", "upgrade")
        crawl = Watched(operator, TOMORROW)
        yield SimpleNamespace(web=web, operator=operator, crawl=crawl, before=before, results=operator.results())


ATTACKS = {name: wanted for name, (_, wanted) in (bombs() | troubles() | robots()).items()}


@pytest.mark.parametrize(("source", "wanted"), ATTACKS.items(), ids=ATTACKS)
def test_an_attack_is_one_result_with_its_reason(attacked: Any, source: str, wanted: tuple[str, str]) -> None:
    assert attacked.results[source] == wanted


def test_all_attacks_at_once_end_in_bounded_time_and_memory(attacked: Any) -> None:
    assert attacked.crawl.seconds < CRAWL_SECONDS
    assert attacked.crawl.peak_mb < attacked.before.peak_mb + EXTRA_MB, (
        attacked.crawl.peak_mb,
        attacked.before.peak_mb,
    )


def test_the_healthy_beside_them_are_collected(attacked: Any) -> None:
    assert {attacked.results[name] for name in ("good", "crowd", "sticky")} == {("ok", "")}
    assert {"http://good.example/1", "http://sticky.example/1"} <= attacked.operator.articles()


def test_a_feed_of_ten_thousand_entries_is_cut(attacked: Any) -> None:
    ((seen, new),) = attacked.operator.rows("SELECT entries_seen, new_items FROM run WHERE source = 'crowd'")
    assert seen == new == 1_000  # DESIGN §7


def test_a_page_sends_us_nowhere(attacked: Any) -> None:
    assert attacked.web.at("victim.example") == []


def test_a_chain_of_redirects_is_followed_five_times(attacked: Any) -> None:
    asked = [one.url for one in attacked.web.at("chain.example") if not one.url.endswith("robots.txt")]
    assert asked == ["http://chain.example/feed", *(f"http://chain.example/{number}" for number in range(1, 6))]


def test_what_every_server_saw_of_us(attacked: Any) -> None:
    for one in attacked.web.asked:
        assert one.headers["User-Agent"] == "KhazriTest/1.0 (+mailto:test@reader.example)"
        assert one.headers["Accept-Encoding"] == "gzip, deflate, br, zstd", "what is unpacked under the cap, no more"
        wanted = {
            "Host",
            "Accept",
            "Accept-Language",
            "Accept-Encoding",
            "User-Agent",
            "Connection",
            "Proxy-Connection",
        }
        assert set(one.headers.keys()) <= wanted, "no Cookie, no Referer, no Authorization"


def test_a_superscript_is_no_number_of_seconds() -> None:
    """`int` and `float` refuse what `isdigit` takes; raised here, it kept the host's lock for ever."""
    assert retry_after(Response("http://a.example/", 429, headers={"Retry-After": b"\xb2"}), datetime.now(UTC)) is None


# ----------------------------------------------------------------------------------------------------------- slow drips


@pytest.mark.long
def test_a_drip_ends_after_the_whole_time_limit(tmp_path: Path) -> None:
    """DOWNLOAD_TIMEOUT is a limit of the whole download, headers and body, not of idle time."""
    with Hostile() as web:
        names = [*drips(), "robots", "good"]
        sources = {name: {name: healthy(web, host(name))} for name in names}
        web.routes |= {f"http://{host(name)}/feed": answer for name, answer in drips().items()}
        web.routes["http://robots.example/robots.txt"] = Answer(trouble=drip(OK + b"\r\n"))
        operator = Operator(tmp_path, web.address, sources, timeout_seconds=DRIP_SECONDS)
        operator.run("db", "upgrade")
        crawl = Watched(operator, TOMORROW)
        slow = operator.results()
        assert slow.pop("good") == ("ok", "")
        assert set(slow.values()) == {("unreachable", "timeout")}
        assert crawl.seconds < DRIP_SECONDS + 30, "all at once, not one after the other"


# ------------------------------------------------------------------------------------------- the guard, without a proxy

CHILD = Path(__file__).parent / "child.py"
OPEN, PRIVATE = "127.0.0.2", "127.0.0.1"  # of the two loopback addresses one is taken for public here


def in_world(operator: Operator, **world: Any) -> Operator:
    operator.program = [sys.executable, str(CHILD), json.dumps(world)]
    return operator


def redirects(port: int) -> dict[str, str]:
    """Source -> where its feed redirects to; none of it may be asked."""
    return {
        "to_loopback": f"http://127.0.0.1:{port}/secret",
        "to_number": f"http://2130706433:{port}/secret",
        "to_octal": f"http://0177.1:{port}/secret",
        "to_mapped": f"http://[::ffff:127.0.0.1]:{port}/secret",
        "to_six": f"http://[::1]:{port}/secret",
        "to_nat64": f"http://[64:ff9b::7f00:1]:{port}/secret",
        "to_zero": f"http://0.0.0.0:{port}/secret",
        "to_private": "http://10.0.0.1/secret",
        "to_metadata": "http://169.254.169.254/latest/meta-data",
        "to_localhost": f"http://localhost:{port}/secret",
        "to_user": f"http://news@open.example:{port}/secret",
        "to_private_name": f"http://inside.example:{port}/secret",
        "to_tls": f"https://127.0.0.1:{port}/secret",
    }


def test_a_redirect_inwards_is_refused_and_nobody_there_is_asked(tmp_path: Path) -> None:
    with Hostile(at=OPEN) as web, Hostile(at=PRIVATE, port=web.port) as secret:
        places = redirects(web.port)
        sources = {name: {name: f"http://{host(name)}:{web.port}/feed"} for name in [*places, "good"]}
        for (name, place), status in zip(places.items(), itertools.cycle([301, 302, 307]), strict=False):
            web.routes[f"http://{host(name)}/feed"] = Answer(status=status, headers={"Location": place})
        web.routes["http://good.example/feed"] = feed(f"http://good.example:{web.port}/1")
        web.routes["http://good.example/1"] = article("Good")
        operator = Operator(tmp_path, "", sources)
        operator.run("db", "upgrade")
        names = {host(name): [OPEN] for name in [*places, "good", "open"]} | {"inside.example": [PRIVATE]}
        in_world(operator, names=names, public=[OPEN]).crawl()
        results = operator.results()
        assert results.pop("good") == ("ok", "")
        assert results == dict.fromkeys(places, ("refused", "forbidden_address"))
        assert secret.asked == []
        assert len(operator.articles()) == 1


def test_robots_txt_is_not_followed_inwards(tmp_path: Path) -> None:
    with Hostile(at=OPEN) as web, Hostile(at=PRIVATE, port=web.port) as secret:
        web.routes["http://a.example/robots.txt"] = Answer(
            status=301, headers={"Location": f"http://127.0.0.1:{web.port}/robots.txt"}
        )
        operator = Operator(tmp_path, "", {"a": {"a": f"http://a.example:{web.port}/feed"}})
        operator.run("db", "upgrade")
        in_world(operator, names={"a.example": [OPEN]}, public=[OPEN]).crawl()
        assert operator.results() == {"a": ("refused", "forbidden_address")}
        assert secret.asked == []


def test_names_that_lead_inwards(tmp_path: Path) -> None:
    """One resolves to a private address at once, one later (rebinding), one does not resolve at all."""
    with Hostile(at=OPEN) as web, Hostile(at=PRIVATE, port=web.port) as secret:
        names = {"inside": [PRIVATE], "rebinds": [OPEN, OPEN, PRIVATE], "nowhere": []}
        sources = {name: {name: f"http://{name}.example:{web.port}/feed"} for name in names}
        web.routes["http://rebinds.example/feed"] = feed(f"http://rebinds.example:{web.port}/1")
        operator = Operator(tmp_path, "", sources)
        operator.run("db", "upgrade")
        world = {f"{name}.example": found for name, found in names.items()}
        in_world(operator, names=world, public=[OPEN], forget=True).crawl()
        assert operator.results() == {
            "inside": ("refused", "forbidden_address"),
            "rebinds": ("ok", ""),
            "nowhere": ("unreachable", "dns"),
        }
        assert set(operator.items().values()) == {("due", "failed:forbidden_address")}
        assert secret.asked == []


def test_the_peer_is_looked_at_before_anything_is_sent(tmp_path: Path) -> None:
    """With a resolver that lets everything through, the connection itself is what stops us."""
    with Hostile(at=PRIVATE) as secret:
        operator = Operator(tmp_path, "", {"a": {"a": f"http://a.example:{secret.port}/feed"}})
        operator.run("db", "upgrade")
        in_world(operator, names={"a.example": [PRIVATE]}, blind=True).crawl()
        assert operator.results() == {"a": ("refused", "forbidden_address")}
        assert secret.asked == []


# ------------------------------------------------------------------------------------------------------------------ TLS


def test_tls_is_checked_and_works(tmp_path: Path) -> None:
    """One server with a good certificate; expired, of another name, signed by itself, without TLS."""
    authority = certificate("Test authority", authority=True)
    trusted = tmp_path / "authority.pem"
    trusted.write_bytes(pem(authority[0]))
    tls = by_name(
        tmp_path,
        {
            "good.example": certificate("good.example", authority),
            "expired.example": certificate("expired.example", authority, days=-1),
            "other.example": certificate("good.example", authority),
            "itself.example": certificate("itself.example"),
        },
    )

    with Hostile(at=OPEN, tls=tls) as web, Hostile(at=OPEN) as plain, Hostile(at=OPEN) as upgrading:
        names = ["good", "expired", "other", "itself"]
        sources = {name: {name: f"https://{name}.example:{web.port}/feed"} for name in names}
        sources["plain"] = {"plain": f"https://plain.example:{plain.port}/feed"}
        sources["upgraded"] = {"upgraded": f"http://upgraded.example:{upgrading.port}/feed"}
        upgrading.routes["http://upgraded.example/feed"] = Answer(
            status=301, headers={"Location": f"https://good.example:{web.port}/feed"}
        )
        web.routes["https://good.example/feed"] = feed(f"https://good.example:{web.port}/1")
        web.routes["https://good.example/1"] = article("Good")
        operator = Operator(tmp_path, "", sources)
        operator.env["SSL_CERT_FILE"] = str(trusted)
        operator.run("db", "upgrade")
        in_world(operator, names={f"{name}.example": [OPEN] for name in sources}, public=[OPEN]).crawl()
        results = operator.results()
        assert {results.pop("good"), results.pop("upgraded")} == {("ok", "")}
        # A server without TLS waits for the end of a line, which a greeting of random bytes may or may not have.
        assert results.pop("plain") in (("unreachable", "tls"), ("unreachable", "timeout"))
        assert results == dict.fromkeys(["expired", "other", "itself"], ("unreachable", "tls"))
        assert operator.articles() == {f"https://good.example:{web.port}/1"}


# --------------------------------------------------------------------------------------------------------- closed doors


def test_doors_that_must_not_be_open() -> None:
    from scrapy.settings import Settings

    from crawler.settings import scrapy_settings
    from models.config import load_config

    config = load_config(Path(__file__).parent.parent / "demo" / "config.yaml")
    settings = Settings(scrapy_settings(config))
    for door in ("REMOTE_CONTROL_ENABLED", "TELNETCONSOLE_ENABLED", "COOKIES_ENABLED", "METAREFRESH_ENABLED"):
        assert settings.getbool(door) is False
    handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, handler in handlers.items() if handler} == {"http", "https"}
    referer = settings.getwithbase("SPIDER_MIDDLEWARES")["scrapy.spidermiddlewares.referer.RefererMiddleware"]
    assert referer is None


# ------------------------------------------------------------------------------------- walls, and what a terminal shows

WALL = b"<!doctype html><html><title>One moment</title><body><noscript>Turn scripts on</noscript></body></html>"
ESCAPES = "\x1b[31m\x1b]0;owned\x07\u202e\r\nWARNING khazri.forged all is well"


def test_a_wall_at_a_source_is_a_refusal(tmp_path: Path) -> None:
    """Whatever its status, at feeds and listings; a page behind one is no text, and its host is not asked on and on."""
    mitigated = {"cf-mitigated": "challenge", "Server": "cloudflare"}
    with Hostile() as web:
        names = [f"wall{status}" for status in (200, 403, 429, 503)]
        sources = {name: {name: healthy(web, host(name))} for name in [*names, "listing", "pages", "good", "consents"]}
        for name in names:
            web.routes[f"http://{name}.example/feed"] = Answer(WALL, status=int(name[4:]), headers=mitigated)
        web.routes["http://listing.example/feed"] = Answer(
            WALL + b"<!-- ddos-guard -->", headers={"Server": "ddos-guard", "Set-Cookie": "__ddg1_=x"}
        )
        web.routes["http://consents.example/feed"] = Answer(
            status=302, headers={"Location": "http://consent.google.example/ml"}
        )
        web.routes["http://consent.google.example/ml"] = Answer(WALL)
        links = [f"http://pages.example/{number}" for number in range(6)]
        web.routes["http://pages.example/feed"] = feed(*links)
        web.routes |= {link: Answer(WALL, status=503, headers=mitigated) for link in links[:1]}
        web.routes |= {link: Answer(WALL, status=403, headers=mitigated) for link in links[1:]}
        operator = Operator(tmp_path, web.address, sources)
        settings = operator.config.read_text("utf-8")
        operator.config.write_text(settings.replace("feed: http://listing", "listing: http://listing"), "utf-8")
        operator.run("db", "upgrade")
        operator.crawl()
        results = operator.results()
        walls = dict.fromkeys([*names, "listing"], ("refused", "challenge"))
        assert results == walls | {"consents": ("refused", "consent"), "pages": ("ok", ""), "good": ("ok", "")}
        assert operator.articles() == {"http://good.example/1"}
        ends = operator.items()
        assert ends[links[0]] == ("due", "failed:refused")
        assert operator.rows("SELECT detail FROM item WHERE url = ?", links[0]) == [("challenge page, HTTP 503",)]
        assert ends[links[1]] == ("due", ""), "a busy host, and one that keeps us out, is left alone"


def test_a_host_that_keeps_us_out_is_not_asked_on_and_on(tmp_path: Path) -> None:
    with Hostile() as web:
        links = [f"http://pages.example/{number}" for number in range(6)]
        web.routes["http://pages.example/feed"] = feed(*links)
        web.routes |= {link: Answer(WALL, status=403) for link in links}
        operator = Operator(tmp_path, web.address, {"pages": {"pages": "http://pages.example/feed"}})
        operator.run("db", "upgrade")
        operator.crawl()
        assert [operator.items()[link] for link in links] == [("due", "failed:refused")] * 3 + [("due", "")] * 3


def test_nothing_of_a_page_moves_the_cursor(tmp_path: Path) -> None:
    """Titles, links, headers and status lines with escapes, in a crawl that says all it can."""
    link = f"http://odd.example/{ESCAPES}".encode("unicode_escape").decode("ascii")
    with Hostile() as web:
        body = rss("http://odd.example/1", link, title=f"<![CDATA[{ESCAPES}]]>")
        web.routes["http://odd.example/feed"] = Answer(body, type=f"{RSS}; x=\x1b[31m")
        web.routes["http://odd.example/1"] = Answer(b"<title>\x1b[31mred</title>" * 3, type="image/\x1b[31mpng")
        web.routes["http://words.example/feed"] = Answer(trouble=pour(b"HTTP/1.1 \x1b[31m\xe2\x80\xae OK\r\n\r\n"))
        names = {"odd": "http://odd.example/feed", "words": "http://words.example/feed"}
        operator = Operator(tmp_path, web.address, {name: {name: url} for name, url in names.items()})
        operator.run("db", "upgrade")
        shown = operator.run("-v", "crawl", "--now", TOMORROW) + operator.run("sources")
        assert not [char for char in shown if char in "\x1b\x07\x00\u202e\r"]
        assert not [line for line in shown.splitlines() if line.startswith("WARNING khazri.forged")]


def test_a_log_record_is_one_line() -> None:
    from cli import OneLine

    def shown(error: BaseException | None = None) -> str:
        info = (type(error), error, None) if error else None
        record = logging.LogRecord("khazri", logging.WARNING, "x.py", 1, "title %s", (ESCAPES,), info)  # type: ignore[arg-type]
        return OneLine("%(levelname)s %(message)s").format(record)

    assert shown() == "WARNING title  [31m ]0;owned WARNING khazri.forged all is well"
    assert all(line.startswith(("WARNING title", "  ")) for line in shown(ValueError(ESCAPES)).split("\n"))
