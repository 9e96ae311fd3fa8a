"""How many feed dates, robots verdicts and encoded texts of the labelled data come out right.

By hand: `KHAZRI_DATA=… python tests/eval/score_dates.py` prints each set's figure and what was missed.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from crawler.decoding import decode  # noqa: E402
from crawler.hosts import HostGate  # noqa: E402
from models.config import Politeness  # noqa: E402
from models.dates import parse_date  # noqa: E402
from models.errors import CollectError  # noqa: E402

# Names that the labels have for Python's codecs; euc-tw has none.
CODECS = {
    "maccentraleurope": "mac_latin2", "ibm852": "cp852", "ibm866": "cp866", "koi8r": "koi8-r", "tis620": "tis-620",
    "shiftjis": "shift_jis", "euckr": "euc_kr",
}  # fmt: skip


@dataclass
class Share:
    """Right answers of all, and the wrong ones in words."""

    right: int = 0
    of: int = 0
    missed: list[str] = field(default_factory=list)

    def add(self, good: bool, what: str) -> None:
        self.of += 1
        self.right += good
        if not good:
            self.missed.append(what)

    @property
    def rate(self) -> float:
        return self.right / self.of if self.of else 0.0

    def __str__(self) -> str:
        return f"{self.right}/{self.of} = {self.rate:.3f}"


def folder() -> Path:
    return Path(os.environ.get("KHAZRI_DATA", ROOT.parent / "shared" / "data")) / "feeds"


def rows(name: str) -> list[dict[str, Any]]:
    lines = (folder() / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def feed_dates() -> dict[str, Share]:
    """Strings that feeds wrote, by the project that labelled them; `ANY` asks only that a date is found."""
    shares: dict[str, Share] = {}
    for row in rows("dates.jsonl"):
        if not row.get("feed"):
            continue  # the others are translations and sentences, no feed's
        known = parse_date(row["text"], origin="feed")
        got = known.value.replace(microsecond=0) if known else None
        wanted = row["expect"]
        good = got is not None if wanted == "ANY" else got == _moment(wanted)
        shares.setdefault(row["source"], Share()).add(good, f"{row['text']!r}: {got}, wanted {wanted}")
    return shares


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class _NoStore:
    """A gate that remembers nothing: each verdict is asked of a fresh one."""

    def robots(self, host: str) -> None:
        return None

    def save_robots(self, *_: object) -> None:
        return None


def _gate(agent: str) -> HostGate:
    polite = Politeness(agent, delay_seconds=0.0, timeout_seconds=1.0, max_page_bytes=1, max_feed_bytes=1)
    return HostGate(_NoStore(), polite, "scorer")  # type: ignore[arg-type]


async def _allowed(robots: str, url: str, agent: str) -> bool:
    async def fetch(_: str) -> tuple[int, bytes]:
        return 200, robots.encode()

    gate = _gate(agent)
    return (await gate.may_fetch(url, fetch))[0]


async def _robots() -> Share:
    share = Share()
    for row, robots, url, agent, wanted in _verdicts():
        share.add(await _allowed(robots, url, agent) is wanted, f"{row['test']}: {agent} {url}")
    return share


def _verdicts() -> Iterator[tuple[dict[str, Any], str, str, str, bool]]:
    """Single verdicts, and those of the two tables of Google's rules. A row on the delay asks for none."""
    for row in rows("robots.jsonl"):
        if "allowed" in row:
            yield row, row["robots"], row["url"], row["agent"], row["allowed"]
        elif row.get("names") == ["rules", "url", "allowed"]:
            for rules, url, allowed in row["rows"]:
                yield row, f"User-Agent: *\n{rules}\n", url, "*", allowed
        elif row.get("names") == ["path", "user_agent"]:
            text = re.findall(r'"""(.*?)"""', row["body"], re.DOTALL)[0]
            for path, agent in row["rows"]:
                yield row, text, f"http://example.com{path}", agent, True


def robots() -> Share:
    """Verdicts of robots.txt through the door that requests go through."""
    return asyncio.run(_robots())


def delays() -> Share:
    """Crawl delays, through the same door."""
    share = Share()
    for row in rows("robots.jsonl"):
        if "crawl_delay" in row:
            gate = _gate(row["agent"])

            async def fetch(_: str, text: str = row["robots"]) -> tuple[int, bytes]:
                return 200, text.encode()

            asyncio.run(gate.may_fetch("http://example.com/", fetch))
            share.add(gate.delay("example.com") == row["crawl_delay"], row["test"])
    return share


def charsets() -> dict[str, Share]:
    """Texts decoded without any label to exactly what was written, by source."""
    shares: dict[str, Share] = {}
    for row in rows("charset.jsonl"):
        body = base64.b64decode(row["bytes_b64"])
        try:
            wanted = body.decode(CODECS.get(row["charset"], row["charset"])).strip("\ufeff")
        except LookupError:
            continue  # no codec in Python: the label cannot be checked
        try:
            got = decode(body, "https://page.example/")[0].strip("\ufeff")
        except CollectError as error:
            got = str(error)
        shares.setdefault(row["source"], Share()).add(got == wanted, f"{row['charset']} {row['lang']}: {got[:60]!r}")
    return shares


def main() -> None:
    for name, shares in (("dates", feed_dates()), ("charset", charsets()), ("robots", {"all": robots()})):
        for source, share in shares.items():
            print(f"{name} {source}: {share}")
            for line in share.missed:
                print(f"    {line}")
    print(f"delays: {delays()}")


if __name__ == "__main__":
    main()
