"""What every form of import shares: whose article it is, and what the import came to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from crawler.addresses import normalise
from crawler.plain import one_line
from models.collected import Collected
from models.config import Config, Outlet

BATCH = 200  # rows in one transaction: 1 commit costs as much as 10 rows (measured), and 200 articles stay under 2 MB
OUTLET_KEY = 120  # characters of the outlet column


@dataclass(slots=True)
class ImportResult:
    """What an import did: rows = sum of outcomes.

    outcomes  `new`, `known`, `changed`; from web archives also `dropped:<kind>` and `failed:<reason>`.
    unlisted  `unlisted:<host or name>` -> rows of it, whatever their outcome.
    remarks   what was passed over or mended, by a short word: `future_date` (the article is kept undated),
              `other_file` (in a folder, of no kind we know), `truncated`, `not_html`, `http_404` … (records).
    """

    rows: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    unlisted: dict[str, int] = field(default_factory=dict)
    remarks: dict[str, int] = field(default_factory=dict)

    def count(self, batch: Sequence[Collected], outcomes: Sequence[str]) -> None:
        self.rows += len(outcomes)
        for one, outcome in zip(batch, outcomes, strict=True):
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
            if one.unlisted:
                self.unlisted[one.outlet] = self.unlisted.get(one.outlet, 0) + 1

    def remark(self, word: str) -> None:
        self.remarks[word] = self.remarks.get(word, 0) + 1


class OutletIndex:
    """Outlets by id, by any of their names and by host, built once for many rows."""

    def __init__(self, config: Config) -> None:
        self.ids = config.outlets
        self.names: dict[str, Outlet | None] = {}  # None: two outlets have this name, so it says nothing
        self.hosts: dict[str, Outlet] = {}
        for outlet in config.outlets.values():
            for name in {_name_key(name) for name in (*outlet.names, *outlet.name.values())}:
                self.names[name] = None if name in self.names else outlet
            self.hosts.update(dict.fromkeys(outlet.hosts, outlet))

    def find(self, name: str, url: str) -> Outlet | None:
        """The outlet of this id or name, else the one whose host, or a parent domain of whose, the address is on."""
        if name in self.ids:
            return self.ids[name]
        named = self.names.get(_name_key(name)) if name else None
        host = host_of(url)
        while named is None and host:
            named = self.hosts.get(host)
            host = host.partition(".")[2]
        return named


def host_of(url: str) -> str:
    """The host of an http(s) address in small letters, "" for anything else."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").rstrip(".") if parts.scheme.lower() in ("http", "https") else ""
    except ValueError:  # an unclosed [ of an IPv6 host
        return ""


def unlisted(name: str, url: str) -> tuple[str, str]:
    """(`unlisted:<host or name>`, name to show) for an outlet that config does not have."""
    name = one_line(name).removeprefix("unlisted:")
    host = re.split(r"[/?:]", normalise(url)[2:], maxsplit=1)[0] if host_of(url) else ""  # without www. and m.
    key = f"unlisted:{host or _name_key(name) or 'unknown'}"
    if len(key) > OUTLET_KEY:  # cut, but still one key for one name
        key = f"{key[: OUTLET_KEY - 9]}:{hashlib.sha256(key.encode()).hexdigest()[:8]}"
    return key, (name or host or "unknown")[:OUTLET_KEY]


def _name_key(name: str) -> str:
    return one_line(name).casefold()
