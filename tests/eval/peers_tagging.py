"""The tagging sets for what a newsroom would use instead of our matcher, beside ours, in one run and one table.

    python tests/eval/peers_tagging.py [--install]

- the plain rule: `\\b(alias|…)\\b` over the aliases, case ignored, longest first
- PhraseMatcher with expanded forms: each alias with every ending of our own tables that the texts hold, every word by
  itself, also behind an apostrophe: what a complete list of forms could reach
- PhraseMatcher on lemmas: pymorphy3 for ru and uk, simplemma for en and tr, lower case for az kk ka zh, which neither
  has; the lemmatisers are optional and live in .venv-peers (`--install`); without them the row is left out

Peers get the same watch list, decoys included, and the text's language; of entities that share an alias the one with
the highest prior, which is the best a list can do. Context rules they have none. Figures as in score_tagging.py.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import score_tagging as scoring  # type: ignore[import-not-found]  # noqa: E402
import spacy  # noqa: E402
from spacy.matcher import PhraseMatcher  # noqa: E402
from spacy.tokens import Doc  # noqa: E402

from benchmarks._phrases import forms, spellings  # noqa: E402
from benchmarks._table import NotHere, line  # noqa: E402
from models.config import Alias, Config, load_config  # noqa: E402
from pipelines.watch import Tagger, aliases_of  # noqa: E402

PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
HEADS = (
    "", "open sentences F1", "P", "R", "exact", "own sentences F1", "P", "R", "pages F1", "P", "R",
    "same name accepted", "other refused",
)  # fmt: skip
_WORD = re.compile(r"\w+(?:['’]\w+)?")


@dataclass(frozen=True, slots=True)
class Found:
    """What a peer says, in the shape that the scorer reads."""

    start: int
    end: int
    entity: str
    decoy: bool
    part: str = "text"
    ambiguous: bool = False


class Peer(Protocol):
    """`tag` as our Tagger's; titles are not looked at by the scorer."""

    def tag(
        self, text: str, *, title: str = "", language: str | None = None, outlet: str | None = None
    ) -> Iterable[Any]: ...


Make = Callable[[Config], Peer]


def named(config: Config) -> dict[str, tuple[str, Alias]]:
    """Alias -> (entity, alias): of those that share it the one with the highest prior, then the first listed."""
    best: dict[str, tuple[str, Alias]] = {}
    for entity in config.entities.values():
        for alias in aliases_of(entity, config.entities):
            if alias.text not in best or alias.prior > best[alias.text][1].prior:
                best[alias.text] = (entity.id, alias)
    return best


class Plain:
    """One regular expression."""

    def __init__(self, config: Config) -> None:
        self._entities = config.entities
        self._ids = {form.lower(): entity for text, (entity, _) in named(config).items() for form in spellings(text)}
        longest = sorted(self._ids, key=len, reverse=True)
        self._pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, longest))})\b", re.IGNORECASE)

    def tag(
        self, text: str, *, title: str = "", language: str | None = None, outlet: str | None = None
    ) -> Iterator[Found]:
        del title, language, outlet
        for match in self._pattern.finditer(text):
            entity = self._ids.get(match.group().lower())
            if entity is not None:  # İ and ı are equal to i for `re`, not for lower()
                yield Found(*match.span(), entity, self._entities[entity].decoy)


class Phrases:
    """A PhraseMatcher over a blank pipeline; longest match wins."""

    def __init__(self, config: Config, patterns: Mapping[str, list[Doc]], nlp: Any, attribute: str) -> None:
        self._entities, self.nlp = config.entities, nlp
        self._matcher = PhraseMatcher(nlp.vocab, attr=attribute)
        for entity, docs in patterns.items():
            self._matcher.add(entity, docs)

    def doc(self, text: str, language: str | None) -> Doc:
        del language
        made: Doc = self.nlp.make_doc(text)
        return made

    def tag(
        self, text: str, *, title: str = "", language: str | None = None, outlet: str | None = None
    ) -> Iterator[Found]:
        del title, outlet
        spans = spacy.util.filter_spans(self._matcher(self.doc(text, language), as_spans=True))
        for span in spans:
            yield Found(span.start_char, span.end_char, span.label_, self._entities[span.label_].decoy)


def expanded(vocabulary: set[str]) -> Make:
    """With the forms of which every word is in the vocabulary: no other could match, and all would be 10**12."""

    def make(config: Config) -> Peer:
        nlp = spacy.blank("xx")
        patterns: dict[str, list[Doc]] = {}
        for entity, alias in named(config).values():
            every = forms(alias, vocabulary.__contains__, every_word=True, marks="'’")
            patterns.setdefault(entity, []).extend(nlp.make_doc(form) for form in every)
        return Phrases(config, patterns, nlp, "LOWER")

    return make


class Lemmas:
    """Asks the child once for all words of a language."""

    def __init__(self) -> None:
        if not PEERS_PYTHON.exists():
            raise NotHere("needs the lemmatisers: python tests/eval/peers_tagging.py --install")
        child = [str(PEERS_PYTHON), str(ROOT / "benchmarks" / "_lemmas_child.py")]
        self._child = subprocess.Popen(
            child, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._known: dict[tuple[str, str], str] = {}

    def of(self, words: list[str], language: str) -> list[str]:
        new = [word for word in dict.fromkeys(words) if (language, word) not in self._known]
        if new:
            assert self._child.stdin is not None
            assert self._child.stdout is not None
            print(json.dumps({"language": language, "words": new}), file=self._child.stdin, flush=True)
            answered = json.loads(self._child.stdout.readline())
            self._known |= {(language, word): lemma for word, lemma in zip(new, answered, strict=True)}
        return [self._known[language, word] for word in words]

    def close(self) -> None:
        """End the child."""
        self._child.communicate()


class LemmaPhrases(Phrases):
    """Patterns and text in dictionary forms of the text's language: one matcher a language."""

    def __init__(self, config: Config, lemmas: Lemmas) -> None:
        self._lemmas, self._config = lemmas, config
        self._by_language: dict[str, Phrases] = {}
        self._nlp = spacy.blank("xx")

    def _lemmatised(self, text: str, language: str) -> Doc:
        doc: Doc = self._nlp.make_doc(text)
        for token, lemma in zip(doc, self._lemmas.of([token.text for token in doc], language), strict=True):
            token.lemma_ = lemma
        return doc

    def tag(
        self, text: str, *, title: str = "", language: str | None = None, outlet: str | None = None
    ) -> Iterator[Found]:
        code = language or "xx"
        if code not in self._by_language:
            patterns: dict[str, list[Doc]] = {}
            for entity, alias in named(self._config).values():
                for form in spellings(alias.text):
                    patterns.setdefault(entity, []).append(self._lemmatised(form, code))
            made = Phrases(self._config, patterns, self._nlp, "LEMMA")
            made.doc = self._lemmatised  # type: ignore[assignment, method-assign]
            self._by_language[code] = made
        yield from self._by_language[code].tag(text, title=title, language=code)


def scored(make: Make, config: Config) -> list[float]:
    """The figures of HEADS for one way of tagging."""
    peer, errors = make(config), []  # type: ignore[var-annotated]
    found: list[float] = []
    folder = scoring.data() / "tagging"
    for rows, exact in ((scoring.rows(folder / "sentences.jsonl"), True), (own_sentences(), False)):
        counts = scoring.score_sentences(peer, rows, errors)
        found += [counts["all"].f1, counts["all"].precision, counts["all"].recall]
        found += [counts["exact"].precision] if exact else []
    pages = scoring.score_mentions(peer, errors)
    found += [pages.f1, pages.precision, pages.recall]
    same, other = _inflections(make, config, scoring.rows(folder / "inflections.jsonl"))
    return [*found, same, other]


def _inflections(make: Make, config: Config, tokens: list[Any]) -> tuple[float, float]:
    """Shares of (same names accepted, other names refused) with the language given; a hit must be the whole token."""
    peers: dict[str, Peer] = {}
    right = {True: 0, False: 0}
    for row in tokens:
        name = row["name"]
        if name not in peers:
            peers[name] = make(scoring.throw_away(config, name))
        accepted = any(True for _ in peers[name].tag(row["token"], language=row["lang"]))
        right[row["same"]] += accepted is row["same"]
    every = {same: sum(row["same"] is same for row in tokens) for same in (True, False)}
    return right[True] / every[True], right[False] / every[False]


def own_sentences() -> list[Any]:
    """Both files of our own."""
    here = Path(__file__).parent
    return [row for name in ("sentences", "more_sentences") for row in scoring.rows(here / f"{name}.jsonl")]


def vocabulary() -> set[str]:
    """The words of all sets, lower case."""
    folder = scoring.data() / "tagging"
    texts = [row["text"] for row in (*scoring.rows(folder / "sentences.jsonl"), *scoring.pages())]
    texts += [row["text"] for row in own_sentences()]
    texts += [row["token"] for row in scoring.rows(folder / "inflections.jsonl")]
    words = {match.group().lower() for text in texts for match in _WORD.finditer(text)}
    return words | {word.split(mark)[0] for word in words for mark in "'’"}


def install() -> None:
    """The lemmatisers into .venv-peers, beside the readers of pages that benchmarks/peers.py puts there."""
    uv = Path(sys.executable).with_name("uv")
    if not PEERS_PYTHON.exists():
        subprocess.run([uv, "venv", "--python", sys.executable, PEERS_PYTHON.parents[1]], check=True)
    group = f"{ROOT / 'pyproject.toml'}:peers-tagging"
    subprocess.run([uv, "pip", "install", "--python", PEERS_PYTHON, "--group", group], check=True)


def main() -> int:
    if "--install" in sys.argv:
        install()
        return 0
    config = load_config(ROOT / "config.yaml")
    makers: dict[str, Make] = {
        "khazri": Tagger,
        r"plain `\b` rule": Plain,
        "PhraseMatcher, expanded forms": expanded(vocabulary()),
    }
    lemmas = None
    try:
        lemmas = Lemmas()
        makers["PhraseMatcher on lemmas"] = lambda config, lemmas=lemmas: LemmaPhrases(config, lemmas)  # type: ignore[misc]
    except NotHere as reason:
        print(f"lemmas left out: {reason}", file=sys.stderr)
    print(line(HEADS), line("---" for _ in HEADS), sep="\n")
    for name, make in makers.items():
        print(line((name, *(f"{figure:.3f}" for figure in scored(make, config)))), flush=True)
    if lemmas is not None:
        lemmas.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
