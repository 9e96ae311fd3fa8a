"""CPU of fetch + read + tag + store over real pages, against `read_page` alone over the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks._outside import ROOT, START_PAGES, load_pages, outside, plant
from benchmarks._processes import require_proc
from benchmarks._table import Row

ROUNDS = 5  # pairs after the warm-up; the median of their ratios is the figure
BAR = 1.4  # ours at most this many times the yardstick
TEN_PER_CENT = 10  # every tenth page has the name
ALL = 1
PARTS = {"workers": "in the page worker", "crawl": "Scrapy, host gate, storing", "read": "tagging, facts"}


def measure(pages: int | None = None, rounds: int = ROUNDS) -> Iterator[Row]:
    """Rows for the name in 10 % of the pages (the bar) and in all (stated). Raises NotHere."""
    require_proc()
    found = load_pages(pages)
    for every, part in ((TEN_PER_CENT, "10 %"), (ALL, "all")):
        yield from _rows(f"pipeline, a name in {part} of the pages", plant(found, every), rounds, every != ALL)


def _rows(name: str, pages: Sequence[bytes], rounds: int, has_bar: bool) -> Iterator[Row]:
    answer = run_measured("cpu", pages, str(rounds))
    pairs: list[dict[str, Any]] = answer["pairs"]
    count = len(pages) - START_PAGES
    start = {part: median(one["start"][part] for one in pairs) for part in PARTS}  # of one alone it would be noise
    costs = [{part: one[part] - start[part] for part in PARTS} for one in pairs]
    alone = [one["alone"] for one in pairs]
    totals = [sum(cost.values()) for cost in costs]
    ratio = median(total / yardstick for total, yardstick in zip(totals, alone, strict=True))
    yield Row(
        f"{name} ({answer['hits']} of {pairs[0]['articles']} articles hit)",
        f"{1000 * median(totals) / count:.1f} ms CPU a page",
        f"{1000 * median(alone) / count:.1f} ms",
        ratio,
        f"<= {BAR}" if has_bar else "",
        ratio <= BAR if has_bar else None,
    )
    for part, words in PARTS.items():
        share = median(cost[part] / yardstick for cost, yardstick in zip(costs, alone, strict=True))
        yield Row(f"  of it {words}", f"{1000 * median(cost[part] for cost in costs) / count:.1f} ms", "", share)
    yield Row(
        f"  left out: a crawl by itself, with {START_PAGES} pages", f"{1000 * sum(start.values()):.0f} ms a crawl"
    )


def run_measured(
    what: str, pages: Sequence[bytes], *arguments: str, started: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Serve the pages and let a process of its own crawl and read them; its answer. `started` is told its number.

    Raises RuntimeError when that process fails: then there is no figure."""
    with tempfile.TemporaryDirectory(prefix="khazri-bench-") as name, outside(pages) as proxy:
        folder = Path(name)
        (folder / "pages").mkdir()
        for number, page in enumerate(pages):
            (folder / "pages" / f"{number:04}.html").write_bytes(page)
        command = [sys.executable, "-m", "benchmarks._crawling", what, proxy, str(folder), *arguments]
        # No KHAZRI_* of the person's own may decide what is measured.
        env = {key: value for key, value in os.environ.items() if not key.startswith("KHAZRI_")}
        with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
            if started is not None:
                started(process.pid)
            out, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the measured process failed with exit code {process.returncode}")
    answer: dict[str, Any] = json.loads(out.splitlines()[-1])
    return answer
