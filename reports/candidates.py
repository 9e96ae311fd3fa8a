"""New names near the watched topics, best first: suggestions for the watch list, never counted as mentions.

A name is told once it stands in at least 3 articles on the topic asked for (on any topic when none is). Forms and
scripts of one name are one row; countries, months, outlets and the topics' own words are left out. What a name would
find shows `khazri tag --dry-run --query NAME`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from math import log1p

from models.name_queries import NameAt, names
from reports import columns as c
from reports.columns import CandidateLine, Column
from reports.days import place, span_of
from reports.query import Read, ReportQuery, article_filter

FEWEST_ARTICLES = 3  # on the topic: fewer are as often a slip of one writer as a name
SURE_SHARE = 3
WORD = "WORD"  # the label of a sentence's first word, which has its capital anyway
LOOSE_LETTERS = 2  # of sounds that one form of a name may have more than another at its end
SHORTEST = 4  # sounds; shorter keys join with nothing but themselves
# An organisation's name says so by its legal form or head word; a bare run of capitals is as often a headline.
WEIGHTS = {WORD: 0.01, "ORG": 2.0, "PERSON": 1.5, "PER": 1.5}

COLUMNS: tuple[Column[CandidateLine], ...] = (
    c.CANDIDATE, c.CANDIDATE_KIND, c.CANDIDATE_SCORE, c.CANDIDATE_ARTICLES, c.CANDIDATE_OUTLETS,
    c.CANDIDATE_ELSEWHERE, c.CANDIDATE_FORMS, c.CANDIDATE_URL,
)  # fmt: skip


@dataclass(slots=True)
class _Name:
    """One name with all its forms."""

    near: set[int] = field(default_factory=set)  # articles on the topic
    sure: set[int] = field(default_factory=set)  # those in which it stands not only where a sentence begins
    elsewhere: set[int] = field(default_factory=set)
    outlets: set[str] = field(default_factory=set)
    forms: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    url: str = ""

    def add(self, one: NameAt) -> None:
        """One form in one article."""
        if not one.on_topic:
            self.elsewhere.add(one.article)
            return
        self.near.add(one.article)
        if one.label != WORD:
            self.sure.add(one.article)
        self.outlets.add(one.outlet)
        self.forms[one.surface] += 1
        self.labels[one.label] += 1
        self.url = self.url or one.url

    def join(self, other: _Name) -> None:
        """The other is the same name."""
        self.near |= other.near
        self.sure |= other.sure
        self.elsewhere |= other.elsewhere
        self.outlets |= other.outlets
        self.forms += other.forms
        self.labels += other.labels
        self.url = self.url or other.url

    @property
    def is_name(self) -> bool:
        """Whether it is told: in articles enough, and in a third of them with a capital that only a name has."""
        return len(self.near) >= FEWEST_ARTICLES and SURE_SHARE * len(self.sure) >= len(self.near)

    @property
    def kind(self) -> str:
        return max(self.labels, key=lambda label: (self.labels[label] * WEIGHTS.get(label, 1.0), label))

    @property
    def score(self) -> float:
        """Articles and outlets, less what the name does elsewhere: a name of one topic is news, one of all is not."""
        special = len(self.near) / (len(self.near) + len(self.elsewhere))
        return WEIGHTS.get(self.kind, 1.0) * special * log1p(len(self.near)) * log1p(len(self.outlets))


def rows(query: ReportQuery, read: Read) -> Iterator[CandidateLine]:
    """The names by falling score, then by name."""
    only = article_filter(replace(query, topics=(), roles=()))
    forms = names(read.at, only, query.topics, query.roles)
    found = list(joined(one for one in forms if _inside(one, query, read)))
    yield from ranked(found)
    fewer = sum(1 for one in found if one.sure and not one.is_name)
    if fewer:
        read.notes.append(
            f"{fewer} names left out: in fewer than {FEWEST_ARTICLES} articles on the topic, or seldom a name"
        )


def ranked(found: Iterable[_Name]) -> Iterator[CandidateLine]:
    """The names that are told, the best first."""
    lines = [_line(one) for one in found if one.is_name]
    yield from sorted(lines, key=lambda line: (-line.score, line.name))


def _inside(one: NameAt, query: ReportQuery, read: Read) -> bool:
    return place(span_of(one.published, one.precision, read.zone), query.first, query.last) == "inside"


def joined(rows: Iterable[NameAt]) -> Iterable[_Name]:
    """Keys of which one begins the other are one name: endings differ from language to language, also after folding."""
    found: dict[str, _Name] = {}
    for one in rows:
        found.setdefault(one.key, _Name()).add(one)
    for key in sorted(found, key=lambda key: -key.count(" ")):
        # A sentence that begins with some word and a name: the name alone stands elsewhere, and at least as often.
        tail = found.get(key.partition(" ")[2])
        if tail is not None and len(tail.sure) >= len(found[key].near):
            tail.join(found.pop(key))
    kept: list[tuple[str, _Name]] = []
    for key in sorted(found):
        if kept and _is_one(kept[-1][0], key):
            kept[-1][1].join(found[key])
        else:
            kept.append((key, found[key]))
    return (one for _, one in kept)


def _is_one(shorter: str, longer: str) -> bool:
    rest = longer.removeprefix(shorter)
    return len(shorter) >= SHORTEST and len(rest) < len(longer) and len(rest) <= LOOSE_LETTERS and " " not in rest


def _line(one: _Name) -> CandidateLine:
    forms = sorted(one.forms, key=lambda form: (-one.forms[form], form))
    return CandidateLine(
        name=forms[0],
        kind=one.kind,
        score=round(one.score, 2),
        articles=len(one.near),
        outlets=len(one.outlets),
        elsewhere=len(one.elsewhere),
        forms=tuple(forms[1:]),
        url=one.url,
    )
