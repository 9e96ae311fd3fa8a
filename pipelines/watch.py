"""Who and what an article names: stems in one automaton over folded text, endings, boundaries, context, one sense.

The rules are those of the shared notes on tagging; each mention says which of them let it in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import ahocorasick

from models.article import Mention, Part, Prominence
from models.config import Alias, Config, Entity
from models.text import Folded, evidence, fold, script_of
from pipelines.aliases import AliasMatcher, Hit, stands_alone
from pipelines.namesakes import is_namesake
from pipelines.patterns import Context, compile_pattern, found_anywhere
from pipelines.prominence import main_entities
from pipelines.spans import opening

RULE_VERSION = 4  # counted up when the rules below change what is found: every article is then read again
HINT = 1.0  # added to `prior` when the hint is within 160 characters (shared notes, tagging, step 4)
FAR_HINT = 0.5  # the hint is only elsewhere in the article
HOME = 0.3  # the outlet is of the entity's country
LEAST_SCORE = 0.5  # below, a mention is ambiguous
CLEAR = 0.25  # a sense that wins by less does not decide for the rest of the article
LEAD_SENTENCES = 2
# Names and their readings in one text; the longest real page has some hundred. What comes behind them in a page made of
# nothing but names is not looked at: 400,000 mentions of one page would cost a minute, a gigabyte and as many rows.
MOST_HITS = 20_000


@dataclass(frozen=True, slots=True)
class _Text:
    """One part of an article, raw and folded."""

    part: Part
    raw: str
    folded: Folded


@dataclass(slots=True)
class _Sense:
    """One entity at one place, with what speaks for it."""

    matcher: AliasMatcher
    hit: Hit
    score: float
    needed: bool  # its `need` is missing here; it counts only when the article names the entity for certain elsewhere
    why: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Place:
    """A span of one part with the entities that compete for it, best first."""

    text: _Text
    start: int
    end: int
    senses: list[_Sense]

    def clear(self) -> bool:
        return self.senses[0].score >= LEAST_SCORE and (
            len(self.senses) == 1 or self.senses[0].score - self.senses[1].score >= CLEAR
        )

    def tied(self) -> bool:
        best = self.senses[0].score
        return best < LEAST_SCORE or (len(self.senses) > 1 and best - self.senses[1].score < 1e-9)


class _Article:
    """What is found anywhere in an article, looked for once however often it is asked."""

    def __init__(self, parts: Sequence[_Text]) -> None:
        self._parts = parts
        self._known: dict[str, bool] = {}

    def has(self, source: str) -> bool:
        if source not in self._known:
            self._known[source] = any(found_anywhere(source, one.folded.text) for one in self._parts)
        return self._known[source]


class Tagger:
    """Finds the watched entities. Building it takes about a tenth of a second for 700 aliases; it keeps no state."""

    def __init__(self, config: Config) -> None:
        """Raises ConfigError when a context pattern is refused."""
        self._entities = config.entities
        self._countries = {outlet.id: outlet.country for outlet in config.outlets.values()}
        self._automaton = ahocorasick.Automaton()
        anchors: dict[str, list[AliasMatcher]] = {}
        for entity in config.entities.values():
            for alias in _merged(aliases_of(entity, config.entities)):
                for pattern in (alias.need, alias.reject, alias.hint):
                    compile_pattern(pattern)
                matcher = AliasMatcher(entity.id, alias)
                for anchor in set(matcher.anchors()):
                    anchors.setdefault(anchor, []).append(matcher)
        for anchor in sorted(anchors):  # in order, nodes that follow each other lie together: up to twice as fast
            self._automaton.add_word(anchor, (len(anchor), anchors[anchor]))
        if anchors:
            self._automaton.make_automaton()
        self._empty = not anchors
        self.fingerprint = fingerprint(config.entities)

    def might_hit(self, title: str, text: str) -> bool:
        """Whether any name is in the article, its context not yet looked at: the prefilter of reading."""
        for part in _parts(title, text):
            for _ in self._hits(part, None):
                return True
        return False

    def tag(
        self,
        text: str,
        *,
        title: str | None = "",
        language: str | None = None,
        outlet: str | None = None,
        published: object = None,
    ) -> tuple[Mention, ...]:
        """The mentions of title and text in reading order, decoys and ambiguous ones marked.

        language   two letters; decides which endings names may take, None allows all of their script.
        outlet     an outlet's id; its country is a weak hint for names that two countries share.
        published  taken for the door's sake; no rule depends on time yet.
        """
        del published
        title = title or ""
        parts = _parts(title, text)
        article = _Article(parts)
        country = self._countries.get(outlet or "", "")
        places = [place for part in parts for place in self._places(part, article, language, country)]
        if not places:
            return ()
        _admit(places, self._entities)
        _spread(places)
        lead = max((end for _, end in islice(opening(title, text), LEAD_SENTENCES)), default=0)
        found = [
            self._mention(place, lead) for part in parts for place in _leftmost(p for p in places if p.text is part)
        ]
        main = main_entities(found, self._entities)
        return tuple(replace(one, main=True) if one.entity in main else one for one in found)

    def hits(self, raw: str, folded: Folded, language: str | None) -> Iterator[tuple[str, int, int]]:
        """(entity, start, end) of every name in one text, overlapping ones too and no context looked at; offsets into
        `raw`. What an analyst's own words are found by: they need the forms and not the judgement."""
        for matcher, hit in self._hits(_Text("text", raw, folded), language):
            yield matcher.entity, *folded.span(hit.start, hit.end)

    def _hits(self, part: _Text, language: str | None) -> Iterator[tuple[AliasMatcher, Hit]]:
        if self._empty or not part.raw:
            return
        folded = part.folded.text
        for last, (length, matchers) in self._automaton.iter(folded):
            at = last + 1 - length
            left = folded[at - 1] if at else " "
            # a letter before: the middle of a word, unless that letter or the name is Chinese
            inside = (left.isalnum() or left == "_") and script_of(left) != "han"
            for matcher in matchers:
                if inside and not matcher.han:
                    continue
                hit = matcher.match(part.raw, part.folded, at, language)
                if hit is not None and stands_alone(part.raw, part.folded, hit, matcher.han):
                    yield matcher, hit

    def _places(self, part: _Text, article: _Article, language: str | None, country: str) -> Iterator[_Place]:
        by_span: dict[tuple[int, int], dict[str, _Sense]] = {}
        for matcher, hit in islice(self._hits(part, language), MOST_HITS):
            sense = self._sense(matcher, hit, part, article, country)
            if sense is None:
                continue
            senses = by_span.setdefault((hit.start, hit.end), {})
            rival = senses.get(matcher.entity)
            if rival is None or (rival.needed, -rival.score) > (sense.needed, -sense.score):
                senses[matcher.entity] = sense
        starts = {start for start, _ in by_span}
        for (start, end), senses in by_span.items():
            if _joined_to_other_name(part, end, starts):
                continue
            yield _Place(part, start, end, sorted(senses.values(), key=lambda one: -one.score))

    def _sense(self, matcher: AliasMatcher, hit: Hit, part: _Text, article: _Article, country: str) -> _Sense | None:
        alias = matcher.alias
        context = Context(part.folded, hit.start, hit.end)
        if alias.reject and context.has(alias.reject):
            return None
        if self._entities[matcher.entity].type == "place":
            start, end = part.folded.span(hit.start, hit.end)
            if is_namesake(part.raw, start, end, bare=hit.stem_end == hit.end):
                return None
        sense = _Sense(matcher, hit, alias.prior, False, [_said(alias, hit)])
        if alias.need:
            sense.needed = not context.has(alias.need)
            sense.why.append("need elsewhere" if sense.needed else "need met")
        if alias.hint and context.has(alias.hint):
            sense.score += HINT
            sense.why.append("hint")
        elif alias.hint and article.has(alias.hint):
            sense.score += FAR_HINT
            sense.why.append("far hint")
        if country and self._entities[matcher.entity].country == country and alias.group:
            sense.score += HOME
            sense.why.append(f"outlet of {country}")
        return sense

    def _mention(self, place: _Place, lead: int) -> Mention:
        sense = place.senses[0]
        entity = self._entities[sense.matcher.entity]
        start, end = place.text.folded.span(place.start, place.end)
        raw, part = place.text.raw, place.text.part
        tied = place.tied()
        rivals = [one.matcher.entity for one in place.senses[1:]] if tied else []
        why = "; ".join([*sense.why, *(f"or {rival}" for rival in rivals)])
        prominence: Prominence = "headline" if part == "title" else "lead" if end <= lead else "body"
        return Mention(
            part=part,
            start=start,
            end=end,
            surface=raw[start:end],
            entity=entity.id,
            rule=why,
            ambiguous=tied,
            decoy=entity.decoy,
            prominence=prominence,
            sentence=evidence(raw, start, end),
        )


def aliases_of(entity: Entity, entities: Mapping[str, Entity]) -> Iterator[Alias]:
    """An entity's aliases, `*` standing for every alias of its parent with the context rules of the `*`."""
    for alias in entity.aliases:
        if alias.text != "*":
            yield alias
            continue
        parent = entities.get(entity.parent or "")
        for inherited in parent.aliases if parent else ():
            rejects = [pattern for pattern in (inherited.reject, alias.reject) if pattern]
            yield replace(
                inherited,
                need=alias.need,
                reject="|".join(rejects),
                hint=alias.hint,
                group=alias.group,
                prior=alias.prior,
            )


def _merged(aliases: Iterable[Alias]) -> list[Alias]:
    """Aliases of several languages that are spelled and judged alike as one of all those languages: one matcher less
    at every place of the name."""
    languages: dict[Alias, tuple[str, ...]] = {}
    for alias in aliases:
        alike = replace(alias, lang=())
        languages[alike] = tuple(dict.fromkeys((*languages.get(alike, ()), *alias.lang)))
    return [replace(alias, lang=lang) for alias, lang in languages.items()]


def fingerprint(entities: Mapping[str, Entity]) -> str:
    """A hash of the watch list and of the rules' version: equal prints find equal mentions."""
    told = "\n".join(repr((entity.id, entity.decoy, entity.country, entity.aliases)) for entity in entities.values())
    return hashlib.sha256(f"watch {RULE_VERSION}\n{told}".encode()).hexdigest()[:16]


def _parts(title: str, text: str) -> list[_Text]:
    return [_Text("title", title, fold(title)), _Text("text", text, fold(text))]


def _said(alias: Alias, hit: Hit) -> str:
    form = " derived" if alias.form == "derived" else ""
    if not hit.ending:
        return f"alias '{alias.text}'{form}"
    return f"alias '{alias.text}'{form} + {hit.language} ending '{hit.ending}'"


def _joined_to_other_name(part: _Text, end: int, starts: set[int]) -> bool:
    """`Самұрық-Қазына` and `Россия-24` are other names than their first halves; `Turkmenbashi-Siyazan` names two."""
    folded = part.folded.text
    if end + 1 >= len(folded) or folded[end] != "-" or end + 1 in starts:
        return False
    begin, stop = part.folded.span(end, end + 2)
    joint, after = part.raw[begin], part.raw[stop - 1]
    if joint not in "-\u2010\u2011":  # dashes join equals: Baku – Aktau
        return False
    if after.isdigit():
        return True
    return after.isupper() and any(letter.islower() for letter in part.raw[begin + 1 : begin + 4])


def _admit(places: list[_Place], entities: Mapping[str, Entity]) -> None:
    """Senses whose need is missing stay only where the article names the entity for certain elsewhere.

    A part of a project needs its context at each place: where it is missing, the whole is meant.
    """
    certain = {one.matcher.entity for place in places for one in place.senses if not one.needed}
    for place in places:
        present = {one.matcher.entity for one in place.senses}
        place.senses = [
            one
            for one in place.senses
            if not one.needed
            or (
                one.matcher.entity in certain
                and entities[one.matcher.entity].parent not in present
                and _is_name(one.matcher.alias)
            )
        ]
    places[:] = [place for place in places if place.senses]


def _is_name(alias: Alias) -> bool:
    """Common words such as `joint venture` need their context at each place; names and abbreviations once."""
    return any(letter.isupper() for letter in alias.text) or script_of(alias.text[0]) in ("han", "georgian")


def _spread(places: list[_Place]) -> None:
    """One sense per article: a clear decision between some entities holds where the same ones compete unclearly."""
    votes: dict[frozenset[str], dict[str, float]] = {}
    for place in places:
        if place.clear() and len(place.senses) > 1:
            tally = votes.setdefault(_contenders(place), {})
            best = place.senses[0]
            tally[best.matcher.entity] = tally.get(best.matcher.entity, 0.0) + best.score
    certain = {place.senses[0].matcher.entity for place in places if len(place.senses) == 1 and place.clear()}
    for place in places:
        if place.clear() or len(place.senses) == 1:
            continue
        tally = votes.get(_contenders(place), {}) or {entity: 1.0 for entity in _contenders(place) if entity in certain}
        ranked = sorted(tally.values(), reverse=True)
        if not ranked or (len(ranked) > 1 and ranked[0] == ranked[1]):
            continue
        winner = max(tally, key=lambda entity: tally[entity])
        chosen = next(one for one in place.senses if one.matcher.entity == winner)
        place.senses = [_by_article(chosen, "one sense per article")]


def _by_article(sense: _Sense, reason: str) -> _Sense:
    """The same sense, decided by the article as a whole."""
    return replace(sense, score=max(sense.score, LEAST_SCORE), why=[*sense.why, reason])


def _contenders(place: _Place) -> frozenset[str]:
    return frozenset(one.matcher.entity for one in place.senses)


def _leftmost(places: Iterable[_Place]) -> Iterator[_Place]:
    """Leftmost, then longest: no two mentions overlap."""
    free = 0
    for place in sorted(places, key=lambda one: (one.start, -one.end)):
        if place.start >= free:
            yield place
            free = place.end
