"""`python benchmarks/run.py [NAME…]`: each benchmark is one module of this folder, found by its name.

Prints the table that README.md shows; writes nothing but the file of `--json`. Exit 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # started as a file, the product is beside this folder

from benchmarks._table import NotHere, Row, head, line  # noqa: E402


def names() -> list[str]:
    """Every benchmark: modules without an underscore before their name, this one left out."""
    return sorted(file.stem for file in HERE.glob("[!_]*.py") if file.stem != "run")


def benchmark(name: str) -> Callable[[], Iterable[Row]]:
    """The `measure` of a benchmark: yields its rows, raises NotHere where it cannot run."""
    found: Callable[[], Iterable[Row]] = importlib.import_module(f"benchmarks.{name}").measure
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description="The benchmarks, ratios in one run.")
    parser.add_argument("name", nargs="*", help=f"which: {', '.join(names())} (all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.name if name not in names()]
    if unknown:
        parser.error(f"there is no benchmark '{unknown[0]}'; there are: {', '.join(names())}")
    rows: list[Row] = []
    print(head(), flush=True)
    for name in chosen.name or names():
        try:
            for row in benchmark(name)():
                rows.append(row)
                print(line(row.cells()), flush=True)
        except NotHere as reason:
            print(f"{name} left out: {reason}", file=sys.stderr)
    if chosen.json:
        written = [dataclasses.asdict(row) | {"verdict": row.verdict} for row in rows]
        chosen.json.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
