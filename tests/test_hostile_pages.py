"""Pages built against their reader, through the real killable worker: the words, the time and the memory are kept."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import re
import resource
import zipfile
from collections.abc import Callable, Iterator

import pytest

from crawler.workers import Workers
from models.article import Page
from models.errors import CollectError

URL = "https://a.example/x"
SENTENCE = "The ships laid the cable along the floor of the sea in the spring, the head of the project said. "
TITLE = "A headline that is long enough"
ODD = re.compile("[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff\ufffe]")
MOST_SECONDS = 10.0  # of CPU; the worker's own limit is wall time, which a busy machine spends on others
MOST_MEMORY = 500 * 1024  # kB over what the worker has once it is warm

MARKS = "\u0301\u0323\u0302\u0317"  # of different classes: they must be sorted
LINK = "<a href=/x>Another long headline</a> beside it "
RUSSIAN = "Корабли проложили кабель по дну моря весной, сказал глава проекта, и работы завершились раньше срока. "


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers]:
    workers = Workers(1, page_seconds=90)
    yield workers
    workers.close()


@pytest.fixture(scope="module")
def warm(pool: Workers) -> int:
    """Peak memory of the worker, in kB, when it has read one page."""
    asyncio.run(pool.read_page(article(), URL))
    return peak(pool)


def peak(pool: Workers) -> int:
    """Most memory that the worker has ever held, in kB."""
    usage = asyncio.run(pool._run(resource.getrusage, 10.0, URL, (resource.RUSAGE_SELF,), {}))
    return int(usage.ru_maxrss)


def article(inside: str = "", *, head: str = "", title: str = TITLE) -> bytes:
    return (
        f"<html><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1><p>{SENTENCE}</p>{inside}"
        f"<p>{SENTENCE}It was the second.</p><p>{SENTENCE * 2}These are the last words.</p></article></body></html>"
    ).encode("utf-8", "surrogatepass")


def json_ld(block: str) -> str:
    return f'<script type="application/ld+json">{block}</script>'


def node(**fields: object) -> str:
    return json.dumps({"@type": "NewsArticle", "headline": TITLE, "datePublished": "2025-01-01", **fields})


def russian(codec: str, label: str = "") -> bytes:
    meta = f"<meta charset='{label}'>" if label else ""
    paragraphs = "".join(f"<p>{RUSSIAN * count}</p>" for count in (1, 2, 3))
    return (
        f"<html><head>{meta}<title>Кабель лёг на дно моря</title></head><body><article><h1>Кабель лёг на дно моря</h1>"
        f"{paragraphs}</article></body></html>"
    ).encode(codec)


def entities_bomb() -> bytes:
    levels = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    return f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY e0 "aaaaaaaaaa">{levels}]>'.encode() + article("<p>&e9;</p>")


KEPT: dict[str, Callable[[], bytes]] = {
    "unclosed comment": lambda: article("<!-- never closed "),
    "unclosed comment in the head": lambda: article(head="<!-- never closed "),
    "500,000 comments": lambda: article("<!--" * 500_000),
    "unclosed script": lambda: article("<script>var a = 1;"),
    "unclosed style": lambda: article("<style>p { color: red }"),
    "unclosed textarea": lambda: article("<textarea>"),
    "unclosed title": lambda: article().replace(b"</title>", b""),
    "gzip twice": lambda: gzip.compress(gzip.compress(article())),
    "utf-16 with a mark": lambda: b"\xff\xfe" + article().decode().encode("utf-16-le"),
    "utf-16-le": lambda: article().decode().encode("utf-16-le"),
    "utf-16-be": lambda: article().decode().encode("utf-16-be"),
    "utf-32-le": lambda: article().decode().encode("utf-32-le"),
    "utf-32-be": lambda: article().decode().encode("utf-32-be"),
    "lone surrogates": lambda: article(f"<p>\ud800 \udfff {SENTENCE}</p>"),
    "surrogate references": lambda: article(f"<p>&#xD800; &#57343; {SENTENCE}</p>"),
    "surrogates in JSON-LD": lambda: article(head=json_ld(node(author={"name": "Anna \ud800 Smith"}))),
    "NUL in words": lambda: article().replace(b"ships", b"sh\0ips"),
    "3 MB of NUL": lambda: article("\0" * 3_000_000),
    "references to NUL": lambda: article("<p>&#0;&#x1;&#x7f;&#xFFFE; and so on</p>"),
    "100,000 attributes": lambda: article("<p " + " ".join(f"a{n}='x'" for n in range(100_000)) + ">x</p>"),
    "a class of 4 MB": lambda: article(f"<p class='{'x ' * 2_000_000}'>x</p>"),
    "a title of 1 MB": lambda: article(title="word " * 200_000),
    "10,000 headlines": lambda: article("".join(f"<h1>Headline number {n} of the page</h1>" for n in range(10_000))),
    "10,000 blocks of JSON-LD": lambda: article(head=json_ld(node()) * 10_000),
    "JSON-LD 10,000 deep": lambda: article(head=json_ld("[" * 10_000 + "]" * 10_000)),
    "names 900 deep": lambda: article(head=json_ld(node()[:-1] + f', "author": {"[" * 900}"A B"{"]" * 900}}}')),
    "50,000 references": lambda: article(head=json_ld(node(author=[{"@id": f"#{n}"} for n in range(50_000)]))),
    "JSON-LD of 5 MB": lambda: article(head=json_ld(node(description=SENTENCE * 50_000))),
    "JSON-LD of other types": lambda: article(
        head=json_ld(node(headline=[1], author=[1, None, {"name": {"a": 1}}], publisher=[2], articleBody=["x"]))
    ),
    "2,000 refreshes": lambda: article(head='<meta http-equiv="refresh" content="0; url=https://a.example/x">' * 2_000),
    "20,000 nested frames": lambda: article("<iframe>" * 20_000),
    "frames in frames": lambda: article(f'<iframe srcdoc="{"&lt;iframe srcdoc=" * 2_000}"></iframe>'),
    "entities bomb": entities_bomb,
    "30,000 tables": lambda: article("<table><tr><td>cell</td></tr></table>" * 30_000),
    "30,000 nested tables": lambda: article("<table><tr><td>" * 30_000),
    "emoji": lambda: article(f"<p>{'😀👩‍👩‍👧‍👦🇦🇿' * 50_000}</p>"),
    "right to left": lambda: article("<p>\u202egnorw\u202c \u2066and so on\u2069</p>"),
    "a million combining marks": lambda: article(f"<p>a{MARKS * 250_000}</p>"),
    "marks in the title": lambda: article(title=TITLE + MARKS * 50_000),
    "marks by reference": lambda: article(f"<p>a{'&#769;&#803;' * 200_000}</p>"),
    "4,000 links in a block": lambda: article(f"<div>{LINK * 4_000}</div>"),
    "20,000 links to authors": lambda: article(f"<div>{'<a href=/author/x>anna</a>' * 20_000}</div>"),
    "10 MB of spaces": lambda: article(" " * 10_000_000),
    "2 million hard spaces": lambda: article("&nbsp;" * 2_000_000),
    "10 MB token": lambda: article("x" * 10_000_000),
    "15 MB data: address": lambda: article(f"<img src='data:image/png;base64,{'A' * 15_000_000}'>"),
    "5 MB of digits": lambda: article(f"<p>{'0123456789' * 500_000}</p>"),
    "40,000 open options": lambda: article(f"<select>{'<option>x' * 40_000}</select>"),
    "200,000 open scripts": lambda: article("<script " * 200_000),
    "50,000 dates": lambda: article(f"<p>{'12.05.2024 10:10 ' * 50_000}</p>"),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("name", KEPT)
def test_the_words_are_kept_in_time(name: str, pool: Workers, warm: int) -> None:
    page, seconds = asyncio.run(pool.timed_page(KEPT[name](), URL))
    assert seconds < MOST_SECONDS
    assert peak(pool) - warm < MOST_MEMORY
    assert page.kind == "article"
    for words in ("the cable along the floor", "It was the second.", "These are the last words."):
        assert words in page.text
    assert name != "entities bomb" or len(page.text) < 1_000
    assert_clean(page)


def assert_clean(page: Page) -> None:
    """Nothing that a database refuses or that reads as another encoding."""
    for text in (page.title, page.text, *page.authors):
        assert not ODD.search(text)
        text.encode("utf-8")
    assert page.canonical_url is None or page.canonical_url.startswith("https://a.example/")


ENCODED = [
    ("cp1251", "utf-8"), ("utf-8", "windows-1251"), ("koi8-r", "windows-1251"), ("cp1251", "koi8-r"),
    ("cp1251", "iso-8859-1"), ("koi8-r", "iso-8859-1"), ("cp1251", "iso-8859-9"), ("cp1251", "gb2312"),
    ("cp1251", "shift_jis"), ("cp866", ""), ("utf-16-le", "utf-16"), ("utf-16-be", ""), ("utf-32-le", ""),
    ("utf-32-be", "utf-8"), ("utf-8-sig", "windows-1251"), ("utf-8", "utf-16"), ("cp1251", "no-such-thing"),
]  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize(("codec", "label"), ENCODED)
def test_a_wrong_label_garbles_nothing(codec: str, label: str, pool: Workers) -> None:
    page = asyncio.run(pool.read_page(russian(codec, label), URL))
    assert page.title == "Кабель лёг на дно моря"
    assert RUSSIAN.strip() in page.text
    assert page.language == "ru"


@pytest.mark.long
def test_utf_8_encoded_twice_is_read_as_meant(pool: Workers) -> None:
    for taken_for in ("latin-1", "cp1252"):
        twice = russian("utf-8").decode(taken_for, "ignore").encode("utf-8")
        page = asyncio.run(pool.read_page(twice, URL))
        if taken_for == "latin-1":
            assert page.title == "Кабель лёг на дно моря"


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.html", article())
    return made.getvalue()


REFUSED: dict[str, Callable[[], bytes]] = {
    "PDF": lambda: b"\n\n%PDF-1.7\n" + bytes(range(256)) * 3_000,
    "zip": zipped,
    "empty zip": lambda: b"PK\x05\x06" + b"\0" * 18,
    "gzip three times": lambda: gzip.compress(gzip.compress(gzip.compress(article()))),
    "noise": lambda: bytes((n * 7_919 + 13) % 256 for n in range(60_000)),
}


@pytest.mark.long
@pytest.mark.parametrize("name", REFUSED)
def test_bytes_that_are_no_page_are_refused_not_stored(name: str, pool: Workers) -> None:
    with pytest.raises(CollectError) as caught:
        asyncio.run(pool.read_page(REFUSED[name](), URL))
    assert caught.value.reason == "not_html"


@pytest.mark.long
@pytest.mark.parametrize(
    "base", ["javascript:alert(1)", "data:text/html,x", "https://evil.example/", "http://[::1", "//"]
)
@pytest.mark.parametrize("canonical", ["/y", "javascript:alert(1)", "http://[bad", "https://evil.example/y"])
def test_a_base_leads_nowhere_else(base: str, canonical: str, pool: Workers) -> None:
    head = f'<base href="{base}"><link rel="canonical" href="{canonical}">'
    page = asyncio.run(pool.read_page(article(head=head), URL))
    assert page.canonical_url in (URL, "https://a.example/y")
    assert_clean(page)


@pytest.mark.long
def test_letters_written_as_references_stay(pool: Workers) -> None:
    letters = "".join(f"&#{ord(char)};" for char in RUSSIAN * 3)
    assert RUSSIAN.strip() in asyncio.run(pool.read_page(article(f"<p>{letters}</p>"), URL)).text
