"""Reads articles in a process of its own and says what memory it had: `python benchmarks/_reading_child.py COUNT`.

Answers one JSON line for each tenth of the articles, MB of 2**20 bytes:
`{"articles", "rss_mb", "peak_mb", "mentions"}`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._processes import peak_mb, resident_mb  # noqa: E402
from benchmarks._texts import articles, news, pages  # noqa: E402
from models.config import load_config  # noqa: E402
from pipelines.nlp import Reader  # noqa: E402

EVERY = 10


def main(count: int) -> None:
    reader = Reader(load_config(ROOT / "config.yaml"))
    stream = articles([*news(), *pages()], count, EVERY)
    rows = ((number, one.title, one.text, one.language, None, None) for number, one in enumerate(stream))
    mentions = 0
    for number, reading in enumerate(reader.read_many(rows), start=1):
        mentions += len(reading.mentions)
        if number % max(1, count // 10) == 0:
            pid = os.getpid()
            told = {"articles": number, "rss_mb": resident_mb(pid), "peak_mb": peak_mb(pid), "mentions": mentions}
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
