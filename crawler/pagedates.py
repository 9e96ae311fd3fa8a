"""When a page was published and changed: JSON-LD, meta, microdata, dates in words, the address, htmldate last."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import htmldate
from lxml.html import HtmlElement

from crawler.jsonld import text_of
from crawler.metadata import Head
from crawler.plain import one_line
from models.dates import KnownDate, parse_date, too_far_ahead

MOST_ELEMENTS = 60  # elements with a date-like name that are looked at
LONGEST_BYLINE = 120  # characters of such an element; longer ones are text, where dates mean other days
HTMLDATE_TAGS = 20_000  # tags up to which htmldate's extensive search is asked; it took 13 s on single larger pages
OLDEST = 1995  # no page on the web is older

_PUBLISHED_METAS = (
    "article:published_time", "og:article:published_time", "datepublished", "og:published_time", "parsely-pub-date",
    "sailthru.date", "article.published", "published_time", "publishdate", "publish-date", "publish_date", "pubdate",
    "dc.date.issued", "dcterms.created", "dcterms.issued", "dc.date", "article:published",
    "cxenseparse:recs:publishtime",
    "citation_publication_date", "citation_date", "date_published", "date", "dc.created", "rnews:datepublished",
    "cxenseparse:publishtime", "displaydate", "article_date_original", "originalpublicationdate",
)  # fmt: skip
_MODIFIED_METAS = (
    "article:modified_time", "og:updated_time", "datemodified", "article:updated_time", "last-modified",
    "dcterms.modified", "dc.date.modified", "parsely-mod-date", "article.updated", "lastmod",
)  # fmt: skip
_DATE_NAMES = re.compile(r"date|time|publish|posted|byline|meta|tarix|tarih|дата|info|stamp", re.IGNORECASE)
_NOT_DATE_NAMES = re.compile(
    r"update|modif|comment|related|sidebar|footer|copyright|event|timeline|lifetime", re.IGNORECASE
)
_IN_ADDRESS = (
    re.compile(r"/((?:19|20)\d\d)[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?=[/_-]|$)"),
    re.compile(r"[/_-]((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=[/_.-]|$)"),
)
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class When:
    """What reading dates needs besides the page."""

    language: str | None = None
    zone: str | None = None
    now: datetime | None = None

    def read(self, text: str, origin: str) -> KnownDate | None:
        known = parse_date(text, origin=origin, language=self.language, zone=self.zone, now=self.now)
        return known if known is not None and known.value.year >= OLDEST else None


def published_of(head: Head, when: When, warnings: list[str], selected: str = "") -> KnownDate | None:
    """The first candidate that is no more than 24 h ahead of `now`; those that name another day are its conflicts.

    `selected` is the text of an element that the outlet's own hint points at: it goes first.
    """
    found: list[KnownDate] = []
    for known in _candidates(head, when, selected):
        if too_far_ahead(known, when.now):
            warnings.append(f"date in the future left out: {known.value.isoformat()}")
        else:
            found.append(known)
    if not found:
        return _by_htmldate(head, when)
    best = found[0]
    return replace(best, conflicts=_conflicts(best, found[1:]))


def modified_of(head: Head, when: When) -> KnownDate | None:
    """When the page says it was last changed; None where it does not, or where the moment is in the future."""
    stated = [(text_of(head.article.get("dateModified")), "json-ld"), (head.meta(*_MODIFIED_METAS), "meta")]
    for text, origin in stated:
        known = when.read(text, origin)
        if known is not None and not too_far_ahead(known, when.now):
            return known
    return None


def _conflicts(best: KnownDate, others: list[KnownDate]) -> tuple[tuple[str, str], ...]:
    """Candidates that name a day more than one away (a day is what zones explain)."""
    away = [other for other in others if abs((other.value - best.value).total_seconds()) > 36 * 3600]
    return tuple(dict.fromkeys((other.origin, other.value.date().isoformat()) for other in away))[:5]


def _candidates(head: Head, when: When, selected: str) -> Iterator[KnownDate]:
    stated = [(selected, "hint")] if selected else []
    stated += [(text_of(head.article.get(name)), "json-ld") for name in ("datePublished", "dateCreated", "uploadDate")]
    stated += [(value, "meta") for name in _PUBLISHED_METAS for value in head.metas.get(name, ())[:1]]
    seen = False
    for text, origin in stated:
        known = when.read(text, origin) if (text and _YEAR.search(text)) or origin == "hint" else None
        if known is not None and (origin == "hint" or known.precision in ("minute", "day")):
            seen = True
            yield known
    if not seen:
        yield from _in_page(head, when)


def _in_page(head: Head, when: When) -> Iterator[KnownDate]:
    """Microdata and <time>, then words in elements named like dates, then the address."""
    for element in head.tree.xpath('//*[@itemprop="datePublished" or @property="datePublished" or @pubdate]')[:5]:
        text = element.get("datetime") or element.get("content") or one_line(element.text_content())
        if known := when.read(text, "microdata"):
            yield known
            return
    address = _in_address(head.url)
    words = list(_in_words(head.tree, when))
    if address is not None and not any(word.value.date() == address.value.date() for word in words[:3]):
        yield address
    yield from words[:3]


def _in_words(tree: HtmlElement, when: When) -> Iterator[KnownDate]:
    looked = 0
    for element in tree.iter(
        "time", "span", "div", "p", "li", "abbr", "small", "em", "i", "ul", "a", "b", "strong", "td"
    ):
        name = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('itemprop') or ''}"
        is_time = element.tag == "time"
        if not is_time and (not _DATE_NAMES.search(name) or _NOT_DATE_NAMES.search(name)):
            continue
        looked += 1
        if looked > MOST_ELEMENTS:
            return
        text = (element.get("datetime") or "") if is_time else ""
        if not text:
            text = one_line(" ".join(element.itertext()))
        if 4 < len(text) <= LONGEST_BYLINE:
            known = when.read(text, "text")
            if known is not None and known.precision in ("minute", "day"):
                yield known


def _in_address(url: str) -> KnownDate | None:
    for pattern in _IN_ADDRESS:
        if match := pattern.search(url):
            try:
                day = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
            except ValueError:
                continue
            return KnownDate(day, "day", "assumed", "address") if day.year >= OLDEST else None
    return None


def _by_htmldate(head: Head, when: When) -> KnownDate | None:
    """htmldate over a copy of the tree, so that what it prunes is missed by nobody."""
    size = sum(1 for _ in head.tree.iter())
    latest = (when.now or datetime(2100, 1, 1, tzinfo=UTC)).date() if when.now else None
    found = htmldate.find_date(
        _own_parts(head),
        url=head.url,
        original_date=True,
        extensive_search=size <= HTMLDATE_TAGS,
        max_date=latest.isoformat() if latest else None,
    )
    if not found:
        return None
    day = date.fromisoformat(found)
    return KnownDate(datetime(day.year, day.month, day.day, tzinfo=UTC), "day", "assumed", "text")


def _own_parts(head: Head) -> HtmlElement:
    """A copy for htmldate, which reads addresses too: the dates in links to other articles are theirs."""
    tree = deepcopy(head.tree)
    for link in tree.iter("a"):
        if link.get("href"):
            link.set("href", "")
    for aside in tree.xpath("//aside | //nav"):
        if aside.getparent() is not None:
            aside.drop_tree()
    return tree
