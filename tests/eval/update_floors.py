"""Raise the floors of page reading to what is reached now. Never lowers one unless told which, and why.

    python tests/eval/update_floors.py [--sets aeb,aed] [--lower aeb.body_f1] [--repin SET] [--because "..."]

Writes tests/eval/page_floors.json; what was lowered or moved to other data is recorded there with the reason.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from datetime import UTC, datetime
from pathlib import Path

import page_floors  # type: ignore[import-not-found]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="update_floors.py", description="Raise the floors of page reading.")
    parser.add_argument("--sets", default=",".join(page_floors.SETS))
    parser.add_argument(
        "--lower", action="append", default=[], metavar="NAME", help="set and field, such as aeb.body_f1"
    )
    parser.add_argument("--repin", action="append", default=[], metavar="SET", help="a set whose data changed")
    parser.add_argument("--because", default="", help="why a floor may drop or move; kept in the file")
    parser.add_argument("--file", type=Path, default=page_floors.FILE)
    chosen = parser.parse_args(arguments)
    if not page_floors.data().is_dir():
        print("update_floors: the labelled pages are not here (KHAZRI_DATA)", file=sys.stderr)
        return 1
    folders = [page_floors.data() / name for name in chosen.sets.split(",")]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        measured = {folder.name: page_floors.measure(folder, pool) for folder in folders}
    old = page_floors.load(chosen.file) if chosen.file.exists() else page_floors.EMPTY
    try:
        new = page_floors.updated(
            old,
            measured,
            {folder.name: page_floors.fingerprint(folder) for folder in folders},
            {folder.name: len(json.loads((folder / "labels.json").read_text("utf-8"))) for folder in folders},
            today=datetime.now(UTC).date().isoformat(),
            lower=chosen.lower,
            repin=chosen.repin,
            because=chosen.because,
        )
    except page_floors.Refused as refused:
        print("update_floors: nothing was changed", *refused.args, sep="\n  ", file=sys.stderr)
        return 1
    for name, one in new["sets"].items():
        before = old["sets"].get(name, {"floors": {}})["floors"]
        for field, floor in one["floors"].items():
            if before.get(field) != floor:
                print(f"{name}.{field}: {before.get(field, 'none')} -> {floor}")
    chosen.file.write_text(json.dumps(new, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
