"""What an article is to each topic, and why: clauses over entities and term stems, place, count, vetoes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import ahocorasick

from models.article import Mention, Role, TopicHit
from models.config import Clause, Config, Topic
from models.errors import ConfigError
from models.text import fold_word, script_of
from pipelines.clauses import QUOTED, Article, Found, Holding, Place, apart, hold
from pipelines.querylint import compile_query
from pipelines.querymatch import Asked, Query, Words
from pipelines.spans import Spans
from pipelines.watch import fingerprint as watch_fingerprint

RULE_VERSION = 4  # counted up when the rules below change what is judged
PLACE_BONUS = 1.0  # for the title, the beginning, or a second place: what makes a clause of weight 1 primary
MORE_BONUS = 0.25  # for each further clause that holds at a place of its own
MORE_CLAUSES = 2
SENTENCES_A_PLACE = 12  # an article this long is about what it names twice; a longer one must name it more often
VETO_LOSS = 1.0  # for a veto list with more places than the topic itself
ONE_PLACE = 40  # characters; terms closer than this are one place ("fiber-optic cable" is not three)
MOST_SHOWN = 4  # of what a query found, in its reason
APPOSITION = 3  # characters; a name in brackets behind itself is not named twice


class TopicJudge:
    """Judges all topics of a config. Pure; precompiled once."""

    def __init__(self, config: Config) -> None:
        self._topics = tuple(config.topics.values())
        self._queries = _queries(config)
        self._words = Words(list(dict.fromkeys(one for query in self._queries.values() for one in query.terms)), config)
        self._automaton = ahocorasick.Automaton()
        stems: dict[str, list[tuple[str, str]]] = {}
        for topic in self._topics:
            for name, stem in _stems(topic):
                stems.setdefault(fold_word(stem), []).append((topic.id, name))
        for stem in sorted(stems):  # in order: see Tagger
            self._automaton.add_word(stem, (len(stem), stems[stem]))
        self._empty = not stems
        if stems:
            self._automaton.make_automaton()
        self._gate = _gate(config)
        self._titles = _names_with_terms(config, self._automaton) if stems else ahocorasick.Automaton()
        told = f"topics {RULE_VERSION} {watch_fingerprint(config.entities)} {list(config.topics.items())!r}"
        self.fingerprint = hashlib.sha256(told.encode()).hexdigest()[:16]

    def judge(
        self,
        title: str,
        text: str,
        mentions: Sequence[Mention],
        *,
        language: str | None = None,
        outlet: str | None = None,
    ) -> tuple[TopicHit, ...]:
        """One hit for every topic of the config, role `none` included.

        mentions          those of the same title and text; ambiguous ones count for nothing.
        language, outlet  of the article, two letters and an id; what queries may ask for.
        """
        article = Article(title, text, mentions)
        if not (article.entities or self._queries or self._may_hold(article)):  # most articles of a day
            return tuple(TopicHit(topic.id, "none", 0.0) for topic in self._topics)
        terms = self._terms(article)
        asked = Asked(article, self._words.find(article, language) if self._queries else {}, language, outlet)
        return tuple(self._judge(topic, article, terms.get(topic.id, {}), asked) for topic in self._topics)

    def _may_hold(self, article: Article) -> bool:
        """Whether a clause could hold in an article that names nobody: its rarest words are looked for first."""
        return any(len(self._gate) and any(True for _ in self._gate.iter(part.text)) for part, _, _ in article.parts)

    def _raw_terms(self, article: Article) -> Iterator[tuple[int, int, list[tuple[str, str]]]]:
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

    def _terms(self, article: Article) -> dict[str, dict[str, list[Found]]]:
        """topic -> list -> places. A term inside a decoy's name or an outlet's speaks only for a veto."""
        raw = list(self._raw_terms(article))
        if not raw:
            return {}
        closed = Spans((one.start, one.end) for one in (*article.decoys, *self._outlet_spans(article)))
        found: dict[str, dict[str, list[Found]]] = {}
        vetoes = {topic.id: set(topic.veto) for topic in self._topics}
        for start, end, uses in raw:
            covered = closed.cover(start, end)
            for topic, name in uses:
                if covered and name not in vetoes[topic]:
                    continue
                place = Found(start, end, article.shown(start, end))
                found.setdefault(topic, {}).setdefault(name, []).append(place)
        return found

    def _outlet_spans(self, article: Article) -> Iterator[Found]:
        if len(self._titles) == 0:
            return
        for folded, base, _ in article.parts:
            for last, length in self._titles.iter(folded.text):
                start, end = folded.span(last + 1 - length, last + 1)
                yield Found(base + start, base + end, "")

    def _judge(self, topic: Topic, article: Article, terms: Mapping[str, list[Found]], asked: Asked) -> TopicHit:
        holding = [
            held
            for number, clause in enumerate(topic.clauses, start=1)
            if (held := hold(number, clause, article, terms)) is not None
        ]
        if topic.id in self._queries:
            holding += _met(topic, self._queries[topic.id], asked)
        full = [held for held in holding if held.clause.weight >= topic.passing_at]
        if not full:
            return TopicHit(topic.id, "none", 0.0)
        full.sort(
            key=lambda held: (-held.clause.weight - PLACE_BONUS * bool(article.beginning.place(held)), held.number)
        )
        best = full[0]
        supports = [held for held in holding if 0 < held.clause.weight < topic.passing_at]
        place, bonus = _standing(full, supports, article)
        score = best.clause.weight + bonus
        reasons = [f"{f'clause {best.number}' if best.number else 'query'}: {best.reason}", place]
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


def _queries(config: Config) -> dict[str, Query]:
    found: dict[str, Query] = {}
    for topic in config.topics.values():
        if topic.query:
            try:
                found[topic.id] = compile_query(topic.query, config)
            except ConfigError as error:
                raise ConfigError(f"topics.{topic.id}.query: {error}") from error
    return found


def _met(topic: Topic, query: Query, asked: Asked) -> Iterator[Holding]:
    """A query that is met, as the one clause of its topic: where its words stand says how much it is about them."""
    places = query.places(asked)
    if places:
        shown = dict.fromkeys(f"'{place.shown[:QUOTED]}'" for place in places)
        clause = Clause(all_of=(query.names,), weight=topic.passing_at)
        spans = tuple(Place(place, place.start, place.end) for place in places)
        yield Holding(0, clause, spans, " + ".join(list(shown)[:MOST_SHOWN]))


def _stems(topic: Topic) -> Iterator[tuple[str, str]]:
    for name, by_language in topic.terms.items():
        for stems in by_language.values():
            yield from ((name, stem) for stem in stems)
    for name, stems in topic.veto.items():
        yield from ((name, stem) for stem in stems)


def _gate(config: Config) -> ahocorasick.Automaton:
    """The stems of one group, that with the longest words, of each clause that can hold without a watched name.

    Without one of these no clause holds. Long words are rare ones, and a small automaton is twice as fast as a large.
    """
    gate = ahocorasick.Automaton()
    chosen: set[str] = set()
    for topic in config.topics.values():
        for clause in topic.clauses:
            groups = [{fold_word(stem) for list_, stem in _stems(topic) if list_ in group} for group in clause.all_of]
            if groups and all(groups):
                chosen |= max(groups, key=lambda stems: sum(map(len, stems)) / len(stems))
    for stem in sorted(chosen):
        gate.add_word(stem, True)
    if len(gate):
        gate.make_automaton()
    return gate


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


def _standing(full: Sequence[Holding], supports: Iterable[Holding], article: Article) -> tuple[str, float]:
    """Where the topic stands in the article, in words, and the points for it: whether the article is about it.

    It is when the best clause holds in the title or at the beginning, when the topic is named often for the article's
    length, or when a clause that only supports (one of less weight than `passing_at`) holds at the beginning.
    """
    place = article.beginning.place(full[0])
    if place:
        return place, PLACE_BONUS
    names = [_times_named(held, article) for held in full if held.mere_names]
    number = max(len(apart([place for held in full for place in held.places], ONE_PLACE)), *names, 0)
    if number >= max(2, article.length / SENTENCES_A_PLACE):
        return f"{number} places in {article.length} sentences", PLACE_BONUS
    told = "one place" if number == 1 else f"only {number} places in {article.length} sentences"
    for held in supports:
        if place := article.beginning.place(held):
            return f"{told}; supported by clause {held.number} {place}: {held.reason}", PLACE_BONUS
    return told, 0.0


def _times_named(held: Holding, article: Article) -> int:
    """How often the names stand in the article, in neighbouring sentences too."""
    times, reach = 0, -1
    for place in held.places:
        if times == 0 or place.start - reach > APPOSITION or article.ends_between(reach, place.start):
            times += 1
        reach = place.end
    return times


def _elsewhere(full: Sequence[Holding]) -> list[Holding]:
    """The clauses after the first that hold at a place of their own, two at most."""
    taken = [(place.start - ONE_PLACE, place.end + ONE_PLACE) for place in full[0].places]
    more: list[Holding] = []
    for held in full[1:]:
        known = Spans(taken)
        if len(more) < MORE_CLAUSES and not all(known.touch(place.start, place.end) for place in held.places):
            more.append(held)
            taken += [(place.start - ONE_PLACE, place.end + ONE_PLACE) for place in held.places]
    return more


def _vetoes(topic: Topic, full: Iterable[Holding], terms: Mapping[str, list[Found]]) -> tuple[float, list[str]]:
    """The points lost to veto lists with more places than the topic itself, and what was found of each list."""
    own = len(apart((place.anchor for held in full for place in held.places), ONE_PLACE))
    loss, reasons = 0.0, []
    for name in topic.veto:
        against = len(apart(terms.get(name, ()), ONE_PLACE))
        if against > own:
            loss += VETO_LOSS
            reasons.append(f"veto {name}: {against} places against {own}")
        elif against:
            reasons.append(f"veto {name} near, {against} places against {own}: not lowered")
    return loss, reasons
