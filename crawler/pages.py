"""Page bytes to a `Page`: one tree, a metadata cascade, dates with evidence, body, language, kind. Pure, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lxml.html import HtmlElement
from trafilatura.utils import load_html

from crawler.bodies import body_of, is_hostile
from crawler.decoding import decode
from crawler.jsonld import text_of
from crawler.language import language_of
from crawler.listings import select
from crawler.metadata import about_of, authors_of, canonical_of, read_head, site_name, title_of
from crawler.pagedates import When, modified_of, published_of
from crawler.pagekind import kind_of
from crawler.plain import one_line
from models.article import Page

HEAD_CHARS = 300_000  # of a hostile page's markup, enough for its <head>
_BODY_START = re.compile(r"<body\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hints:
    """CSS that an outlet's config gives for its own pages; "" leaves the field to the general rules."""

    title: str = ""
    body: str = ""
    date: str = ""


def read_page(
    body: bytes,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    language: str | None = None,
    zone: str | None = None,
    now: datetime | None = None,
    hints: Hints | None = None,
) -> Page:
    """Everything we take from one page.

    url       the address the bytes came from; relative and canonical addresses are judged by it.
    language  two letters, what the source says it writes: only for dates. The page's own language is found in its text.
    zone      IANA name for dates without an offset, UTC when None.
    now       when the bytes were fetched; None leaves relative dates open and lets no date be "in the future".
    Raises TooLarge over 25 MB unpacked, CollectError `not_html` for PDF, pictures and archives, `bad_gzip`.
    A page without words comes back as kind "empty": nothing is raised for it.
    """
    markup, warnings = decode(body, url, headers)
    hostile = is_hostile(markup)
    if hostile:
        warnings.append("hostile markup: read without its structure")
    tree = _tree(_head_only(markup) if hostile else markup)
    if tree is None:
        return Page("", "", (), None, None, None, url, "empty", warnings=(*warnings, "no HTML"))
    head = read_head(tree, url)
    warnings.extend(head.warnings)
    hints = hints or Hints()
    site = site_name(head)
    title = _selected(tree, hints.title) or title_of(head, site)
    when = When(language, zone, now)
    published = published_of(head, when, warnings, _selected(tree, hints.date))
    text = _selected_lines(tree, hints.body) or body_of(
        None if hostile else tree,
        markup,
        text_of(head.article.get("articleBody")),
        f"{title} {about_of(head)}",
        warnings,
    )
    text = _without_headline(text, title)
    return Page(
        title=title,
        text=text,
        authors=authors_of(head, site),
        published=published,
        modified=modified_of(head, when),
        language=language_of(text, title) if text else None,
        canonical_url=canonical_of(head),
        kind=kind_of(head, title, text, markup),
        site_name=site,
        warnings=tuple(dict.fromkeys(warnings)),
    )


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
    """The body without first lines that only repeat the title: a name in it would count as mentioned twice."""
    wanted = " ".join(title.casefold().split())
    first, _, rest = text.partition("\n")
    while wanted and rest and " ".join(first.casefold().split()) == wanted:
        text = rest
        first, _, rest = text.partition("\n")
    return text


def _selected(tree: HtmlElement, css: str) -> str:
    found = select(tree, css) if css else []
    return one_line(" ".join(found[0].itertext())) if found else ""


def _selected_lines(tree: HtmlElement, css: str) -> str:
    found = select(tree, css) if css else []
    return "\n".join(line for element in found if (line := one_line(" ".join(element.itertext()))))
