"""A page of links to entries: by the CSS of the config, or by what looks like an article of the same site. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import unquote, urlsplit

from cssselect import SelectorError
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement
from trafilatura.utils import load_html

from crawler.addresses import is_home, join, normalise, same_site
from crawler.bodies import is_hostile
from crawler.decoding import decode
from crawler.paging import next_page
from crawler.plain import one_line
from models.article import Entry, Feed
from models.config import Selectors
from models.dates import KnownDate, parse_date, too_far_ahead
from models.errors import CollectError

MAX_ENTRIES = 200  # a page of links shows at most this many articles; more are menus and archives
MAX_LINKS = 5_000  # <a> elements looked at
MAX_CLIMB = 5  # levels from a link up to the block that also holds its date
LEAST_TITLE = 25  # letters of a link's text that looks like a headline: shorter ones are menus
LEAST_SIGNS = 2
LEAST_SLUG_WORDS = 4
LONG_SLUG_WORDS = 6  # a headline in itself: no section has a name of so many words
LONGEST_DATE = 120  # characters of an element that holds a date

_ATTRIBUTE = re.compile(r"^(?P<css>.*)@(?P<name>[\w:-]+)$")
# Parts of a path under which sites keep what is no article: lists, people, tools, pictures, the site about itself.
_NOT_ARTICLES = re.compile(
    r"/(?:tags?|categor(?:y|ies)|authors?|users?|profiles?|search|log-?in|sign-?in|auth|register|about(?:-us[^/]*)?|"
    r"contacts?|privacy(?:-policy[^/]*)?|terms(?:-(?:of-(?:use|service)|and-conditions)[^/]*)?|cookies?(?:-policy[^/]*)?|"
    r"rss|feeds?|subscri\w*|newsletters?|advert\w*|arxiv|videos?|photos?|foto|gallery|rubrics?|topics?|themes?|sections?|"
    r"dossiers?|podcasts?|weather|currency|horoscopes?|vacanc\w+|jobs|cart|comments?|print|share|apps?|vg|"
    r"wp-(?:login|admin|content)[^/]*)(?:/|$)|"
    r"/archives?/(?:\d{1,4}(?:[/-]|$))+$|/page/\d+/?$|"
    r"\.(?:jpe?g|png|gif|webp|pdf|xml|mp[34]|zip|docx?)$",
    re.IGNORECASE,
)
_ANY = re.compile("")
_LONG_NUMBER = re.compile(r"\d{5,}")
_NUMBERED_FILE = re.compile(r"/\d{5,}\.s?html?$")
_DATE_IN_PATH = re.compile(r"[/-](?:19|20)\d\d[/-]?\d{1,2}(?!\d{5})")
_ONLY_A_DATE = re.compile(r"^(?:/[a-z_-]+)?(?:/(?:19|20)\d\d)(?:[/-]?\d{1,2}){0,2}/?$", re.IGNORECASE)


def read_listing(
    body: bytes,
    url: str,
    selectors: Selectors | None = None,
    *,
    url_pattern: str = "",
    language: str | None = None,
    zone: str | None = None,
    now: datetime | None = None,
) -> Feed:
    """The articles a page of links shows, in its order, each address once, at most 200, only of the page's own site.

    selectors    CSS, `css@attribute` takes an attribute instead of the text. `link` picks the links (or elements that
                 hold one), `title` and `date` are read inside the smallest block around the link that has them. Without
                 `link` the links are found by what articles' addresses look like: a slug, a number or a date. `next`
                 picks the link to the next page; without it crawler.paging looks for one.
    url_pattern  regular expression that an absolute address must match (searched), "" for any.
    Raises TooLarge, CollectError (`not_html`, `bad_selector`). A page without such links is a Feed with a warning.
    """
    markup, warnings = decode(body, url)
    tree = load_html(markup) if markup.strip() and not is_hostile(markup) else None
    if tree is None:
        return Feed((), warnings=(*warnings, "no HTML that can be read"))
    chosen = selectors or Selectors()
    try:
        wanted = re.compile(url_pattern)
        links = list(_selected_links(tree, chosen.link) if chosen.link else _likely_links(tree, url))
        reader = _Rows(url, chosen, language, zone, now, warnings)
        entries = _entries(links, reader, wanted)
        following = next_page(tree, url, chosen.next)
    except (SelectorError, re.error) as error:
        raise CollectError(f"selector or pattern cannot be read: {error}", reason="bad_selector", url=url) from error
    if not entries:
        warnings.append(_nothing(tree, reader, links))
    elif len(entries) == MAX_ENTRIES:
        warnings.append(f"only the first {MAX_ENTRIES} links read")
    title = next((one_line(element.text_content()) for element in tree.iter("title")), "")
    return Feed(tuple(entries), title, None, tuple(dict.fromkeys(warnings)), next=following)


def _nothing(tree: HtmlElement, reader: _Rows, links: list[tuple[HtmlElement, str]]) -> str:
    """Why there are no entries: a site that changed its markup, or its addresses, still shows articles."""
    likely = len(_entries(list(_likely_links(tree, reader.url)), reader, _ANY))
    if not likely:
        return "no links to articles found"
    if _entries(links, reader, _ANY):
        what = "no link matches url_pattern"
    elif links:
        what = f"none of the {len(links)} links that the selectors find is an article's"
    else:
        what = "the selectors find nothing"
    return f"{what}; {likely} links look like articles"


class _Rows:
    """Reads title and date beside a link."""

    def __init__(
        self,
        url: str,
        selectors: Selectors,
        language: str | None,
        zone: str | None,
        now: datetime | None,
        warnings: list[str],
    ) -> None:
        self.url, self.language, self.zone, self.now, self.warnings = url, language, zone, now, warnings
        self.title_css, self.date_css = selectors.title, selectors.date

    def title(self, link: HtmlElement) -> str:
        if self.title_css and (beside := _beside(link, self.title_css)):
            return beside
        inner = link.xpath(".//h1|.//h2|.//h3|.//h4")
        return one_line(" ".join((inner[0] if inner else link).itertext())) or one_line(link.get("title"))

    def date(self, link: HtmlElement) -> KnownDate | None:
        text = _beside(link, self.date_css) if self.date_css else _time_near(link)
        if not text or len(text) > LONGEST_DATE:
            return None
        known = parse_date(text, origin="text", language=self.language, zone=self.zone, now=self.now)
        if known is not None and too_far_ahead(known, self.now):
            self.warnings.append(f"date in the future left out: {text[:60]!r}")
            return None
        return known


def _entries(links: list[tuple[HtmlElement, str]], reader: _Rows, wanted: re.Pattern[str]) -> list[Entry]:
    """One entry per address; the longest text of several links to it is its title."""
    found: dict[str, Entry] = {}
    for element, href in links:
        link = join(reader.url, href)
        key = normalise(link)
        if not link or not same_site(link, reader.url) or key == normalise(reader.url) or not wanted.search(link):
            continue
        if key in found:
            title = reader.title(element)
            if len(title) > len(found[key].title):
                found[key] = Entry(title, found[key].link, "", found[key].published or reader.date(element), "", None)
        elif len(found) < MAX_ENTRIES:
            found[key] = Entry(reader.title(element), link.split("#")[0], "", reader.date(element), "", None)
    return list(found.values())


def select(tree: HtmlElement, css: str) -> list[HtmlElement]:
    """The elements that a CSS selector finds, in document order. Raises cssselect.SelectorError."""
    found = CSSSelector(css, translator="html")(tree)
    return [element for element in found if isinstance(element, HtmlElement)] if isinstance(found, list) else []


def _selected_links(tree: HtmlElement, css: str) -> Iterator[tuple[HtmlElement, str]]:
    match = _ATTRIBUTE.match(css)
    for element in select(tree, match["css"] if match else css)[:MAX_LINKS]:
        if match:
            yield element, element.get(match["name"]) or ""
            continue
        inner = element if element.tag == "a" else next(element.iter("a"), None)
        if inner is None:
            inner = next(element.iterancestors("a"), None)
        if inner is not None and inner.get("href"):
            yield element if element.tag == "a" else inner, inner.get("href") or ""


def _likely_links(tree: HtmlElement, url: str) -> Iterator[tuple[HtmlElement, str]]:
    for number, element in enumerate(tree.iter("a")):
        if number >= MAX_LINKS:
            return
        href = element.get("href") or ""
        link = join(url, href)
        if link and not is_home(link) and _looks_like_article(link, one_line(" ".join(element.itertext()))):
            yield element, href


def _looks_like_article(link: str, text: str) -> bool:
    """Two signs of an article: a headline for its text, a slug of words, a long number, a date; never a section or a
    file. Measured on forms of some 80 sites: tests/test_listings.py."""
    parts = urlsplit(link)
    if _NOT_ARTICLES.search(parts.path) or _ONLY_A_DATE.match(parts.path):
        return False
    last = "/".join(parts.path.rstrip("/").rsplit("/", 2)[1:])  # "slug/12345" and "12345/slug" are one form
    words = max(len(re.findall(r"[^\W\d_]{2,}", part)) for part in unquote(last).split("/"))
    signs = (
        words >= LEAST_SLUG_WORDS,
        words >= LONG_SLUG_WORDS,
        bool(_LONG_NUMBER.search(f"{last}?{parts.query}")),
        bool(_NUMBERED_FILE.search(parts.path)),
        bool(_DATE_IN_PATH.search(parts.path)),
        len(text) >= LEAST_TITLE and " " in text,
    )
    return sum(signs) >= LEAST_SIGNS


def _beside(link: HtmlElement, css: str) -> str:
    """The text (or attribute) that `css` finds in the smallest block around the link, climbing at most MAX_CLIMB."""
    match = _ATTRIBUTE.match(css)
    selector = match["css"] if match else css
    block: HtmlElement | None = link
    for _ in range(MAX_CLIMB + 1):
        if block is None:
            return ""
        found = select(block, selector)
        if found:
            return one_line(found[0].get(match["name"]) if match else " ".join(found[0].itertext()))
        block = block.getparent()
    return ""


def _time_near(link: HtmlElement) -> str:
    """The <time> element of the link's block, as long as the block holds no other one."""
    block: HtmlElement | None = link
    for _ in range(MAX_CLIMB + 1):
        if block is None:
            return ""
        times = list(block.iter("time"))
        if times:
            return (times[0].get("datetime") or one_line(" ".join(times[0].itertext()))) if len(times) == 1 else ""
        block = block.getparent()
    return ""
