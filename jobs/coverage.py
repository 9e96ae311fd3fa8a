"""`khazri sources --coverage`: which channels see what, and which of them would cover a list of addresses."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from crawler.addresses import normalise
from crawler.coverage import LEAST_BASE, VERDICTS, Covered, Listed, Saw, channel_rows, judge, pair_rows
from models.config import Config
from models.errors import ImportRefused
from models.queries import snapshot
from models.sightings import IMPORT, Sighting, articles_at, sightings

MAX_LIST_BYTES = 64_000_000  # a list of addresses; longer ones are dumps of a site
ADDRESS_FIELDS = ("url", "address", "link")
LANGUAGE_FIELDS = ("language", "lang")


def coverage(config: Config, engine: Engine) -> dict[str, Any]:
    """By outlet, what each channel saw; between channels, what one had of another's finds. Raises StoreError."""
    seen = [_saw(one) for one in sightings(engine)]
    outlets = {one.outlet for one in seen}
    blind = sorted({s.outlet for s in config.sources if s.enabled and not s.discovers} - outlets)
    return {
        "articles": len({one.article for one in seen}),
        "channels": [asdict(row) for row in channel_rows(seen)],
        "pairs": [asdict(row) for row in pair_rows(seen)],
        "nothing_yet": blind,
    }


def _saw(one: Sighting) -> Saw:
    return Saw(one.article, one.outlet, one.channel, one.seen, timed=one.channel != IMPORT)


def coverage_against(config: Config, engine: Engine, path: Path) -> dict[str, Any]:
    """Each address of a list with the channel that would cover it, and the totals.

    `have` says whether its article is in the store already, `seen_by` which channels saw it: that is what was, the
    verdict is what to expect. Raises ImportRefused for a list that cannot be read, StoreError.
    """
    listed = list(read_list(path))
    shut = shut_sources(engine)
    verdicts = [judge(one, config, shut) for one in listed]
    return against(verdicts, engine)


def against(verdicts: Sequence[Covered], engine: Engine) -> dict[str, Any]:
    """The answer of `coverage_against` for addresses that are judged already."""
    keys = [normalise(one.url) for one in verdicts]
    stored = articles_at(engine, [key for key in keys if key])
    wanted = set(stored.values())
    seen_by: dict[int, list[str]] = {}
    for one in sightings(engine) if wanted else ():
        if one.article in wanted:
            seen_by.setdefault(one.article, []).append(one.channel)
    rows = [
        {**asdict(one), "have": key in stored, "seen_by": seen_by.get(stored.get(key, 0), [])}
        for one, key in zip(verdicts, keys, strict=True)
    ]
    return {"addresses": rows, "totals": totals(verdicts), "have": sum(row["have"] for row in rows)}


def totals(verdicts: Sequence[Covered]) -> dict[str, Any]:
    """Counts by verdict, and over what has an address the share of own channels and that with discovery added (an
    upper bound); a share is None where fewer than 10 addresses are judged."""
    counts = Counter(one.verdict for one in verdicts)
    judged = len(verdicts) - counts["no_address"]
    with_discovery = counts["own"] + counts["discovery"]
    enough = judged >= LEAST_BASE
    return {
        **{verdict: counts[verdict] for verdict in VERDICTS},
        "judged": judged,
        "own_share": counts["own"] / judged if enough else None,
        "with_discovery_share": with_discovery / judged if enough else None,
    }


def shut_sources(engine: Engine) -> dict[str, str]:
    """Sources that config has on and polling found shut: source id -> why. Raises StoreError."""
    with snapshot(engine) as at:
        return {
            source: f"refused: {seen.reason} when last polled"
            for source, seen in at.polled().items()
            if seen.state == "refused"
        }


# ------------------------------------------------------------------------------------------------- lists of addresses


def read_list(path: Path) -> Iterator[Listed]:
    """The addresses of a file: one a line, or the `url` field (and `language`) of CSV, JSON or JSONL. A folder is all
    its .json files. Raises ImportRefused."""
    if path.is_dir():
        for file in sorted(path.glob("*.json")):
            yield from read_list(file)
        return
    try:
        body = path.read_bytes()
    except OSError as error:
        raise ImportRefused(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(body) > MAX_LIST_BYTES:
        raise ImportRefused(f"{path}: more than {MAX_LIST_BYTES:,} bytes; is this a list of addresses?")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused(f"{path}: not UTF-8: byte 0x{body[error.start]:02x} at {error.start}") from error
    match path.suffix.lower():
        case ".json":
            rows = _json(text, str(path))
        case ".jsonl" | ".ndjson":
            rows = [row for n, line in enumerate(text.splitlines(), 1) if line.strip()
                    for row in _json(line, f"{path}:{n}")]  # fmt: skip
        case ".csv":
            rows = _csv(text)
        case _:
            rows = [{"url": line} for line in map(str.strip, text.splitlines()) if line and line[0] != "#"]
    for row in rows:
        if not isinstance(row, dict) or not any(field in row for field in ADDRESS_FIELDS):
            raise ImportRefused(f"{path}: a row without the field url")
        yield Listed(_first(row, ADDRESS_FIELDS), _first(row, LANGUAGE_FIELDS)[:2].lower())


def _json(text: str, where: str) -> list[Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"{where}: broken JSON: {error}") from error
    return document if isinstance(document, list) else [document]


def _csv(text: str) -> list[Any]:
    first = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    try:
        return list(reader)
    except csv.Error as error:
        raise ImportRefused(f"broken CSV: {error}") from error


def _first(row: dict[str, Any], fields: Sequence[str]) -> str:
    return next((str(row[field]).strip() for field in fields if row.get(field)), "")


# -------------------------------------------------------------------------------------------------------- for a person


def coverage_text(found: dict[str, Any]) -> str:
    """Two tables: what each channel saw, and what one had of another's finds."""
    channels = [
        (row["outlet"], row["channel"], str(row["articles"]), str(row["alone"]), str(row["first"]))
        for row in found["channels"]
    ]
    pairs = [
        (row["outlet"], row["by"], f"{_count(row['had'], row['finds'], row['share'])} of {row['of']}",
         _lag(row["lag_minutes"]))
        for row in found["pairs"]
    ]  # fmt: skip
    parts = [_table(("outlet", "channel", "articles", "alone", "first"), channels)] if channels else []
    if pairs:
        parts.append(_table(("outlet", "channel", "had of another's finds", "saw them"), pairs))
    parts.append(f"{found['articles']} articles; {len(found['nothing_yet'])} outlets with an enabled source have none")
    return "\n\n".join(parts)


def against_text(found: dict[str, Any]) -> str:
    """One line an address, then the totals."""
    rows = [
        (row["verdict"], "have" if row["have"] else "", row["outlet"] or "-", row["url"] or "-",
         ", ".join(row["sources"]) or row["why"])
        for row in found["addresses"]
    ]  # fmt: skip
    total, judged = found["totals"], found["totals"]["judged"]
    both = total["own"] + total["discovery"]
    lines = [
        f"covered by an own channel: {_count(total['own'], judged, total['own_share'])}",
        f"with discovery, at most:   {_count(both, judged, total['with_discovery_share'])}",
        f"refused {total['refused']}, no channel {total['none']}, unlisted host {total['unlisted']}, "
        f"no address {total['no_address']}; {found['have']} are in the store already",
    ]
    return "\n".join([_table(("verdict", "store", "outlet", "address", "channel or why not"), rows), "", *lines])


def _count(part: int, whole: int, share: float | None) -> str:
    return f"{part} of {whole}" + (f" ({share:.0%})" if share is not None else "")


def _lag(minutes: float | None) -> str:
    if minutes is None:
        return "-"
    size = abs(minutes)
    text = f"{size:.0f} min" if size < 120 else f"{size / 60:.0f} h" if size < 2880 else f"{size / 1440:.0f} d"
    return "at the same time" if minutes == 0 else f"{text} {'later' if minutes > 0 else 'earlier'} (median)"


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    from io import StringIO

    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    stream = StringIO()
    # A pipe has no width; 140 columns fit a wide terminal and a log line alike.
    Console(file=stream, width=140, highlight=False, markup=False).print(table)
    return stream.getvalue().rstrip()
