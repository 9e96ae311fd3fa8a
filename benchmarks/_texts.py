"""Real texts for reading and tagging: what the labelled data and the demo hold in our eight languages."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import yaml

from benchmarks._table import NotHere

ROOT = Path(__file__).resolve().parent.parent
NEWS = ("en", "ru", "tr", "zh")  # our languages of which the news pairs hold whole texts
BODIES = ("aeb", "aed", "fundus", "fundus_eval")  # sets of pages whose bodies are labelled


@dataclass(frozen=True, slots=True)
class Text:
    """One article: `language` as its set says."""

    language: str
    title: str
    text: str


def data() -> Path:
    """The folder of labelled data. Raises NotHere without it."""
    folder = Path(os.environ.get("KHAZRI_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "stories" / "semeval_pairs.jsonl").is_file():
        raise NotHere("needs the labelled data (KHAZRI_DATA): stories/semeval_pairs.jsonl")
    return folder


def news() -> list[Text]:
    """News of the SemEval pairs in en, ru, tr and zh; about 1,000 characters each."""
    found: list[Text] = []
    for line in (data() / "stories" / "semeval_pairs.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        for language, whole in zip(row["lang"], row["text"], strict=True):
            if language not in NEWS:
                continue
            title, between, text = whole.partition("  ")  # so the set writes a headline, where it has one
            found.append(Text(language, title, text) if between else Text(language, "", whole))
    return found


def pages() -> list[Text]:
    """The labelled bodies of real pages in the same languages, nearly all English; about 5,000 characters each."""
    found: list[Text] = []
    for name in BODIES:
        for label in json.loads((data() / "pages" / name / "labels.json").read_text("utf-8")).values():
            language = (label["language_detected"] or "")[:2]
            if label["body"] and language in NEWS:
                found.append(Text(language, label.get("title") or "", label["body"]))
    return found


def subject_texts() -> list[Text]:
    """Short texts about what is watched: the labelled ones of the domain and the demo's, in all eight languages."""
    found: list[Text] = []
    for file in sorted((data().parent / "domain" / "pages").glob("*.json")):
        row = json.loads(file.read_text("utf-8"))
        found.append(Text(row["lang"], row["title"] or "", row["text"]))
    for file in sorted((ROOT / "demo" / "articles").glob("*.yaml")):
        for row in yaml.safe_load(file.read_text("utf-8")):
            if row.get("text"):
                found.append(Text(row["language"], row["title"], row["text"]))
    return found


def naming_sentences() -> dict[str, list[str]]:
    """By language, our own sentences that name something watched."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "tests" / "eval" / "sentences.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["spans"]:
            found.setdefault(row["lang"], []).append(row["text"])
    return found


def articles(pool: Sequence[Text], count: int, every: int) -> Iterator[Text]:
    """`count` articles, the pool's in turn; a sentence that names something is in the middle of each `every`-th.

    Each also gets a word that no other has: real streams bring new words for ever, and caches must not keep them.
    """
    sentences = {language: cycle(ours) for language, ours in naming_sentences().items()}
    for number, one in zip(range(count), cycle(pool), strict=False):
        middle = one.text.find(" ", len(one.text) // 2) + 1
        named = f" {next(sentences[one.language])} " if number % every == 0 else " "
        text = f"{one.text[:middle].rstrip()}{named}{one.text[middle:]} w{number:x}q."
        yield Text(one.language, one.title, text)
