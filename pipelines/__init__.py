"""Understand: from an Article to Mentions, Topics, Stories. Imports models only. The flow on one screen:

revision due            no row in `reading` for today's fingerprint of some step
  | READ                each revision by itself, any number of workers
  |   watch             who is meant: stems in one automaton, suffix classes, context      -> mention
  |   names             other names near them, by model or rules; never counted            -> candidate
  |   topics            what the article is to each topic, and why                         -> topic_hit
  |   attribution       which outlets it names as its origin                               -> attribution
  | facts               one transaction a batch: equal facts stay, others are closed and added
  | LINK                between articles, one worker at a time: copies -> stories -> pickup (a later issue)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from models.config import Config
from models.facts import Facts
from models.store import Store

BATCH = 200  # articles in one commit (DESIGN §7: a reading worker commits every <= 200 articles or 1 s)
BATCH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What a reading did: revisions read, facts added and closed, revisions still due."""

    read: int
    added: int
    closed: int
    left: int


def read_due(store: Store, config: Config, now: datetime, stop: Callable[[], bool] = lambda: False) -> ReadResult:
    """Read every due revision, batch by batch, until none is left or `stop()` says so. Raises StoreError."""
    from pipelines.nlp import build, fingerprints  # the matcher is built by whoever reads, not by who asks for help

    facts = Facts(store)
    today = fingerprints(config)
    if not facts.count_due(today):
        return ReadResult(0, 0, 0, 0)  # most readings of a day find nothing: they must not wait for spaCy
    reader = build(config)
    size = BATCH
    read = added = closed = 0
    while not stop():
        due = facts.due(reader.fingerprints, size)
        if not due:
            break
        started = time.monotonic()
        rows = [(one.revision_id, one.title, one.text, one.language, one.outlet, one.published) for one in due]
        readings = list(zip(due, reader.read_many(rows), strict=True))
        plus, minus = facts.save(readings, reader.fingerprints, now)
        read, added, closed = read + len(due), added + plus, closed + minus
        # A batch of long articles takes longer: keep a commit near BATCH_SECONDS.
        seconds = max(time.monotonic() - started, 0.001)
        size = max(1, min(BATCH, int(len(due) * BATCH_SECONDS / seconds) + 1))
    return ReadResult(read, added, closed, facts.count_due(reader.fingerprints))
