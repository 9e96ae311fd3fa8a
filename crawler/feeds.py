"""Feed bytes to entries. feedparser parses every RSS and Atom feed; JSON Feed by a small reader. Pure, no clock."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser

from crawler.addresses import join, splittable
from crawler.feedguard import MAX_BYTES, MAX_ENTRIES, guard, is_utf8
from crawler.plain import gunzip, lowered, one_line, plain
from models.article import Entry, Feed
from models.dates import OLDEST_YEAR, KnownDate, aware, parse_date, too_far_ahead
from models.errors import CollectError, NotAFeed

LONGEST_CALLED = 120  # characters of a summary that stand for a missing title: what a search result shows of one
Conflicts = tuple[tuple[str, str], ...]  # (origin, ISO text) of dates that were not believed
_NOWHERE = "http://relative.invalid"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")  # of UTF-16 and UTF-32, which guard turns into UTF-8
_HTML_TYPES = ("text/html", "application/xhtml+xml")
# Tags that no writer means as text, even where the feed calls its title plain.
_ACTIVE = re.compile(r"</?(?:script|style|iframe|object|embed|img|a|b|i|p|div|span|br)\b[^<>]*>", re.IGNORECASE)
_LANGUAGE = re.compile(r"^[a-zA-Z]{2}(?=$|[-_])")
_FIRST_TAG = re.compile(rb"<([A-Za-z][\w:.-]*)")


def read_feed(
    body: bytes,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    language: str | None = None,
    zone: str | None = None,
    now: datetime | None = None,
) -> Feed:
    """RSS 0.9x-2.0, RSS 1.0, Atom, CDF or JSON Feed to a `Feed`; entries in document order, at most 1,000.

    url       the address the body came from: relative links are resolved against it.
    headers   of the response, any case, values also as bytes or lists; `content-type` and `content-language` are used.
    language  two letters for dates in words and entries that name none.
    zone      IANA name for dates without an offset, UTC when None.
    now       when the bytes were fetched, UTC when it has no zone: dates more than 24 h after it are no `published`,
              but kept as `conflicts` of the date that is, or of the entry that has no other (DESIGN §5).
    Titles and summaries are one line of plain text; an entry without a title is called by its summary's beginning.
    Raises NotAFeed (HTML, empty, anything else), TooLarge (over the
    caps of feedguard), CollectError `dtd_entities`, `bad_gzip` or `unreadable` (feedparser refused its characters).
    """
    url = splittable(url)
    body = gunzip(body, MAX_BYTES, url)
    start = body[:3].lstrip(b"\xef\xbb\xbf") + body[3:200]
    if not start.strip(b" \t\r\n\x00"):
        raise NotAFeed("the body is empty", url=url)
    reader = _Reader(url, language, zone, aware(now))
    if start.lstrip()[:1] == b"{":
        return _json_feed(body, reader)
    return _xml_feed(body, reader, lowered(headers))


class _Reader:
    """What all entries of one body share, and the warnings they leave."""

    def __init__(self, url: str, language: str | None, zone: str | None, now: datetime | None) -> None:
        self.url, self.language, self.zone, self.now = url, language, zone, now
        self.warnings: list[str] = []
        self.base = url  # what relative links belong to

        # Relative links are resolved against a host that cannot exist, and moved to the right one afterwards: a feed
        # that is served by another host than its site means its site.
        self.nowhere = urljoin(_NOWHERE, urlsplit(url).path or "/")

    def as_given(self, identifier: str) -> str:
        """An id as the feed wrote it: feedparser resolves a relative one, and it must not change when a feed moves."""
        return identifier.removeprefix(self.nowhere[: self.nowhere.rfind("/") + 1]).removeprefix(_NOWHERE)

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    def link(self, *candidates: object) -> str:
        """The first candidate that is, or resolves to, an absolute http(s) address."""
        for candidate in candidates:
            if isinstance(candidate, str) and candidate.strip():
                found = join(self.base, candidate.replace(_NOWHERE, "", 1))
                if found:
                    return found
                self.warn(f"link that is no http address left out: {one_line(candidate)[:80]!r}")
        return ""

    def date(self, text: object, origin: str, fallback: object = None) -> KnownDate | None:
        """`text` by our own rules; where they find nothing, feedparser's reading of the same string."""
        if not isinstance(text, str) or not text.strip():
            return None
        known = parse_date(text, origin=origin, language=self.language, zone=self.zone, now=self.now)
        if known is None and isinstance(fallback, tuple) and re.search(r"\d", text):
            known = _from_struct(fallback, origin)
        if known is None:
            self.warn(f"date not understood: {one_line(text)[:60]!r}")
        return known

    def published(self, candidates: Iterable[tuple[str, object, object]]) -> tuple[KnownDate | None, Conflicts]:
        """The first of (origin, text, feedparser's reading) that is a date and not in the future; the refused ones.

        The refused dates are conflicts of the date where there is one, and of the entry where there is none.
        """
        refused: list[tuple[str, str]] = []
        for origin, text, fallback in candidates:
            known = self.date(text, origin, fallback)
            if known is None:
                continue
            if not too_far_ahead(known, self.now):
                return replace(known, conflicts=(*known.conflicts, *refused)), ()
            self.warn(f"date in the future left out: {one_line(str(text))[:60]!r}")
            refused.append((origin, known.value.isoformat()))
        return None, tuple(dict.fromkeys(refused))


def two_letters(tag: object) -> str | None:
    """The language of a tag such as az-AZ or en_US, lower case, or None."""
    found = _LANGUAGE.match(tag.strip()) if isinstance(tag, str) else None
    return found[0].lower() if found else None


def _from_struct(value: tuple[int, ...], origin: str) -> KnownDate | None:
    try:
        moment = datetime(*value[:6], tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
    return KnownDate(moment, "minute", "assumed", origin) if value[0] >= OLDEST_YEAR else None


# ------------------------------------------------------------------------------------------------------- RSS and Atom


def _xml_feed(body: bytes, reader: _Reader, headers: Mapping[str, str]) -> Feed:
    marked = body.startswith(_WIDE_MARKS)
    body, mended = guard(body, reader.url)
    reader.warnings.extend(mended)
    response = {name: headers[name] for name in ("content-type", "content-language") if headers.get(name)}
    if marked or any("labelled" in warning for warning in mended):
        response.pop("content-type", None)  # it names what the body was before it was mended, or repeats a wrong label
    elif "charset" in response.get("content-type", "").lower() and is_utf8(body):
        response["content-type"] = "application/xml; charset=utf-8"  # a server's own guess is wrong more often
    response["content-location"] = reader.nowhere
    # Sanitising and resolving inside summaries is left out: we keep no markup, and they cost half of the time.
    try:
        parsed = feedparser.parse(
            BytesIO(body), response_headers=response, sanitize_html=False, resolve_relative_uris=False
        )
    except ValueError as error:  # what it raises, UnicodeError included, for text that it cannot turn into characters
        raise CollectError(f"feedparser: {error}", reason="unreadable", url=reader.url) from error
    if not parsed.entries and not parsed.get("version"):
        first = _FIRST_TAG.search(body)
        what = "an HTML page" if first and first[1].lower() in (b"html", b"head", b"body") else "no feed"
        raise NotAFeed(f"the body is {what}", url=reader.url)
    channel = parsed.feed
    reader.base = _site_of(channel, reader.url)
    language = two_letters(channel.get("language"))
    if not parsed.entries:
        reader.warn("the feed has no entries")
    entries = tuple(_entry(raw, reader, language) for raw in parsed.entries[:MAX_ENTRIES])
    return Feed(entries, _text(channel, "title"), language, tuple(reader.warnings))


def _site_of(channel: Any, url: str) -> str:
    """The channel's own address where it is absolute and on another host, else the feed's."""
    site = str(channel.get("link") or "")
    if site.startswith(("http://", "https://")) and not site.startswith(_NOWHERE) and join(site, ""):
        return site
    return url


def _text(raw: Any, name: str) -> str:
    detail = raw.get(f"{name}_detail") or {}
    value = raw.get(name) or ""
    return plain(value) if detail.get("type") in _HTML_TYPES or _ACTIVE.search(value) else one_line(value)


def _entry(raw: Any, reader: _Reader, feed_language: str | None) -> Entry:
    identifier = reader.as_given(one_line(raw.get("id")))
    own_link = [link.get("href") for link in raw.get("links", ()) if link.get("rel") in ("alternate", None)]
    permalink = identifier.startswith(("http://", "https://", "/"))
    # Without a <link> feedparser gives the id, resolved: from "7" that makes an address nobody wrote.
    stated = raw.get("link") if raw.get("links") or permalink else None
    original = str(raw.get("feedburner_origlink") or "")
    link = reader.link(original if " " not in original else None, stated, *own_link, identifier if permalink else None)
    summary = _summary(raw)
    published, conflicts = reader.published(
        # dict.get: feedparser's own answers `updated` with `published`, and warns
        (origin, dict.get(raw, name), dict.get(raw, f"{name}_parsed"))
        for name, origin in _DATES
    )
    tongue = two_letters((raw.get("title_detail") or {}).get("language")) or two_letters(raw.get("dc_language"))
    return Entry(
        title=_text(raw, "title") or called(summary),
        link=link or _named(identifier),
        id=identifier,
        published=published,
        summary=summary,
        language=tongue or feed_language,
        conflicts=conflicts,
    )


def _named(identifier: str) -> str:
    """The id where it is all that an entry says of its address (`urn:…`): readers of feeds take it for the link, so do
    we. Nothing can be asked for there, and what could run in somebody's browser is none."""
    return identifier if _NAME.fullmatch(identifier) and not _RUNS.match(identifier) else ""


_NAME = re.compile(r"[a-z][a-z0-9+.-]{1,20}:[^\s<>\"']{1,500}", re.IGNORECASE)
_RUNS = re.compile(r"(?:https?|javascript|vbscript|data|file|about|blob|view-source|mhtml|livescript):", re.IGNORECASE)
_DATES = (("published", "feed"), ("created", "feed"), ("updated", "feed-updated"))


def called(summary: str) -> str:
    """What to call an entry without a title, as posts of microblogs are: its summary, cut at a word."""
    if len(summary) <= LONGEST_CALLED:
        return summary
    cut = summary[:LONGEST_CALLED]
    return f"{cut[: cut.rfind(' ')] if ' ' in cut[LONGEST_CALLED // 2 :] else cut.rstrip()}…"


def _summary(raw: Any) -> str:
    summary = plain(raw.get("summary"))
    if summary:
        return summary
    return next((text for part in raw.get("content", ()) if (text := plain(part.get("value")))), "")


# ---------------------------------------------------------------------------------------------------------- JSON Feed


def _json_feed(body: bytes, reader: _Reader) -> Feed:
    try:
        data = json.loads(body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise NotAFeed("the body is neither a feed nor JSON", url=reader.url) from error
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise NotAFeed("JSON without a list of items", url=reader.url)
    if len(items) > MAX_ENTRIES:
        reader.warn(f"only the first {MAX_ENTRIES:,} entries read")
    if not items:
        reader.warn("the feed has no entries")
    language = two_letters(data.get("language"))
    entries = tuple(_json_item(item, reader, language) for item in items[:MAX_ENTRIES] if isinstance(item, dict))
    return Feed(entries, one_line(_string(data.get("title"))), language, tuple(reader.warnings))


def _string(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _json_item(item: dict[str, Any], reader: _Reader, feed_language: str | None) -> Entry:
    """An item of JSON Feed 1.0 or 1.1: nothing but its id is required of it, and a number may stand for a string."""
    published, conflicts = reader.published(
        [("feed", item.get("date_published"), None), ("feed-updated", item.get("date_modified"), None)]
    )
    identifier = one_line(_string(item.get("id")))
    summary = one_line(_string(item.get("summary"))) or one_line(_string(item.get("content_text")))
    summary = summary or plain(_string(item.get("content_html")))
    permalink = identifier if identifier.startswith(("http://", "https://")) else None
    return Entry(
        title=plain(_string(item.get("title"))) or called(summary),
        # `url` is the item's page; `external_url` is the page it is about: another outlet's, and no page of this one
        link=reader.link(item.get("url"), permalink, item.get("external_url")),
        id=identifier,
        published=published,
        summary=summary,
        language=two_letters(item.get("language")) or feed_language,
        conflicts=conflicts,
    )
