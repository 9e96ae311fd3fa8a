"""CPU of polling sources that have nothing new: against their first pass, and against lemon24/reader's."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from statistics import median
from typing import Any

from benchmarks._outside import ROOT
from benchmarks._processes import require_proc
from benchmarks._sources import sources
from benchmarks._table import NotHere, Row

ROUNDS = 3  # after a warm-up round; the median of their ratios is the figure
FIRST_SOURCES, FIRST_ENTRIES = 60, 50  # a first pass reads whole feeds of 125 KB
FIRST_BAR = 0.1
SOURCES, ENTRIES = 500, 3  # only the pass that finds nothing new counts: what the feeds hold is no matter
READER_BAR = 2.0


def measure(first: int = FIRST_SOURCES, many: int = SOURCES, rounds: int = ROUNDS) -> Iterator[Row]:
    """Two rows: again / first pass (the bar), ours / reader (the bar). Raises NotHere."""
    require_proc()
    found = measured(first, FIRST_ENTRIES, rounds, peer=False)
    ratio = median(one["again"] / one["first"] for one in found)
    yield Row(
        f"polling, {first} unchanged sources after their first pass of {FIRST_ENTRIES} entries",
        f"{1000 * median(one['again'] for one in found) / first:.1f} ms CPU a source",
        f"{1000 * median(one['first'] for one in found) / first:.1f} ms",
        ratio,
        f"<= {FIRST_BAR}",
        ratio <= FIRST_BAR,
    )
    if importlib.util.find_spec("reader") is None:
        raise NotHere("its second half needs lemon24/reader: uv pip install --group peer-reader")
    found = measured(many, ENTRIES, rounds, peer=True)
    ratio = median(one["again"] / one["reader"] for one in found)
    yield Row(
        f"polling, {many} sources that answer 304, against reader",
        f"{1000 * median(one['again'] for one in found) / many:.1f} ms CPU a source",
        f"{1000 * median(one['reader'] for one in found) / many:.1f} ms",
        ratio,
        f"<= {READER_BAR:g}",
        ratio <= READER_BAR,
    )


def measured(count: int, entries: int, rounds: int, *, peer: bool) -> list[dict[str, float]]:
    """CPU seconds of each round's passes. Raises RuntimeError when the measured process fails: then there is none."""
    with tempfile.TemporaryDirectory(prefix="khazri-bench-") as folder, sources(entries) as proxy:
        wanted = [proxy, folder, str(count), str(rounds), str(int(peer))]
        # No KHAZRI_* of the person's own may decide what is measured.
        env = {key: value for key, value in os.environ.items() if not key.startswith("KHAZRI_")}
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks._polling", *wanted], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
        )
    if done.returncode != 0:
        raise RuntimeError(f"the measured process failed with exit code {done.returncode}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found: list[dict[str, float]] = answer["rounds"]
    return found
