"""The next page of a listing, as the page itself names it: never an address made up by counting. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

from crawler.addresses import is_safe_address, join, normalise, same_site
from crawler.plain import one_line

MAX_LINKS = 5_000  # <a> elements looked at
LONGEST_WORD = 24  # characters of a link that says "next" and nothing more

_ATTRIBUTE = re.compile(r"^(?P<css>.*)@(?P<name>[\w:-]+)$")
# Query parameters that number pages, on the sites of watch/ and on common engines (start: sonxeber.az counts pages).
_NUMBERED = re.compile(
    r"^(?:page|paged|p|pg|pagenum|page_?no|page_?number|start|pagen_\d+|sayfa|seite)$", re.IGNORECASE
)
_IN_PATH = re.compile(r"/(?:page|p|sayfa|seite)[/-]?(\d{1,5})(?=/|\.html?$|$)", re.IGNORECASE)
# Words and signs for "next" in the languages of the watch list, alone in their link.
_NEXT = re.compile(
    r"(?:next(?: page)?|older(?: posts| entries)?|növbəti(?: səhifə)?|sonrakı(?: sayfa)?|ileri|irəli|далее|дальше|"
    r"вперед|вперёд|следующая(?: страница)?|след\.?|келесі(?: бет)?|алға|наступна(?: сторінка)?|далі|"
    r"შემდეგი|下一页|下页)?\s*[›»→>]{0,2}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Numbered:
    """An address of a numbered page, taken apart. `rest` is what all pages of one listing share."""

    rest: tuple[str, frozenset[tuple[str, str]]]
    number: int


def next_page(tree: HtmlElement, url: str, css: str = "") -> str:
    """The address of the page after this one, "" where the page names none. Always of the same site.

    css  selects the link (or `css@attribute`); with it nothing else is tried. Without it: rel=next, then the link
         whose address differs from this page's only by the next number, then a link that says "next" and stays on the
         listing's own path. Raises cssselect.SelectorError.
    """
    ways = (_selected(tree, css),) if css else (_related(tree), _counted(tree, url), _said(tree, url))
    for way in ways:
        for href in way:
            link = join(url, href).split("#")[0]
            if link and same_site(link, url) and is_safe_address(link) and normalise(link) != normalise(url):
                return link
    return ""


def _selected(tree: HtmlElement, css: str) -> Iterator[str]:
    match = _ATTRIBUTE.match(css)
    found = CSSSelector(match["css"] if match else css, translator="html")(tree)
    for element in found if isinstance(found, list) else []:
        if isinstance(element, HtmlElement):
            link = element if match or element.get("href") else next(element.iter("a"), element)
            yield element.get(match["name"]) or "" if match else link.get("href") or ""


def _related(tree: HtmlElement) -> Iterator[str]:
    for element in (*tree.iter("link"), *tree.iter("a")):
        if "next" in (element.get("rel") or "").lower().split():
            yield element.get("href") or ""


def _counted(tree: HtmlElement, url: str) -> Iterator[str]:
    here = _numbered(url) or _Numbered(_rest(url, ""), 1)
    for element in _links(tree):
        href = element.get("href") or ""
        there = _numbered(join(url, href))
        # The numbered link may carry more than the first page does ("&per-page=39"), never less.
        if (
            there
            and there.number == here.number + 1
            and there.rest[0] == here.rest[0]
            and there.rest[1] >= here.rest[1]
        ):
            yield href


def _said(tree: HtmlElement, url: str) -> Iterator[str]:
    for element in _links(tree):
        text = one_line(" ".join(element.itertext()))
        if 0 < len(text) <= LONGEST_WORD and _NEXT.fullmatch(text):
            link = join(url, element.get("href") or "")
            there = _numbered(link)
            if link and (there.rest[0] if there else _path(link)) == _rest(url, "")[0]:
                yield link


def _links(tree: HtmlElement) -> Iterator[HtmlElement]:
    for number, element in enumerate(tree.iter("a")):
        if number >= MAX_LINKS:
            return
        yield element


def _numbered(url: str) -> _Numbered | None:
    """The page number an address carries, in its query or its path; None where it carries none."""
    if not url:
        return None
    parts = urlsplit(url)
    for name, value in parse_qsl(parts.query):
        if _NUMBERED.match(name) and value.isdecimal() and len(value) <= 5:
            return _Numbered(_rest(url, name), int(value))
    match = _IN_PATH.search(parts.path)
    return _Numbered(_rest(url, ""), int(match[1])) if match else None


def _rest(url: str, without: str) -> tuple[str, frozenset[tuple[str, str]]]:
    """Site and path without a page number, and the query without the parameter `without`."""
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return _path(url), frozenset(pair for pair in query if pair[0] != without)


def _path(url: str) -> str:
    parts = urlsplit(url)
    host = normalise(f"http://{parts.netloc}")
    return f"{host}{_IN_PATH.sub('', unquote(parts.path)).rstrip('/').lower()}"
