"""What a site's page says of its feeds, its name and its language. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml.html import HtmlElement
from trafilatura.utils import load_html

from crawler.addresses import join, same_site
from crawler.bodies import is_hostile
from crawler.decoding import decode
from crawler.feeds import two_letters
from crawler.plain import one_line

MOST_FEEDS = 8  # that a page names; more are its sections
MOST_LINKS = 5_000  # <a> elements looked at
LONGEST_NAME = 80  # characters; a longer title is a sentence

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json")
_FEED_PATH = re.compile(r"(?:^|/)(?:rss|feeds?|atom)(?:[._-]\w+)?(?:\.\w{2,4})?/*$|\.(?:rss|atom)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FrontPage:
    """feeds: absolute addresses, those that the head declares first; name and language as the page says, else ""."""

    feeds: tuple[str, ...] = ()
    name: str = ""
    language: str = ""


def read_front(body: bytes, url: str, *, headers: Mapping[str, str] | None = None) -> FrontPage:
    """The feeds a page declares or links to, at most 8, comments' feeds last. Raises what `decode` raises."""
    markup, _ = decode(body, url, headers)
    tree = load_html(markup) if markup.strip() and not is_hostile(markup) else None
    if tree is None:
        return FrontPage()
    declared = list(_declared(tree, url))
    feeds = list(dict.fromkeys([*sorted(declared, key=lambda link: "comment" in link), *_linked(tree, url)]))
    html = next(tree.iter("html"), tree)
    return FrontPage(tuple(feeds[:MOST_FEEDS]), _site_name(tree), two_letters(html.get("lang") or "") or "")


def _declared(tree: HtmlElement, url: str) -> Iterator[str]:
    for element in tree.iter("link"):
        rel = (element.get("rel") or "").lower().split()
        kind = (element.get("type") or "").lower().partition(";")[0].strip()
        if "alternate" in rel and kind in _FEED_TYPES and (link := join(url, element.get("href") or "")):
            yield link


def _linked(tree: HtmlElement, url: str) -> Iterator[str]:
    for number, element in enumerate(tree.iter("a")):
        if number >= MOST_LINKS:
            return
        link = join(url, element.get("href") or "")
        if link and same_site(link, url) and _FEED_PATH.search(urlsplit(link).path):
            yield link


def _site_name(tree: HtmlElement) -> str:
    for element in tree.iter("meta"):
        if (element.get("property") or "").lower() == "og:site_name" and (name := one_line(element.get("content"))):
            return name[:LONGEST_NAME]
    title = next((one_line("".join(element.itertext())) for element in tree.iter("title")), "")
    name = re.split(r"\s[|–—·-]\s", title)[0]
    return name if len(name) <= LONGEST_NAME else ""
