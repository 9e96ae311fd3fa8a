"""Where the clauses of a topic hold in an article: places, sentences, the beginning; title and text in one row."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from models.article import Mention
from models.config import Clause
from models.text import Folded, evidence, fold, sentences
from pipelines.spans import opening

ENTITY = "entity:"
UNLESS_REACH = 160  # characters around a clause's place in which `unless` lists are looked for
GAP = 10_000  # between title and text in the common numbering: never near
DATELINE = 45  # characters; a first sentence shorter than this is a place and date, not the beginning
QUOTED = 40  # characters of a term shown in a reason
SENTENCE_ENDS = 1  # that a clause may reach over: words further apart in the telling are near by chance
DESCRIPTION = 4  # groups; a clause of so many describes one thing and stands in one sentence


@dataclass(frozen=True, slots=True)
class Found:
    """A term or mention in the common numbering: the title first, then a gap, then the text."""

    start: int
    end: int
    shown: str


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where the title ends and how far the first sentence and the second reach, in the common numbering."""

    title: int
    first: int
    second: int

    def place(self, held: Holding) -> str:
        """In words, where of the beginning the clause holds; "" when it does not hold there.

        Words must stand in the first sentence with all that they need, a watched name may stand in the second: generic
        words near each other by chance are commoner in long second sentences.
        """
        first = held.places[0]
        if first.anchor.end <= self.title:
            return "in the title"
        reached = first.anchor.end <= self.second if held.named else first.end <= self.first
        return "at the beginning" if reached else ""


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a clause: what stands there of its first group, and all that its words take in."""

    anchor: Found
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Holding:
    """A clause that holds: its number, its places and what was found at the first one."""

    number: int
    clause: Clause
    places: tuple[Place, ...]
    reason: str

    @property
    def named(self) -> bool:
        """Whether its first group, which says where it holds, is watched names and no words."""
        return all(name.startswith(ENTITY) for name in self.clause.all_of[0])

    @property
    def mere_names(self) -> bool:
        """Whether it asks for watched names and nothing else."""
        return all(name.startswith(ENTITY) for group in self.clause.all_of for name in group)


class Article:
    """Title and text in one numbering, with the mentions in it."""

    def __init__(self, title: str, text: str, mentions: Sequence[Mention]) -> None:
        self._title, self._text = title, text
        self._base = len(title) + GAP
        self.parts: tuple[tuple[Folded, int, str], ...] = ((fold(title), 0, title), (fold(text), self._base, text))
        self.entities: dict[str, list[Found]] = {}
        self.decoys: list[Found] = []
        for one in mentions:
            base = 0 if one.part == "title" else self._base
            place = Found(base + one.start, base + one.end, one.surface)
            if one.decoy:
                self.decoys.append(place)
            if not one.ambiguous:
                self.entities.setdefault(one.entity, []).append(place)

    @cached_property
    def beginning(self) -> Beginning:
        return _beginning(self._title, self._text, self._base)

    @cached_property
    def _ends(self) -> list[int]:
        """Where the title and each sentence end, in the common numbering."""
        ends = [len(self._title)] if self._title else []
        return ends + [self._base + end for _, end in sentences(self._text)]

    @property
    def length(self) -> int:
        """In sentences, the title one of them."""
        return len(self._ends)

    def ends_between(self, start: int, end: int) -> int:
        """How many sentences end from `start` to before `end`."""
        return bisect_left(self._ends, end) - bisect_left(self._ends, start)

    def shown(self, start: int, end: int) -> str:
        part, base = (self._title, 0) if start < self._base else (self._text, self._base)
        return part[start - base : end - base][:QUOTED]

    def evidence(self, place: Found) -> str:
        part, base = (self._title, 0) if place.start < self._base else (self._text, self._base)
        return evidence(part, place.start - base, place.end - base)


def _beginning(title: str, text: str, base: int) -> Beginning:
    spans = list(islice(opening(title, text), 3))
    if len(spans) > 1 and spans[0][1] - spans[0][0] < DATELINE:
        spans = spans[1:]
    first = base + spans[0][1] if spans else base
    second = base + spans[1][1] if len(spans) > 1 else first
    return Beginning(len(title), first, second)


def hold(number: int, clause: Clause, article: Article, terms: Mapping[str, list[Found]]) -> Holding | None:
    """The clause with its places, or None: a group is missing, too far, or an `unless` list is near every place."""
    groups: list[list[Found]] = []
    for names in clause.all_of:
        group = _group(names, article, terms)
        if not group:  # most clauses end at their first group: the others are not looked at
            return None
        groups.append(group)
    if not groups:
        return None
    against = sorted(place.start for name in clause.unless for place in terms.get(name, ()))
    places: list[Place] = []
    shown: list[str] = []
    for anchor in groups[0]:
        picks = [anchor, *(_nearest(anchor, group) for group in groups[1:])]
        start, end = min(pick.start for pick in picks), max(pick.end for pick in picks)
        if clause.near and any(abs(pick.start - anchor.start) > clause.near for pick in picks):
            continue
        if clause.near and article.ends_between(start, end) > (SENTENCE_ENDS if len(groups) < DESCRIPTION else 0):
            continue
        if _near_any(start, end, against):
            continue
        shown = shown or [f"'{pick.shown}'" for pick in picks]
        places.append(Place(anchor, start, end) if clause.near else Place(anchor, anchor.start, anchor.end))
    if not places:
        return None
    return Holding(number, clause, tuple(places), " + ".join(shown))


def _group(names: Iterable[str], article: Article, terms: Mapping[str, list[Found]]) -> list[Found]:
    found: list[Found] = []
    for name in names:
        if name.startswith(ENTITY):
            found += article.entities.get(name.removeprefix(ENTITY), ())
        else:
            found += terms.get(name, ())
    return sorted(found, key=lambda place: place.start)


def _nearest(anchor: Found, group: Sequence[Found]) -> Found:
    at = bisect_left(group, anchor.start, key=lambda place: place.start)
    return min(group[max(0, at - 1) : at + 1], key=lambda place: abs(place.start - anchor.start))


def _near_any(start: int, end: int, against: Sequence[int]) -> bool:
    at = bisect_left(against, start - UNLESS_REACH)
    return at < len(against) and against[at] <= end + UNLESS_REACH


def apart(places: Iterable[Found | Place], gap: int) -> list[Found | Place]:
    """The places, those that overlap or are no more than `gap` characters apart counted once."""
    kept: list[Found | Place] = []
    reach = 0
    for place in sorted(places, key=lambda one: one.start):
        if not kept or place.start - reach > gap:
            kept.append(place)
        reach = max(reach, place.end)
    return kept
