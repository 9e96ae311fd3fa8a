"""Names in texts: the matcher against PhraseMatcher and a bare automaton, reading against tokenising, building, memory.

CPU time of this process, ours and the yardstick in turn, the median of the ratios.
"""

from __future__ import annotations

import gc
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from statistics import median
from typing import Any

import ahocorasick

from benchmarks._phrases import forms
from benchmarks._processes import require_proc
from benchmarks._table import Row
from benchmarks._texts import Text, articles, news, pages, subject_texts
from models.config import Alias, Config, Entity, load_config
from pipelines.aliases import AliasMatcher
from pipelines.nlp import BATCH, Reader
from pipelines.watch import Tagger, aliases_of

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
PHRASE_BAR, AUTOMATON_BAR, READING_BAR = 10.0, 0.4, 3.0
BUILD_SECONDS, BUILD_ALIASES = 1.0, 2_000
MEMORY_MB, MEMORY_ARTICLES = 250, 100_000
FLAT_MB = 10  # between a fifth of the articles and all of them: what an allocator may keep, not a cache that grows
READ_ARTICLES, EVERY = 10_000, 10
ENDING_LETTERS = 3  # longest ending of a listed form: all endings would be 5,600 a Latin name and 9 million in all

Work = Callable[[], Any]


def seconds(work: Work) -> float:
    """CPU seconds of a piece of work, garbage collected before it."""
    gc.collect()
    begun = time.process_time()
    work()
    return time.process_time() - begun


def all_aliases(config: Config) -> list[Alias]:
    """Every alias of the watch list once."""
    found = (alias for entity in config.entities.values() for alias in aliases_of(entity, config.entities))
    return list({alias.text: alias for alias in found}.values())


def phrases(aliases: Iterable[Alias]) -> Iterator[str]:
    """The names with endings of up to three letters behind their last word, lower case."""
    for alias in aliases:
        last = alias.text.replace("~", " ").replace("-", " ").split()[-1]
        longest = len(last) + ENDING_LETTERS
        yield from forms(alias, lambda form, longest=longest: len(form) <= longest, every_word=False)  # type: ignore[misc]


def automaton(aliases: Iterable[Alias]) -> Any:
    """The bare yardstick: the stems of our matcher, nothing behind them."""
    made = ahocorasick.Automaton()
    # In order, as ours: that alone makes it up to twice as fast.
    for anchor in sorted({anchor for alias in aliases for anchor in AliasMatcher("", alias).anchors()}):
        made.add_word(anchor, anchor)
    made.make_automaton()
    return made


def _phrase_matcher(aliases: Iterable[Alias]) -> tuple[Any, Any, int]:
    """(spaCy's blank xx, its matcher, the number of forms)."""
    import spacy
    from spacy.matcher import PhraseMatcher

    nlp = spacy.blank("xx")
    matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
    every = list(dict.fromkeys(phrases(aliases)))
    for start in range(0, len(every), 10_000):
        matcher.add("NAME", [nlp.make_doc(form) for form in every[start : start + 10_000]])
    return nlp, matcher, len(every)


def matching(config: Config, texts: Sequence[Text], rounds: int = ROUNDS) -> Iterator[Row]:
    """The rows of the matcher over real texts."""
    tagger, aliases = Tagger(config), all_aliases(config)
    bare = automaton(aliases)
    nlp, matcher, count = _phrase_matcher(aliases)
    chars = sum(len(one.title) + len(one.text) for one in texts)
    # The whole in one string for the yardsticks: they know no parts.
    joined = [f"{one.title}\n{one.text}" for one in texts]
    docs = [nlp.make_doc(text) for text in joined]
    works: dict[str, Work] = {
        "tag": lambda: [tagger.tag(one.text, title=one.title, language=one.language) for one in texts],
        "might": lambda: [tagger.might_hit(one.title, one.text) for one in texts],
        "bare": lambda: [sum(1 for _ in bare.iter(text.lower())) for text in joined],
        "phrases": lambda: [matcher(nlp.make_doc(text)) for text in joined],
        "looking up": lambda: [matcher(doc) for doc in docs],
    }
    for work in works.values():
        work()  # patterns compiled, strings in the vocabulary
    took = [{name: seconds(work) for name, work in works.items()} for _ in range(rounds)]
    rate = {name: chars / median(one[name] for one in took) / 1e6 for name in works}
    hits = sum(bool(found) for found in works["tag"]())

    def row(name: str, ours: str, theirs: str, bar: float | None) -> Row:
        ratio = median(one[theirs] / one[ours] for one in took)
        met = None if bar is None else ratio >= bar
        told = "" if bar is None else f">= {bar:g}"
        return Row(name, f"{rate[ours]:.1f} Mchar/s", f"{rate[theirs]:.2f} Mchar/s", ratio, told, met)

    of = f"{len(texts):,} texts, {chars / 1e6:.1f} Mchar, {hits} name something"
    yield row(f"tagging, {of}: PhraseMatcher, {count:,} forms, with its tokenising", "tag", "phrases", PHRASE_BAR)
    yield row("  the same, tokens ready made for it", "tag", "looking up", None)
    yield row("  bare pyahocorasick over text.lower()", "tag", "bare", AUTOMATON_BAR)
    yield row("  the prefilter (might_hit): bare pyahocorasick", "might", "bare", AUTOMATON_BAR)


def _pipelines(languages: Iterable[str]) -> dict[str, Any]:
    """spaCy's blank pipeline with sentencizer for each language."""
    import spacy

    found = {language: spacy.blank(language) for language in {*languages, "xx"}}
    for nlp in found.values():
        nlp.add_pipe("sentencizer")
    return found


def _tokenise(nlp: Any, texts: Iterable[str]) -> None:
    for _ in nlp.pipe(texts, batch_size=BATCH):
        pass


def reading(config: Config, pool: Sequence[Text], count: int = READ_ARTICLES, rounds: int = 10) -> Iterator[Row]:
    """Reader.read_many over articles of which a tenth names something, against blank pipelines with sentencizer.

    The yardstick is `xx` for all; the second row has each language's own pipeline, which ours builds on.
    """
    reader = Reader(config)
    blank = _pipelines(one.language for one in pool)
    stream = chain(articles(pool, 2 * BATCH, EVERY), articles(pool, count, EVERY))
    took: list[tuple[float, float, float]] = []
    chars = hits = 0
    for number in range(rounds + 1):
        batch = list(islice(stream, count // rounds if number else 2 * BATCH))  # the first warms up and is not counted
        rows = [(index, one.title, one.text, one.language, None, None) for index, one in enumerate(batch)]
        by_language: dict[str, list[str]] = {}
        for one in batch:
            by_language.setdefault(one.language, []).append(f"{one.title}\n\n{one.text}")
        begun = time.process_time()
        found = list(reader.read_many(rows))
        ours = time.process_time() - begun
        own = sum(seconds(partial(_tokenise, blank[code], texts)) for code, texts in by_language.items())
        common = sum(seconds(partial(_tokenise, blank["xx"], texts)) for texts in by_language.values())
        if number:
            took.append((ours, own, common))
            chars += sum(len(text) for texts in by_language.values() for text in texts)
            hits += sum(bool(one.mentions) for one in found)
    rates = [chars / sum(one[side] for one in took) / 1e6 for side in range(3)]
    ratios = [median(one[side] / one[0] for one in took) for side in (1, 2)]
    read = len(took) * (count // rounds)
    told = f"{read:,} articles of {chars / max(1, read):,.0f} characters, {hits:,} name something"
    mine, own_rate, common_rate = (f"{rate:.2f} Mchar/s" for rate in rates)
    met = ratios[1] >= READING_BAR
    yield Row(f"tagging, reading {told}: blank xx", mine, common_rate, ratios[1], f">= {READING_BAR:g}", met)
    yield Row("  a blank pipeline of each article's language", mine, own_rate, ratios[0])


def many_aliases(config: Config, count: int) -> Config:
    """A watch list of that many names: words of the real one put together anew, in its mix of scripts and lengths."""
    chance = random.Random(5)
    real = [alias for alias in all_aliases(config) if len(alias.text) > 3]
    names: dict[str, None] = {}
    while len(names) < count:
        one, other = chance.choice(real).text, chance.choice(real).text
        words = one.split()
        # as many words as the alias has, the last one begun like its own and ended like another's
        words[-1] = words[-1][: max(2, len(words[-1]) // 2)] + other.split()[-1][-5:]
        names[" ".join(words)] = None
    per = 8  # aliases an entity, as the real list has
    listed = list(names)
    entities = {
        f"e{start}": Entity(f"e{start}", "org", {"en": "x"}, aliases=tuple(map(Alias, listed[start : start + per])))
        for start in range(0, count, per)
    }
    return replace(config, entities=entities, topics={}, relations=())


def building(config: Config, count: int = BUILD_ALIASES, rounds: int = ROUNDS) -> Iterator[Row]:
    """How long a Tagger of many aliases takes to be built."""
    many = many_aliases(config, count)
    took = median(seconds(lambda: Tagger(many)) for _ in range(rounds))
    bar = f"< {BUILD_SECONDS:g} s"
    yield Row(f"tagging, building with {count:,} aliases", f"{took:.2f} s CPU", "", None, bar, took < BUILD_SECONDS)


def memory(count: int = MEMORY_ARTICLES) -> Iterator[Row]:
    """Resident set of a process that reads many articles: its peak, and how much it grew from a fifth of them on."""
    require_proc()
    child = [sys.executable, str(ROOT / "benchmarks" / "_reading_child.py"), str(count)]
    done = subprocess.run(child, check=True, text=True, stdout=subprocess.PIPE)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    peak, grown = told[-1]["peak_mb"], told[-1]["rss_mb"] - told[len(told) // 5 - 1]["rss_mb"]
    name = f"tagging, memory of reading {count:,} articles (VmHWM)"
    yield Row(name, f"{peak:.0f} MB", "", None, f"< {MEMORY_MB} MB", peak < MEMORY_MB)
    yield Row("  of it grown from a fifth of them on", f"{grown:.0f} MB", "", None, f"< {FLAT_MB} MB", grown < FLAT_MB)


def measure() -> Iterator[Row]:
    """Rows with the bars of tagging. Raises NotHere without the labelled data."""
    config = load_config(ROOT / "config.yaml")
    pool = [*news(), *pages()]
    yield from matching(config, [*pool, *subject_texts()])
    yield from reading(config, pool)
    yield from building(config)
    yield from memory()
