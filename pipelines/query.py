"""An analyst's own question in Lucene's notation, read by luqum: what is asked for, or why it can never be met.

    entity:azertelecom AND ("fibre optic cable" OR кабел*) NOT title:tender
    (bakcell OR azercell) NEAR/15 (5G OR "base station")

A word or phrase means the name in all its forms, as an alias does; docs/write-a-query.md tells the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from luqum import tree
from luqum.exceptions import ParseError
from luqum.parser import parser

from models.config import Config
from models.config.fields import did_you_mean
from models.errors import ConfigError

MAX_CHARS = 4_000  # of one query; the longest in media monitoring guides have some 2,000
MAX_TERMS = 200
MAX_DEPTH = 20  # brackets within brackets; more is a slip, and reading them recurses
NEAR_WORDS = 10  # what NEAR without a number means
MOST_WORDS = 200  # apart; more than an article's paragraph is no neighbourhood
FIELDS = ("entity", "outlet", "language", "title", "exact")
LANGUAGES = ("en", "ru", "az", "kk", "tr", "uk", "ka", "zh", "other")

_NEAR = re.compile(r"NEAR(\d*)")
_NEAR_SLASH = re.compile(r'("(?:\\.|[^"\\])*")|\b(?:NEAR|ONEAR)/(\d+)\b')
_LOWER_OPERATORS = frozenset(("and", "or", "not", "near"))
_SYMBOLS = {"&&": "AND", "||": "OR", "&": "AND", "|": "OR", "!": "NOT"}


class QueryError(ConfigError):
    """A query that cannot be read, or that no article can ever meet; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Term:
    """Something to find. `kind`: `word` (a name with its endings), `exact` (its capitals count), `wild` (with * or ?),
    `entity` (a watched entity's id). `title`: only there."""

    text: str
    kind: Literal["word", "exact", "wild", "entity"] = "word"
    title: bool = False

    def __str__(self) -> str:
        prefix = {"exact": "exact:", "entity": "entity:"}.get(self.kind, "")
        return f"{'title:' if self.title else ''}{prefix}{self.text}"


@dataclass(frozen=True, slots=True)
class Fact:
    """What the article itself must be: its outlet's id or its language."""

    field: Literal["outlet", "language"]
    value: str

    def __str__(self) -> str:
        return f"{self.field}:{self.value}"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class Near:
    """All sides, in any order, each at most `words` words from the first."""

    sides: tuple[Node, ...]
    words: int


Node = Term | Fact | And | Or | Not | Near


def parse(text: str, config: Config) -> Node:
    """What a query asks for. Raises QueryError: it cannot be read, or it names what the config has not.

    Whether it can be met at all is `pipelines.querylint.check`'s to say.
    """
    if len(text) > MAX_CHARS:
        raise QueryError(f"a query of {len(text):,} characters; {MAX_CHARS:,} at most")
    if not text.strip():
        raise QueryError("an empty query")
    if text.count("(") > 10 * MAX_DEPTH or _depth(text) > MAX_DEPTH:
        raise QueryError(f"brackets more than {MAX_DEPTH} deep")
    try:
        # Lucene has no NEAR/12, and its / begins a regular expression.
        parsed = parser.parse(_NEAR_SLASH.sub(lambda found: found.group(1) or f"NEAR{found.group(2)}", text))
    except ParseError as error:
        raise QueryError(f"cannot be read: {_said(str(error))}") from error
    node = _Reader(config).read(parsed)
    if len(list(terms(node))) > MAX_TERMS:
        raise QueryError(f"more than {MAX_TERMS} words and names")
    return node


def terms(node: Node) -> Iterator[Term]:
    """Every term of a query, in the order written."""
    if isinstance(node, Term):
        yield node
    for child in children(node):
        yield from terms(child)


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case And(parts) | Or(parts):
            return parts
        case Near(sides, _):
            return sides
        case Not(part):
            return (part,)
        case _:
            return ()


def _said(message: str) -> str:
    """luqum's own words without its name for the thing."""
    return re.sub(r"^Syntax error in input : ", "", message).rstrip("!. ")


def _depth(text: str) -> int:
    deepest = depth = 0
    for letter in re.sub(r'"(?:\\.|[^"\\])*"', "", text):
        depth += (letter == "(") - (letter == ")")
        deepest = max(deepest, depth)
    return deepest


class _Reader:
    """luqum's tree -> ours."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def read(self, item: tree.Item, *, title: bool = False, exact: bool = False) -> Node:
        match item:
            case tree.Word():
                return self._word(item, title=title, exact=exact)
            case tree.Phrase():
                return _phrase(str(item.value)[1:-1], title=title, exact=exact)
            case tree.Proximity():
                return self._proximity(item, title=title, exact=exact)
            case tree.SearchField():
                return self._field(item, title=title, exact=exact)
            case tree.Group() | tree.FieldGroup() | tree.Plus():
                return self.read(item.children[0], title=title, exact=exact)
            case tree.Not() | tree.Prohibit():
                return Not(self.read(item.children[0], title=title, exact=exact))
            case tree.AndOperation():
                return And(tuple(self.read(part, title=title, exact=exact) for part in item.children))
            case tree.OrOperation():
                return Or(tuple(self.read(part, title=title, exact=exact) for part in item.children))
            case tree.UnknownOperation():
                return self._implicit(item, title=title, exact=exact)
        raise QueryError(f"'{str(item).strip()}': {_unsupported(item)}")

    def _word(self, item: tree.Word, *, title: bool, exact: bool) -> Node:
        text = str(item.unescaped_value)
        if text.lower() in _LOWER_OPERATORS:
            raise QueryError(
                f"'{text}': write {text.upper()} in capitals between two terms, or in quotes to look for it"
            )
        symbol = next((mark for mark in _SYMBOLS if text.startswith(mark)), None)
        if symbol is not None:
            raise QueryError(f"'{text}': write {_SYMBOLS[symbol]} for {symbol}")
        if item.has_wildcard():
            if re.match(r"[*?]", text) or len(re.sub(r"[\W_]", "", text)) < 2:
                raise QueryError(f"'{text}': a wildcard needs at least two letters, and not at the beginning")
            return Term(text, "wild", title)
        return _phrase(text, title=title, exact=exact)

    def _proximity(self, item: tree.Proximity, *, title: bool, exact: bool) -> Node:
        words = str(item.term.value)[1:-1].split()
        if len(words) < 2:
            raise QueryError(f"'{str(item).strip()}': a distance needs at least two words in the quotes")
        return Near(tuple(_phrase(word, title=title, exact=exact) for word in words), _distance(item.degree))

    def _field(self, item: tree.SearchField, *, title: bool, exact: bool) -> Node:
        name, inner = str(item.name), item.children[0]
        if name not in FIELDS:
            raise QueryError(f"'{name}:' is no field; there are {', '.join(FIELDS)}{did_you_mean(name, FIELDS)}")
        if name == "title":
            return self.read(inner, title=True, exact=exact)
        if name == "exact":
            return self.read(inner, title=title, exact=True)
        return self._named(name, inner, title=title)

    def _named(self, name: str, inner: tree.Item, *, title: bool) -> Node:
        """`entity:`, `outlet:` and `language:`, one id or several in brackets with OR."""
        match inner:
            case tree.FieldGroup() | tree.Group():
                return self._named(name, inner.children[0], title=title)
            case tree.OrOperation():
                return Or(tuple(self._named(name, part, title=title) for part in inner.children))
            case tree.Word() if not inner.has_wildcard():
                return self._known(name, str(inner.unescaped_value), title=title)
        raise QueryError(f"'{name}:' takes one id, or several in brackets with OR between them")

    def _known(self, name: str, value: str, *, title: bool) -> Node:
        if name == "language":
            if value not in LANGUAGES:
                raise QueryError(f"language:{value} is none of {', '.join(LANGUAGES)}")
            return Fact("language", value)
        known: Iterable[str] = self._config.entities if name == "entity" else self._config.outlets
        if value not in known:
            raise QueryError(f"{name}:{value} is not in the configuration{did_you_mean(value, known)}")
        return Term(value, "entity", title) if name == "entity" else Fact("outlet", value)

    def _implicit(self, item: tree.UnknownOperation, *, title: bool, exact: bool) -> Node:
        """Terms side by side: `a NEAR b`, or `+a -b`; anything else leaves open whether AND or OR is meant."""
        parts = list(item.children)
        if all(isinstance(part, tree.Plus | tree.Prohibit) for part in parts):
            return And(tuple(self.read(part, title=title, exact=exact) for part in parts))
        if len(parts) > 1 and all(isinstance(part, tree.Not | tree.Prohibit) for part in parts[1:]):
            return And(tuple(self.read(part, title=title, exact=exact) for part in parts))  # `a NOT b`
        joints = parts[1::2]
        nears = [_NEAR.fullmatch(str(part.value)) if isinstance(part, tree.Word) else None for part in joints]
        if len(parts) % 2 == 0 or None in nears:
            for part in parts:
                if isinstance(part, tree.Word):
                    self._word(part, title=title, exact=exact)  # `and`, `&&`: its own complaint says more
            first, second = (str(part).strip() for part in parts[:2])
            raise QueryError(f"between '{first}' and '{second}' stands no AND, OR or NEAR")
        sides = tuple(self.read(part, title=title, exact=exact) for part in parts[::2])
        for side, part in zip(sides, parts[::2], strict=True):
            if isinstance(part, tree.AndOperation | tree.OrOperation):
                raise QueryError(f"'{str(part).strip()}' beside NEAR: put brackets around what belongs together")
            _placed(side)
        return Near(sides, max(_distance(found.group(1) or NEAR_WORDS) for found in nears if found))


def _phrase(text: str, *, title: bool, exact: bool) -> Term:
    if not any(letter.isalnum() for letter in text):
        raise QueryError(f"'{text}' has no letter or digit")
    return Term(" ".join(text.strip(" ~-").split()), "exact" if exact else "word", title)


def _distance(number: object) -> int:
    words = int(str(number))
    if not 1 <= words <= MOST_WORDS:
        raise QueryError(f"a distance of {words} words; from 1 to {MOST_WORDS} are possible")
    return words


def _placed(side: Node) -> None:
    """Raises QueryError when a side of NEAR is nothing that stands at a place."""
    if isinstance(side, And | Not | Fact):
        what = {And: "AND", Not: "NOT", Fact: str(side)}[type(side)]
        raise QueryError(f"{what} beside NEAR: only names, words, and those with OR have a place to be near to")
    for child in children(side):
        _placed(child)


def _unsupported(item: tree.Item) -> str:
    if isinstance(item, tree.Fuzzy):
        return "no fuzzy matching: a name's forms are found anyway, and similar names are other names"
    if isinstance(item, tree.Boost):
        return "no weights: an article meets a query or does not"
    if isinstance(item, tree.Range | tree.From | tree.To):
        return "no ranges: reports take --from and --to"
    if isinstance(item, tree.Regex):
        return "no regular expressions; use * and ?"
    return "cannot be used here"
