"""Which outlets an article names as its origin: a cue next to a name, the name resolved to an outlet of the config."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from models.article import Attribution, Mention, Part
from models.config import Alias, Config, Entity, Outlet
from models.text import Folded, evidence, fold, fold_word
from pipelines.cues import (
    AFTER_PATTERNS,
    AND,
    BEFORE_PATTERNS,
    COMMON_NAMES,
    COMMON_NEED,
    GENERIC,
    LABELS,
    LAST_AFTER,
    LAST_BEFORE,
    MEDIA,
    OPENING_AFTER,
    OPENING_BEFORE,
    PAPER_AFTER,
    PAPER_BEFORE,
    PAPER_WORD,
    PAPERS,
    QUOTED,
    ROLE_PATTERNS,
    SIGNED_AFTER,
    SIGNED_BEFORE,
)
from pipelines.names import UNRESOLVED, trimmed
from pipelines.spans import Spans
from pipelines.watch import Tagger

RULE_VERSION = 5  # counted up when the rules below change what is found
CUE_REACH = 110  # folded characters beside a name in which its cue must lie; the longest cue with its words is 100
MOST_UNKNOWN = 2_000  # unresolved names of one text; a real one has some ten, 600,000 are a page made to cost
ALSO_CITED_IN = {"kk": ("ru",)}  # Kazakh pages quote Russian sentences as they stand
ROLE_REACH = 150  # behind a name, up to the verb at the end of its sentence
_PLURAL = re.compile(r"s(?![^\W_])")
_INTRODUCED = re.compile(r" (?:[^\W\d_A-ZА-ЯЁ]{2,20} ){1,4}[«\"“„]?")  # small words between a word and a name
OPENING = 60  # folded characters at the beginning of a text in which an agency's dateline stands


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of an article, raw and folded."""

    name: Part
    raw: str
    folded: Folded


class Attributor:
    """Finds attributions with the outlets of a config. Pure; precompiled once."""

    def __init__(self, config: Config) -> None:
        outlets = {outlet.id: _as_entity(outlet) for outlet in config.outlets.values()}
        self._bare = {
            outlet.id: sorted(
                {_stem(fold_word(name)) for name in (*outlet.names, *outlet.name.values())}, key=len, reverse=True
            )
            for outlet in config.outlets.values()
        }
        self._names = Tagger(replace(config, entities=outlets, topics={}, relations=()))
        told = f"attribution {RULE_VERSION} {self._names.fingerprint}"
        self.fingerprint = hashlib.sha256(told.encode()).hexdigest()[:16]

    def find(
        self, title: str, text: str, language: str | None = None, outlet: str | None = None
    ) -> tuple[Attribution, ...]:
        """The named origins in reading order, each outlet once, at its first place.

        language  two letters; the text's own cues are looked for first, None looks for all.
        outlet    the article's own outlet: it names itself everywhere and is no origin ("Day.Az citing Trend").
        """
        found: list[Attribution] = []
        named = self._names.tag(text, title=title, language=None)
        for part in (_Part("title", title, fold(title)), _Part("text", text, fold(text))):
            here = [mention for mention in named if mention.part == part.name]
            found += self._resolved(part, here, language)
            found += _unresolved(part, found, here, language)
        found.sort(key=lambda one: (one.part != "title", one.start))
        return tuple(one for one in _first_places(found) if outlet is None or one.outlet != outlet)

    def _resolved(self, part: _Part, mentions: Sequence[Mention], language: str | None) -> Iterator[Attribution]:
        cued = [self._is_origin(part, mention, language) for mention in mentions]
        # named together with an origin: `told TASS and Interfax`, whichever of them has the cue
        for order in (range(1, len(mentions)), range(len(mentions) - 1, 0, -1)):
            for at in order:
                if cued[at - 1] is not cued[at] and _together(part, mentions[at - 1], mentions[at]):
                    cued[at - 1] = cued[at] = True
        for mention, origin in zip(mentions, cued, strict=True):
            if origin:
                yield Attribution(
                    outlet=mention.entity,
                    name=mention.surface,
                    part=part.name,
                    start=mention.start,
                    end=mention.end,
                    sentence=evidence(part.raw, mention.start, mention.end),
                )

    def _is_origin(self, part: _Part, mention: Mention, language: str | None) -> bool:
        start, end = part.folded.position(mention.start), part.folded.position(mention.end)
        text = part.folded.text
        name = next((one for one in self._bare[mention.entity] if text.startswith(one, start)), "")
        after = text[start + len(name) : start + len(name) + ROLE_REACH] if name else ""
        if _PLURAL.match(after):
            return False  # the journal Scientific Reports is no Report
        return _cued(part, start, end, language) or _told(after, language)


def _told(after: str, language: str | None) -> bool:
    """Whether the case of a name and what follows say that the outlet was told, asked, or wrote."""
    known = [language] if language in BEFORE_PATTERNS else list(ROLE_PATTERNS)
    return bool(after) and any(ROLE_PATTERNS[code].match(after) for code in known if code in ROLE_PATTERNS)


def _together(part: _Part, one: Mention, other: Mention) -> bool:
    between = part.folded.text[part.folded.position(one.end) : part.folded.position(other.start)]
    return AND.fullmatch(between) is not None


def _as_entity(outlet: Outlet) -> Entity:
    """An outlet's names as aliases with the capitals they are written with: a trend or a report is no agency."""
    names = dict.fromkeys((*outlet.names, *outlet.name.values()))
    aliases = tuple(_alias(name) for name in names if name)
    return Entity(id=outlet.id, type="org", name=outlet.name, aliases=aliases)


def _stem(folded: str) -> str:
    """What stays of a name before its endings: a Georgian one drops its ი."""
    return folded[:-1] if folded.endswith("ი") else folded


def _alias(name: str) -> Alias:
    short = len(name) <= 3 and name.isupper()
    need = COMMON_NEED if fold_word(name) in COMMON_NAMES else ""
    return Alias(name, case="exact" if short else "title", inflect="none" if short else "last", need=need)


def _cued(part: _Part, start: int, end: int, language: str | None) -> bool:
    """Whether a cue stands beside the name at the folded place start..end."""
    text = part.folded.text
    before, after = text[max(0, start - CUE_REACH) : start], text[end : end + CUE_REACH]
    known = [language, *ALSO_CITED_IN.get(language, ())] if language in BEFORE_PATTERNS else list(BEFORE_PATTERNS)
    for code in known:
        # the ending of an inflected name belongs to the mention; the cue may need it (Trend-ə istinadən)
        if BEFORE_PATTERNS[code].search(before) or AFTER_PATTERNS[code].match(after):
            return True
    if part.name == "text" and _signed(before, after):
        return True
    if part.name == "text" and start < OPENING:
        return bool(OPENING_BEFORE.search(before) and OPENING_AFTER.match(after))
    return False


def _signed(before: str, after: str) -> bool:
    """Whether an agency's name stands as its signature does: before a dash at the beginning, or as the last word."""
    if SIGNED_BEFORE.search(before) and SIGNED_AFTER.match(after):
        return True
    return bool(LAST_BEFORE.search(before) and LAST_AFTER.match(after))


def _unresolved(
    part: _Part, resolved: Iterable[Attribution], named: Sequence[Mention], language: str | None
) -> Iterator[Attribution]:
    """Names with a cue that are no outlet of ours, and words such as `local media`."""
    taken = [(one.start, one.end) for one in resolved if one.part == part.name]
    taken += [(one.start, one.end) for one in named]
    known = Spans(taken)
    begins = sorted(one.start for one in named)
    free = 0
    spans = [*islice(_unknown_spans(part), MOST_UNKNOWN), *islice(_paper_spans(part, language), MOST_UNKNOWN)]
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start < free or known.touch(start, end) or _describes(part.raw, start, end, begins):
            continue
        free = end
        yield Attribution(None, part.raw[start:end], part.name, start, end, evidence(part.raw, start, end))


def _unknown_spans(part: _Part) -> Iterator[tuple[int, int]]:
    for match in MEDIA.finditer(part.folded.text):
        yield part.folded.span(*match.span())
    for cues, pattern in UNRESOLVED:
        if not any(cue in part.raw for cue in cues):
            continue
        for found in pattern.finditer(part.raw):
            span = trimmed(part.raw, *found.span("name"))
            if span is not None:
                yield span


def _paper_spans(part: _Part, language: str | None) -> Iterator[tuple[int, int]]:
    """Names that are papers' by a word beside or in them, with a cue; in quotes or by their capitals."""
    text = part.folded.text
    for found in QUOTED.finditer(text):
        start, end = found.span("name")
        before, after = text[max(0, start - CUE_REACH) : start], text[end : end + CUE_REACH]
        paper = PAPER_BEFORE.search(before) or PAPER_AFTER.match(after) or PAPER_WORD.search(found["name"])
        span = part.folded.span(start, end)
        if paper and not part.raw[span[0]].islower() and _cued(part, start, end, language):
            yield span
    for pattern in PAPERS:
        for bare in pattern.finditer(part.raw):
            start, end = bare.span("name")
            first = bare["name"].split()[0]
            if fold_word(first) in GENERIC:
                start += len(first) + 1
            if start < end and _cued(part, part.folded.position(start), part.folded.position(end), language):
                yield start, end


def _describes(raw: str, start: int, end: int, begins: Sequence[int]) -> bool:
    """Whether the words only introduce what follows: `Kazakh` news agency Kazinform, `Источник`: Trend."""
    if fold_word(raw[start:end]) in LABELS:
        return True
    at = bisect_left(begins, end)
    return at < len(begins) and _INTRODUCED.fullmatch(raw[end : min(begins[at], end + CUE_REACH)]) is not None


def _first_places(found: Iterable[Attribution]) -> list[Attribution]:
    seen: dict[str, Attribution] = {}
    for one in found:
        seen.setdefault(one.outlet or "?" + re.sub(r"\W+", " ", fold_word(one.name)).strip(), one)
    return list(seen.values())
