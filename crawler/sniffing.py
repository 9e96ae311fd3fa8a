"""What kind of source a body is, by its content: an address or a Content-Type says what somebody hoped. Pure."""

from __future__ import annotations

import re
import zlib
from typing import Literal

ContentKind = Literal["feed", "sitemap", "listing"]

HEAD = 64_000  # bytes looked at: comments and style sheets may stand before the first element
_FIRST_TAG = re.compile(rb"<([A-Za-z][\w:.-]*)")
_SKIPPED = re.compile(rb"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|<!(?!--)[^>]*(?:>|\Z)", re.DOTALL)
_ADDRESS = re.compile(rb"https?://[^\s<>]+\s*(?:\n|\Z)", re.IGNORECASE)
_ROOTS: dict[bytes, ContentKind] = {
    b"rss": "feed", b"rdf": "feed", b"feed": "feed", b"channel": "feed",
    b"urlset": "sitemap", b"sitemapindex": "sitemap",
    b"html": "listing", b"head": "listing", b"body": "listing",
}  # fmt: skip


def sniff(body: bytes) -> ContentKind | None:
    """`feed` (RSS, Atom, JSON Feed), `sitemap` (also a list of addresses as text), `listing` (any HTML page), or None:
    empty, a picture, other JSON, other XML. Never raises."""
    head = _head(body)
    if head[:1] == b"{":
        return "feed" if b'"items"' in body or b"jsonfeed.org" in head else None
    if _ADDRESS.match(head):
        return "sitemap"
    if b"<!doctype html" in head[:1_000].lower():
        return "listing"
    tag = _FIRST_TAG.search(_SKIPPED.sub(b"", head))
    return _ROOTS.get(tag[1].rpartition(b":")[2].lower()) if tag else None


def _head(body: bytes) -> bytes:
    """The first bytes, unpacked; of UTF-16 every second, which is enough for the names of elements."""
    if body[:2] == b"\x1f\x8b":
        try:
            body = zlib.decompressobj(wbits=31).decompress(body, HEAD)
        except zlib.error:
            return b""
    return body[:HEAD].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
