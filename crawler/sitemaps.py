"""Sitemap bytes to addresses: urlset, index, news sitemaps and plain text. Streaming, no network, no clock. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from typing import Any

from lxml import etree

from crawler.addresses import join
from crawler.decoding import decode
from crawler.feeds import two_letters
from crawler.plain import one_line
from models.article import Located, Sitemap
from models.dates import KnownDate, parse_date, too_far_ahead
from models.errors import CollectError, NotASitemap

MAX_ADDRESSES = (
    50_000  # the protocol's own limit of one file; the bytes are capped by crawler.decoding (25 MB unpacked)
)
MAX_ELEMENTS = 500_000  # 10 an address in a full file; 2 s of reading
LONGEST_TEXT = 10_000  # characters of one field that are looked at
PREAMBLE = 2_000  # characters that a broken server may write before the document

_ROOTS = ("urlset", "sitemapindex", "url", "sitemap")
_NEWS_DATE, _LASTMOD = "sitemap news", "sitemap"
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:\-]{1,40})["']""")
_CHARSET = re.compile(r"charset\s*=", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_STRAY_AMP = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_START = re.compile(r"<(?:\?xml|!DOCTYPE|!--|(?:[\w.-]+:)?(?:urlset|sitemapindex)\b)", re.IGNORECASE)


def read_sitemap(
    body: bytes,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    language: str | None = None,
    zone: str | None = None,
    now: datetime | None = None,
) -> Sitemap:
    """A sitemap, an index of sitemaps or a list of addresses as text; the first 50,000 addresses, in document order.

    url       the address the body came from: relative addresses are resolved against it.
    headers   of the response, any case; the charset of `content-type` is used where nothing better is known.
    language  two letters for dates in words; zone, an IANA name, for dates without an offset, UTC when None.
    now       when the bytes were fetched: dates more than 24 h after it are left out with a warning.
    Names count without their namespaces, which many sites write wrongly. Pictures and videos are left out.
    Raises NotASitemap (a feed, HTML, empty, anything else), TooLarge, CollectError `dtd_entities`, `bad_gzip`,
    `not_html` (a PDF, a picture).
    """
    text, warnings = decode(body, url, _labels(body, headers or {}))
    text = text.lstrip("\ufeff \t\r\n")
    reader = _Reader(url, language, zone, now, list(warnings))
    if not text:
        raise NotASitemap("the body is empty", url=url)
    if text[:8].lower().startswith(("http://", "https://")):
        return _plain_list(text, reader)
    start = _START.search(text[:PREAMBLE])
    if start is None and not text.startswith("<"):
        raise NotASitemap("the body is neither XML nor a list of addresses", url=url)
    if "<!ENTITY" in text:
        raise CollectError("a DTD that declares entities is refused", reason="dtd_entities", url=url)
    return _xml(text[start.start() :] if start else text, reader)


def _labels(body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
    """The charset that the XML declaration names, else the header's: `decode` knows HTML's own labels only."""
    declared = _DECLARED.search(body[:1_000])
    if declared:
        return {"content-type": f"text/xml; charset={declared[1].decode('ascii')}"}
    return {name: value for name, value in headers.items() if name.lower() == "content-type" and _CHARSET.search(value)}


@dataclass(slots=True)
class _Reader:
    """What all addresses of one body share, and the warnings they leave."""

    url: str
    language: str | None
    zone: str | None
    now: datetime | None
    warnings: list[str]
    dates: dict[tuple[str, str], KnownDate | None] = field(default_factory=dict)  # many addresses share a date
    lost: int = 0  # addresses that are none
    future: int = 0  # dates that lie ahead
    title: str = ""

    def link(self, text: str) -> str:
        """An absolute address; "" where it is none, which is counted. `&amp;` written twice is still one &."""
        text = text.strip()
        found = join(self.url, text.replace("&amp;", "&")) if text else ""
        self.lost += not found
        return found

    def date(self, text: str, origin: str) -> KnownDate | None:
        text = text.strip()
        if not text:
            return None
        key = (text, origin)
        if key not in self.dates:
            self.dates[key] = parse_date(text, origin=origin, language=self.language, zone=self.zone, now=self.now)
        known = self.dates[key]
        if known is not None and too_far_ahead(known, self.now):
            self.future += 1
            return None
        return known

    def all_warnings(self) -> tuple[str, ...]:
        if self.lost:
            self.warnings.append(f"{self.lost} addresses that are none left out")
        if self.future:
            self.warnings.append(f"{self.future} dates in the future left out")
        return tuple(dict.fromkeys(self.warnings))


def _plain_list(text: str, reader: _Reader) -> Sitemap:
    pages: list[Located] = []
    for line in text.splitlines():
        if len(pages) >= MAX_ADDRESSES:
            reader.warnings.append(f"only the first {MAX_ADDRESSES:,} addresses read")
            break
        if line.strip():
            link = reader.link(line) if line.lstrip()[:4].lower() == "http" else ""
            if link:
                pages.append(Located(link))
            else:
                reader.lost += 1
    return Sitemap(tuple(pages), warnings=reader.all_warnings())


def _xml(text: str, reader: _Reader) -> Sitemap:
    pages: list[Located] = []
    children: list[Located] = []
    for kind, element in _blocks(text, reader):
        located = _located(element, reader)
        if located is not None:
            (children if kind == "sitemap" else pages).append(located)
        if len(pages) + len(children) + reader.lost >= MAX_ADDRESSES:
            reader.warnings.append(f"only the first {MAX_ADDRESSES:,} addresses read")
            break
    if not pages and not children:
        reader.warnings.append("the sitemap has no addresses")
    return Sitemap(tuple(pages), tuple(children), reader.title, reader.all_warnings())


def _blocks(text: str, reader: _Reader) -> Iterator[tuple[str, Any]]:
    """(name, element) of each <url> and <sitemap> as it closes; what was read is freed. Raises NotASitemap."""
    source = BytesIO(_mended(text).encode("utf-8"))
    events = etree.iterparse(
        source, events=("start", "end"), recover=True, encoding="utf-8", resolve_entities=False, no_network=True,
        load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True, collect_ids=False,
    )  # fmt: skip
    seen = 0
    try:
        for event, element in events:
            name = _name(element)
            if event == "start":
                if not seen and name not in _ROOTS:
                    raise NotASitemap(f"the body is no sitemap: it opens with <{name[:30]}>", url=reader.url)
                seen += 1
                if seen > MAX_ELEMENTS:
                    reader.warnings.append(f"only the first {MAX_ELEMENTS:,} elements read")
                    return
            elif name in ("url", "sitemap"):
                yield name, element
                _free(element)
    except etree.XMLSyntaxError as error:  # what even recovery cannot read: nested too deep, a text too long, no root
        if not seen:
            raise NotASitemap(f"the body is no XML: {one_line(str(error))[:80]}", url=reader.url) from error
        reader.warnings.append(f"cut off where it could not be read: {one_line(str(error))[:80]}")
    if not seen:
        raise NotASitemap("the body has no elements", url=reader.url)


def _free(element: Any) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _mended(text: str) -> str:
    """Without what XML forbids: control characters, and an & that begins no reference (CDATA keeps its own).

    Recovery would drop the rest of the word after such an &, and with it a parameter of the address."""
    text = text[: text.rfind(">") + 1]  # a body that was cut: half an address is none
    text = _NOT_XML.sub("", _DECLARATION.sub("", text, count=1))
    first, *rest = text.split("<![CDATA[")
    parts = [_STRAY_AMP.sub("&amp;", first)]
    for piece in rest:
        inside, end, after = piece.partition("]]>")
        parts += ["<![CDATA[", inside, end, _STRAY_AMP.sub("&amp;", after)]
    return "".join(parts)


def _name(element: Any) -> str:
    """The local name in small letters, also of a prefix that nobody declared; "" of an entity."""
    return _local(element.tag) if isinstance(element.tag, str) else ""


@lru_cache(maxsize=256)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def _located(element: Any, reader: _Reader) -> Located | None:
    """One <url> or <sitemap>. Direct children count, and those of its <news>: pictures have a <loc> of their own."""
    own = _fields(element)
    news = next((child for child in element if _name(child) == "news"), None)
    link = reader.link(own.get("loc", ""))
    if not link:
        return None
    changed = reader.date(own.get("lastmod", ""), _LASTMOD)
    if news is None:
        return Located(link, changed)
    said = _fields(news)
    publication = next((child for child in news if _name(child) == "publication"), None)
    if publication is not None:
        said = _fields(publication) | said
    reader.title = reader.title or one_line(said.get("name", ""))
    return Located(
        link,
        changed,
        one_line(html.unescape(said.get("title", ""))),
        reader.date(said.get("publication_date", ""), _NEWS_DATE),
        two_letters(said.get("language", "")),
    )


def _fields(element: Any) -> dict[str, str]:
    """Local name -> text of the direct children, the first of each name."""
    found: dict[str, str] = {}
    for child in element:
        text = "".join(child.itertext()) if len(child) else child.text or ""
        found.setdefault(_name(child), text[:LONGEST_TEXT])
    return found
