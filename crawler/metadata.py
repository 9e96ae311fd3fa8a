"""Title, authors, site name, canonical address: JSON-LD, Open Graph, meta, microdata and h1 in one cascade."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from crawler.addresses import is_plausible_canonical, join
from crawler.jsonld import Node, article_node, parse_blocks, resolve, text_of, types_of
from crawler.plain import one_line, plain

LONGEST_TITLE = 400  # characters; longer ones are descriptions put in the wrong place
LONGEST_AUTHOR = 80  # characters of an element that holds a byline
MOST_AUTHORS = 20
MOST_LINKS = 2_000  # of a page that are looked at for its author's

_AUTHOR_METAS = (
    "author", "article:author", "dc.creator", "dcterms.creator", "dc.author", "parsely-author", "sailthru.author",
    "byl", "cxenseparse:author", "article:author_name", "og:article:author", "citation_author",
)  # fmt: skip
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


def _squeezed(text: str) -> str:
    return _LETTERS.sub("", text).casefold()


def _is_site(part: str, head: Head, site: str) -> bool:
    squeezed = _squeezed(part)
    host = (urlsplit(head.url).hostname or "").removeprefix("www.")
    labels = {_squeezed(host), _squeezed(host.rsplit(".", 1)[0]), *(_squeezed(label) for label in host.split("."))}
    return bool(squeezed) and (
        squeezed in labels or (bool(site) and (squeezed == _squeezed(site) or _squeezed(site).startswith(squeezed)))
    )


def without_site(title: str, head: Head, site: str) -> str:
    """`title` less the site's name (and what stands between the two) at either end."""
    pieces = _SEPARATORS.split(title)
    if len(pieces) < 2:
        return title
    for index in range(1, len(pieces)):
        if _is_site(pieces[index], head, site):
            return title[: title.find(pieces[index], len(pieces[0]))].rstrip(" |-–—·•»:/")
    if _is_site(pieces[0], head, site):
        return title[len(pieces[0]) :].lstrip(" |-–—·•»:/")
    return title


def title_of(head: Head, site: str) -> str:
    """The headline: an h1 that the other titles agree with, else JSON-LD, Open Graph or <title> without the site."""
    headline = plain(text_of(head.article.get("headline")))
    shared = plain(head.meta("og:title", "twitter:title", "dc.title", "title"))
    tag = plain(head.title_tag)
    others = [_squeezed(text) for text in (shared, tag, headline) if text]
    agreeing = [
        text
        for text in map(plain, head.headings)
        if 8 < len(text) <= LONGEST_TITLE and any(_squeezed(text) in other for other in others)
    ]
    agreeing = [text for text in agreeing if not _is_site(text, head, site)]
    if agreeing:
        return max(agreeing, key=len)
    shown = _shown_alone(head, site, (headline, without_site(shared, head, site)))
    if shown:
        return shown
    if headline and not _is_site(headline, head, site):
        return headline[:LONGEST_TITLE]
    title = without_site(shared or tag, head, site)
    if not title and head.headings:
        title = plain(head.headings[0])
    return title[:LONGEST_TITLE]


def _shown_alone(head: Head, site: str, stated: tuple[str, ...]) -> str:
    """The only h1, which readers see, before titles written for search engines; without a kicker that it may hold."""
    alone = [text for text in map(plain, head.headings) if not _is_site(text, head, site)]
    if len(alone) != 1 or not 15 < len(alone[0]) <= LONGEST_TITLE:
        return ""
    squeezed = _squeezed(alone[0])
    return next((text for text in stated if len(text) > 15 and _squeezed(text) in squeezed), alone[0])


def about_of(head: Head) -> str:
    """The page's own short description, "" where it has none."""
    return plain(
        head.meta("og:description", "description", "twitter:description") or text_of(head.article.get("description"))
    )


# ------------------------------------------------------------------------------------------------------------- authors

_AND = re.compile(r"\s*[;|,•·/]\s*|\s+(?:and|und|et|и|və|ve|та|with|y|&)\s+|\s{3,}", re.IGNORECASE)
_BYLINE_NAMES = re.compile(r"author|byline|autor|yazar|müəllif", re.IGNORECASE)
_NOT_BYLINE_NAMES = re.compile(
    r"comment|bio|related|avatar|image|social|authori[sz]|date|(?<!author)(?<!autor)(?<!author[-_])list", re.IGNORECASE
)
_AUTHOR_ADDRESS = re.compile(
    r"/(?:authors?|autor(?:en|e[sn]?)?|auteurs?|autori|avtor|yazar(?:lar)?|muellif|profiles?)/", re.I
)
# Agencies credited in a byline: whose text it is. Any other organisation in it is a desk or the outlet itself.
_AGENCY = re.compile(
    r"(?:the )?(?:associated press|ap|reuters|thomson reuters|afp|agence france[- ]presse|dpa|deutsche presse-agentur|"
    r"sid|apa|austria presse agentur|ansa|efe|europa press|press association|pa media|bloomberg(?: news)?|xinhua|"
    r"新华社|"
    r"anadolu ajansı|anadolu agency|aa|dha|iha|тасс|tass|риа новости|интерфакс|interfax|укринформ|укрінформ|ukrinform|"
    r"казинформ|kazinform|qazinform|azertac|azərtac|азертадж|canadian press|"
    r"ntb|tt|ritzau|"
    r"belga|anp|pap|čtk|kyodo|yonhap)(?: deutschland)?",
    re.IGNORECASE,
)
# Two to four capitalised words, once or several times: nothing else in a byline is taken for people.
_NAME = r"(?:[^\W\d_a-z][\w'’.-]{0,25}\s+){1,3}[^\W\d_a-z][\w'’-]+"
_NAMES = re.compile(rf"{_NAME}(?:\s*(?:,|;|\band\b|\bund\b|\bet\b|и|və|ve|&)\s*{_NAME})*")
_ONE_NAME = re.compile(_NAME)
_TITLE = re.compile(r"^(?:dr|prof|phd|mag|univ)\.?\s+", re.IGNORECASE)
_BY = re.compile(
    r"^(?:by|von|par|por|di|af|av|door|written by|posted by|story by|text|автор|авторы|текст|müəllif|yazan|мәтін)"
    r"\b[\s:]+",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"^(?:admin(?:istrator)?|editor(?:ial)?(?: team| staff| board)?|staff(?: writer| reporter)?s?|news ?(?:desk|room)|"
    r"web ?desk|web ?master|user|guest|author|unknown|none|null|anonymous|reporter|correspondent|redaksiya|"
    r"редакци[яи]|редактор|администратор|редакция сайта|корреспондент|редакціяз?|редакція|editör|haber merkezi|"
    r"müxbir|тілші|редакциясы|redaktor|press release|agenc(?:y|ies)|about the author|read more|view all.*|all posts.*|"
    r".*(?:facebook|twitter|telegram|whatsapp|linkedin|instagram).*|"
    r"see full bio|follow|subscribe|published|updated|share|contributors?|superuser|root|test)$",
    re.IGNORECASE,
)
# Words that no person's name ends with or begins with: agencies, desks and titles.
_ORGANISATION = re.compile(
    r"^the\s|\b(?:press|agency|agence|agentur|agenzia|news|newswire|times|daily|journal|media|staff|redazione|"
    r"redaktion\w*|rédaction|redacción|desk|team|company|sponsored|online|magazine|today|bureau|xəbər|ajansı|агентств\w*|"
    r"новости|officer|director|manager|head of|reuters|bloomberg)$|^(?:head of|chief|агентство|иа)\s",
    re.IGNORECASE,
)
_ACRONYM = re.compile(r"[A-ZА-ЯІЇƏ]{2,5}")  # agencies, and degrees after a name
_TRAILING = re.compile(
    r"\s+(?:the associated press|associated press|usa today|reuters|afp|ap|phd|m\.?d\.?|ms|ma)$", re.IGNORECASE
)
_NOT_A_NAME = re.compile(r"https?:|www\.|@\S+\.\w|[{}<>\[\]=#]|\d{3,}|\.(?:com|net|org|az|ru|kz|html)\b", re.IGNORECASE)
_ROLE = re.compile(
    r"\s*(?:[,(|–—-]\s*)?\b(?:senior |chief |staff |special |political |science |business )*"
    r"(?:reporter|correspondent|editor(?:-in-chief)?|writer|contributor|journalist|columnist|photographer)\b.*$",
    re.IGNORECASE,
)


def authors_of(head: Head, site: str) -> tuple[str, ...]:
    """People who wrote the page, in its order, each once: JSON-LD, then meta, then bylines marked up as such."""
    agencies: tuple[str, ...] = ()
    for ask in (_from_jsonld, _from_metas, _from_markup, _from_bylines, _from_links):
        found = ask(head)
        agencies = agencies or _agencies(found, head, site)
        people = _people(found, head, site)
        if people:
            return (*people, *agencies)
    return agencies


def _agencies(found: list[str], head: Head, site: str) -> tuple[str, ...]:
    """Agencies that a byline credits alone, never the outlet itself."""
    parts = [part.strip() for value in found for part in _AND.split(plain(value))]
    named = [part for part in parts if _AGENCY.fullmatch(part) and not _is_site(part, head, site)]
    return tuple(dict.fromkeys(named))


def _from_jsonld(head: Head) -> list[str]:
    value = resolve(head.article.get("author") or head.article.get("creator"), head.nodes)
    entries = value if isinstance(value, list) else [value]
    names: list[tuple[str, bool]] = []
    for entry in entries[:MOST_AUTHORS]:
        organisation = isinstance(entry, dict) and bool(types_of(entry) & {"organization", "newsmediaorganization"})
        value = entry.get("name") if isinstance(entry, dict) else entry
        parts: list[Any] = value if isinstance(value, list) else [value]
        names.extend((part, organisation) for part in parts if isinstance(part, str))
    if len(names) > 1 and not all(organisation for _, organisation in names):
        return [name for name, organisation in names if not organisation]
    return [name for name, _ in names]


def _from_metas(head: Head) -> list[str]:
    for name in _AUTHOR_METAS:
        values = [value for value in head.metas.get(name, ()) if not _NOT_A_NAME.search(value)]
        if values:
            return values
    return []


def _from_markup(head: Head) -> list[str]:
    found = head.tree.xpath('//*[@itemprop="author" or @rel="author"]')
    names = []
    for element in found[:MOST_AUTHORS]:
        inner = element.xpath('.//*[@itemprop="name"]')
        text = one_line((inner[0] if inner else element).text_content()) or one_line(element.get("content"))
        if 2 < len(text) < LONGEST_AUTHOR:
            names.append(text)
    return names


def _from_bylines(head: Head) -> list[str]:
    """The first element named like a byline, where its text is nothing but names."""
    looked = 0
    for element in head.tree.iter("span", "a", "p", "div", "address", "strong", "li", "h4", "h5"):
        name = f"{element.get('class') or ''} {element.get('id') or ''}"
        if not _BYLINE_NAMES.search(name) or _NOT_BYLINE_NAMES.search(name):
            continue
        looked += 1
        text = one_line(" ".join(element.itertext()))
        names = _BY.sub("", text)
        each = [part for word in element.itertext() if (part := _BY.sub("", one_line(word)).strip(" ,;|·"))]
        if 1 < len(each) <= MOST_AUTHORS and all(_ONE_NAME.fullmatch(part) for part in each):
            return each
        if 4 < len(text) < LONGEST_AUTHOR and _NAMES.fullmatch(names):
            return [names]
        if looked > MOST_AUTHORS:
            break
    return []


def _from_links(head: Head) -> list[str]:
    """The first link to an author's page outside the page's margins, with those that stand beside it."""
    for link in islice(head.tree.iter("a"), MOST_LINKS):
        if not _AUTHOR_ADDRESS.search(link.get("href") or "") or any(
            up.tag in ("aside", "footer", "nav") for up in link.iterancestors()
        ):
            continue
        block = link.getparent()
        beside = list(islice(block.iter("a"), MOST_AUTHORS)) if block is not None else [link]
        names = [one_line(one.text_content()) for one in beside if _AUTHOR_ADDRESS.search(one.get("href") or "")]
        if names and all(_ONE_NAME.fullmatch(_TITLE.sub("", name)) for name in names):
            return names
    return []


def _people(found: list[str], head: Head, site: str) -> tuple[str, ...]:
    people: dict[str, str] = {}
    for value in found:
        for part in _AND.split(_BY.sub("", plain(value))):
            name = _TRAILING.sub("", _ROLE.sub("", _BY.sub("", part)).strip(" .,:;-–—|*"))
            if _is_person(name) and not _is_site(name, head, site):
                people.setdefault(_squeezed(name), name)
    return tuple(people.values())[:MOST_AUTHORS]


def _is_person(name: str) -> bool:
    likely = 1 < len(name) <= 60 and any(letter.isalpha() for letter in name)
    likely = likely and not _ACRONYM.fullmatch(name) and not _ORGANISATION.search(name)
    return likely and not _NOBODY.match(name) and not _NOT_A_NAME.search(name)


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
