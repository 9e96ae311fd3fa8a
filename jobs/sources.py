"""`khazri sources`: every source, what config says of it and what polling it last showed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from crawler.polled import POLLED
from models.config import Config
from models.queries import SourceAt, snapshot
from models.text import printable


def source_rows(config: Config, engine: Engine) -> list[dict[str, Any]]:
    """One row a source in config order: id, outlet, kind, address, state, why, last answer, last new item."""
    with snapshot(engine) as at:
        known = dict(at.polled())
    rows = []
    for source in config.sources:
        state, why = state_of(source, known.get(source.id))
        seen = known.get(source.id)
        rows.append(
            {
                "source": source.id,
                "outlet": source.outlet,
                "kind": source.kind,
                "address": source.address,
                "state": state,
                "why": why,
                "last_answer": _text(seen.answered_at if seen else None),
                "last_new_item": _text(seen.new_item_at if seen else None),
            }
        )
    return rows


def state_of(source: Any, seen: SourceAt | None) -> tuple[str, str]:
    """(state, why). Disabled and not yet polled are states too: no source is silently left out."""
    if not source.enabled:
        return "disabled", source.reason
    if source.kind not in POLLED:
        return "waiting", f"no spider polls a {source.kind} yet"
    if seen is None:
        return "never polled", ""
    return seen.state, seen.reason


def _text(time: datetime | None) -> str | None:
    return time.isoformat(timespec="minutes") if time else None


def as_text(rows: list[dict[str, Any]]) -> str:
    """A table for a terminal: enabled sources one a line, then how many are disabled."""
    from io import StringIO

    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("source", "state", "last answer", "last new item", "why"):
        table.add_column(name, overflow="fold")
    active = [row for row in rows if row["state"] != "disabled"]
    for row in active:
        cells = (row["source"], row["state"], row["last_answer"] or "-", row["last_new_item"] or "-", row["why"] or "")
        table.add_row(*map(printable, cells))
    stream = StringIO()
    # A pipe has no width; 140 columns fit a wide terminal and a log line alike.
    Console(file=stream, width=140, highlight=False, markup=False).print(table)
    disabled = len(rows) - len(active)
    return f"{stream.getvalue().rstrip()}\n{disabled} more are disabled, with the reason in watch/outlets/"
