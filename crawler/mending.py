"""Markup mended where a parser would lose the words behind a slip: open quotes, open asides, pages of frames. Pure."""

from __future__ import annotations

import re

# A value whose quote is not closed before its tag ends would go on to the next quote. Only where a tag begins before
# that quote, because a value may hold ">"; never in what runs as a script. Bounds keep the search linear.
_OPEN_QUOTE = re.compile(
    r"""(<[a-z][^<>]{0,500}?\s(?!on)[\w:-]{1,40}=)"""
    r"""(?:"([^"<>=]{0,1000})(?<!--)>(?=[^"<]{0,4000}<)|'([^'<>=]{0,1000})(?<!--)>(?=[^'<]{0,4000}<))""",
    re.IGNORECASE,
)
_SEEMS_OPEN = tuple(  # the same without the tag before it: four times as fast, and most pages have none
    re.compile(rf"={quote}[^{quote}<>=]{{0,1000}}(?<!--)>(?=[^{quote}<]{{0,4000}}<)") for quote in ("'", '"')
)
_FRAMES = re.compile(r"</?(?:frameset|frame|noframes)\b[^<>]*>", re.IGNORECASE)
_FRAMESET = re.compile(r"<frameset\b", re.IGNORECASE)
_BODY = re.compile(r"<body\b", re.IGNORECASE)
_SCRIPTS = re.compile(r"<(script|style|template)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_MARGINS = ("aside", "footer", "nav")  # what extractors leave out, with all that an open one holds


def mended(markup: str, warnings: list[str]) -> str:
    """The markup, changed only where words would be lost."""
    if any(seems.search(markup) for seems in _SEEMS_OPEN):
        markup, count = _OPEN_QUOTE.subn(_with_quote, markup)
        if count:
            warnings.append("a quote without an end")
    frames = _FRAMESET.search(markup)
    if frames and not _BODY.search(markup, 0, frames.start()):
        warnings.append("a page of frames: its text is on other pages")
        markup = _FRAMES.sub(" ", markup)
    for name in _MARGINS:
        markup = _without_open(name, markup, warnings)
    return markup


def _with_quote(match: re.Match[str]) -> str:
    quote, value = ('"', match[2]) if match[2] is not None else ("'", match[3])
    return f"{match[1]}{quote}{value}{quote}>"


def _without_open(name: str, markup: str, warnings: list[str]) -> str:
    """The markup without the tags of this name where the last of them opens and nothing closes it."""
    opened, closed = markup.rfind(f"<{name}"), markup.rfind(f"</{name}")
    if opened <= closed:
        return markup
    words = _SCRIPTS.sub("", markup)
    if words.rfind(f"<{name}") <= words.rfind(f"</{name}"):
        return markup
    warnings.append(f"{name} without an end")
    return f"{markup[:opened]}<div{markup[opened + len(name) + 1 :]}"
