"""READ with spaCy: one Language per language, our judges as its components, documents without a name never tokenised.

spaCy is imported when a reader is built, not when this module is.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from models.article import Attribution, Candidate, Mention, Part, Reading
from models.config import Config
from pipelines import candidates
from pipelines.attribution import Attributor
from pipelines.names import JOINT, UNKNOWN, model_names
from pipelines.names import RULE_VERSION as NAMES_VERSION
from pipelines.spans import Spans
from pipelines.topics import TopicJudge
from pipelines.watch import Tagger

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

Row = tuple[Any, str, str, str | None, str | None, datetime | Any | None]

BATCH = 64  # articles read at a time; larger batches gained nothing (shared notes)
TOKENISED = 200_000  # characters of one article that are tokenised; names are matched in all of it


class Reader:
    """Reads articles. `fingerprints` are those of its steps; equal prints would find equal facts."""

    def __init__(self, config: Config) -> None:
        """Raises ConfigError when the config cannot be read by (a refused pattern, a model that is not installed)."""
        from pipelines import components

        self._components = components
        self._ner = config.ner
        self._tagger = Tagger(config)
        self._judge = TopicJudge(config)
        self._attributor = Attributor(config)
        self._known = candidates.Known(config)
        self._languages: dict[str, Language] = {}
        self.fingerprints: dict[str, str] = _fingerprints(config, self._tagger, self._judge, self._attributor)

    def read_many(self, rows: Iterable[Row]) -> Iterator[Reading]:
        """One Reading per row, in order. A row = (id, title, text, language, outlet, published)."""
        remaining = iter(rows)
        while batch := list(islice(remaining, BATCH)):
            yield from self._read_batch(batch)

    def read(
        self, title: str, text: str, language: str | None = None, outlet: str | None = None, published: Any = None
    ) -> Reading:
        """A single article, as read_many."""
        return self._read_batch([(None, title, text, language, outlet, published)])[0]

    def _read_batch(self, batch: list[Row]) -> list[Reading]:
        readings: dict[int, Reading] = {}
        waiting: dict[str, list[int]] = {}
        mentions: dict[int, tuple[Mention, ...]] = {}
        for index, (_, title, text, language, outlet, published) in enumerate(batch):
            found = self._tagger.tag(text, title=title, language=language, outlet=outlet, published=published)
            if found:
                mentions[index] = found
                waiting.setdefault(language or UNKNOWN, []).append(index)
            else:
                readings[index] = self._without_names(batch[index])
        for language, indexes in waiting.items():
            readings |= self._pipe(language, indexes, batch, mentions)
        return [readings[index] for index in range(len(batch))]

    def _pipe(
        self, language: str, indexes: list[int], batch: list[Row], mentions: Mapping[int, tuple[Mention, ...]]
    ) -> dict[int, Reading]:
        """Only articles with a watched name are tokenised."""
        readings: dict[int, Reading] = {}
        nlp = self._language(language)
        # spaCy keeps no tokens in a memory zone, so every word is new in each: blank pipelines do without, four times
        # as fast, and are built anew when they have grown. A model is dear to load and gets its zone.
        with nullcontext() if self._components.is_blank(nlp) else nlp.memory_zone():
            docs = [self._document(nlp, batch[index], mentions[index]) for index in indexes]
            for index, doc in zip(indexes, nlp.pipe(docs), strict=True):
                readings[index] = self._reading(batch[index], mentions[index], _candidates(doc, self._known))
        return readings

    def _without_names(self, row: Row) -> Reading:
        """A topic's words alone are judged on the raw text; an article of no topic is asked nothing further."""
        _, title, text, language, outlet, _ = row
        topics = self._judge.judge(title, text, (), language=language, outlet=outlet)
        origins: tuple[Attribution, ...] = ()
        if any(hit.role != "none" for hit in topics):
            origins = self._attributor.find(title, text, language, outlet)
        return Reading(topics=topics, attributions=origins, fingerprints=self.fingerprints)

    def _document(self, nlp: Language, row: Row, mentions: tuple[Mention, ...]) -> Doc:
        _, title, text, language, outlet, _ = row
        return self._components.document(nlp, title, text[:TOKENISED], language, outlet, mentions)

    def _reading(self, row: Row, mentions: tuple[Mention, ...], found: tuple[Candidate, ...]) -> Reading:
        _, title, text, language, outlet, _ = row
        return Reading(
            mentions=mentions,
            candidates=found,
            topics=self._judge.judge(title, text, mentions, language=language, outlet=outlet),
            attributions=self._attributor.find(title, text, language, outlet),
            fingerprints=self.fingerprints,
        )

    def _language(self, language: str) -> Language:
        nlp = self._languages.get(language)
        if nlp is None or self._components.is_full(nlp):
            nlp = self._languages[language] = self._components.pipeline(language, self._ner, self._tagger)
        return nlp


def build(config: Config) -> Reader:
    """A reader for the config; costs spaCy's import (1.4 s CPU, 100 MB) the first time."""
    return Reader(config)


def fingerprints(config: Config) -> dict[str, str]:
    """step -> hash of its part of the config, its rules' version and its models, without importing spaCy."""
    return _fingerprints(config, Tagger(config), TopicJudge(config), Attributor(config))


def _fingerprints(config: Config, tagger: Tagger, judge: TopicJudge, attributor: Attributor) -> dict[str, str]:
    told = f"names {NAMES_VERSION} {tagger.fingerprint} {config.ner} {_models(config.ner)}"
    return {
        "watch": tagger.fingerprint,
        "names": hashlib.sha256(told.encode()).hexdigest()[:16],
        "topics": judge.fingerprint,
        "attribution": hashlib.sha256(f"{attributor.fingerprint} {tagger.fingerprint}".encode()).hexdigest()[:16],
    }


def _models(ner: str) -> list[str]:
    """Installed models with their versions: a newer model finds other names."""
    found = []
    for name in model_names(ner):
        if importlib.util.find_spec(name) is not None:
            found.append(f"{name} {importlib.metadata.version(name)}")
    return found


def _candidates(doc: Doc, known: candidates.Known) -> tuple[Candidate, ...]:
    """The spans of khazri_names as candidates, offsets into title and text as given, watched names left out."""
    title_chars: int = doc._.khazri_title_chars
    watched = Spans((span.start_char, span.end_char) for span in doc.spans["watch"])
    found: list[Candidate] = []
    for span in doc.spans["names"]:
        start, end = span.start_char, span.end_char
        if watched.touch(start, end):
            continue
        part: Part = "title" if end <= title_chars else "text"
        base = title_chars + len(JOINT) if part == "text" and title_chars else 0
        if start >= base:
            label, surface = span.label_, span.text  # spaCy puts them together at each asking
            key = "" if label in ("MONEY", "DATE") or surface in known else candidates.key_of(surface)
            label = "ORG" if label == "NAME" and candidates.is_organisation(surface) else label
            found.append(Candidate(part, start - base, end - base, surface, label, key))
    return tuple(found)
