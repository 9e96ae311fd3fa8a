"""Answers of the Wayback Machine's CDX server to entries: old pages of an outlet, read from their captures. Pure.

Shapes: internetarchive/wayback, wayback-cdx-server/README.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from crawler.addresses import is_home, is_safe_address, join, normalise
from crawler.plain import gunzip, plain
from models.article import Entry, Feed
from models.errors import CollectError

MAX_BYTES = 8_000_000  # of one answer after unpacking; 200 rows are near 40 kB
MAX_ENTRIES = 1_000  # of one answer: a server that ignores our limit is cut, and the rest told as left out
ROWS = 200  # captures in one answer: at one page in four seconds they keep a crawl busy for a quarter of an hour
FIELDS = ("timestamp", "original", "mimetype", "statuscode", "digest")
REPLAY = "http://web.archive.org/web/{timestamp}id_/{original}"  # id_: the body as it was, without their tool bar
_STAMP = re.compile(r"\d{14}")


@dataclass(frozen=True, slots=True)
class Captures:
    """One answer: its entries, and the key that continues the list ("" at its end)."""

    feed: Feed
    resume: str = ""


def cdx_address(address: str, resume: str = "") -> str:
    """The configured address with what reading relies on: JSON, our fields, HTML of status 200, each page once.

    What the address says itself (`from`, `to`, `matchType`, its own filters, a smaller limit) stays.
    """
    fixed = {"output": "json", "fl": ",".join(FIELDS), "showResumeKey": "true"}
    parts = urlsplit(address)
    own = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in (*fixed, "resumeKey")]
    names = {name for name, _ in own}
    if "filter" not in names:
        own += [("filter", "statuscode:200"), ("filter", "mimetype:text/html")]
    if "collapse" not in names:
        own.append(("collapse", "urlkey"))
    limit = next((int(value) for name, value in own if name == "limit" and value.isdigit()), ROWS)
    own = [pair for pair in own if pair[0] != "limit"]
    ours = [*fixed.items(), ("limit", str(min(limit, ROWS))), *([("resumeKey", resume)] if resume else [])]
    return parts._replace(query=urlencode([*own, *ours], quote_via=quote)).geturl()


def read_cdx(body: bytes, url: str, *, url_pattern: str = "") -> Captures:
    """Captures to entries whose link is the capture's own address; `addresses.normalise` knows it for the original's.

    url_pattern  regular expression that an original address must match (searched), "" for any.
    No date: a capture's time is when the archive came by. Home pages, other kinds than HTML and addresses that we
    never fetch are left out, each page is taken once. Raises CollectError `api_error`, `bad_selector`.
    """
    text = gunzip(body, MAX_BYTES, url).decode("utf-8-sig", "replace").strip()
    try:
        wanted = re.compile(url_pattern)
        rows = json.loads(text or "[]")
    except re.error as error:
        raise CollectError(f"pattern cannot be read: {error}", reason="bad_selector", url=url) from error
    except (ValueError, RecursionError) as error:
        raise CollectError(f"the archive says: {plain(text[:2000])[:200]}", reason="api_error", url=url) from error
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise CollectError("the answer is no list of rows", reason="api_error", url=url)
    rows, resume = _resume(rows)
    if not rows:
        return Captures(Feed(()), resume)
    header, *rows = rows
    if not {"timestamp", "original"} <= {str(name) for name in header}:
        raise CollectError(f"the first row is no header: {str(header)[:100]}", reason="api_error", url=url)
    entries: dict[str, Entry] = {}
    for row in rows:
        link = _capture(header, row, wanted)
        if link:
            entries.setdefault(normalise(link), Entry("", link, "", None, "", None))
        if len(entries) == MAX_ENTRIES:
            break
    lost = len(rows) - len(entries)
    warnings = (
        (f"{lost} of {len(rows)} captures left out: no article's address, seen before or too many",) if lost else ()
    )
    return Captures(Feed(tuple(entries.values()), warnings=warnings), resume)


def _resume(rows: list[Any]) -> tuple[list[Any], str]:
    """The rows without the two last ones that hold the key to go on with: an empty row and the key."""
    if len(rows) >= 2 and rows[-2] == [] and len(rows[-1]) == 1 and isinstance(rows[-1][0], str):
        return rows[:-2], rows[-1][0]
    return [row for row in rows if row], ""


def _capture(header: Sequence[Any], row: Sequence[Any], wanted: re.Pattern[str]) -> str:
    """The address of a row's capture, "" where it is none of an article."""
    if len(row) != len(header):
        return ""
    values = {str(name): str(value) for name, value in zip(header, row, strict=True)}
    if values.get("statuscode", "200") not in ("200", "-") or values.get("mimetype", "text/html") != "text/html":
        return ""
    original = join(values["original"], "").replace(":80/", "/", 1)
    if not original or not _STAMP.fullmatch(values["timestamp"]) or is_home(original):
        return ""
    if not is_safe_address(original) or not wanted.search(original):
        return ""
    return REPLAY.format(timestamp=values["timestamp"], original=original)
