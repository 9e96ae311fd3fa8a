"""Title, site name, canonical address: JSON-LD, Open Graph, meta and h1 in one cascade."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from crawler.addresses import is_plausible_canonical, join
from crawler.jsonld import Node, article_node, parse_blocks, resolve, text_of
from crawler.plain import one_line, plain

LONGEST_TITLE = 400  # characters; longer ones are descriptions put in the wrong place
MOST_HEADING = 4  # words of an h1 over a box of the page's margin

_SEPARATORS = re.compile(r"\s+[|\-–—·•»:/]+\s+|\s*[|»·•]\s*")
_LETTERS = re.compile(r"[^\w]+")


@dataclass(slots=True)
class Head:
    """What a page says about itself outside its text, read once from the tree."""

    metas: dict[str, list[str]]
    nodes: list[Node]
    article: Node
    title_tag: str
    headings: list[str]
    url: str
    tree: HtmlElement
    warnings: list[str] = field(default_factory=list)

    def meta(self, *names: str) -> str:
        """The first value of the first of these meta names that has one."""
        return next((self.metas[name][0] for name in names if self.metas.get(name)), "")


def read_head(tree: HtmlElement, url: str) -> Head:
    """Collect metas (lower-case names), JSON-LD nodes, the title tag and all h1 texts."""
    metas: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv")
        content = one_line(element.get("content"))
        if name and content:
            metas.setdefault(name.strip().lower(), []).append(content)
    warnings: list[str] = []
    blocks = [
        script.text_content() for script in tree.iter("script") if "ld+json" in (script.get("type") or "").lower()
    ]
    nodes = parse_blocks(blocks, warnings)
    title_tag = next((one_line(element.text_content()) for element in tree.iter("title")), "")
    headings = [text for element in tree.iter("h1") if (text := one_line(element.text_content()))]
    return Head(metas, nodes, article_node(nodes), title_tag, headings, url, tree, warnings)


# ------------------------------------------------------------------------------------------------------ site and title


def site_name(head: Head) -> str:
    """The publication's name as the page gives it, "" where it gives none."""
    named = head.meta("og:site_name", "application-name", "al:ios:app_name", "apple-mobile-web-app-title")
    publisher = resolve(head.article.get("publisher"), head.nodes)
    return plain(named or text_of(publisher))[:100]


def letters_of(text: str) -> str:
    """Its letters and digits only, case folded: how names and titles are compared."""
    return _LETTERS.sub("", text).casefold()


def is_site(part: str, head: Head, site: str) -> bool:
    """Whether a piece of text is the outlet's name, as the page or its address gives it."""
    squeezed = letters_of(part)
    host = (urlsplit(head.url).hostname or "").removeprefix("www.")
    labels = {letters_of(host), letters_of(host.rsplit(".", 1)[0]), *(letters_of(label) for label in host.split("."))}
    return bool(squeezed) and (
        squeezed in labels or (bool(site) and (squeezed == letters_of(site) or letters_of(site).startswith(squeezed)))
    )


def without_site(title: str, head: Head, site: str) -> str:
    """`title` less the site's name (and what stands between the two) at either end."""
    pieces = _SEPARATORS.split(title)
    if len(pieces) < 2:
        return title
    for index in range(1, len(pieces)):
        if is_site(pieces[index], head, site):
            return title[: title.find(pieces[index], len(pieces[0]))].rstrip(" |-–—·•»:/")
    if is_site(pieces[0], head, site):
        return title[len(pieces[0]) :].lstrip(" |-–—·•»:/")
    return title


def title_of(head: Head, site: str) -> str:
    """The headline that readers see: an h1 that another title agrees with, else what two statements agree on, else the
    lone h1, JSON-LD, Open Graph or <title> without the site."""
    headline = plain(text_of(head.article.get("headline")))
    shared = plain(head.meta("og:title", "twitter:title", "dc.title", "title"))
    tag = plain(head.title_tag)
    if letters_of(site) == letters_of(shared):  # some pages give their headline as the site's name
        site = ""
    titles = [text for text in (shared, tag, headline) if text]
    headings = [text for text in map(plain, head.headings) if not is_site(text, head, site)]
    others = [letters_of(text) for text in titles]
    agreeing = [
        text
        for text in headings
        if 8 < len(text) <= LONGEST_TITLE and any(letters_of(text) in other for other in others)
    ]
    agreeing = [text for text in agreeing if not _is_section(text, titles, agreeing)]
    stated = (headline, without_site(shared, head, site))
    twice = _stated_twice(head, site, *stated)
    if agreeing:
        longest = max(agreeing, key=len)
        kicker, found, _ = longest.rpartition(twice) if twice else ("", "", "")
        return twice if found and kicker[-1:].isalnum() else longest  # "MarketsOil falls" is a kicker and a headline
    shown = twice or _shown_alone([text for text in headings if not _is_section(text, titles, headings)], stated)
    if shown:
        return shown
    if headline and not is_site(headline, head, site):
        return headline[:LONGEST_TITLE]
    title = without_site(shared or tag, head, site)
    if not title and head.headings:
        title = plain(head.headings[0])
    return title[:LONGEST_TITLE]


def _is_section(text: str, titles: list[str], headings: list[str]) -> bool:
    """Whether an h1 is only a piece of another title, beside a longer one or one that is an h1 itself: the name of a
    blog, a section, a series."""
    squeezed = letters_of(text)
    shown = {letters_of(heading) for heading in headings}
    for title in titles:
        pieces = [letters_of(piece) for piece in _SEPARATORS.split(title)]
        if squeezed in pieces and any(len(piece) > len(squeezed) and piece not in shown for piece in pieces):
            return True
        if squeezed in pieces[1:] and pieces[0] in shown:
            return True
    return False


def _stated_twice(head: Head, site: str, headline: str, shared: str) -> str:
    """The headline on which JSON-LD and Open Graph agree, "" where they do not."""
    if not 15 < len(headline) <= LONGEST_TITLE or is_site(headline, head, site):
        return ""
    return headline if letters_of(headline) == letters_of(shared) else ""


def _shown_alone(headings: list[str], stated: tuple[str, ...]) -> str:
    """The only h1, which readers see, before titles written for search engines; without a kicker that it may hold.

    A first h1 is the only one, too, where the others are headings of a few words: "More from the region".
    """
    alone = headings[:1] if all(len(text.split()) <= MOST_HEADING for text in headings[1:]) else []
    if not alone or not 15 < len(alone[0]) <= LONGEST_TITLE:
        return ""
    if len(headings) > 1 and len(alone[0].split()) <= MOST_HEADING:
        return ""
    squeezed = letters_of(alone[0])
    return next((text for text in stated if len(text) > 15 and letters_of(text) in squeezed), alone[0])


def about_of(head: Head) -> str:
    """The page's own short description, "" where it has none."""
    return next(iter(descriptions_of(head)), "")


def descriptions_of(head: Head) -> tuple[str, ...]:
    """What the page says of itself, each wording once."""
    said = (head.meta(name) for name in ("og:description", "description", "twitter:description"))
    stated = text_of(head.article.get("description"))
    return tuple(dict.fromkeys(text for one in (*said, stated) if (text := plain(one))))


# ----------------------------------------------------------------------------------------------------------- canonical


def canonical_of(head: Head) -> str:
    """The canonical address where it is plausible (see crawler/addresses.py); else the page's own."""
    links = [
        element.get("href") or ""
        for element in head.tree.iter("link")
        if "canonical" in (element.get("rel") or "").lower()
    ]
    for link in (*links, head.meta("og:url")):
        full = join(head.url, link) if link else ""
        if full and is_plausible_canonical(full, head.url):
            return full
    return head.url
