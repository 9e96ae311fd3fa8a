"""The words of an article out of a page: trafilatura, checked by JSON-LD's articleBody, resiliparse where it fails."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Sequence
from configparser import ConfigParser
from functools import cache

import trafilatura
from lxml.html import HtmlElement
from resiliparse.extract.html2text import extract_plain_text
from trafilatura.settings import use_config

from crawler.bodylines import link_blocks, without_noise
from crawler.bodyparts import completed, missing_share, paragraphs_of, prose_share, standfirst, unwrap_layout_tables
from crawler.plain import one_line, plain

SHORT = 250  # characters; a body below is compared with the fallback's
# When a body is doubted. An article has most words of its title and description, and is mostly prose of the page.
LEAST_KNOWN, SURELY_KNOWN = 0.5, 0.8  # share of those words in a body that is doubted, and in one that is taken instead
LEAST_PROSE_SHARE, MOST_MISSING = 0.35, 0.6  # of the body that is prose; of the page's prose that it lacks
# Of the body that is prose; of the page's prose that it lacks: such a body is the article, however its title is worded.
SURELY_PROSE, SURELY_WHOLE = 0.8, 0.25
# A body of fewer characters, on a page of which it lacks half of the prose, is doubted too: taken for it is one that is
# LONGER times as long and about the page.
DOUBTFUL, HALF_MISSING, LONGER = 1_200, 0.5, 1.5
# Of a standfirst's longer words that the text has: from there on it only repeats the text. Of the labelled sets two
# hold standfirsts for text and two do not; at .6 segments gain .006 and no set of bodies loses.
REPEATS = 0.6
LONGER_WORD, FEWEST_WORDS = 4, 5  # letters of a word that tells something; words that are enough to judge by
LEAST_ARTICLE_BODY = 250  # characters of articleBody from which it says anything
MOST_TAGS = 60_000  # tags that trafilatura is given; more took it past its time (measured, shared notes)
MOST_CHARS = 3_000_000  # of markup without scripts
MOST_UNCLOSED = 400  # end tags missing of divs and spans; libxml2 gives up at 256 levels
WORDS_IN_GRAM = 4
DISAGREES = 0.3  # of articleBody's word groups found in a body: below it the two are different texts
# Below trafilatura's own 250 characters its last resort glues paragraphs together: short news and Chinese suffer.
# Measured on the four body sets: aeb .956 -> .960, the others +-.0002.
LEAST_EXTRACTED = 100

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # an empty body is our normal case, told by our warnings
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

_WORD = re.compile(r"\w+")
_NO_SPACES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff]")
_SCRIPTS = re.compile(r"<(script|style|svg|template)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_COMMENTS = re.compile(r"<!--.*?-->", re.DOTALL)
_INLINE_NESTS = re.compile(
    r"</?(?:div|span|b|i|em|strong|font|a|section|small|u|s|object|option|iframe)\b[^<>]*>", re.IGNORECASE
)
_OPENED = re.compile(r"<(?:div|span|b|i|font|section|blockquote|ul|table|object|option|iframe)\b", re.IGNORECASE)
_CLOSED = re.compile(r"</(?:div|span|b|i|font|section|blockquote|ul|table|object|option|iframe)\b", re.IGNORECASE)


def is_hostile(markup: str) -> bool:
    """Whether the page is built so that a tree of it loses the words or takes too long: too many or too deep tags."""
    if len(markup) > MOST_CHARS and len(_SCRIPTS.sub("", markup)) > MOST_CHARS:
        return True
    if markup.count("<") > 2 * MOST_TAGS:
        return True
    opened, closed = len(_OPENED.findall(markup)), len(_CLOSED.findall(markup))
    if opened - closed > MOST_UNCLOSED:
        return True
    return _deepest(markup) > 250 if opened > 1_000 else False


def _deepest(markup: str) -> int:
    depth = deepest = 0
    for tag in re.finditer(r"<(/?)(?:div|span|section|blockquote|ul|table)\b", markup, re.IGNORECASE):
        depth = max(0, depth - 1) if tag[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def body_of(
    tree: HtmlElement | None,
    markup: str,
    article_body: str,
    about: str,
    warnings: list[str],
    descriptions: Sequence[str] = (),
) -> str:
    """Paragraphs separated by one newline; "" where the page has no words that look like an article.

    tree          None for a hostile page: then only the fallback reads `markup`.
    article_body  JSON-LD's own text, "" where there is none.
    about         the page's title and description: a body that holds few of their words is somebody else's.
    descriptions  what the page says of itself: a paragraph of it that does so, too, is the standfirst.
    """
    if tree is not None:
        unwrap_layout_tables(tree)
    body = _of_tree(tree, markup, about, warnings) if tree is not None else ""
    if len(article_body) >= LEAST_ARTICLE_BODY:
        if tree is not None and _is_other_text(body, article_body):
            body = max((body, *_slower(tree, markup)), key=lambda text: _agreement(text, article_body))
        body = _checked(body, article_body, warnings)
    if len(body) < SHORT:
        other = _by_resiliparse(markup, hostile=tree is None)
        if len(other) > 2 * len(body):
            warnings.append("body by the fallback")
            body = other
    first = standfirst(tree, body, descriptions) if tree is not None and body else ""
    if first and _kept(first, body) < REPEATS:
        body = _with_first(body, first, about)
    body = without_noise(_lines(body), link_blocks(tree) if tree is not None else set())
    return body if _WORD.search(body) else ""


def _of_tree(tree: HtmlElement, markup: str, about: str, warnings: list[str]) -> str:
    """trafilatura's body, completed; where that is doubtful, the best of slower ways."""
    paragraphs = paragraphs_of(tree)
    body = _by_trafilatura(tree)
    if (whole := completed(body, paragraphs)) != body:
        warnings.append("body completed by paragraphs of its own shape")
        body = whole
    prose, missing = prose_share(body, paragraphs), missing_share(body, paragraphs)
    if prose >= SURELY_PROSE and missing <= SURELY_WHOLE:
        return body
    if len(body) < DOUBTFUL and (missing >= HALF_MISSING or not paragraphs):
        other = _by_trafilatura(tree, fast=False)
        if len(other) > LONGER * len(body) and _kept(about, other) >= LEAST_KNOWN:
            warnings.append("body by a slower way: the quick one's was a small part of the page")
            return other
    better = False
    other = ""
    if _kept(about, body) < LEAST_KNOWN:
        other = max(_slower(tree, markup), key=lambda text: (_kept(about, text), -len(text)))
        better = _kept(about, other) >= SURELY_KNOWN
    elif prose < LEAST_PROSE_SHARE and missing > MOST_MISSING:
        other = min(_slower(tree, markup), key=lambda text: (missing_share(text, paragraphs), len(text)))
        better = missing_share(other, paragraphs) < 1 - MOST_MISSING
    if better:
        warnings.append("body by a slower way: the quick one's was another part of the page")
    return other if better else body


def _with_first(body: str, first: str, about: str) -> str:
    """The standfirst before the text, after a headline that stands there."""
    headline, _, rest = body.partition("\n")
    if rest and headline.strip() and about.startswith(headline.strip()):
        return f"{headline}\n{first}\n{rest}"
    return f"{first}\n{body}"


def _slower(tree: HtmlElement, markup: str) -> tuple[str, str]:
    return _by_trafilatura(tree, fast=False), _by_resiliparse(markup, hostile=False)


def _kept(about: str, body: str) -> float:
    """What share of the longer words of title and description a body has; 1.0 where there are too few to tell, or where
    words have no spaces between them."""
    if _NO_SPACES.search(about):
        return 1.0
    words = {word for word in _WORD.findall(about.casefold()) if len(word) >= LONGER_WORD}
    if len(words) < FEWEST_WORDS:
        return 1.0
    have = set(_WORD.findall(body.casefold()))
    return len(words & have) / len(words)


def _lines(text: str) -> str:
    return "\n".join(line for part in text.splitlines() if (line := one_line(part)))


def _by_trafilatura(tree: HtmlElement, *, fast: bool = True) -> str:
    found = trafilatura.bare_extraction(
        tree, fast=fast, include_comments=False, with_metadata=False, config=_settings()
    )
    return str(found.text or "") if found is not None and not isinstance(found, dict) else ""


@cache
def _settings() -> ConfigParser:
    settings = use_config()
    settings.set("DEFAULT", "MIN_EXTRACTED_SIZE", str(LEAST_EXTRACTED))
    return settings


def _by_resiliparse(markup: str, *, hostile: bool) -> str:
    markup = _COMMENTS.sub(" ", markup)
    if hostile:  # deep nests are no structure: without them the parser is linear
        markup = _INLINE_NESTS.sub("\n", _SCRIPTS.sub(" ", markup))[: 2 * MOST_CHARS]
    text = extract_plain_text(
        markup, main_content=not hostile, alt_texts=False, preserve_formatting=True, list_bullets=False
    )
    return str(text)


# --------------------------------------------------------------------------------------------------- JSON-LD as a check


def _grams(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return Counter(tuple(words[i : i + WORDS_IN_GRAM]) for i in range(max(1, len(words) - WORDS_IN_GRAM + 1)))


def _share(inside: Counter[tuple[str, ...]], of: Counter[tuple[str, ...]]) -> float:
    total = sum(of.values())
    return sum((inside & of).values()) / total if total else 0.0


def _agreement(body: str, article_body: str) -> float:
    """How much two texts have of each other, 0 to 1."""
    ours, theirs = _grams(body), _grams(_article_text(article_body))
    return min(_share(ours, theirs), _share(theirs, ours))


def _is_other_text(body: str, article_body: str) -> bool:
    return bool(body) and _share(_grams(body), _grams(_article_text(article_body))) < DISAGREES


def _checked(body: str, article_body: str, warnings: list[str]) -> str:
    """The body less the lines that articleBody does not have, or articleBody itself where it holds more of the same."""
    stated = _article_text(article_body)
    ours, theirs = _grams(body), _grams(stated)
    if not body:
        return stated
    if _share(ours, theirs) >= 0.75 and len(stated) > 0.6 * len(body):
        return _covered_lines(body, theirs)
    if _share(theirs, ours) >= 0.75 and len(stated) > 1.2 * len(body):
        return stated
    if _share(ours, theirs) < DISAGREES:
        warnings.append("articleBody disagrees with the page")
    return body


def _article_text(value: str) -> str:
    paragraphs = re.split(r"</p\s*>|<br\s*/?>|\n", value, flags=re.IGNORECASE)
    return "\n".join(text for part in paragraphs if (text := plain(part)))


def _covered_lines(body: str, stated: Counter[tuple[str, ...]]) -> str:
    lines = [line for line in body.splitlines() if line.strip()]
    kept = [_share(stated, _grams(line)) >= 0.5 for line in lines]
    if not any(kept):
        return body
    first, last = kept.index(True), len(kept) - 1 - kept[::-1].index(True)
    return "\n".join(
        line for place, line in enumerate(lines) if kept[place] or (first < place < last and len(line) < 90)
    )
