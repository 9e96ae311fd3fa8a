"""Who wrote a page: JSON-LD, then meta, then bylines as newsrooms mark them up or print them. People, not outlets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from lxml.html import HtmlElement

from crawler.jsonld import resolve, types_of
from crawler.metadata import Head, is_site, letters_of
from crawler.plain import one_line, plain

LONGEST_AUTHOR = 80  # characters of an element that holds a byline
MOST_AUTHORS = 20
MOST_PIECES = 60  # pieces of text in a byline, white space between its elements included
MOST_LOOKED = 5_000  # elements that are looked at for one that begins like a byline
MOST_LINKS = 2_000  # of a page that are looked at for its author's

_AUTHOR_METAS = (
    "author", "article:author", "dc.creator", "dcterms.creator", "dc.author", "parsely-author", "sailthru.author",
    "byl", "cxenseparse:author", "article:author_name", "og:article:author", "og:author", "dc:creator", "articleauthor",
    "citation_author",
)  # fmt: skip
_AND = re.compile(r"\s*[;|,•·/]\s*|\s+(?:and|und|et|и|və|ve|та|with|y|&)\s+|\s{3,}", re.IGNORECASE)
_BYLINE_NAMES = re.compile(r"author|byline|autor|yazar|müəllif", re.IGNORECASE)
_NOT_BYLINE_NAMES = re.compile(r"comment|bio|related|avatar|image|social|authori[sz]|date|list", re.IGNORECASE)
_BYLINE_LIST = re.compile(r"((?:author|autor|byline)s?)[-_]*list", re.IGNORECASE)
# Blocks around an article that show others of its kind, each with its own author.
_MARGIN_NAMES = re.compile(
    r"(?:^|[\s_-])(?:teasers?|recommend\w*|comments?|popular|most-?(?:read|viewed)|read-?(?:more|next)|"
    r"sidebar|promo|carousel|swiper|slider)(?=$|[\s_-])",
    re.IGNORECASE,
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
# What begins a byline whatever its markup is called, and its names in the scripts that have no capital letters.
_BY_WORD = re.compile(
    r"\s*(?:(?:by|von|par|por|text by|written by|story by|reported by|автор(?:ы)?|автор статьи|текст|müəllif|yazar|"
    r"мәтін|ავტორი)\b|(?:本报|本网|本台|见习)?记者|作者|撰文|文)\s*[:：|]?\s*",
    re.IGNORECASE,
)
_SCRIPT_NAMES = re.compile(
    r"[\u4e00-\u9fff]{2,4}(?:[、，, ]\s*[\u4e00-\u9fff]{2,4}){0,4}|"
    r"[\u10d0-\u10ff]{2,15} [\u10d0-\u10ff]{3,20}(?:, [\u10d0-\u10ff]{2,15} [\u10d0-\u10ff]{3,20}){0,3}"
)
_NOBODY = re.compile(
    r"^(?:admin(?:istrator)?|editor(?:ial)?(?: team| staff| board)?|staff(?: writer| reporter)?s?|news ?(?:desk|room)|"
    r"web ?desk|web ?master|user|guest|author|unknown|none|null|anonymous|reporter|correspondent|redaksiya|"
    r"редакци[яи]|редактор|администратор|редакция сайта|корреспондент|редакціяз?|редакція|editör|haber merkezi|"
    r"müxbir|тілші|редакциясы|redaktor|press release|agenc(?:y|ies)|about the author|read more|view all.*|all posts.*|"
    r".*(?:facebook|twitter|telegram|whatsapp|linkedin|instagram).*|"
    r"zeige alle beiträge.*|see full bio|follow|subscribe|published|updated|share|contributors?|superuser|root|test)$",
    re.IGNORECASE,
)
# Words that no person's name ends with or begins with: agencies, desks and titles.
_ORGANISATION = re.compile(
    r"^the\s|\b(?:press|agency|agence|agentur|agenzia|news|newswire|times|daily|journal|media|staff|redazione|"
    r"redaktion\w*|\w*agentur|rédaction|redacción|desk|team|company|sponsored|online|magazine|today|bureau|xəbər|ajansı|агентств\w*|"
    r"новости|officer|director|manager|head of|reuters|bloomberg)$|^(?:head of|chief|агентство|иа)\s",
    re.IGNORECASE,
)
_ACRONYM = re.compile(r"[A-ZА-ЯІЇƏ]{2,5}")  # agencies, and degrees after a name
_TRAILING = re.compile(
    r"\s+(?:the associated press|associated press|usa today|reuters|afp|ap|phd|m\.?d\.?|ms|ma|@\w+)$", re.IGNORECASE
)
_NOT_A_NAME = re.compile(
    r"https?:|www\.|@\S+\.\w|[{}<>\[\]=#]|\d{3,}|^[a-z0-9-]+\.[a-z]{2,4}$|\.(?:com|net|org|az|ru|kz|html)\b",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\s*(?:[,(|–—-]\s*)?\b(?:senior |chief |staff |special |political |science |business )*"
    r"(?:reporter|correspondent|editor(?:-in-chief)?|writer|contributor|journalist|columnist|photographer)\b.*$",
    re.IGNORECASE,
)


def authors_of(head: Head, site: str) -> tuple[str, ...]:
    """People who wrote the page, in its order, each once: JSON-LD, then each meta name, then bylines marked up as such,
    then what begins like a byline or stands alone before the text."""
    agencies: tuple[str, ...] = ()
    for found in _statements(head):
        agencies = agencies or _agencies(found, head, site)
        people = _people(found, head, site)
        if people:
            return (*people, *agencies)
    return agencies


def _statements(head: Head) -> Iterator[list[str]]:
    """What each place of the page says of its authors, the surest first; the later ones are asked only when needed."""
    yield _from_jsonld(head)
    for name in _AUTHOR_METAS:
        values = [value for value in head.metas.get(name, ()) if not _NOT_A_NAME.search(value)]
        if values:
            yield values
    for ask in (_from_markup, _from_bylines, _from_links, _from_words, _from_first_line):
        yield ask(head)


def _agencies(found: list[str], head: Head, site: str) -> tuple[str, ...]:
    """Agencies that a byline credits alone, never the outlet itself."""
    parts = [part.strip() for value in found for part in _AND.split(plain(value))]
    named = [part for part in parts if _AGENCY.fullmatch(part) and not is_site(part, head, site)]
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
        name = _BYLINE_LIST.sub(r"\1", f"{element.get('class') or ''} {element.get('id') or ''}")
        if not _BYLINE_NAMES.search(name) or _NOT_BYLINE_NAMES.search(name) or _in_margin(element):
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


def _in_margin(element: HtmlElement) -> bool:
    """Whether it stands in a block of the page's margin; one that holds the headline, too, is the page itself."""
    for up in element.iterancestors():
        if up.tag in ("aside", "footer", "nav") or (up.tag != "body" and _MARGIN_NAMES.search(up.get("class") or "")):
            return next(up.iter("h1"), None) is None
    return False


def _from_words(head: Head) -> list[str]:
    """The first element that begins with the word for "by" and holds nothing but names after it."""
    for element in islice(head.tree.iter("span", "p", "div", "li", "em", "strong", "b", "i", "address"), MOST_LOOKED):
        own = (element.text or "").strip()
        if len(own) > LONGEST_AUTHOR or not (by := _BY_WORD.match(own)):
            continue
        text = one_line(" ".join(islice(element.itertext(), MOST_PIECES)))
        if by.end() == len(own) and len(text) <= len(own) and (parent := element.getparent()) is not None:
            text = one_line(
                " ".join(islice(parent.itertext(), MOST_PIECES))
            )  # the word stands in an element of its own
        if not 4 < len(text) < LONGEST_AUTHOR or not (by := _BY_WORD.match(text)):
            continue
        names = re.sub(r"(?:\s*,)+", ",", text[by.end() :]).strip(" ,;|·()（）")
        if (_SCRIPT_NAMES.fullmatch(names) or _are_names(names)) and not _in_margin(element):
            return re.split(r"[、，, ]\s*", names) if "\u4e00" <= names[0] <= "\u9fff" else [names]
    return []


def _are_names(text: str) -> bool:
    """Whether it is names and nothing else, in any script with capital letters: the pattern alone knows only a-z."""
    words = [word for word in _AND.sub(" ", text).split() if word[0].isalpha()]
    return _NAMES.fullmatch(text) is not None and all(word[0].isupper() for word in words)


def _from_first_line(head: Head) -> list[str]:
    """A paragraph of bold or slanted names and nothing else between the headline and the first words of the text."""
    headline = False
    for element in islice(head.tree.iter("h1", "p"), MOST_LOOKED):
        if element.tag == "h1":
            headline = True
            continue
        text = one_line(" ".join(islice(element.itertext(), MOST_PIECES)))
        if not headline or not text:
            continue
        if len(text) > LONGEST_AUTHOR and not _in_margin(element):
            return []
        if len(element) == 1 and element[0].tag in ("strong", "b", "em", "i") and not (element.text or "").strip():
            names = _BY.sub("", text.replace("/", ", "))
            if _are_names(names) and len(text) <= LONGEST_AUTHOR and not _in_margin(element):
                return [names]
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
        if is_site(plain(value), head, site):  # "Jobs & Hire" is no pair of people
            continue
        for part in _AND.split(_BY.sub("", plain(value))):
            name = _TRAILING.sub("", _ROLE.sub("", _BY.sub("", part)).strip(" .,:;-–—|*"))
            if _is_person(name) and not is_site(name, head, site) and not _is_branch(name, site):
                people.setdefault(letters_of(name), name)
    return tuple(people.values())[:MOST_AUTHORS]


def _is_branch(name: str, site: str) -> bool:
    """Whether a name in capitals is the outlet's and a region's: "MDR SACHSEN"."""
    first, _, rest = name.partition(" ")
    return bool(rest) and name.isupper() and letters_of(site).startswith(letters_of(first))


def _is_person(name: str) -> bool:
    likely = 1 < len(name) <= 60 and any(letter.isalpha() for letter in name)
    likely = likely and not _ACRONYM.fullmatch(name) and not _ORGANISATION.search(name)
    return likely and not _NOBODY.match(name) and not _NOT_A_NAME.search(name)
