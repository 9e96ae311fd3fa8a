"""Whether an article meets a query, and where: places for what is found, none for what is only true of it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from models.config import Alias, Config, Entity
from models.text import fold_word
from pipelines.clauses import Article, Found
from pipelines.query import And, Fact, Near, Node, Not, Or, Term, terms
from pipelines.watch import Tagger

# What NEAR counts: a run of letters or digits; Chinese is written without spaces, two characters are about a word.
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_HAN}]{{1,2}}|[^\\W_{_HAN}]+")
WILD_LETTERS = 40  # what a * may stand for; longer words are addresses and keys


class Words:
    """The words and phrases of some queries, found in one pass over an article."""

    def __init__(self, wanted: Sequence[Term], config: Config) -> None:
        """Raises ConfigError where a term cannot be compiled."""
        self._named = {f"q{number}": one for number, one in enumerate(wanted) if one.kind in ("word", "exact")}
        entities = {
            key: Entity(id=key, type="org", name={}, aliases=(_alias(one),)) for key, one in self._named.items()
        }
        self._tagger = Tagger(replace(config, entities=entities, topics={}, relations=()))
        self._wild = {one: _wild(one.text) for one in wanted if one.kind == "wild"}

    def find(self, article: Article, language: str | None) -> Mapping[Term, list[Found]]:
        """term -> its places in reading order; terms without one are absent. Terms may lie inside one another."""
        found: dict[Term, list[Found]] = {}
        for number, (folded, base, raw) in enumerate(article.parts):
            for key, start, end in self._tagger.hits(raw, folded, language):
                self._add(found, self._named[key], Found(base + start, base + end, raw[start:end]), title=number == 0)
            for one, pattern in self._wild.items():
                for match in pattern.finditer(folded.text):
                    start, end = folded.span(*match.span())
                    self._add(found, one, Found(base + start, base + end, raw[start:end]), title=number == 0)
        return {one: sorted(set(places), key=lambda place: place.start) for one, places in found.items()}

    @staticmethod
    def _add(found: dict[Term, list[Found]], one: Term, place: Found, *, title: bool) -> None:
        if title or not one.title:
            found.setdefault(one, []).append(place)

    def finds_itself(self, one: Term) -> bool:
        """Whether a term would be found where exactly its own spelling stands."""
        return bool(self.find(Article(one.text.replace("*", "").replace("?", "a"), "", ()), None).get(one))


def _alias(one: Term) -> Alias:
    several = " " in one.text
    return Alias(one.text, case="exact" if one.kind == "exact" else "any", inflect="all" if several else "last")


def _wild(text: str) -> re.Pattern[str]:
    parts = re.split(r"([*?])", text)
    joined = "".join(
        f"[^\\W_]{{0,{WILD_LETTERS}}}" if part == "*" else "[^\\W_]" if part == "?" else re.escape(fold_word(part))
        for part in parts
    )
    begins = "" if re.match(f"[{_HAN}]", text) else "(?<![^\\W_])"
    ends = "" if text.endswith("*") or re.search(f"[{_HAN}]$", text) else "(?![^\\W_])"
    return re.compile(f"{begins}{joined}{ends}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of one article when a query is put to it."""

    article: Article
    found: Mapping[Term, list[Found]]
    language: str | None
    outlet: str | None


class Query:
    """One query. Pure."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.terms = tuple(dict.fromkeys(terms(node)))
        self.names = tuple(str(one) for one in self.terms)

    def places(self, asked: Asked) -> list[Found] | None:
        """The places that make it hold, in reading order; None when it does not hold."""
        held = _Holding(asked).holds(self.node)
        return None if held is None else sorted(set(held), key=lambda place: (place.start, place.end))


class _Holding:
    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def holds(self, node: Node) -> list[Found] | None:
        """None: it does not hold. An empty list: it holds, but at no place (NOT, a language, an outlet)."""
        match node:
            case Term():
                return self._term(node) or None
            case Fact(field, value):
                given = self._asked.language if field == "language" else self._asked.outlet
                return [] if given == value else None
            case Not(part):
                return [] if self.holds(part) is None else None
            case Or(parts):
                held = [places for part in parts if (places := self.holds(part)) is not None]
                return [place for places in held for place in places] if held else None
            case And(parts):
                every = [self.holds(part) for part in parts]
                return None if None in every else [place for places in every for place in places or ()]
            case Near(sides, words):
                return self._near(sides, words)

    def _term(self, term: Term) -> list[Found]:
        if term.kind != "entity":
            return list(self._asked.found.get(term, ()))
        places = self._asked.article.entities.get(term.text, ())
        title = len(self._asked.article.parts[0][2])
        return [place for place in places if not term.title or place.end <= title]

    def _near(self, sides: Sequence[Node], words: int) -> list[Found] | None:
        """Each place of the first side that has one of every other side within reach, with the nearest of each."""
        found: list[list[Found]] = []
        for side in sides:
            places = self.holds(side)
            if not places:
                return None
            found.append(sorted(places, key=lambda place: place.start))
        near = [place for anchor in found[0] for place in self._around(anchor, found[1:], words)]
        return near or None

    def _around(self, anchor: Found, others: Sequence[Sequence[Found]], words: int) -> Iterator[Found]:
        picked = [anchor]
        for places in others:
            at = bisect_left(places, anchor.start, key=lambda place: place.start)
            # Two on each side: the nearest may be the anchor itself, found under another spelling.
            around = [place for place in places[max(0, at - 2) : at + 2] if not _overlap(place, anchor)]
            distances = [(self._apart(anchor, place), place) for place in around]
            reached = [(distance, place.start, place) for distance, place in distances if distance <= words]
            if not reached:
                return
            picked.append(min(reached, key=lambda one: one[:2])[2])
        yield from picked

    def _apart(self, one: Found, other: Found) -> int:
        """Words between two places; very many between title and text."""
        first, second = sorted((one, other), key=lambda place: place.start)
        starts = self._word_starts
        between = bisect_left(starts, second.start) - bisect_left(starts, first.end)
        title = len(self._asked.article.parts[0][2])
        return between if (first.start < title) == (second.start < title) else 1_000_000

    @cached_property
    def _word_starts(self) -> list[int]:
        return [base + match.start() for _, base, raw in self._asked.article.parts for match in _WORD.finditer(raw)]


def _overlap(one: Found, other: Found) -> bool:
    return one.start < other.end and other.start < one.end
