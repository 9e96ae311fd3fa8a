"""Silent sources in simulated years: deaths and decays noticed, delay against the bound, false alarms.

python benchmarks/silence.py                    # the fixed seeds
python benchmarks/silence.py --seed random      # fresh ones
python benchmarks/silence.py --seed 7 --years 3 --kinds hawkes lognormal --holidays
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._table import Row
from tests.newsyear import KINDS, Scored, rings, score, year

FIXED = (1, 2, 3)


def figures(scored: Iterable[Scored]) -> str:
    """One line: faults noticed, deaths' median delay and its ratio to the bound, false alarms a source and year."""
    all_ = list(scored)
    years = sum(one.healthy_years for one in all_)
    alarms = sum(one.false_alarms for one in all_)
    parts = [f"{alarms / years:5.2f} false alarms a source-year ({alarms} in {years:.0f})"]
    for what in ("death", "decay"):
        hit = [one for one in all_ if one.source.fault and (one.source.fault == "death") == (what == "death")]
        if hit:
            ratios = [one.delay / one.bound for one in hit]
            parts.append(
                f"{what}: {sum(one.noticed for one in hit)}/{len(hit)}, median {median(o.delay for o in hit):5.0f} h"
                f" = {median(ratios):4.2f} of the bound, within it {sum(r <= 1 for r in ratios)}"
            )
    return "; ".join(parts)


def measure(seeds: Iterable[int] = FIXED[:1], sources: int = 60) -> Iterator[Row]:
    """The bars of a simulated year as rows; `sources` fewer only to try it."""
    done = [score(one, rings) for seed in seeds for one in year(seed, sources=sources, faults=sources // 3)]
    ill = [one for one in done if one.source.fault]
    noticed = sum(one.noticed for one in ill)
    ratio = median(one.delay / one.bound for one in ill if one.source.fault == "death")
    false = sum(one.false_alarms for one in done) / sum(one.healthy_years for one in done)
    yield Row("silence: noticed", f"{noticed} faults", f"{len(ill)}", noticed / len(ill), "= 1", noticed == len(ill))
    yield Row("silence: delay", f"{ratio:.2f} of the bound", "", None, "median <= 1", ratio <= 1)
    yield Row("silence: false alarms", f"{false:.2f} a source and year", "", None, "<= 0.3", false <= 0.3)


def described(one: Scored) -> str:
    delay = f"{one.delay:.0f} h of {one.bound:.0f}, " if one.source.fault else ""
    source = one.source
    return (
        f"{source.name}, {source.week}, {source.per_day:.2f} items a day, {source.fault or 'well'}: {delay}"
        f"{one.false_alarms} false alarms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="", help="a number, or random")
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS[:3]))
    parser.add_argument("--holidays", action="store_true")
    parser.add_argument("--deaths", type=int, default=14, help="of the 20 faults; the others are decays")
    options = parser.parse_args()
    first = secrets.randbelow(10**6) if options.seed == "random" else int(options.seed) if options.seed else FIXED[0]
    began = time.perf_counter()
    done: list[Scored] = []
    for seed in range(first, first + options.years):
        planted = year(seed, kinds=tuple(options.kinds), holidays=options.holidays, deaths=options.deaths)
        scored = [score(one, rings) for one in planted]
        print(f"seed {seed}: {figures(scored)}", flush=True)
        done += scored
    print(f"all: {figures(done)}")
    for kind in options.kinds:
        print(f"  {kind:<10} {figures(one for one in done if one.source.kind == kind)}")
    faults = Counter(one.source.fault for one in done if one.source.fault)
    for fault in faults:
        print(f"  {fault:<10} {figures(one for one in done if one.source.fault == fault)}")
    for one in done:
        late = one.source.fault == "death" and one.delay > 2 * one.bound
        if late or one.false_alarms > 2:
            print(f"  {'late' if late else 'noisy'}: {described(one)}")
    print(f"{time.perf_counter() - began:.0f} s of {len(done)} source-years, judged every hour")


if __name__ == "__main__":
    main()
