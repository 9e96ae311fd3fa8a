"""Entries a second of `read_feed` against feedparser with its own defaults, over a generated feed of 50 entries."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from io import BytesIO
from statistics import median

import feedparser

from benchmarks._sources import address, feed_body
from benchmarks._table import Row
from crawler.feeds import read_feed
from crawler.plain import one_line, plain

ENTRIES = 50
ROUNDS = 7  # ours and the yardstick in turn, after one that is thrown away; the median of their ratios is the figure
REPEATS = 3  # bodies of one timing: one alone takes 40 ms, near the clock's own noise on a busy machine
BAR = 1.4  # ours at least this many times as fast


def measure(rounds: int = ROUNDS, repeats: int = REPEATS) -> Iterator[Row]:
    """One row; both read the same fields, which is checked first."""
    body = feed_body(ENTRIES)
    same(body)
    timed = [(_seconds(_ours, body, repeats), _seconds(_defaults, body, repeats)) for _ in range(rounds + 1)][1:]
    entries = ENTRIES * repeats
    ratio = median(theirs / mine for mine, theirs in timed)
    yield Row(
        f"feeds, {ENTRIES} entries, {len(body) // 1000} KB",
        f"{entries / median(mine for mine, _ in timed):,.0f} entries/s",
        f"{entries / median(theirs for _, theirs in timed):,.0f} entries/s",
        ratio,
        f">= {BAR}",
        ratio >= BAR,
    )


def same(body: bytes) -> None:
    """No field of ours may be worse than the yardstick's: else the speeds say nothing."""
    mine = read_feed(body, address(0)).entries
    theirs = feedparser.parse(BytesIO(body), response_headers={"content-location": address(0)}).entries
    assert len(mine) == len(theirs) == ENTRIES
    for ours, raw in zip(mine, theirs, strict=True):
        assert ours.published is not None
        had = (ours.title, ours.link, ours.id, ours.published.value.timetuple()[:6], ours.summary)
        wanted = (one_line(raw.title), raw.link, raw.id, tuple(raw.published_parsed)[:6], plain(raw.summary))
        assert had == wanted


def _ours(body: bytes) -> None:
    read_feed(body, address(0))


def _defaults(body: bytes) -> None:
    feedparser.parse(BytesIO(body))


def _seconds(read: Callable[[bytes], None], body: bytes, repeats: int) -> float:
    started = time.process_time()
    for _ in range(repeats):
        read(body)
    return time.process_time() - started
