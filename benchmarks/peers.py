"""Ours beside other readers of articles on the labelled pages: quality by the data's own scorer, CPU a page, one run.

    python benchmarks/peers.py --install                 # once: the requirement group `peers` into .venv-peers
    python benchmarks/peers.py [--sets aeb,aed] [--readers khazri,goose3] [--keep DIR] [--limit N]

Each reader runs in a process of its own (_peers_child.py): the peers in .venv-peers, whose versions of lxml are theirs,
trafilatura and ours in this one. Prints two Markdown tables. `--keep` also keeps each reader's answers, and takes those
that are there already. A page for which a reader raised counts as empty, and the table says how many.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))  # started as a file, the product is beside this folder

from benchmarks._table import NotHere, Row, line  # noqa: E402

SETS = ("aeb", "fundus", "fundus_eval", "aed", "trafilatura", "htmldate_mediacloud_2020")
OURS = ("khazri", "trafilatura_standard", "trafilatura_precision")  # readers that our own environment has
PEERS = ("newspaper4k", "readability_lxml", "news_please", "goose3")
PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
# Set, the scorer's name of the figure, how the table calls it. Of false authors fewer are better.
COLUMNS = (
    ("aeb", "body_f1", "body aeb"), ("fundus", "body_f1", "body fundus"),
    ("fundus_eval", "body_f1", "body fundus_eval"),
    ("aed", "body_f1", "body aed"), ("trafilatura", "seg_f1", "segments"), ("aed", "title_near", "title aed"),
    ("fundus", "title_near", "title fundus"), ("aed", "author_f1", "authors aed"),
    ("fundus", "author_f1", "authors fundus"), ("aed", "author_false_pos", "false authors aed"),
    ("fundus", "date_acc", "day fundus"), ("htmldate_mediacloud_2020", "date_acc", "day mediacloud"),
)  # fmt: skip
FEWER_IS_BETTER = "author_false_pos"

Scores = Mapping[str, Mapping[str, float]]


def data() -> Path:
    """The folder of labelled pages."""
    folder = Path(os.environ.get("KHAZRI_DATA", ROOT.parent / "shared" / "data")) / "pages"
    if not folder.is_dir():
        raise NotHere("needs the labelled pages (KHAZRI_DATA)")
    return folder


def install() -> None:
    """An environment of their own for the peers; none of their versions is in our lock."""
    uv = Path(sys.executable).with_name("uv")
    if not PEERS_PYTHON.exists():
        subprocess.run([uv, "venv", "--python", sys.executable, PEERS_PYTHON.parents[1]], check=True)
    group = f"{ROOT / 'pyproject.toml'}:peers"
    subprocess.run([uv, "pip", "install", "--python", PEERS_PYTHON, "--group", group], check=True)


def labels_of(name: str, limit: int = 0) -> dict[str, Any]:
    """What the pages of a set hold, by their ids: of the first `limit` pages where it is not 0."""
    labels: dict[str, Any] = json.loads((data() / name / "labels.json").read_text("utf-8"))
    return dict(list(labels.items())[: limit or None])


def predicted(reader: str, name: str, folder: Path, limit: int = 0) -> Path:
    """The file of a reader's answers for a set, made where it is not there."""
    kept = folder / reader / f"{name}.json"
    if kept.is_file():
        return kept
    rows = [
        {"id": key, "url": label["url"], "file": str(data() / name / "html" / f"{key}.html.gz")}
        for key, label in labels_of(name, limit).items()
    ]
    python = Path(sys.executable) if reader in OURS else PEERS_PYTHON
    if not python.exists():
        raise NotHere("needs the peers: python benchmarks/peers.py --install")
    done = subprocess.run(
        [python, HERE / "_peers_child.py", reader],
        input="".join(json.dumps(row) + "\n" for row in rows), text=True, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    found = {answer.pop("id"): answer for answer in map(json.loads, done.stdout.splitlines())}
    if set(found) != {row["id"] for row in rows}:
        raise AssertionError(f"{reader} answered {len(found)} of {len(rows)} pages of {name}")
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(found, ensure_ascii=False), "utf-8")
    return kept


def scored(reader: str, name: str, folder: Path, limit: int = 0) -> dict[str, float]:
    """What the data's own scorer says of the answers: its figures by their names."""
    raw = ["--raw-tokens"] if name == "aeb" else []
    with tempfile.TemporaryDirectory() as scratch:
        said, labels = Path(scratch) / "scores.json", Path(scratch) / name / "labels.json"
        labels.parent.mkdir()
        labels.write_text(json.dumps(labels_of(name, limit)), "utf-8")
        scorer = [sys.executable, data() / "score.py", folder / reader, scratch]
        subprocess.run([*scorer, "--sets", name, *raw, "--json", said], check=True, stdout=subprocess.DEVNULL)
        figures: dict[str, float] = json.loads(said.read_text("utf-8"))[name]
    return figures


def run(readers: Sequence[str], sets: Sequence[str], folder: Path, limit: int = 0) -> dict[str, dict[str, Any]]:
    """Figures by reader and set."""
    scores: dict[str, dict[str, Any]] = {reader: {} for reader in readers}
    for name in sets:
        for reader in readers:  # all readers of a set before the next: what the machine does meanwhile meets them alike
            predicted(reader, name, folder, limit)
            scores[reader][name] = scored(reader, name, folder, limit)
            print(f"{reader}: {name}", file=sys.stderr, flush=True)
    return scores


def table(scores: Mapping[str, Scores]) -> Iterator[str]:
    """A line a reader: the figures of COLUMNS that were measured, CPU a page, pages that failed."""
    columns = [column for column in COLUMNS if all(column[0] in sets for sets in scores.values())]
    yield line(("reader", *(title for _, _, title in columns), "CPU ms a page", "failed"))
    yield line("---" for _ in range(len(columns) + 3))
    for reader, sets in scores.items():
        figures = [f"{sets[name].get(field, 0.0):.3f}" for name, field, _ in columns]
        failed = sum(int(one["errors"]) for one in sets.values())
        yield line((reader, *figures, f"{_milliseconds(sets):.0f}", str(failed)))


def _milliseconds(sets: Scores) -> float:
    return 1000 * sum(one.get("seconds", 0.0) for one in sets.values()) / sum(one["pages"] for one in sets.values())


def verdicts(scores: Mapping[str, Scores]) -> Iterator[Row]:
    """Ours against the best of the others in each column, and the time against trafilatura with metadata."""
    ours, others = scores["khazri"], {name: one for name, one in scores.items() if name != "khazri"}
    for name, field, title in COLUMNS:
        if name not in ours:
            continue
        less = field == FEWER_IS_BETTER
        # A reader that finds no authors at all has no false ones either: that is no contest.
        able = {one: sets[name][field] for one, sets in others.items() if not less or sets[name]["author_f1"] > 0}
        best = (min if less else max)(able, key=lambda one: able[one])
        mine = ours[name][field]
        ahead = mine <= able[best] if less else mine >= able[best]
        yield Row(
            f"peers, {title}", f"{mine:.3f}", f"{able[best]:.3f} ({best})", mine / able[best] if able[best] else None,
            "no peer ahead", ahead,
        )  # fmt: skip
    if "trafilatura_standard" in others:
        speed = _milliseconds(others["trafilatura_standard"]) / _milliseconds(ours)
        yield Row(
            "peers, pages a second of CPU beside trafilatura's", f"{1000 / _milliseconds(ours):.1f}",
            f"{1000 / _milliseconds(others['trafilatura_standard']):.1f}", speed, ">= 0.6", speed >= 0.6,
        )  # fmt: skip


def measure(limit: int = 0) -> Iterator[Row]:
    """The rows of benchmarks/run.py: all sets, all readers."""
    data()
    if not PEERS_PYTHON.exists():
        raise NotHere("needs the peers: python benchmarks/peers.py --install")
    with tempfile.TemporaryDirectory() as folder:
        yield from verdicts(run((*OURS, *PEERS), SETS, Path(folder), limit))


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks/peers.py", description="Ours beside other readers of articles.")
    parser.add_argument("--install", action="store_true", help="put the peers into .venv-peers and end")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--readers", default=",".join((*OURS, *PEERS)))
    parser.add_argument("--keep", type=Path, metavar="DIR", help="answers are kept there, and taken from there")
    parser.add_argument("--limit", type=int, default=0, help="of pages a set, to try it out")
    chosen = parser.parse_args()
    if chosen.install:
        install()
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        try:
            scores = run(chosen.readers.split(","), chosen.sets.split(","), chosen.keep or Path(scratch), chosen.limit)
        except NotHere as reason:
            print(f"peers left out: {reason}", file=sys.stderr)
            return 0
    print("\n".join(table(scores)), end="\n\n")
    for row in verdicts(scores) if "khazri" in scores and len(scores) > 1 else ():
        print(line(row.cells()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
