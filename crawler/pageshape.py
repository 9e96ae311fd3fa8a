"""What the markup of a page shows of its kind: cards that lead to other pages, captions, players, a login. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

from crawler.addresses import join, normalise
from crawler.plain import one_line

MOST_ELEMENTS = 3_000  # links of a page looked at; more is a hostile page or a site map
MOST_CHARS = 1_000_000  # of all their texts
CARD_HEADINGS = ("h2", "h3", "h4", "h5")
CARD_CHARS = 1_500  # of a card's text; a longer one is a whole article under its linked headline
CLIMB = 6  # elements from a headline up to its card

_PLAYERS = re.compile(
    r"youtube(?:-nocookie)?\.com/embed|player\.vimeo|dailymotion\.com/embed|rutube\.ru/play|vk\.com/video_ext|/player\b",
    re.IGNORECASE,
)
# A line that is a date, a time, a count of views or a page number.
_FIGURES = re.compile(r"[\W\d_]*(?:[^\W\d_]{1,12}[\W\d_]+){0,2}[^\W\d_]{0,12}[\W\d_]*")


@dataclass(frozen=True, slots=True)
class Shape:
    """links     texts of links, one line each.
    cards     texts of the blocks under headlines that lead elsewhere: one set of lines a block.
    captions  lines of captions.
    players   video elements and frames of video services.
    login     a password field is on the page.
    """

    links: frozenset[str]
    cards: tuple[frozenset[str], ...]
    captions: frozenset[str]
    players: int
    login: bool

    def own(self, text: str, title: str) -> list[str]:
        """The lines of a text that are the page's own words: no links, no captions, not its title, no bare figures."""
        known = self.links | self.captions
        wanted = one_line(title).casefold()
        return [
            line
            for one in text.splitlines()
            if (line := one_line(one)) and line not in known and line.casefold() != wanted and not _is_figure(line)
        ]

    def teasers(self, own: Iterable[str]) -> list[str]:
        """Those of the own lines that stand in cards."""
        lines = {line for card in self.cards for line in card}
        return [line for line in own if line in lines]


def shape_of(tree: HtmlElement, url: str) -> Shape:
    """The shape of a parsed page."""
    captions = (line for element in tree.iter("figcaption") for line in _lines(element))
    frames = sum(_PLAYERS.search(element.get("src") or "") is not None for element in tree.iter("iframe"))
    return Shape(
        links=frozenset(map(one_line, _texts(tree.iter("a")))),
        cards=tuple(_cards(tree, url)),
        captions=frozenset(captions),
        players=frames + sum(1 for _ in tree.iter("video")),
        login=any((element.get("type") or "").lower() == "password" for element in tree.iter("input")),
    )


def _texts(elements: Iterable[HtmlElement]) -> Iterator[str]:
    """Their texts, up to the caps: links nested in links would give the same words a thousand times."""
    total = 0
    for element, _ in zip(elements, range(MOST_ELEMENTS), strict=False):
        text = element.text_content()
        total += len(text)
        if total > MOST_CHARS:
            return
        yield text


def _is_figure(line: str) -> bool:
    return any(letter.isdigit() for letter in line) and len(line) < 40 and _FIGURES.fullmatch(line) is not None


def _lines(element: HtmlElement) -> list[str]:
    return [line for text in element.itertext() if (line := one_line(text))]


def _blocks(element: HtmlElement) -> list[str]:
    """The element's texts as an extractor would give them: a line for each block, and for each piece."""
    return [*_lines(element), *map(one_line, _texts(element.iter("p", "div", "span", "li")))]


def _cards(tree: HtmlElement, url: str) -> list[frozenset[str]]:
    heads = [head for head, _ in zip(tree.iter(*CARD_HEADINGS), range(MOST_ELEMENTS), strict=False)]
    heads = [head for head in heads if _leads_elsewhere(head, url)]
    inside: Counter[HtmlElement] = Counter()
    for head in heads:
        inside.update(_above(head))
    cards = []
    for head in heads:
        block = head
        for above in _above(head):
            if inside[above] > 1:
                break
            block = above
        pieces = [block] if block is not head else [head, *_following(head)]
        if sum(len(piece.text_content()) for piece in pieces) <= CARD_CHARS:
            cards.append(frozenset(line for piece in pieces for line in _blocks(piece)))
    return cards


def _above(head: HtmlElement) -> list[HtmlElement]:
    above = [one for one, _ in zip(head.iterancestors(), range(CLIMB), strict=False)]
    return [one for one in above if one.tag not in ("body", "html", "main")]


def _following(head: HtmlElement) -> list[HtmlElement]:
    """What follows a headline up to the next, where a list has no blocks of its own."""
    found = []
    for element in head.itersiblings():
        if element.tag in CARD_HEADINGS:
            break
        if isinstance(element.tag, str):
            found.append(element)
    return found


def _leads_elsewhere(head: HtmlElement, url: str) -> bool:
    link = next(head.iter("a"), None)
    if link is None:
        above = head.getparent()
        link = above if above is not None and above.tag == "a" else None
    to = join(url, link.get("href") or "") if link is not None else ""
    return bool(to) and normalise(to) != normalise(url)
