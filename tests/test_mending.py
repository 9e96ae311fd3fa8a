"""Slips in markup behind which a parser loses the rest of the page."""

from __future__ import annotations

import time

import pytest

from crawler.mending import mended
from crawler.pages import read_page

TEXT = "".join(
    f"<p>On day {number} of the work the ships lay the cable from the western shore, the harbour office said.</p>"
    for number in range(1, 9)
)


@pytest.mark.parametrize(
    "slip",
    [
        '<a href="/x>a link</a>',
        "<img src='/x.jpg>",
        '<div class="x>',
        '<img src="/x.jpg" title="He said>',
        "<nav><a href='/'>Home</a>",
        "<aside>An offer",
        "<footer>",
        "<select><option>a<option>b",
        "<form><select><option>a",
    ],
)
def test_the_words_behind_a_slip_are_kept(slip: str) -> None:
    page = f"<html><head><title>C</title></head><body><h1>Two ships lay cable</h1>{slip}{TEXT}</body></html>"
    assert read_page(page.encode(), "https://a.example/x").text.count("On day") == 8


def test_frames_are_told_and_what_stands_beside_them_is_read() -> None:
    frames = '<frameset cols="20%,80%"><frame src="a.html"><frame src="b.html">'
    page = read_page(f"<html><title>News</title>{frames}</frameset></html>".encode(), "https://a.example/x")
    assert page.kind == "empty"
    assert "a page of frames: its text is on other pages" in page.warnings
    page = read_page(
        f"<html><title>News</title>{frames}<noframes><body>{TEXT}</body></noframes></frameset></html>".encode(),
        "https://a.example/x",
    )
    assert page.text.count("On day") == 8


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="/search?q=a>b" class="x">c</a>',
        '<div class="[&>li]:mt-2 flex"><b class="y">c</b></div>',
        "<a onclick=\"if (a > b) show('<b>')\">c</a>",
        "<script>var scale = ' initial-scale=\" + a > b'; if (a < b) {}</script>",
        '<!-- <a href="--><b>c</b><i class="y">d</i>',
        "<p>one<p>two<aside>x</aside>",
    ],
)
def test_what_is_no_slip_stays(markup: str) -> None:
    warnings: list[str] = []
    assert mended(markup, warnings) == markup
    assert warnings == []


@pytest.mark.parametrize("bad", [' a=">', "<a b='>", '<a b="', "<a a a ", "<aside", "<a " + "b" * 50 + " "])
def test_a_page_of_slips_takes_no_time(bad: str) -> None:
    start = time.process_time()
    mended(bad * (1_000_000 // len(bad)), [])
    assert time.process_time() - start < 1
