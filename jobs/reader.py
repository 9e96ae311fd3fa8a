"""The reading worker: a process of its own, so that spaCy never runs in the loop that crawls.

Reads a line from stdin for each reading asked for, answers with one JSON line, ends on end of input or SIGTERM after
the batch it is at (at most 200 articles or about 1 s).
"""

from __future__ import annotations

import dataclasses
import json
import signal
import sys
from dataclasses import replace
from datetime import datetime

from jobs import clock, open_store, read_now
from models.config import load_config
from models.errors import KhazriError


class Stop:
    """Set by SIGTERM; looked at between batches."""

    asked = False

    def __call__(self) -> bool:
        return self.asked

    def ask(self, *_: object) -> None:
        self.asked = True


def main() -> None:
    """`python -m jobs.reader CONFIG [NOW]`."""
    stop = Stop()
    signal.signal(signal.SIGTERM, stop.ask)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent tells us what to do
    config = load_config(sys.argv[1])
    if len(sys.argv) > 2:
        config = replace(config, now=datetime.fromisoformat(sys.argv[2]))
    try:
        store = open_store(config)
    except KhazriError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return
    for _ in sys.stdin:
        try:
            answer = dataclasses.asdict(read_now(config, store, clock(config), stop=stop))
        except KhazriError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)
        if stop():
            break


if __name__ == "__main__":
    main()
