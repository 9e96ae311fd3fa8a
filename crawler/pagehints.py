"""An outlet's own hints applied to a page: which layout it is in, what the selectors find there. Pure.

General rules stay the fallback: a selector that finds nothing leaves its field to them, with a warning, so that the
decay of a hint is seen in the outcomes before anybody looks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from lxml.html import HtmlElement

from crawler.bodylines import link_blocks, without_noise
from crawler.listings import select
from crawler.plain import one_line
from models.config import PageHints

MOST_DATE_PARTS = 3  # elements that one date may be spread over: day, time, and an icon's label
_WORD = re.compile(r"\w+")
_AT = re.compile(r"^(?P<css>.*)@(?P<name>[A-Za-z][\w:-]*)$")
_LINES = {  # elements that begin and end a line
    "address", "article", "blockquote", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "main",
    "ol", "p", "pre", "section", "table", "tr", "ul",
}  # fmt: skip
_NO_TEXT = {  # captions, controls and the page's own furniture: never what the article says
    "aside", "audio", "button", "figcaption", "figure", "footer", "form", "iframe", "nav", "noscript", "object",
    "script", "select", "style", "svg", "template", "video",
}  # fmt: skip


def layouts(hints: Sequence[PageHints], url: str, day: date | None, fetched: date | None) -> tuple[PageHints, ...]:
    """The hints that may fit a page, the likeliest first.

    day      of publication as the page itself says; a page published after `valid_until` never had that layout.
    fetched  the day its bytes were taken: the layout in force on that day goes first, else the newest one. Older ones
             follow, because a site may leave old pages as they were.
    """
    fitting = [one for one in hints if not one.url_pattern or re.search(one.url_pattern, url)]
    published = day or fetched
    fitting = [one for one in fitting if published is None or _until(one) >= published]
    in_force = sorted((one for one in fitting if fetched and _until(one) >= fetched), key=_until)
    others = sorted((one for one in fitting if one not in in_force), key=_until, reverse=True)
    return (*in_force, *others)


def _until(hints: PageHints) -> date:
    return hints.valid_until or date.max


def zone_of(hints: Sequence[PageHints], zone: str | None) -> str | None:
    return next((one.zone for one in hints if one.zone), zone)


def order_of(hints: Sequence[PageHints]) -> str:
    return next((one.date_order for one in hints if one.date_order), "")


@dataclass(frozen=True, slots=True)
class Hinted:
    """What the first fruitful selector found: texts in document order, and whether somebody has proven it.

    What nobody has proven is checked against what the page states: selectors read in others' code age unseen.
    """

    texts: tuple[str, ...] = ()
    proven: bool = False


def hinted(hints: Sequence[PageHints], name: str, tree: HtmlElement, warnings: list[str]) -> Hinted:
    """By the selectors for `name`: title, date or author."""
    given = [one for one in hints if getattr(one, name)]
    for one in given:
        if found := tuple(text for text in _texts(tree, getattr(one, name)) if text):
            return Hinted(found, bool(one.verified))
    if given:
        warnings.append(f"hint for {name} found nothing")
    return Hinted()


def hinted_title(hints: Sequence[PageHints], tree: HtmlElement, general: str, warnings: list[str]) -> str:
    """The title by hint; an unproven one must have half of its words in common with the `general` one."""
    found = hinted(hints, "title", tree, warnings)
    title = found.texts[0] if found.texts else ""
    if not title or found.proven or not general:
        return title or general
    ours, theirs = (set(_WORD.findall(text.casefold())) for text in (title, general))
    if len(ours & theirs) * 2 >= min(len(ours), len(theirs)):
        return title
    warnings.append("hint for title found another one than the page states")
    return general


def hinted_body(hints: Sequence[PageHints], tree: HtmlElement, warnings: list[str]) -> Hinted:
    """The article's lines, one text, judged like those of the general rules."""
    given = [one for one in hints if one.body]
    for one in given:
        lines = [line for element in _outermost(select(tree, one.body)) for line in _lines(element)]
        if text := without_noise("\n".join(lines), link_blocks(tree)):
            return Hinted((text,), bool(one.verified))
    if given:
        warnings.append("hint for body found nothing")
    return Hinted()


def hinted_date(hints: Sequence[PageHints], tree: HtmlElement, warnings: list[str]) -> Hinted:
    """What may hold the whole date: the parts together where day and time stand in elements of their own."""
    found = hinted(hints, "date", tree, warnings)
    parts = found.texts[:MOST_DATE_PARTS]
    return Hinted(tuple(dict.fromkeys((" ".join(parts), *parts))) if parts else (), found.proven)


def _texts(tree: HtmlElement, css: str) -> Iterator[str]:
    match = _AT.match(css)
    for element in select(tree, match["css"] if match else css):
        if match:
            yield one_line(element.get(match["name"]))
        elif element.tag == "time" and element.get("datetime"):
            yield one_line(element.get("datetime"))
        else:
            yield one_line(" ".join(element.itertext()))


def _outermost(found: Sequence[HtmlElement]) -> list[HtmlElement]:
    """Those that are inside none of the others: their words would be there twice."""
    chosen = set(found)
    return [element for element in found if not any(up in chosen for up in element.iterancestors())]


def _lines(element: HtmlElement) -> Iterator[str]:
    if any(up.tag in ("figcaption", "noscript") for up in element.iterancestors()):
        return
    for part in "".join(_pieces(element)).split("\n"):
        if line := one_line(part):
            yield line


def _pieces(element: HtmlElement) -> Iterator[str]:
    """The words in document order, "\\n" where a line ends. Not recursive: pages nest deeper than Python does."""
    todo: list[HtmlElement | str] = [element]
    while todo:
        one = todo.pop()
        if isinstance(one, str):
            yield one
            continue
        if not isinstance(one.tag, str) or one.tag in _NO_TEXT:
            continue
        ends = "\n" if one.tag in _LINES or one.tag == "br" else ""
        todo.append(ends)
        for child in reversed(one):
            if child.tail:
                todo.append(child.tail.replace("\n", " "))
            todo.append(child)
        if one.text:
            todo.append(one.text.replace("\n", " "))
        todo.append(ends)
