"""When a page was published and changed: JSON-LD, meta, microdata, dates in words, the address, htmldate last."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import htmldate
from lxml.html import HtmlElement

from crawler.addresses import original_of
from crawler.jsonld import text_of
from crawler.metadata import Head
from crawler.pagehints import Hinted
from crawler.plain import one_line
from models.dates import KnownDate, is_date, parse_date, too_far_ahead

MOST_ELEMENTS = 200  # elements with a date-like name that are looked at, those of the page's margins included
LONGEST_BYLINE = 120  # characters of such an element; longer ones are text, where dates mean other days
LONGEST_DATE = 48  # characters of an element that is nothing but a date, weekday, clock and zone with it
NEAR_BEFORE, NEAR_AFTER = 15, 120  # elements around the headline among which its date stands
HTMLDATE_TAGS = 20_000  # tags up to which htmldate's extensive search is asked; it took 13 s on single larger pages
OLDEST = 1995  # no page on the web is older
MOST_OFFSET = timedelta(hours=14)  # the furthest that any place's clock is from UTC

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
_DATE_NAMES = re.compile(
    r"date|time|publish|posted|created|byline|author|meta|tarix|tarih|дата|info|stamp", re.IGNORECASE
)
_NOT_DATE_NAMES = re.compile(
    r"update|modif|comment|related|sidebar|footer|copyright|event|timeline|lifetime", re.IGNORECASE
)
_PUBLISHED_NAMES = re.compile(r"publish|entry-date|created|posted", re.IGNORECASE)  # WordPress: "published updated"
# Where the day on which a reader opens the page is shown, and where people's comments and other articles have theirs.
_FRAME = (
    r"top-?bar|head(?:er)?-?(?:date|top|info)|site-?header|weather|currenc\w*|today|now|clock|ticker|comments?|"
    r"comment-\w+"
)
_OTHERS = r"footer|copyright|sidebar|related|similar|oxsar|popular|latest|son-xeber\w*|lenta|most-?read"
_IN_FRAME = re.compile(rf"(?:^|[\s_-])(?:{_FRAME})(?:$|[\s_-])", re.IGNORECASE)
_MARGINS = re.compile(rf"(?:^|[\s_-])(?:{_FRAME}|{_OTHERS})(?:$|[\s_-])", re.IGNORECASE)
_UPDATED = re.compile(
    r"\b(?:(?:last |son )?(?:updated|modified|yenilən\w*|dəyişdiril\w*|обновлен\w*|изменен\w*|оновлен\w*|змінен\w*|"
    r"güncelle\w*|жаңарт\w*|განახლ\w*))|更新(?:时间|日期|于)?|最后修改",
    re.IGNORECASE,
)
_IN_ADDRESS = (
    re.compile(r"/((?:19|20)\d\d)[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?=[/_-]|$)"),
    re.compile(r"[/_-]((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=[/_.-]|$)"),
    re.compile(r"[/_-]((?:19|20)\d\d)-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])(?:-\d{1,4})?(?:\.html?|/)?$"),
)
# 17 digits of some engines' ids: the local time to a thousandth of a second.
_STAMP_IN_ADDRESS = re.compile(
    r"[/_-]((?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))((?:[01]\d|2[0-3])[0-5]\d[0-5]\d)(?:\d{3})?(?!\d)"
)
_MONTH_IN_ADDRESS = re.compile(r"/((?:19|20)\d\d)/(0[1-9]|1[0-2])/(?!\d{1,2}(?:/|$))[^/]")
_CLOCK_ALONE = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d(?:\s*\(?(?:UTC|GMT)\s?[+-]\d{1,2}(?::?\d\d)?\)?)?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_ZONE_IN_SCRIPT = re.compile(
    r"time_?-?zone[\w-]*[\"']?\s*[:=]\s*(?:\{[^{}]{0,80}?)?[\"']([A-Z][A-Za-z]+\\?/[A-Z][A-Za-z_]+(?:\\?/[A-Z][A-Za-z_]+)?)[\"']",
    re.IGNORECASE,
)

Conflicts = tuple[tuple[str, str], ...]  # (origin, day)

NO_HINT = Hinted()


@dataclass(frozen=True, slots=True)
class When:
    """What reading dates needs besides the page."""

    language: str | None = None
    zone: str | None = None
    now: datetime | None = None
    order: str = ""  # of dates in numbers, by the outlet's own hint

    def read(self, text: str, origin: str) -> KnownDate | None:
        known = parse_date(text, origin=origin, language=self.language, zone=self.zone, now=self.now, order=self.order)
        return known if known is not None and known.value.year >= OLDEST else None


def published_of(
    head: Head, when: When, warnings: list[str], selected: Hinted = NO_HINT
) -> tuple[KnownDate | None, Conflicts]:
    """The first candidate that is no more than 24 h ahead of `now`, to the minute where another one of the same day
    says it; those that name another day, and those in the future, are its conflicts.

    selected  texts that the outlet's own hint points at, the likeliest first: a proven one goes before all others, an
              unproven one after what JSON-LD and metas state.
    A page that only names days in the future has no date: nothing is guessed for it, and they come second.
    """
    found: list[KnownDate] = []
    ahead: list[KnownDate] = []
    for known in _candidates(head, when, selected, warnings):
        if too_far_ahead(known, when.now):
            warnings.append(f"date in the future left out: {known.value.isoformat()}")
            ahead.append(known)
        else:
            found.append(known)
    if not found:
        if ahead:
            return None, tuple((known.origin, known.value.date().isoformat()) for known in ahead)
        return _by_htmldate(head, when) or _month_in_address(head.url), ()
    best = _finest(found)
    best = _on_own_calendar(best, found, head, when)
    return replace(best, conflicts=_conflicts(best, [*found[1:], *ahead])), ()


def stated_day(head: Head, when: When) -> date | None:
    """The day of publication as JSON-LD, metas, the page or its address say, on the source's own clock."""
    known = next((one for one in _candidates(head, when) if not too_far_ahead(one, when.now)), None)
    return known.local.date() if known else None


def modified_of(head: Head, when: When) -> KnownDate | None:
    """When the page says it was last changed; None where it does not, or where the moment is in the future."""
    stated = [(text_of(head.article.get("dateModified")), "json-ld"), (head.meta(*_MODIFIED_METAS), "meta")]
    shown = ((text[match.end() :], "text") for text, match in _updates(head.tree))
    for text, origin in chain(stated, shown):
        known = when.read(text, origin)
        if known is not None and not too_far_ahead(known, when.now):
            return known
    return None


def _finest(found: Sequence[KnownDate]) -> KnownDate:
    """The first, or the first of the same day that is known to the minute."""
    best = found[0]
    if best.precision != "day":
        return best
    same = (one for one in found[1:] if one.precision == "minute" and one.local.date() == best.value.date())
    return next(same, best)


def _conflicts(best: KnownDate, others: list[KnownDate]) -> Conflicts:
    """Candidates that name a day more than one away (a day is what zones explain)."""
    away = [other for other in others if abs((other.value - best.value).total_seconds()) > 36 * 3600]
    return tuple(dict.fromkeys((other.origin, other.value.date().isoformat()) for other in away))[:5]


# ------------------------------------------------------------------------------------------- the outlet's calendar day


def _on_own_calendar(best: KnownDate, found: Sequence[KnownDate], head: Head, when: When) -> KnownDate:
    """A moment stated in UTC, with the offset of the outlet's own clock where something tells it: config's zone, a zone
    that the page names, or the day in its address. The moment stays; only which day that was there is known now."""
    if best.precision != "minute" or best.zone != "known" or best.offset != 0:
        return best
    zone = _zone(when.zone) if when.zone else _zone_of_page(head)
    if zone is not None:
        shift = best.value.astimezone(zone).utcoffset() or timedelta(0)
    else:
        shift = _implied_offset(best, found, _in_address(head.url, when))
    return replace(best, offset=int(shift.total_seconds() // 60))


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _zone_of_page(head: Head) -> ZoneInfo | None:
    """The one IANA zone that the page's scripts name as the site's; None where there are several."""
    names = {
        match[1].replace("\\", "")
        for script in head.tree.iter("script")
        for match in _ZONE_IN_SCRIPT.finditer(script.text or "")
    }
    return _zone(names.pop()) if len(names) == 1 else None


def _implied_offset(best: KnownDate, found: Sequence[KnownDate], address: KnownDate | None) -> timedelta:
    """How far the outlet's clock is from UTC, going by an address that names the day before or after: the difference to
    a candidate of that day with the same minute and second (the same moment on the wall clock), else as many whole
    hours as it takes to come to that day. Zero where the address says nothing."""
    if address is None or address.local.date() == best.value.date():
        return timedelta(0)
    day = address.local.date()
    for other in found:
        shift = other.value - best.value
        if other.value.date() == day and shift % timedelta(hours=1) == timedelta(0) and abs(shift) <= MOST_OFFSET:
            return shift
    hours = range(1, 1 + MOST_OFFSET // timedelta(hours=1))
    shifts = (sign * timedelta(hours=hour) for hour in hours for sign in (1, -1))
    return next((shift for shift in shifts if (best.value + shift).date() == day), timedelta(0))


# ----------------------------------------------------------------------------------------------------------- candidates


def _candidates(
    head: Head, when: When, selected: Hinted = NO_HINT, warnings: list[str] | None = None
) -> Iterator[KnownDate]:
    hint = next((known for text in selected.texts if (known := when.read(text, "hint"))), None)
    if selected.texts and hint is None and warnings is not None:
        warnings.append("hint for date found no date")
    if hint is not None and selected.proven:
        yield hint
    seen = hint is not None
    stated = [(text_of(head.article.get(name)), "json-ld") for name in ("datePublished", "dateCreated", "uploadDate")]
    stated += [(value, "meta") for name in _PUBLISHED_METAS for value in head.metas.get(name, ())[:1]]
    for text, origin in stated:
        known = when.read(text, origin) if text and _YEAR.search(text) else None
        if known is not None and known.precision in ("minute", "day"):
            seen = True
            yield known
    if hint is not None and not selected.proven:
        yield hint
    if not seen:
        yield from _in_page(head, when)


def _in_page(head: Head, when: When) -> Iterator[KnownDate]:
    """Microdata and <time>, then words in elements named like dates, the address, and a bare date at the headline."""
    for element in head.tree.xpath('//*[@itemprop="datePublished" or @property="datePublished" or @pubdate]')[:5]:
        text = element.get("datetime") or element.get("content") or one_line(element.text_content())
        if known := when.read(text, "microdata"):
            yield known
            return
    address = _in_address(head.url, when)
    words = list(_in_words(head.tree, when))[:3]
    if address is not None and not any(word.local.date() == address.local.date() for word in words):
        yield _at_clock(address, head.tree, when) if not words else address
    yield from words
    if address is None and not words:
        yield from _at_headline(head.tree, when)


def _in_words(tree: HtmlElement, when: When) -> Iterator[KnownDate]:
    """Dates in elements that are named like one: those around the headline first, none of the page's margins."""
    near: list[KnownDate] = []
    far: list[KnownDate] = []
    for element, is_near in _date_elements(tree):
        text = (element.get("datetime") or "") if element.tag == "time" else ""
        for one in (text, _shown(element)):
            known = when.read(one, "text") if 4 < len(one) <= LONGEST_BYLINE else None
            if known is not None and known.precision in ("minute", "day"):
                (near if is_near else far).append(_with_clock(known, element, when))
                break
    yield from (*near, *far)


def _date_elements(tree: HtmlElement) -> Iterator[tuple[HtmlElement, bool]]:
    """Elements named like a date, and whether they stand around the headline."""
    places = {element: place for place, element in enumerate(tree.iter("*"))}
    headline = _headline(tree)
    middle = places.get(headline, 0) if headline is not None else 0
    looked = 0
    for element in tree.iter(
        "time", "span", "div", "p", "li", "abbr", "small", "em", "i", "ul", "a", "b", "strong", "td"
    ):
        name = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('itemprop') or ''}"
        is_time = element.tag == "time"
        if not is_time and not _DATE_NAMES.search(name):
            continue
        if _NOT_DATE_NAMES.search(name) and not _PUBLISHED_NAMES.search(name):
            continue
        looked += 1
        if looked > MOST_ELEMENTS:
            return
        if _in_margins(element):
            continue
        yield element, headline is None or -NEAR_BEFORE <= places[element] - middle <= NEAR_AFTER


def _headline(tree: HtmlElement) -> HtmlElement | None:
    """The last h1 with enough words: a site's name in an h1 comes first."""
    found = [element for element in tree.iter("h1") if len(one_line(element.text_content())) > 8]
    return found[-1] if found else None


def _in_margins(element: HtmlElement) -> bool:
    """Whether an element is in the page's frame, a list of other articles or the comments."""
    inside = False  # an article or main part whose own header and footer are not the page's
    for up in (element, *element.iterancestors()):
        if up.tag in ("aside", "nav") or _MARGINS.search(f"{up.get('class') or ''} {up.get('id') or ''}"):
            return up.tag not in ("body", "html")
        if up.tag in ("header", "footer"):
            inside = any(further.tag in ("article", "main") for further in up.iterancestors())
            if not inside and not any(True for _ in up.iter("h1")):
                return True
    return False


def _shown(element: HtmlElement) -> str:
    """The words of an element up to where they tell of a change."""
    text = one_line(" ".join(element.itertext()))
    match = _UPDATED.search(text)
    return text[: match.start()] if match else text


def _updates(tree: HtmlElement) -> Iterator[tuple[str, re.Match[str]]]:
    """Short texts in elements named like a date, or like a change, that tell when the page was changed."""
    looked = 0
    for element in tree.iter("time", "span", "div", "p", "li", "small", "em"):
        name = f"{element.get('class') or ''} {element.get('id') or ''}"
        if element.tag != "time" and not _DATE_NAMES.search(name) and not re.search(r"update|modif", name, re.I):
            continue
        looked += 1
        if looked > MOST_ELEMENTS:
            return
        text = one_line(" ".join(element.itertext()))
        match = _UPDATED.search(text) if len(text) <= LONGEST_BYLINE else None
        if match and not _in_margins(element):
            yield text, match


def _with_clock(known: KnownDate, element: HtmlElement, when: When) -> KnownDate:
    """The day with the time that stands in an element of its own beside it."""
    block = element.getparent()
    text = _shown(block) if known.precision == "day" and block is not None else ""
    fuller = when.read(text, "text") if 0 < len(text) <= LONGEST_BYLINE else None
    same = fuller is not None and fuller.precision == "minute" and fuller.local.date() == known.value.date()
    return fuller if fuller is not None and same else known


def _at_clock(address: KnownDate, tree: HtmlElement, when: When) -> KnownDate:
    """The day in the address with the time that stands alone at the headline, as some news lists write it."""
    for element, is_near in _date_elements(tree) if address.precision == "day" else ():
        text = one_line(" ".join(element.itertext()))
        if is_near and _CLOCK_ALONE.fullmatch(text):
            return when.read(f"{address.value.date().isoformat()} {text}", "address") or address
    return address


def _at_headline(tree: HtmlElement, when: When) -> Iterator[KnownDate]:
    """The first element after the headline, or just before it, that is nothing but a date, whatever it is called."""
    headline = _headline(tree)
    if headline is None:
        return
    elements = list(tree.iter("*"))
    middle = elements.index(headline)
    around = (*elements[middle + 1 : middle + NEAR_AFTER], *reversed(elements[max(0, middle - NEAR_BEFORE) : middle]))
    for element in around:
        if element.tag in ("a", "script", "style", "option") or len(element) > 3 or _in_margins(element):
            continue
        text = one_line(" ".join(element.itertext()))
        if 5 < len(text) <= LONGEST_DATE and _YEAR.search(text) and is_date(text):
            known = when.read(text, "text")
            if known is not None and known.precision in ("minute", "day"):
                yield known
                return


def _in_address(url: str, when: When) -> KnownDate | None:
    url = original_of(url)  # the digits of an archive's address are those of the capture
    if match := _STAMP_IN_ADDRESS.search(url):
        known = when.read(f"{match[1]}T{match[2]}", "address")
        if known is not None:
            return known
    for pattern in _IN_ADDRESS:
        if match := pattern.search(url):
            try:
                day = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
            except ValueError:
                continue
            return KnownDate(day, "day", "assumed", "address") if day.year >= OLDEST else None
    return None


def _month_in_address(url: str) -> KnownDate | None:
    match = _MONTH_IN_ADDRESS.search(original_of(url))
    if match is None or int(match[1]) < OLDEST:
        return None
    return KnownDate(datetime(int(match[1]), int(match[2]), 1, tzinfo=UTC), "month", "assumed", "address")


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
    if (day.month, day.day) == (1, 1):  # what it makes of a year alone, most often that of a copyright line
        return None
    if latest == day:  # a guess that says "today" is the clock in some corner of the page: the crawl day in disguise
        return None
    return KnownDate(datetime(day.year, day.month, day.day, tzinfo=UTC), "day", "assumed", "text")


def _own_parts(head: Head) -> HtmlElement:
    """A copy for htmldate, which reads addresses too: the dates in links to other articles are theirs."""
    tree = deepcopy(head.tree)
    for link in tree.iter("a"):
        if link.get("href"):
            link.set("href", "")
    for part in list(tree.iter("*")):
        name = f"{part.get('class') or ''} {part.get('id') or ''}"
        is_margin = part.tag in ("aside", "nav") or (name != " " and _IN_FRAME.search(name))
        if is_margin and part.getparent() is not None and not any(True for _ in part.iter("h1")):
            part.drop_tree()
    return tree
