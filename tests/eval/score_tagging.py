"""Prints how well names, topics and attributions are found: on the labelled data and on the sentences beside this file.

By hand: `KHAZRI_DATA=… python tests/eval/score_tagging.py [--errors]`. KHAZRI_DATA is the folder of labelled data.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from models.article import Mention  # noqa: E402
from models.config import Alias, Config, Entity, load_config  # noqa: E402
from pipelines.attribution import Attributor  # noqa: E402
from pipelines.prominence import main_entities  # noqa: E402
from pipelines.topics import TopicJudge  # noqa: E402
from pipelines.watch import Tagger  # noqa: E402

Row = Mapping[str, Any]
Span = tuple[int, int, str]


@dataclass
class Counts:
    """True, false and missed answers."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        both = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / both if both else 1.0

    def __str__(self) -> str:
        return (
            f"P {self.precision:.3f} R {self.recall:.3f} F1 {self.f1:.3f} ({self.right}+ {self.wrong}x {self.missed}-)"
        )


def data() -> Path:
    return Path(os.environ.get("KHAZRI_DATA", ROOT.parent / "shared" / "data"))


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def score_sentences(tagger: Tagger, sentences: Iterable[Row], errors: list[str]) -> dict[str, Counts]:
    """By language and "all": spans with the right id (overlapping is enough); "exact" counts hits with exact offsets.

    Only entities labelled anywhere among the sentences count; ambiguous mentions are no predictions.
    `title` and `outlet` of a row stand around its sentence. "ambiguous" counts whole rows of that kind: exactly the
    entities labelled, and at each place of `unsure` a mention that is marked ambiguous.
    """
    sentences = list(sentences)
    labelled = {label for row in sentences for _, _, label, *_ in row["spans"]}
    counts: dict[str, Counts] = {"all": Counts(), "exact": Counts()}
    for row in sentences:
        gold = [(start, end, label) for start, end, label, *_ in row["spans"]]
        mentions = [one for one in _tagged(tagger, row) if one.part == "text"]
        found = [(one.start, one.end, one.entity) for one in mentions if one.entity in labelled and not one.ambiguous]
        tied = [(one.start, one.end) for one in mentions if one.ambiguous]
        by_language = counts.setdefault(row["lang"], Counts())
        for target in (counts["all"], by_language):
            _compare(gold, found, target)
        hits = [span for span in found if any(_same(span, other) for other in gold)]
        counts["exact"].right += sum(span in gold for span in hits)
        counts["exact"].wrong += sum(span not in gold for span in hits)
        told = all(tuple(span) in tied for span in row.get("unsure", []))
        if row.get("kind") == "ambiguous":
            right = told and _agree(gold, found)
            target = counts.setdefault("ambiguous", Counts())
            target.right, target.missed = target.right + right, target.missed + (not right)
        if sorted(gold) != sorted(found) or not told:
            untold = "" if told else " and an ambiguous mention"
            errors.append(f"{row['lang']} {row['text']!r}: want {_shown(row, gold)}{untold} got {_shown(row, found)}")
    return counts


def _tagged(tagger: Tagger, row: Row) -> tuple[Mention, ...]:
    return tagger.tag(row["text"], title=row.get("title", ""), language=row["lang"], outlet=row.get("outlet"))


def _agree(gold: list[Span], found: list[Span]) -> bool:
    counts = Counts()
    _compare(gold, found, counts)
    return not counts.wrong and not counts.missed


def shares(all_rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by when they were written: two halves by a hash of their text, one to learn from and one to be left alone,
    and a second round, written when the rules had learned from both."""
    parts: dict[str, list[Row]] = {}
    for row in all_rows:
        name = f"round {row['round']}" if "round" in row else f"half {_half(row['text'])}"
        parts.setdefault(name, []).append(row)
    return dict(sorted(parts.items()))


def _half(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % 2


def _shown(row: Row, spans: Iterable[Span]) -> list[tuple[str, str]]:
    return [(row["text"][start:end], label) for start, end, label in spans]


def _same(one: Span, other: Span) -> bool:
    return one[2] == other[2] and one[0] < other[1] and other[0] < one[1]


def _compare(gold: list[Span], found: list[Span], counts: Counts) -> None:
    hit = [any(_same(span, other) for other in found) for span in gold]
    counts.right += sum(hit)
    counts.missed += len(hit) - sum(hit)
    counts.wrong += sum(not any(_same(span, other) for other in gold) for span in found)


def throw_away(config: Config, name: str) -> Config:
    """The config with one entity of that name and nothing else."""
    entity = Entity(id="name", type="place", name={"en": name}, aliases=(Alias(name),))
    return replace(config, entities={"name": entity}, topics={}, relations=())


def score_inflections(config: Config, tokens: Iterable[Row], errors: list[str]) -> tuple[Counts, Counts]:
    """(same names accepted, other names refused), the language given and not given alike."""
    taggers: dict[str, Tagger] = {}
    same, other = Counts(), Counts()
    for row in tokens:
        tagger = taggers.setdefault(row["name"], Tagger(throw_away(config, row["name"])))
        for language in (row["lang"], None):
            accepted = bool(tagger.tag(row["token"], language=language))
            counts = same if row["same"] else other
            if accepted is row["same"]:
                counts.right += 1
            else:
                counts.missed += 1
                errors.append(f"{row['lang']}/{language} {row['name']}: {row['token']} accepted={accepted}")
    return same, other


def pages() -> Iterator[Row]:
    for path in sorted((data().parent / "domain" / "pages").glob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def score_mentions(tagger: Tagger, errors: list[str]) -> Counts:
    """Mentions of the pages by entity and overlap; a leg of the cable counts for the cable, decoys are left out."""
    counts = Counts()
    for row in pages():
        gold = [(one["start"], one["end"], _whole(one["entity"])) for one in row["mentions"]]
        gold = [span for span in gold if span[2] != "ttk_ru"]
        found = [
            (one.start, one.end, _whole(one.entity))
            for one in tagger.tag(row["text"], title=row["title"] or "", language=row["lang"])
            if one.part == "text" and not one.decoy and not one.ambiguous
        ]
        _compare(gold, found, counts)
        if sorted(gold) != sorted(found):
            only = [span for span in found if span not in gold], [span for span in gold if span not in found]
            errors.append(f"page {row['id']}: extra {_shown(row, only[0])} missing {_shown(row, only[1])}")
    return counts


def score_topics(tagger: Tagger, judge: TopicJudge, errors: list[str]) -> dict[str, Counts]:
    """By topic: pages that are anything but `none` to it."""
    counts: dict[str, Counts] = {}
    for row in pages():
        title = row["title"] or ""
        mentions = tagger.tag(row["text"], title=title, language=row["lang"])
        for hit in judge.judge(title, row["text"], mentions):
            gold, found = row["topics"][hit.topic] != "none", hit.role != "none"
            target = counts.setdefault(hit.topic, Counts())
            target.right += gold and found
            target.missed += gold and not found
            target.wrong += found and not gold
            if row["topics"][hit.topic] != hit.role:
                errors.append(f"page {row['id']}: {hit.topic} is {row['topics'][hit.topic]}, judged {hit}")
    return counts


def score_roles(tagger: Tagger, judge: TopicJudge, articles: Iterable[Row], errors: list[str]) -> dict[str, Counts]:
    """By topic: short articles with exactly the role labelled, `none` one of the three."""
    counts: dict[str, Counts] = {}
    for row in articles:
        mentions = tagger.tag(row["text"], title=row["title"], language=row["lang"])
        for hit in judge.judge(row["title"], row["text"], mentions):
            wanted = row["topics"][hit.topic]
            target = counts.setdefault(hit.topic, Counts())
            target.right += hit.role == wanted
            target.missed += hit.role != wanted
            if hit.role != wanted:
                errors.append(f"{row['lang']} {row['text']!r}: {hit.topic} is {wanted}, judged {hit}")
    return counts


def score_attributions(attributor: Attributor, sentences: Iterable[Row], errors: list[str]) -> dict[str, Counts]:
    """By language and "all": resolved outlets of sentences; `outlet` of a row is whose sentence it is.

    "unresolved" counts the names that are no outlet of ours, in rows that label them or have no attribution at all.
    """
    counts: dict[str, Counts] = {"all": Counts(), "unresolved": Counts()}
    for row in sentences:
        gold, names = set(row["outlets"]), set(row.get("unresolved", []))
        named = attributor.find("", row["text"], row["lang"], row.get("outlet"))
        found = {one.outlet for one in named if one.outlet}
        unknown = {one.name for one in named if not one.outlet}
        for target in (counts["all"], counts.setdefault(row["lang"], Counts())):
            _tally(target, gold, found)
        _tally(counts["unresolved"], names, unknown)
        if gold != found or names != unknown:
            errors.append(f"{row['lang']} {row['text']!r}: want {gold or ''} {names or ''} got {named}")
    return counts


def score_prominence(
    tagger: Tagger, entities: Mapping[str, Entity], articles: Iterable[Row], errors: list[str]
) -> dict[str, Counts]:
    """By language and "all": the most prominent place of each labelled entity; a leg of the cable counts for it.

    "main" counts the entities labelled main or secondary.
    """
    order = ("headline", "lead", "body")
    counts: dict[str, Counts] = {"all": Counts(), "main": Counts()}
    for row in articles:
        found: dict[str, str] = {}
        mentions = _tagged(tagger, row)
        main = main_entities(mentions, entities)
        for entity in (*row["main"], *row["secondary"]):
            right = (entity in main) is (entity in row["main"])
            counts["main"].right, counts["main"].missed = (
                counts["main"].right + right,
                counts["main"].missed + (not right),
            )
            if not right:
                errors.append(
                    f"{row['lang']} {row['title']!r}: {entity} main is {entity in row['main']}, got {set(main)}"
                )
        for one in mentions:
            if not one.ambiguous:
                found[_whole(one.entity)] = min(found.get(_whole(one.entity), "body"), one.prominence, key=order.index)
        for entity, wanted in row["prominence"].items():
            right = found.get(entity) == wanted
            for target in (counts["all"], counts.setdefault(row["lang"], Counts())):
                target.right, target.missed = target.right + right, target.missed + (not right)
            if not right:
                errors.append(f"{row['lang']} {row['title']!r}: {entity} is {wanted}, got {found.get(entity)}")
    return counts


def score_page_attributions(config: Config, attributor: Attributor, errors: list[str]) -> Counts:
    """Resolved outlets of the pages; labels that the page's text does not show count as missed."""
    ids = {
        name.lower(): outlet.id for outlet in config.outlets.values() for name in (*outlet.names, *outlet.name.values())
    }
    counts = Counts()
    for row in pages():
        own = ids.get((row["outlet"] or "").lower())
        gold = {ids[name.lower()] for name in row["attribution"] if name.lower() in ids}
        found = {one.outlet for one in attributor.find("", row["text"], row["lang"], own) if one.outlet}
        _tally(counts, gold, found)
        if gold != found:
            errors.append(f"page {row['id']}: attribution want {gold} got {found}")
    return counts


def _tally(counts: Counts, gold: set[str], found: set[str]) -> None:
    counts.right += len(gold & found)
    counts.wrong += len(found - gold)
    counts.missed += len(gold - found)


def _whole(entity: str) -> str:
    return "tcfo" if entity.startswith("tcfo") else entity


def score_ours(config: Config, tagger: Tagger, attributor: Attributor, errors: list[str]) -> None:
    """The files beside this one, the newer ones by share."""
    here = Path(__file__).parent
    _show("own sentences", score_sentences(tagger, rows(here / "sentences.jsonl"), errors))
    for name, part in shares(rows(here / "more_sentences.jsonl")).items():
        errors.append(f"== more, {name}")
        _show(f"more, {name}", score_sentences(tagger, part, errors))
    for name, part in shares(rows(here / "attributions.jsonl")).items():
        errors.append(f"== attribution, {name}")
        _show(f"attribution, {name}", score_attributions(attributor, part, errors))
    for name, part in shares(rows(here / "inflections.jsonl")).items():
        same, other = score_inflections(config, part, errors)
        print(f"inflections, {name:7} same accepted {same.recall:.3f}, other refused {other.recall:.3f}")
    for name, part in shares(rows(here / "prominence.jsonl")).items():
        errors.append(f"== prominence, {name}")
        _show(f"prominence, {name}", score_prominence(tagger, config.entities, part, errors))


def _show(name: str, counts: Mapping[str, Counts]) -> None:
    for key, figure in sorted(counts.items()):
        print(f"{name:20} {key:10} {figure}")


def main() -> None:
    config = load_config(ROOT / "config.yaml")
    tagger, judge, attributor = Tagger(config), TopicJudge(config), Attributor(config)
    errors: list[str] = []
    here = Path(__file__).parent
    _show("open sentences", score_sentences(tagger, rows(data() / "tagging" / "sentences.jsonl"), errors))
    score_ours(config, tagger, attributor, errors)
    same, other = score_inflections(config, rows(data() / "tagging" / "inflections.jsonl"), errors)
    print(f"inflections     same accepted {same.recall:.3f}, other refused {other.recall:.3f}")
    print(f"pages           mentions {score_mentions(tagger, errors)}")
    for topic, counts in score_topics(tagger, judge, errors).items():
        print(f"pages           {topic} {counts}")
    print(f"pages           attribution {score_page_attributions(config, attributor, errors)}")
    for topic, counts in score_roles(tagger, judge, rows(here / "topics.jsonl"), errors).items():
        print(f"own articles    {topic} right roles {counts.recall:.3f} ({counts.right}+ {counts.missed}-)")
    seed = (data() / "seed_article.txt").read_text(encoding="utf-8")
    title, _, text = seed.partition("\n")
    mentions = tagger.tag(text, title=title, language="en")
    print("seed           ", dict(Counter(one.entity for one in mentions)))
    print("seed           ", {hit.topic: hit.role for hit in judge.judge(title, text, mentions)})
    print("seed           ", [one.outlet or one.name for one in attributor.find(title, text, "en")])
    if "--errors" in sys.argv:
        print(*errors, sep="\n")


if __name__ == "__main__":
    main()
