"""Run `read_page` over the labelled page sets and print the score table, with trafilatura's CPU beside it.

    KHAZRI_DATA=... python tests/eval/score_pages.py [--sets aeb,aed] [--limit N] [--no-peer] [--keep DIR]

The labelled data is found by KHAZRI_DATA (default ../shared/data); its own pages/score.py does the scoring.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SETS = "aeb,aed,fundus,fundus_eval,trafilatura,htmldate_mediacloud_2020"
DATA = Path(os.environ.get("KHAZRI_DATA", "../shared/data"))


def ours(row: tuple[str, bytes, str]) -> tuple[str, dict[str, Any]]:
    """One page by us, in the scorer's shape."""
    from crawler.pages import read_page
    from models.errors import KhazriError

    name, body, url = row
    start = time.process_time()
    try:
        page = read_page(body, url)
    except KhazriError as error:
        return name, {"error": str(error)}
    seconds = time.process_time() - start
    day = None
    if page.published:
        exact = page.published.precision == "minute"
        day = page.published.local.isoformat() if exact else page.published.value.date().isoformat()
    return name, {
        "title": page.title,
        "body": page.text,
        "authors": list(page.authors),
        "published": day,
        "language": page.language,
        "kind": page.kind,
        "origin": page.published.origin if page.published else None,
        "warnings": list(page.warnings),
        "seconds": seconds,
    }


def peer(row: tuple[str, bytes, str]) -> float:
    """CPU seconds of trafilatura with metadata over the same page."""
    import trafilatura

    start = time.process_time()
    trafilatura.bare_extraction(row[1], url=row[2], include_comments=False, with_metadata=True)
    return time.process_time() - start


def rows_of(name: str, limit: int) -> list[tuple[str, bytes, str]]:
    """Page id, bytes, address."""
    labels = json.loads((DATA / "pages" / name / "labels.json").read_text("utf-8"))
    chosen = list(labels.items())[: limit or None]
    return [
        (i, gzip.decompress((DATA / "pages" / name / "html" / f"{i}.html.gz").read_bytes()), v["url"])
        for i, v in chosen
    ]


def main() -> None:
    """Predict, time, score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=SETS)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for name in options.sets.split(","):
            rows = rows_of(name, options.limit)
            found = dict(pool.map(ours, rows, chunksize=4))
            (folder / f"{name}.json").write_text(json.dumps(found, ensure_ascii=False), "utf-8")
            mine = sum(page.get("seconds", 0.0) for page in found.values())
            line = f"{name}: {len(rows)} pages, {1000 * mine / len(rows):.1f} ms CPU a page"
            if not options.no_peer:
                theirs = sum(pool.map(peer, rows, chunksize=4))
                line += f"; trafilatura with metadata {1000 * theirs / len(rows):.1f} ms; speed {theirs / mine:.2f}x"
            print(line, flush=True)
            raw = ["--raw-tokens"] if name == "aeb" else []
            scorer = [sys.executable, str(DATA / "pages" / "score.py"), str(folder), str(DATA / "pages")]
            subprocess.run([*scorer, "--sets", name, *raw, "--per-page", str(folder / f"{name}.csv")], check=True)


if __name__ == "__main__":
    main()
