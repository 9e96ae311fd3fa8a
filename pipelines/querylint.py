"""Whether a query can ever be met: refused before it runs a year and finds nothing, or everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product

from models.config import Config
from pipelines.clauses import Article
from pipelines.query import And, Fact, Near, Node, Not, Or, QueryError, Term, children, parse, terms
from pipelines.querymatch import Query, Words

MOST_WAYS = 2_000  # ways to meet one query that are looked at; a query with more is looked at no further


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to meet a query: all of `yes`, none of `no`."""

    yes: tuple[Term | Fact, ...] = ()
    no: tuple[Term | Fact | Near, ...] = ()


def compile_query(text: str, config: Config) -> Query:
    """A query that can be read and met. Raises QueryError with the reason where it cannot."""
    node = parse(text, config)
    lint = _Lint(config, node)
    lint.check(node)
    return Query(node)


class _Lint:
    def __init__(self, config: Config, node: Node) -> None:
        self._config = config
        self._words = Words(list(dict.fromkeys(terms(node))), config)

    def check(self, node: Node) -> None:
        for one in terms(node):
            if one.kind in ("word", "exact", "wild") and not self._words.finds_itself(one):
                raise QueryError(f"'{one.text}' can never be found: its own spelling would not be it")
        self._branches(node)

    def _branches(self, node: Node) -> None:
        """Every branch of an OR must be possible by itself, or nobody would notice that it is not."""
        ways = list(islice(_ways(node, True), MOST_WAYS))
        reasons = [self._impossible(way) for way in ways]
        if reasons and all(reasons):
            raise QueryError(f"can never be met: {reasons[0]}")
        if len(ways) < MOST_WAYS and (bare := next((way for way in ways if not _looks_for(way)), None)):
            told = " and ".join(map(str, bare.yes)) or "the absence of something"
            raise QueryError(f"nothing to look for: {told} alone would meet it; name a word or an entity as well")
        for child in children(node):
            if isinstance(node, Or):
                self._branch_possible(child)

    def _branch_possible(self, node: Node) -> None:
        ways = list(islice(_ways(node, True), MOST_WAYS))
        reasons = [self._impossible(way) for way in ways]
        if reasons and all(reasons):
            raise QueryError(f"one side of an OR can never be met: {reasons[0]}")

    def _impossible(self, way: _Way) -> str:
        """Why no article can be so, or ""."""
        facts: dict[str, str] = {}
        for one in way.yes:
            if isinstance(one, Fact) and facts.setdefault(one.field, one.value) != one.value:
                return f"{one.field}:{facts[one.field]} and {one} at once"
        if "outlet" in facts and "language" in facts:
            languages = self._config.outlets[facts["outlet"]].languages
            if languages and facts["language"] not in languages:
                return f"outlet:{facts['outlet']} publishes in {', '.join(languages)}, not in {facts['language']}"
        for refused in way.no:
            for wanted in way.yes:
                if self._implies(wanted, refused):
                    return f"'{wanted}' is asked for and '{refused}' refused"
        return ""

    def _implies(self, wanted: Term | Fact, refused: Term | Fact | Near) -> bool:
        """Whether an article with the one always has the other."""
        if wanted == refused:
            return True
        if not isinstance(wanted, Term) or not isinstance(refused, Term):
            return False
        if refused.title and not wanted.title:
            return False
        if "entity" in (wanted.kind, refused.kind):
            return (wanted.kind, wanted.text) == (refused.kind, refused.text)
        if wanted.kind == "wild":  # it stands for many words; only the same or a wider one is always there
            return wanted.text == refused.text
        found = self._words.find(Article(wanted.text, "", ()), None)
        return bool(found.get(refused))


def _looks_for(way: _Way) -> bool:
    return any(isinstance(one, Term) for one in way.yes)


def _ways(node: Node, wanted: bool) -> Iterator[_Way]:
    """The ways to meet `node`, or not to meet it: its disjunctive normal form, one by one."""
    match node:
        case Not(part):
            yield from _ways(part, not wanted)
        case Near() if not wanted:
            yield _Way(no=(node,))
        case And() | Or() | Near():
            parts = children(node)
            if isinstance(node, Or) is wanted:  # a OR b; NOT (a AND b)
                for part in parts:
                    yield from _ways(part, wanted)
            else:
                each = [list(islice(_ways(part, wanted), MOST_WAYS)) for part in parts]
                for together in product(*each):
                    yield _Way(
                        tuple(one for way in together for one in way.yes),
                        tuple(one for way in together for one in way.no),
                    )
        case Term() | Fact():
            yield _Way(yes=(node,)) if wanted else _Way(no=(node,))
