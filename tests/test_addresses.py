"""Addresses that must be the same or must differ, and literal addresses that must be refused."""

from __future__ import annotations

import ipaddress
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.addresses import (
    is_home,
    is_plausible_canonical,
    is_safe_address,
    join,
    normalise,
    same_site,
    site_of,
)

SAME = [
    ("https://report.az/ikt/kabel/", "http://www.report.az/ikt/kabel"),
    ("https://report.az/ikt/kabel?utm_source=rss&utm_medium=feed", "https://report.az/ikt/kabel"),
    ("https://report.az/ikt/kabel#comments", "https://report.az/ikt/kabel"),
    ("HTTPS://Report.AZ:443/ikt/kabel", "https://report.az/ikt/kabel"),
    ("https://m.report.az/ikt/kabel", "https://report.az/ikt/kabel"),
    ("https://amp.report.az/ikt/kabel", "https://report.az/ikt/kabel"),
    ("https://report.az/ikt/kabel/amp/", "https://report.az/ikt/kabel"),
    ("https://report.az/amp/ikt/kabel", "https://report.az/ikt/kabel"),
    ("https://report.az/ikt/kabel.amp.html", "https://report.az/ikt/kabel.html"),
    ("https://report.az/ikt/kabel?amp=1", "https://report.az/ikt/kabel"),
    ("https://report.az/ikt/kabel/print", "https://report.az/ikt/kabel"),
    ("https://report.az/ikt/index.html", "https://report.az/ikt/"),
    ("https://report.az/a?b=2&a=1", "https://report.az/a?a=1&b=2"),
    ("https://banker.az/x%C9%99b%c9%99r", "https://banker.az/xəbər"),
    ("https://report.az/a?fbclid=x&id=7&yclid=3&gclid=4", "https://report.az/a?id=7"),
    ("https://report.az//ikt///kabel", "https://report.az/ikt/kabel"),
    ("https://report.az/a;jsessionid=AB12?id=7", "https://report.az/a?id=7"),
    ("https://çıraq.example/a", "https://xn--raq-1la48a.example/a"),
    ("https://report-az.cdn.ampproject.org/c/s/report.az/ikt/kabel", "https://report.az/ikt/kabel"),
    ("https://www.google.com/amp/s/report.az/ikt/kabel", "https://report.az/ikt/kabel"),
    ("https://report.az/a/./b/../c", "https://report.az/a/c"),
    ("http:report.az/a", "https://report.az/a"),
    ("http:\\\\report.az/a", "https://report.az/a"),
    ("http://[2001:DB8:0:0::1]/a", "http://[2001:db8::1]/a"),
    ("https://report.az/e%CC%81", "https://report.az/é"),
]
DIFFER = [
    ("https://report.az/ikt/kabel", "https://report.az/ru/ikt/kabel"),
    ("https://report.az/story?id=7", "https://report.az/story?id=8"),
    ("https://az.trend.az/1.html", "https://en.trend.az/1.html"),
    ("https://report.az/a?page=2", "https://report.az/a"),
    ("https://report.az/A", "https://report.az/a"),
    ("https://report.az:8080/a", "https://report.az/a"),
    ("https://report.az/a?source=ministry", "https://report.az/a"),
    ("https://report.az/example", "https://report.az/ex"),
    ("https://report.az/print", "https://report.az/"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), DIFFER)
def test_differ(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(
    "text", ["", "mailto:a@b.example", "urn:x:1", "http://[::1", "http://a:99999/", "not an address"]
)
def test_what_is_no_address_stays(text: str) -> None:
    assert normalise(text) == text.replace(" ", "")


PIECES = st.text(st.sampled_from("abəя/?&=#%.;:@-_ampriuntmdexhl20%C9%99%2F%zz\udc80 "), max_size=60) | st.text(
    max_size=40
)


@given(PIECES, PIECES)
def test_normalise_is_idempotent(path: str, host: str) -> None:
    for url in (f"https://www.site.example/{path}", f"http://{host}.example/{path}", path):
        once = normalise(url)
        assert normalise(once) == once


@given(st.text(max_size=200))
def test_nothing_raises(text: str) -> None:
    assert isinstance(normalise(text), str)
    assert is_safe_address(text) in (True, False)
    assert isinstance(join("https://a.example/b", text), str)


def test_sites() -> None:
    assert site_of("https://az.trend.az/x") == "trend.az"
    assert site_of("https://www.haber.com.tr/x") == "haber.com.tr"
    assert same_site("https://en.apa.az/1", "http://apa.az/2")
    assert not same_site("https://a.com.tr/", "https://b.com.tr/")
    assert not same_site("https://a.wordpress.com/", "https://b.wordpress.com/")
    assert not same_site("https://127.0.0.1/", "https://128.0.0.1/")
    assert not same_site("nothing", "nothing")


def test_homes() -> None:
    assert all(map(is_home, ("https://a.example", "https://a.example/az/", "https://a.example/index.php")))
    assert not any(map(is_home, ("https://a.example/news", "https://a.example/?p=1", "x")))


REFUSED = [
    "http://127.0.0.1/", "http://127.1/", "http://0x7f.1/", "http://0x7f000001/", "http://2130706433/",
    "http://017700000001/", "http://0177.0.0.01/", "http://0/", "http://10.1.2.3/", "http://192.168.0.1/",
    "http://172.16.0.1/", "http://169.254.169.254/latest", "http://100.64.0.1/", "http://224.0.0.1/",
    "http://255.255.255.255/", "http://[::1]/", "http://[::]/", "http://[fe80::1]/", "http://[fc00::1]/",
    "http://[ff02::1]/", "http://[::ffff:127.0.0.1]/", "http://[::127.0.0.1]/", "http://[64:ff9b::10.0.0.1]/",
    "http://[2002:7f00:1::]/", "http://[fe80::1%25eth0]/", "http://localhost/", "http://a.localhost/",
    "http://localhost./", "http://db.internal/", "http://printer.local/", "http://user@report.az/",
    "http://user:word@report.az/", "http://report.az@127.0.0.1/", "http://report.az\\@127.0.0.1/", "ftp://report.az/",
    "file:///etc/passwd", "javascript:alert(1)", "//report.az/", "", "http://", "http:///x", "http://report.az:99999/",
    "http://①②⑦.0.0.1/", "http://１２７.0.0.1/", "http://127。0。0。1/", "http://re port.az/",
    "http://report.az/\r\nX: y", "http://%31%32%37.0.0.1/", "http://256.256.256.256/", "http://1.2.3.4.5/",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_refused(url: str) -> None:
    assert not is_safe_address(url)


@pytest.mark.parametrize(
    "url",
    ["https://report.az/x", "http://8.8.8.8/", "https://[2001:4860:4860::8888]/", "https://en.apa.az:8443/a?b=c",
     "https://çıraq.example/", "http://134744072/", "https://a.example/path@with/at"],
)  # fmt: skip
def test_allowed(url: str) -> None:
    assert is_safe_address(url)


NO_HOSTS = [f"{'a' * 64}.example", "a." * 124 + "example", f"{'ə' * 60}.example", "a..example"]


@pytest.mark.parametrize("host", NO_HOSTS, ids=["label", "host", "label in punycode", "empty label"])
def test_a_host_that_no_resolver_takes_is_no_address(host: str) -> None:
    assert join("https://a.example/", f"https://{host}/1") == ""
    assert not is_safe_address(f"https://{host}/1")


def test_the_longest_host_is_an_address() -> None:
    for host in (f"{'a' * 63}.example", "a." * 123 + "example", "a." * 123 + "example."):
        assert join("https://a.example/", f"https://{host}/1") == f"https://{host}/1"
        assert is_safe_address(f"https://{host}/1")


@pytest.mark.parametrize("char", ["\x00", "\x01", "\x1b", "\x7f", "\x85", "\ud83d"])
def test_control_characters_make_no_address(char: str) -> None:
    for link in (f"https://e.example/a{char}b", f"/a{char}b", f"https://e{char}.example/"):
        assert join("https://a.example/", link) == ""
    assert not is_safe_address(f"https://e.example/a{char}b")


def test_nul_before_an_address_makes_it_none() -> None:
    assert join("https://a.example/", "\x00https://e.example/") == ""


def test_line_breaks_inside_a_link_are_taken_out() -> None:
    assert join("https://a.example/", "\u2003https://e.exa\nmple/a\tb\r\n") == "https://e.example/ab"


@given(st.ip_addresses(v=4))
def test_every_private_address_in_every_number_form(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    forms = [str(address), str(number), hex(number), f"0{number:o}", f"[::ffff:{address}]"]
    verdicts = {is_safe_address(f"http://{form}/") for form in forms}
    assert len(verdicts) == 1
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert verdicts == {False}


# --- canonical links ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("canonical", "url"),
    [
        ("https://report.az/ikt/kabel", "http://m.report.az/ikt/kabel/amp?utm_source=x"),
        ("https://report.az/2026/03/kabel-xeberi", "https://report.az/?p=17"),
        ("https://report.az/kabel-xeberi-yeni", "https://report.az/kabel-xeberi-yeni/comments"),
        ("https://report.az/story-1", "https://report.az/story-1?page=2"),
        ("https://www.report.az/az/ikt/kabel", "https://report.az/az/news/kabel"),
        ("https://news.report.az/kabel", "https://report.az/news/kabel"),
        ("https://report.az/", "http://www.report.az/index.html"),
    ],
)
def test_plausible_canonicals(canonical: str, url: str) -> None:
    assert is_plausible_canonical(canonical, url)


@pytest.mark.parametrize(
    ("canonical", "url"),
    [
        ("https://report.az/", "https://report.az/ikt/kabel"),
        ("https://report.az/en", "https://report.az/en/ikt/kabel"),
        ("https://other.az/ikt/kabel", "https://report.az/ikt/kabel"),
        ("https://report.az/ikt", "https://report.az/ikt/kabel"),
        ("https://report.az/news/ikt-news/", "https://report.az/news/ikt-news/kabel.html"),
        ("https://report.az/news.php", "https://report.az/news.php?id=17"),
        ("https://report.az/ikt/kabel", "https://report.az/ru/ikt/kabel"),
        ("https://report.az/az/kabel", "https://report.az/ru/kabel"),
        ("https://az.trend.az/1.html", "https://en.trend.az/1.html"),
        ("mailto:a@b.example", "https://report.az/ikt/kabel"),
        ("", "https://report.az/ikt/kabel"),
    ],
)
def test_implausible_canonicals(canonical: str, url: str) -> None:
    assert not is_plausible_canonical(canonical, url)


# --- other projects' vectors (docs/addresses.md says whose we follow, and why) ---------------------------------------

FOLLOWED = {("w3lib", "canonicalize"), ("url-normalize", "normalize"), ("miniflux", "strip_tracking")}
FOLLOWED_BY_DEFAULT = {("courlan", "normalize")}
FLOOR = 0.9
# Pairs that a followed source keeps apart and we do not: a default port after "//" without a scheme, "//" in a path,
# and fragments, each in its line of docs/addresses.md.
MOST_MERGED = 12


def vectors(data: Path) -> Iterator[tuple[tuple[str, str], str, str]]:
    """((source, operation), given, expected) of what an address becomes."""
    for line in (data / "feeds" / "urls.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        kind = (row["source"], row["op"])
        if isinstance(row["expect"], str) and row["op"] != "canonical_domain":
            strict = kind in FOLLOWED_BY_DEFAULT and row["kwargs"].get("strict")
            yield (kind[0], f"{kind[1]} strict") if strict else kind, row["args"][0], row["expect"]


@pytest.mark.quality
def test_vectors_of_other_projects(data: Path) -> None:
    right: Counter[tuple[str, str]] = Counter()
    seen: Counter[tuple[str, str]] = Counter()
    merged = 0
    for kind, rows in itertools.groupby(sorted(vectors(data)), key=lambda vector: vector[0]):
        apart: dict[str, str] = {}
        for _, address, expected in rows:
            seen[kind] += 1
            right[kind] += normalise(address) == normalise(expected)
            if kind in FOLLOWED | FOLLOWED_BY_DEFAULT:
                merged += apart.setdefault(normalise(expected), expected) != expected
    for kind, number in seen.items():
        followed = "followed" if kind in FOLLOWED | FOLLOWED_BY_DEFAULT else "not followed"
        print(f"{' '.join(kind)}: {right[kind]} of {number} = {right[kind] / number:.3f} ({followed})")
    print(f"{merged} expected addresses of followed sources are one to us")
    for kind in FOLLOWED | FOLLOWED_BY_DEFAULT:
        assert right[kind] >= FLOOR * seen[kind], kind
    assert merged <= MOST_MERGED
