"""Memory of a crawl and reading of real pages: the largest process, and the whole tree's proportional set size."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks._outside import load_pages, plant
from benchmarks._processes import peak_mb, pss_mb, require_proc, tree
from benchmarks._table import Row
from benchmarks.pipeline import TEN_PER_CENT, run_measured

BAR_MB = 400  # the largest process stays under it, in MB of 2**20 bytes
SAMPLE_SECONDS = 0.2  # between two looks; the peak of a process is the kernel's own and misses nothing


@dataclass(slots=True)
class Sampler:
    """Looks at a tree of processes until it is told to stop."""

    pid: int
    peaks: dict[int, float] = field(default_factory=dict)  # pid -> largest resident set, MB
    tree_pss: float = 0.0  # largest sum over the tree at one look, MB
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stop.wait(SAMPLE_SECONDS):
            pids = tree(self.pid)
            self.tree_pss = max(self.tree_pss, sum(pss_mb(pid) for pid in pids))
            for pid in pids:
                self.peaks[pid] = max(self.peaks.get(pid, 0.0), peak_mb(pid))


def measure(pages: int | None = None) -> Iterator[Row]:
    """Rows for the largest process (the bar) and the tree (stated). Crawling, Scrapy and spaCy share one process here,
    as in `make run`; page workers are beside it, as many as the machine has cores. Raises NotHere."""
    require_proc()
    samplers: list[Sampler] = []

    def watch(pid: int) -> None:
        samplers.append(Sampler(pid))
        threading.Thread(target=samplers[0].run, daemon=True).start()

    run_measured("memory", plant(load_pages(pages), TEN_PER_CENT), started=watch)
    (sampler,) = samplers
    sampler.stop.set()
    largest = max(sampler.peaks.values())
    met = largest < BAR_MB
    yield Row("memory, largest process (VmHWM)", f"{largest:.0f} MB", "", None, f"< {BAR_MB} MB", met)
    main = sampler.peaks[sampler.pid]
    yield Row("  of it the crawling and reading process", f"{main:.0f} MB")
    yield Row(f"memory, the tree of {len(sampler.peaks)} processes (PSS)", f"{sampler.tree_pss:.0f} MB")
