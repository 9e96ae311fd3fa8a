"""Page bytes to a `Page`: one tree, a metadata cascade, dates with evidence, body, language, kind. Pure, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from lxml.html import HtmlElement
from trafilatura.utils import load_html

from crawler.addresses import splittable
from crawler.bodies import SHORT, body_of, is_hostile
from crawler.bylines import authors_of
from crawler.decoding import decode
from crawler.jsonld import text_of
from crawler.language import Languages, languages_of
from crawler.mending import mended
from crawler.metadata import Head, about_of, canonical_of, descriptions_of, read_head, site_name, title_of
from crawler.pagedates import When, modified_of, published_of, stated_day
from crawler.pagehints import hinted, hinted_body, hinted_date, hinted_title, layouts, order_of, zone_of
from crawler.pagekind import kind_of
from crawler.plain import lowered
from models.article import Page
from models.config import PageHints
from models.dates import aware
from models.text import without_breakers

HEAD_CHARS = 300_000  # of a hostile page's markup, enough for its <head>
LINES_OVER_TITLE = 3  # of a body that are looked at for its title
LONGEST_OVER_TITLE = 40  # characters of a line that is a section, a date or a byline; a longer one says something
_BODY_START = re.compile(r"<body\b", re.IGNORECASE)


def read_page(
    body: bytes,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    language: str | None = None,
    zone: str | None = None,
    now: datetime | None = None,
    hints: PageHints | Sequence[PageHints] | None = None,
) -> Page:
    """Everything we take from one page.

    url       the address the bytes came from; relative and canonical addresses are judged by it.
    language  two letters, what the source says it writes: for dates, and for a text too short to tell its language.
    zone      IANA name for dates without an offset, UTC when None.
    now       when the bytes were fetched, UTC when it has no zone; None leaves relative dates open and lets no date be
              "in the future".
    hints     what the outlet's config says of its own pages, one for each layout; which fits is decided here.
    Raises TooLarge over 25 MB unpacked, CollectError `not_html` for PDF, pictures and archives, `bad_gzip`.
    A page without words comes back as kind "empty": nothing is raised for it.
    """
    url, headers, now = splittable(url), lowered(headers), aware(now)
    markup, warnings = decode(body, url, headers)
    markup = mended(markup, warnings)
    hostile = is_hostile(markup)
    if hostile:
        warnings.append("hostile markup: read without its structure")
    tree = _tree(_head_only(markup) if hostile else markup)
    if tree is None:
        return Page("", "", (), None, None, None, url, "empty", warnings=(*warnings, "no HTML"))
    head = read_head(tree, url)
    warnings.extend(head.warnings)
    given = (hints,) if isinstance(hints, PageHints) else tuple(hints or ())
    when = When(language, zone, now)
    if given:
        day = stated_day(head, when) if any(one.valid_until for one in given) else None
        given = layouts(given, url, day, now.date() if now else None)
        when = replace(when, zone=zone_of(given, zone), order=order_of(given))
    site = site_name(head)
    title = without_breakers(hinted_title(given, tree, title_of(head, site), warnings))
    published, conflicts = published_of(head, when, warnings, hinted_date(given, tree, warnings))
    text = without_breakers(_body(tree, markup, head, title, hostile, given, warnings))
    text = _without_headline(text, title)
    spoken = languages_of(text, title, language or _claimed(tree)) if text else Languages(None)
    return Page(
        title=title,
        text=text,
        authors=_authors(head, site, hinted(given, "author", tree, warnings).texts),
        published=published,
        modified=modified_of(head, when),
        language=spoken.text,
        canonical_url=canonical_of(head),
        kind=kind_of(head, title, text, markup, headers),
        site_name=site,
        warnings=tuple(dict.fromkeys(warnings)),
        conflicts=conflicts,
        title_language=spoken.title,
        also_in=spoken.also,
    )


def _body(
    tree: HtmlElement,
    markup: str,
    head: Head,
    title: str,
    hostile: bool,
    hints: Sequence[PageHints],
    warnings: list[str],
) -> str:
    """By hint or by the general rules. A hint that nobody has proven and that finds little must find half as much as
    they do: selectors age into teasers and captions, and a text cut short is worse than one with a line too many."""
    hint = hinted_body(hints, tree, warnings)
    found = "".join(hint.texts)
    if found and (hint.proven or len(found) >= SHORT):
        return found
    about = f"{title} {about_of(head)}"
    general = body_of(
        None if hostile else tree,
        markup,
        text_of(head.article.get("articleBody")),
        about,
        warnings,
        descriptions_of(head),
    )
    if found and len(found) * 2 >= len(general):
        return found
    if found:
        warnings.append("hint for body found little: general rules found more")
    return general


def _authors(head: Head, site: str, found: Sequence[str]) -> tuple[str, ...]:
    """Names that a hint points at are judged like any others: as if the page had stated them."""
    if found:
        named = replace(head, article={**head.article, "author": list(found)})
        if people := authors_of(named, site):
            return people
    return authors_of(head, site)


def _claimed(tree: HtmlElement) -> str | None:
    """Two letters of `<html lang>`."""
    said = tree.getroottree().getroot().get("lang") or ""
    return said[:2].lower() or None


def _tree(markup: str) -> HtmlElement | None:
    if not markup.strip():
        return None
    tree = load_html(markup)
    # trafilatura takes a lone element or bare words for no HTML; they may be an article all the same
    return tree if tree is not None else load_html(f"<html><head></head><body>{markup}</body></html>")


def _head_only(markup: str) -> str:
    start = _BODY_START.search(markup, 0, HEAD_CHARS)
    return f"{markup[: start.start() if start else HEAD_CHARS]}<body><p>-</p></body></html>"


def _without_headline(text: str, title: str) -> str:
    """The body without first lines that only repeat the title, and what is printed over it, such as a section's name:
    a name in them would count as mentioned twice."""
    wanted = " ".join(title.casefold().split())
    lines = text.split("\n")
    begin = number = 0  # the first line that stays, the one that is looked at
    while wanted and number < min(begin + LINES_OVER_TITLE, len(lines) - 1):
        if " ".join(lines[number].casefold().split()) == wanted:
            begin = number + 1
        elif len(lines[number]) > LONGEST_OVER_TITLE:
            break
        number += 1
    return "\n".join(lines[begin:])
