"""`khazri tag --dry-run`: what a name, topic or query of the configuration finds in the archive; nothing is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from models.article import Mention, TopicHit
from models.config import Config, Topic
from models.config.fields import did_you_mean
from models.errors import KhazriError
from models.facts import Facts, ToRead
from models.store import Store
from pipelines.querylint import compile_query
from pipelines.topics import TopicJudge
from pipelines.watch import Tagger

BATCH = 500  # articles read from the store at once
SAMPLES = 12  # shown; an analyst reads a dozen before she trusts a name
SURROUNDINGS = 70  # characters shown on each side of a name


@dataclass(frozen=True, slots=True)
class Sample:
    """One article and why it was found. `sign`: `+` it is new, `-` it would go, ` ` it is known already."""

    sign: str
    article: ToRead
    shown: str
    why: str


@dataclass(slots=True)
class Tried:
    """What a dry run came to. Counts are articles, except `places`."""

    what: str
    articles: int = 0
    found: int = 0
    places: int = 0
    ambiguous: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    outlets: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    new: int = 0
    gone: int = 0
    samples: list[Sample] = field(default_factory=list)


def try_entity(config: Config, store: Store, entity: str) -> Tried:
    """What the archive has of one entity, beside what is stored of it. Raises KhazriError for an unknown id."""
    if entity not in config.entities:
        raise KhazriError(f"no entity '{entity}' in the configuration{did_you_mean(entity, config.entities)}")
    facts = Facts(store)
    known = facts.articles_naming(entity)
    # Rivals and decoys decide with it; only articles that might hold the name are looked at with all of them.
    alone = Tagger(replace(config, entities={entity: replace(config.entities[entity], parent=None)}))
    inherits = any(alias.text == "*" for alias in config.entities[entity].aliases)
    tagger = Tagger(config)
    tried = Tried(f"entity {entity}")
    for one in _archive(facts):
        tried.articles += 1
        found: list[Mention] = []
        if inherits or alone.might_hit(one.title, one.text):
            tagged = tagger.tag(one.text, title=one.title, language=one.language, outlet=one.outlet)
            found = [mention for mention in tagged if mention.entity == entity]
        tried.ambiguous += sum(mention.ambiguous for mention in found)
        clear = [mention for mention in found if not mention.ambiguous]
        tried.places += len(clear)
        tried.reasons.update(mention.rule.partition(" + ")[0].partition("; ")[0] for mention in clear)
        shown = _around(one, clear[0]) if clear else one.title
        _count(tried, one, known, shown, clear[0].rule if clear else "")
    return tried


def try_topic(config: Config, store: Store, topic: str) -> Tried:
    """What the archive has on one topic. Raises KhazriError for an unknown id, ConfigError for its query."""
    if topic not in config.topics:
        raise KhazriError(f"no topic '{topic}' in the configuration{did_you_mean(topic, config.topics)}")
    return _try(config, Facts(store), config.topics[topic], f"topic {topic}", Facts(store).articles_on(topic))


def try_query(config: Config, store: Store, query: str) -> Tried:
    """What the archive has for a query that is in no configuration yet. Raises ConfigError when it is refused."""
    compile_query(query, config)  # here, where it is no topic's fault
    return _try(config, Facts(store), Topic("query", {"en": query}, (), query=query), f"query {query}", set())


def _try(config: Config, facts: Facts, topic: Topic, what: str, known: set[int]) -> Tried:
    tagger, judge = Tagger(config), TopicJudge(replace(config, topics={topic.id: topic}))
    tried = Tried(what)
    for one in _archive(facts):
        tried.articles += 1
        mentions = tagger.tag(one.text, title=one.title, language=one.language, outlet=one.outlet)
        (hit,) = judge.judge(one.title, one.text, mentions, language=one.language, outlet=one.outlet)
        if hit.role != "none":
            tried.reasons[hit.role] += 1
        _count(tried, one, known, hit.sentence if hit.role != "none" else one.title, _why(hit))
    return tried


def _archive(facts: Facts) -> Iterator[ToRead]:
    last = 0
    while batch := facts.archive(last, BATCH):
        yield from batch
        last = batch[-1].revision_id


def _count(tried: Tried, one: ToRead, known: set[int], shown: str, why: str) -> None:
    """`why` is "" for an article that is not found."""
    was = one.article_id in known
    if not why and not was:
        return
    sign = " " if why and was else "+" if why else "-"
    tried.new += sign == "+"
    tried.gone += sign == "-"
    if why:
        tried.found += 1
        tried.languages[one.language or "?"] += 1
        tried.outlets[one.outlet] += 1
    tried.samples.append(Sample(sign, one, shown, why))
    if len(tried.samples) > 4 * SAMPLES:
        tried.samples = _shown(tried.samples)


def _shown(samples: Iterable[Sample]) -> list[Sample]:
    """What would change first, then the latest."""
    ordered = sorted(samples, key=lambda one: (one.sign == " ", -one.article.revision_id))
    return ordered[:SAMPLES]


def _why(hit: TopicHit) -> str:
    return f"{hit.role} {hit.score:g}: {'; '.join(hit.reasons)}" if hit.role != "none" else ""


def _around(one: ToRead, mention: Mention) -> str:
    """The name between brackets in its surroundings."""
    raw = one.title if mention.part == "title" else one.text
    low, high = max(0, mention.start - SURROUNDINGS), mention.end + SURROUNDINGS
    before, after = raw[low : mention.start], raw[mention.end : high]
    if low:
        before = f"… {before.partition(' ')[2]}"  # whole words only
    if high < len(raw):
        after = f"{after.rpartition(' ')[0]} …"
    return " ".join(f"{before}[{mention.surface}]{after}".split())


def as_text(tried: Tried) -> Iterator[str]:
    """What a person reads, line by line."""
    of_it = f", {tried.places} places" if tried.places else ""
    yield f"{tried.what}: {tried.found} of {tried.articles} articles{of_it}; nothing was stored"
    yield f"  new with this configuration: {tried.new}, no longer: {tried.gone}"
    if tried.ambiguous:
        yield f"  {tried.ambiguous} ambiguous places, counted nowhere"
    for name, counts in (("languages", tried.languages), ("outlets", tried.outlets), ("by", tried.reasons)):
        if counts:
            yield f"  {name}: {', '.join(f'{key} {number}' for key, number in counts.most_common(10))}"
    for sample in _shown(tried.samples):
        day = sample.article.published.value.date().isoformat() if sample.article.published else "undated"
        yield f"{sample.sign} {day} {sample.article.outlet} {sample.article.language or '?'}  {sample.shown}"
        yield f"    {sample.why or 'no longer found'}"
