"""What an article is to each topic, and why: clauses over entities and term stems, place, count, vetoes."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import ahocorasick

from models.article import Mention, Role, TopicHit
from models.config import Clause, Config, Topic
from models.text import Folded, evidence, fold, fold_word, script_of, sentences
from pipelines.spans import Spans, opening
from pipelines.watch import fingerprint as watch_fingerprint

RULE_VERSION = 2  # counted up when the rules below change what is judged
ENTITY = "entity:"
PLACE_BONUS = 1.0  # for the title, the beginning, or a second place: what makes a clause of weight 1 primary
MORE_BONUS = 0.25  # for each further clause that holds at a place of its own
MORE_CLAUSES = 2
SENTENCES_A_PLACE = 12  # an article this long is about what it names twice; a longer one must name it more often
SENTENCE_ENDS = 1  # that a clause may reach over: words further apart in the telling are near by chance
DESCRIPTION = 4  # groups; a clause of so many describes one thing and stands in one sentence
VETO_LOSS = 1.0  # for a veto list with more places than the topic itself
UNLESS_REACH = 160  # characters around a clause's place in which `unless` lists are looked for
ONE_PLACE = 40  # characters; terms closer than this are one place ("fiber-optic cable" is not three)
APPOSITION = 3  # characters; a name in brackets behind itself is not named twice
GAP = 10_000  # between title and text in the common numbering: never near
DATELINE = 45  # characters; a first sentence shorter than this is a place and date, not the beginning
QUOTED = 40  # characters of a term shown in a reason


@dataclass(frozen=True, slots=True)
class _Found:
    """A term or mention in the common numbering: the title first, then a gap, then the text."""

    start: int
    end: int
    shown: str


@dataclass(frozen=True, slots=True)
class _Beginning:
    """Where the title ends and how far the first sentence and the second reach, in the common numbering."""

    title: int
    first: int
    second: int

    def place(self, held: _Holding) -> str:
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
class _Place:
    """A place of a clause: what stands there of its first group, and all that its words take in."""

    anchor: _Found
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Holding:
    """A clause that holds: its number, its places and what was found at the first one."""

    number: int
    clause: Clause
    places: tuple[_Place, ...]
    reason: str

    @property
    def named(self) -> bool:
        """Whether its first group, which says where it holds, is watched names and no words."""
        return all(name.startswith(ENTITY) for name in self.clause.all_of[0])

    @property
    def mere_names(self) -> bool:
        """Whether it asks for watched names and nothing else."""
        return all(name.startswith(ENTITY) for group in self.clause.all_of for name in group)


class TopicJudge:
    """Judges all topics of a config. Pure; precompiled once."""

    def __init__(self, config: Config) -> None:
        self._topics = tuple(config.topics.values())
        self._automaton = ahocorasick.Automaton()
        stems: dict[str, list[tuple[str, str]]] = {}
        for topic in self._topics:
            for name, stem in _stems(topic):
                stems.setdefault(fold_word(stem), []).append((topic.id, name))
        for stem, uses in stems.items():
            self._automaton.add_word(stem, (len(stem), uses))
        self._empty = not stems
        if stems:
            self._automaton.make_automaton()
        self._titles = _names_with_terms(config, self._automaton) if stems else ahocorasick.Automaton()
        told = f"topics {RULE_VERSION} {watch_fingerprint(config.entities)} {list(config.topics.items())!r}"
        self.fingerprint = hashlib.sha256(told.encode()).hexdigest()[:16]

    def judge(self, title: str, text: str, mentions: Sequence[Mention]) -> tuple[TopicHit, ...]:
        """One hit for every topic of the config, role `none` included.

        `mentions` are those of the same title and text; ambiguous ones count for nothing.
        """
        article = _Article(title, text, mentions)
        terms = self._terms(article)
        return tuple(self._judge(topic, article, terms.get(topic.id, {})) for topic in self._topics)

    def _raw_terms(self, article: _Article) -> Iterator[tuple[int, int, list[tuple[str, str]]]]:
        if self._empty:
            return
        for folded, base, _ in article.parts:
            text = folded.text
            for last, (length, uses) in self._automaton.iter(text):
                at = last + 1 - length
                before = text[at - 1] if at else " "
                if before.isalnum() and script_of(before) != "han":
                    continue
                start, end = folded.span(at, last + 1)
                yield base + start, base + end, uses

    def _terms(self, article: _Article) -> dict[str, dict[str, list[_Found]]]:
        """topic -> list -> places. A term inside a decoy's name or an outlet's speaks only for a veto."""
        closed = Spans((one.start, one.end) for one in (*article.decoys, *self._outlet_spans(article)))
        found: dict[str, dict[str, list[_Found]]] = {}
        vetoes = {topic.id: set(topic.veto) for topic in self._topics}
        for start, end, uses in self._raw_terms(article):
            covered = closed.cover(start, end)
            for topic, name in uses:
                if covered and name not in vetoes[topic]:
                    continue
                place = _Found(start, end, article.shown(start, end))
                found.setdefault(topic, {}).setdefault(name, []).append(place)
        return found

    def _outlet_spans(self, article: _Article) -> Iterator[_Found]:
        if len(self._titles) == 0:
            return
        for folded, base, _ in article.parts:
            for last, length in self._titles.iter(folded.text):
                start, end = folded.span(last + 1 - length, last + 1)
                yield _Found(base + start, base + end, "")

    def _judge(self, topic: Topic, article: _Article, terms: Mapping[str, list[_Found]]) -> TopicHit:
        holding = [
            held
            for number, clause in enumerate(topic.clauses, start=1)
            if (held := _hold(number, clause, article, terms)) is not None
        ]
        full = [held for held in holding if held.clause.weight >= topic.passing_at]
        if not full:
            return TopicHit(topic.id, "none", 0.0)
        full.sort(key=lambda held: (-held.clause.weight - PLACE_BONUS * bool(article.beginning.place(held)), held.number))
        best = full[0]
        place, bonus = _standing(full, [held for held in holding if held not in full], article)
        score = best.clause.weight + bonus
        reasons = [f"clause {best.number}: {best.reason}", place]
        for held in _elsewhere(full):
            score += MORE_BONUS
            reasons.append(f"also clause {held.number}: {held.reason}")
        loss, against = _vetoes(topic, full, terms)
        score = max(score - loss, topic.passing_at)  # what is named is never dropped for what stands beside it
        reasons += against
        role: Role = "primary" if score >= topic.primary_at else "passing" if score >= topic.passing_at else "none"
        sentence = article.evidence(best.places[0].anchor) if role != "none" else ""
        return TopicHit(topic.id, role, round(score, 2), tuple(reasons), sentence)


def judge(config: Config, title: str, text: str, mentions: Sequence[Mention]) -> tuple[TopicHit, ...]:
    """As TopicJudge(config).judge, for a single article."""
    return TopicJudge(config).judge(title, text, mentions)


class _Article:
    """Title and text in one numbering, with the mentions in it."""

    def __init__(self, title: str, text: str, mentions: Sequence[Mention]) -> None:
        self._title, self._text = title, text
        self._base = len(title) + GAP
        self.parts: tuple[tuple[Folded, int, str], ...] = ((fold(title), 0, title), (fold(text), self._base, text))
        self.entities: dict[str, list[_Found]] = {}
        self.decoys: list[_Found] = []
        for one in mentions:
            base = 0 if one.part == "title" else self._base
            place = _Found(base + one.start, base + one.end, one.surface)
            if one.decoy:
                self.decoys.append(place)
            if not one.ambiguous:
                self.entities.setdefault(one.entity, []).append(place)

    @cached_property
    def beginning(self) -> _Beginning:
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

    def evidence(self, place: _Found) -> str:
        part, base = (self._title, 0) if place.start < self._base else (self._text, self._base)
        return evidence(part, place.start - base, place.end - base)


def _beginning(title: str, text: str, base: int) -> _Beginning:
    spans = list(islice(opening(title, text), 3))
    if len(spans) > 1 and spans[0][1] - spans[0][0] < DATELINE:
        spans = spans[1:]
    first = base + spans[0][1] if spans else base
    second = base + spans[1][1] if len(spans) > 1 else first
    return _Beginning(len(title), first, second)


def _stems(topic: Topic) -> Iterator[tuple[str, str]]:
    for name, by_language in topic.terms.items():
        for stems in by_language.values():
            yield from ((name, stem) for stem in stems)
    for name, stems in topic.veto.items():
        yield from ((name, stem) for stem in stems)


def _names_with_terms(config: Config, terms: ahocorasick.Automaton) -> ahocorasick.Automaton:
    """The outlets whose names hold a term: The Caspian Post is no sea."""
    names = ahocorasick.Automaton()
    for outlet in config.outlets.values():
        for name in {fold_word(one) for one in (*outlet.names, *outlet.name.values()) if " " in one}:
            if any(True for _ in terms.iter(name)):
                names.add_word(name, len(name))
    if len(names):
        names.make_automaton()
    return names


def _hold(number: int, clause: Clause, article: _Article, terms: Mapping[str, list[_Found]]) -> _Holding | None:
    """The clause with its places, or None: a group is missing, too far, or an `unless` list is near every place."""
    groups = [_group(names, article, terms) for names in clause.all_of]
    if not groups or not all(groups):
        return None
    against = sorted(place.start for name in clause.unless for place in terms.get(name, ()))
    places: list[_Place] = []
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
        places.append(_Place(anchor, start, end) if clause.near else _Place(anchor, anchor.start, anchor.end))
    if not places:
        return None
    return _Holding(number, clause, tuple(places), " + ".join(shown))


def _group(names: Iterable[str], article: _Article, terms: Mapping[str, list[_Found]]) -> list[_Found]:
    found: list[_Found] = []
    for name in names:
        if name.startswith(ENTITY):
            found += article.entities.get(name.removeprefix(ENTITY), ())
        else:
            found += terms.get(name, ())
    return sorted(found, key=lambda place: place.start)


def _nearest(anchor: _Found, group: Sequence[_Found]) -> _Found:
    at = bisect_left(group, anchor.start, key=lambda place: place.start)
    return min(group[max(0, at - 1) : at + 1], key=lambda place: abs(place.start - anchor.start))


def _near_any(start: int, end: int, against: Sequence[int]) -> bool:
    at = bisect_left(against, start - UNLESS_REACH)
    return at < len(against) and against[at] <= end + UNLESS_REACH


def _standing(full: Sequence[_Holding], supports: Iterable[_Holding], article: _Article) -> tuple[str, float]:
    """Where the topic stands in the article, in words, and the points for it: whether the article is about it.

    It is when the best clause holds in the title or at the beginning, when the topic is named often for the article's
    length, or when a clause that only supports (one of less weight than `passing_at`) holds at the beginning.
    """
    place = article.beginning.place(full[0])
    if place:
        return place, PLACE_BONUS
    names = [_times_named(held, article) for held in full if held.mere_names]
    number = max(len(_apart([place for held in full for place in held.places], ONE_PLACE)), *names, 0)
    if number >= max(2, article.length / SENTENCES_A_PLACE):
        return f"{number} places in {article.length} sentences", PLACE_BONUS
    told = "one place" if number == 1 else f"only {number} places in {article.length} sentences"
    for held in supports:
        if place := article.beginning.place(held):
            return f"{told}; supported by clause {held.number} {place}: {held.reason}", PLACE_BONUS
    return told, 0.0


def _times_named(held: _Holding, article: _Article) -> int:
    times, reach = 0, -1
    for place in held.places:
        if times == 0 or place.start - reach > APPOSITION or article.ends_between(reach, place.start):
            times += 1
        reach = place.end
    return times


def _elsewhere(full: Sequence[_Holding]) -> list[_Holding]:
    """The clauses after the first that hold at a place of their own, two at most."""
    taken = [(place.start - ONE_PLACE, place.end + ONE_PLACE) for place in full[0].places]
    more: list[_Holding] = []
    for held in full[1:]:
        known = Spans(taken)
        if len(more) < MORE_CLAUSES and not all(known.touch(place.start, place.end) for place in held.places):
            more.append(held)
            taken += [(place.start - ONE_PLACE, place.end + ONE_PLACE) for place in held.places]
    return more


def _vetoes(topic: Topic, full: Iterable[_Holding], terms: Mapping[str, list[_Found]]) -> tuple[float, list[str]]:
    """The points lost to veto lists with more places than the topic itself, and what was found of each list."""
    own = len(_apart((place.anchor for held in full for place in held.places), ONE_PLACE))
    loss, reasons = 0.0, []
    for name in topic.veto:
        against = len(_apart(terms.get(name, ()), ONE_PLACE))
        if against > own:
            loss += VETO_LOSS
            reasons.append(f"veto {name}: {against} places against {own}")
        elif against:
            reasons.append(f"veto {name} near, {against} places against {own}: not lowered")
    return loss, reasons


def _apart(places: Iterable[_Found | _Place], gap: int) -> list[_Found | _Place]:
    """The places, those that overlap or are no more than `gap` characters apart counted once."""
    apart: list[_Found | _Place] = []
    reach = 0
    for place in sorted(places, key=lambda one: one.start):
        if not apart or place.start - reach > gap:
            apart.append(place)
        reach = max(reach, place.end)
    return apart
