"""Floors of page reading: measured by the labelled data's own scorer, pinned to the data they were measured on.

`page_floors.json` holds for each set of pages a fingerprint of its labels and page names, and for each figure the value
that was reached. tests/test_page_floors.py holds them; update_floors.py beside this file raises them.

On the pinned data a figure must reach its floor. On other data under the same names (the half that is kept back, labels
that were mended) pinned values say little: there it must reach the lower of its floor and what was promised for it
(PROMISED), less SLACK, which is about two standard errors of a figure over a hundred pages. The value is told either
way.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import importlib.util
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("page_floors.json")
SETS = ("aeb", "aed", "fundus", "fundus_eval", "trafilatura", "htmldate_mediacloud_2020")
FIELDS = ("body_f1", "seg_f1", "title_near", "author_f1", "author_false_pos", "date_acc")
CEILINGS = ("author_false_pos",)  # fewer is better
# What the project promised of a set's figure; a figure that is not here was never promised anything.
PROMISED = {
    "aeb.body_f1": 0.966, "fundus.body_f1": 0.957, "fundus_eval.body_f1": 0.972, "aed.body_f1": 0.942,
    "trafilatura.seg_f1": 0.93, "aed.title_near": 0.96, "fundus.title_near": 0.92, "aed.author_f1": 0.87,
    "fundus.author_f1": 0.87, "aed.author_false_pos": 0.25, "fundus.date_acc": 0.985,
    "htmldate_mediacloud_2020.date_acc": 0.93,
}  # fmt: skip
# author_false_pos is a share of about 20 pages, the others of 40 to 500.
SLACK = {
    "body_f1": 0.02, "seg_f1": 0.02, "title_near": 0.05, "author_f1": 0.05, "author_false_pos": 0.2, "date_acc": 0.05,
}  # fmt: skip

Floors = dict[str, Any]  # page_floors.json as it is
EMPTY: Floors = {
    "comment": "What page reading reaches, by set and figure, pinned to the data it was measured on; "
    "tests/eval/update_floors.py raises it and records what was lowered.",
    "sets": {},
    "lowered": [],
}


def data() -> Path:
    """The folder of labelled pages, whether it is there or not."""
    root = Path(__file__).resolve().parents[2]
    return Path(os.environ.get("KHAZRI_DATA", root.parent / "shared" / "data")) / "pages"


def load(path: Path = FILE) -> Floors:
    floors: Floors = json.loads(path.read_text("utf-8"))
    return floors


# ------------------------------------------------------------------------------------------------------------ measuring


def fingerprint(folder: Path) -> str:
    """Of one set: its labels, whatever their order and spacing, and the names of its pages."""
    labels = json.loads((folder / "labels.json").read_text("utf-8"))
    pages = sorted(path.name for path in (folder / "html").iterdir())
    written = json.dumps([labels, pages], ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode("ascii")).hexdigest()[:16]


def rows_of(folder: Path) -> list[tuple[str, bytes, str]]:
    """Page id, bytes, address, for every label; a page that is not there is an error, not an empty page."""
    labels = json.loads((folder / "labels.json").read_text("utf-8"))
    return [
        (key, gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes()), label["url"])
        for key, label in labels.items()
    ]


def measure(folder: Path, pool: Pool) -> dict[str, float]:
    """FIELDS of one set as far as its labels tell them: each page read once, scored by the data's own scorer."""
    from score_pages import ours  # type: ignore[import-not-found]

    found = dict(pool.imap_unordered(ours, rows_of(folder), chunksize=4))
    labels = json.loads((folder / "labels.json").read_text("utf-8"))
    score = _scorer(folder.parent / "score.py")
    # The benchmark behind aeb is published with plain tokens; ours is compared with its published figures.
    figures = score(labels, found, "raw" if folder.name == "aeb" else "auto")
    return {field: figures[field] for field in FIELDS if field in figures}


def _scorer(path: Path) -> Callable[..., dict[str, float]]:
    spec = importlib.util.spec_from_file_location("pages_score", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    score: Callable[..., dict[str, float]] = module.score_set
    return score


def measured_once(folder: Path, shared: Path, pool: Callable[[], Pool]) -> dict[str, float]:
    """As `measure`, once for all processes of a test run: the figures are kept in `shared`, a folder of that run."""
    kept = shared / f"page-figures-{folder.name}.json"
    with (shared / f"page-figures-{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go when the process ends, however it ends
        if not kept.is_file():
            kept.write_text(json.dumps(measure(folder, pool())), "utf-8")
    figures: dict[str, float] = json.loads(kept.read_text("utf-8"))
    return figures


# -------------------------------------------------------------------------------------------------------------- judging


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a figure holds, and the sentence that says so."""

    holds: bool
    told: str


def is_worse(field: str, value: float, than: float) -> bool:
    return value > than if field in CEILINGS else value < than


def judge(name: str, value: float, floor: float, *, pinned: bool) -> Verdict:
    """A figure against what is asked of it.

    name    set and field, "aeb.body_f1".
    pinned  whether it was measured on the data that the floor was measured on.
    """
    field = name.partition(".")[2]
    most = "at most" if field in CEILINGS else "at least"
    if pinned:
        return Verdict(not is_worse(field, value, floor), f"{name} is {value:.4f}; its floor asks for {most} {floor}")
    bars = (floor, PROMISED.get(name, floor))
    asked = max(bars) + SLACK[field] if field in CEILINGS else min(bars) - SLACK[field]
    told = f"{name} is {value:.4f} on other data than its floor {floor} is pinned to; there {most} {asked:.3f} is asked"
    return Verdict(not is_worse(field, value, asked), told)


# -------------------------------------------------------------------------------------------------------------- raising


class Refused(Exception):
    """The floors stay as they are; each argument is a sentence that says why."""


def rounded(field: str, value: float) -> float:
    """To three digits, never to the better side: the floor must hold for the value it was made of."""
    thousandths = round(1000 * value, 6)  # 0.97 * 1000 is 970.0000000000001 for some values
    return (math.ceil(thousandths) if field in CEILINGS else math.floor(thousandths)) / 1000


def updated(
    old: Floors,
    measured: Mapping[str, Mapping[str, float]],
    prints: Mapping[str, str],
    pages: Mapping[str, int],
    *,
    today: str,
    lower: Iterable[str] = (),
    repin: Iterable[str] = (),
    because: str = "",
) -> Floors:
    """The floors raised to what was measured; sets that were not measured stay. `old` is not changed.

    lower    names ("aeb.body_f1") whose floor may drop; recorded with `because` and `today`.
    repin    sets whose data may be other than before; recorded likewise.
    Raises Refused where a floor would drop, vanish or move to other data without being named, where something is named
    that did not happen, and where `because` is missing.
    """
    lower, repin, problems = set(lower), set(repin), []
    if (lower or repin) and not because.strip():
        problems.append('say why: --because "..."')
    new: Floors = {"comment": old["comment"], "sets": dict(old["sets"]), "lowered": list(old["lowered"])}
    dropped: set[str] = set()
    moved: set[str] = set()
    for name, figures in measured.items():
        before = old["sets"].get(name, {"fingerprint": prints[name], "floors": {}})
        if before["fingerprint"] != prints[name]:
            moved.add(name)
            new["lowered"].append({"name": name, "from": before["fingerprint"], "to": prints[name]})
        floors = {field: rounded(field, value) for field, value in figures.items()}
        for field, floor in before["floors"].items():
            value = floors.get(field)
            if value is None:
                problems.append(f"{name}.{field} was not measured; its floor {floor} would vanish")
            elif is_worse(field, value, floor):
                dropped.add(f"{name}.{field}")
                new["lowered"].append({"name": f"{name}.{field}", "from": floor, "to": value})
                if f"{name}.{field}" not in lower:
                    problems.append(f"{name}.{field} would drop from {floor} to {value}")
        new["sets"][name] = {"fingerprint": prints[name], "pages": pages[name], "floors": floors}
    problems += [f"{name} is other data than its floors are pinned to (--repin {name})" for name in moved - repin]
    problems += [f"{name} did not drop" for name in sorted(lower - dropped)]
    problems += [f"{name} is the data it was" for name in sorted(repin - moved)]
    if problems:
        raise Refused(*problems)
    for record in new["lowered"][len(old["lowered"]) :]:
        record.update(because=because, on=today)
    return new
