"""Typed reading of node maps: every complaint is one line that opens with file:line: place, and reading goes on."""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from models.config.yamlfile import Node, trap

T = TypeVar("T", bound=str)

AT_ATTRIBUTE = re.compile(r"@[A-Za-z][\w:-]*$")  # `meta[name="date"]@content`
_LANGUAGE = re.compile(r"[a-z]{2}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_ID = re.compile(r"[a-z0-9][a-z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # all but tab and newline; lone surrogates
# Words that a person looks for when they have a password in hand: told where it belongs instead of "unknown key".
_SECRET_KEYS = {"password", "passwd", "secret", "token", "smtp", "smtp_url", "smtp_password", "api_key", "key"}


@dataclass(slots=True)
class Problems:
    """All that is wrong, in the order it was met. `lints` are remarks: the config works without minding them."""

    errors: list[str] = field(default_factory=list)
    lints: list[str] = field(default_factory=list)

    def error(self, node: Node, message: str, *, line: int | None = None) -> None:
        self.errors.append(f"{node.at(line)}: {message}")

    def lint(self, node: Node, message: str) -> None:
        self.lints.append(f"{node.at()}: lint: {message}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'feed'?`, or the known ones when nothing is near and they are few."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(names)}" if 0 < len(names) <= 24 else ""


@cache
def known_zone(name: str) -> bool:
    """True when the zone database has it. Names with a slash trick or NUL are unknown, not an exception."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a folder's name is an OSError
        return False
    return True


@dataclass(slots=True)
class Fields:
    """One map with its known keys. Without a default the key is demanded; what is wrong is reported and defaulted."""

    node: Node
    problems: Problems
    known: Sequence[str]

    def __post_init__(self) -> None:
        if self.node.kind != "map":
            self.problems.error(self.node, f"must be a block of keys, not {_kind(self.node)}")
            return
        for key in self.node.entries:
            if key in self.known:
                continue
            if key.lower() in _SECRET_KEYS:
                message = f"{key!r} does not belong in a file; secrets come from KHAZRI_SMTP_URL and its like"
            else:
                message = f"unknown key {key!r}{did_you_mean(key, self.known)}"
            self.problems.error(self.node, message, line=self.node.key_lines[key])

    def has(self, key: str) -> bool:
        return key in self.node.entries

    def get(self, key: str) -> Node | None:
        return self.node.entries.get(key)

    def need(self, key: str) -> Node | None:
        """The node of a required key; reports when it is missing."""
        node = self.get(key)
        if node is None and self.node.kind == "map":
            self.problems.error(self.node, f"missing key {key!r}")
        return node

    def _node(self, key: str, default: object) -> Node | None:
        return self.need(key) if default is None else self.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        node = self._node(key, default)
        return (default or "") if node is None else as_text(node, self.problems)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one text; absent: empty."""
        node = self.get(key)
        return () if node is None else as_texts(node, self.problems)

    def flag(self, key: str, default: bool) -> bool:
        node = self.get(key)
        if node is None:
            return default
        if node.kind != "flag":
            self.problems.error(node, f"must be true or false, not {_kind(node)}")
            return default
        return node.text.lower() in {"yes", "on", "true"}

    def count(self, key: str, default: int, *, least: int = 0, most: int = 2**31) -> int:
        """A whole number within [least, most]."""
        return int(self._number(key, default, r"\d{1,12}", "a whole number", least, most))

    def number(self, key: str, default: float, *, least: float = 0.0) -> float:
        return self._number(key, default, r"-?\d{1,9}(\.\d{1,9})?", "a number", least, 1e9)

    def _number(self, key: str, default: float, pattern: str, what: str, least: float, most: float) -> float:
        node = self.get(key)
        if node is None:
            return default
        plain = node.text.replace("_", "")
        if node.kind != "number" or not re.fullmatch(pattern, plain):
            self.problems.error(node, f"must be {what}, not {_kind(node)}")
            return default
        if not least <= float(plain) <= most:
            self.problems.error(node, f"must be between {least:g} and {most:g}, not {plain}")
            return default
        return float(plain)

    def choice(self, key: str, choices: Sequence[T], default: T | None = None) -> T:
        node = self._node(key, default)
        fallback = choices[0] if default is None else default
        if node is None:
            return fallback
        word = as_text(node, self.problems)
        for choice in choices:
            if choice == word:
                return choice
        if word:
            self.problems.error(node, f"unknown {key} {word!r}{did_you_mean(word, choices)}")
        return fallback

    def matching(self, key: str, default: str | None, accept: Callable[[str], bool], what: str) -> str:
        """A text that `accept`s, else an error saying `what` it must be."""
        node = self._node(key, default)
        if node is None:
            return default or ""
        word = as_text(node, self.problems)
        if word and not accept(word):
            self.problems.error(node, f"must be {what}, not {word!r}")
            return default or ""
        return word

    def zone(self, key: str, default: str | None = None) -> str:
        node = self._node(key, default)
        if node is None:
            return default or "UTC"
        word = as_text(node, self.problems)
        if known_zone(word):
            return word
        if word:
            self.problems.error(node, f"unknown zone {word!r}{_zone_hint(word)}")
        return default or "UTC"

    def regex(self, key: str) -> str:
        """A pattern that Python's `re` compiles; absent: ""."""
        node = self.get(key)
        if node is None:
            return ""
        pattern = as_text(node, self.problems)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "error"
                )  # "possible nested set" means that the pattern will mean something else soon
                re.compile(pattern)
        except (re.error, OverflowError, RecursionError, Warning) as error:
            self.problems.error(node, f"not a regular expression: {error}")
            return ""
        return pattern

    def css(self, key: str) -> str:
        """A CSS selector, or `css@attribute`; absent: ""."""
        node = self.get(key)
        if node is None:
            return ""
        from cssselect import HTMLTranslator, SelectorError  # 15 ms that a config without hints need not wait for

        selector = as_text(node, self.problems)
        try:
            HTMLTranslator().css_to_xpath(selector.rpartition("@")[0] if AT_ATTRIBUTE.search(selector) else selector)
        except SelectorError as error:
            self.problems.error(node, f"not a CSS selector: {error}")
            return ""
        return selector

    def language(self, key: str) -> str | None:
        """Two letters, or None where absent."""
        return self.matching(key, "", is_language, "a two-letter language code") or None

    def languages(self, key: str) -> tuple[str, ...]:
        """One language or a list of them; absent: empty. Bad ones are reported and left out."""
        node = self.get(key)
        if node is None:
            return ()
        good = []
        for item in node.items if node.kind == "list" else (node,):
            word = as_text(item, self.problems)
            if is_language(word):
                good.append(word)
            elif word:
                self.problems.error(item, f"{word!r} is not a two-letter language code")
        return tuple(good)

    def country(self, key: str) -> str:
        return self.matching(key, "", is_country, "a two-letter country code in capitals")

    def blocks(self, key: str) -> Mapping[str, Node]:
        """A map of id -> node; ids are checked."""
        node = self.get(key)
        return {} if node is None else as_blocks(node, self.problems)

    def items(self, key: str) -> Sequence[Node]:
        node = self.get(key)
        return () if node is None else as_items(node, self.problems)


def is_id(word: str) -> bool:
    return _ID.fullmatch(word) is not None


def is_language(word: str) -> bool:
    return _LANGUAGE.fullmatch(word) is not None


def is_country(word: str) -> bool:
    return _COUNTRY.fullmatch(word) is not None


def as_text(node: Node, problems: Problems) -> str:
    """The scalar as written, numbers too (`years: 2019`); true, false, null, lists and maps are refused."""
    if node.kind in {"text", "number"}:
        if not node.text.strip():
            problems.error(node, "is empty")
        elif _CONTROL.search(node.text):
            problems.error(node, f"holds a control character: {node.text[:40]!r}")
            return ""
        return node.text
    problems.error(node, trap(node.text) if node.kind == "flag" else f"must be text, not {_kind(node)}")
    return ""


def as_texts(node: Node, problems: Problems) -> tuple[str, ...]:
    if node.kind != "list":
        word = as_text(node, problems)
        return (word,) if word else ()
    words = (as_text(item, problems) for item in node.items)
    return tuple(word for word in words if word)


def as_items(node: Node, problems: Problems) -> Sequence[Node]:
    if node.kind == "list":
        return node.items
    problems.error(node, f"must be a list, not {_kind(node)}")
    return ()


def as_map(node: Node, problems: Problems) -> Mapping[str, Node]:
    """Any keys, values not looked at."""
    if node.kind == "map":
        return node.entries
    problems.error(node, f"must be a block of keys, not {_kind(node)}")
    return {}


def as_blocks(node: Node, problems: Problems) -> Mapping[str, Node]:
    """Like as_map, but the keys are ids: small letters, digits, `_`; bad ones are reported and left out."""
    blocks = {}
    for key, child in as_map(node, problems).items():
        if is_id(key):
            blocks[key] = child
        else:
            problems.error(node, f"bad id {key!r}: small letters, digits and _ only", line=node.key_lines[key])
    return blocks


def as_names(node: Node, problems: Problems) -> dict[str, str]:
    """{language: text}; a bare text stands for English."""
    if node.kind != "map":
        word = as_text(node, problems)
        return {"en": word} if word else {}
    names = {}
    for language, child in node.entries.items():
        if is_language(language):
            names[language] = as_text(child, problems)
        else:
            problems.error(node, f"{language!r} is not a two-letter language code", line=node.key_lines[language])
    return names


def _kind(node: Node) -> str:
    match node.kind:
        case "text":
            return repr(node.text) if len(node.text) <= 40 else "a text"
        case "number":
            return node.text
        case "flag":
            return f"{node.text} (true or false to YAML)"
        case "null":
            return "nothing"
        case "map":
            return "a block of keys"
        case "list":
            return "a list"


def _zone_hint(word: str) -> str:
    from zoneinfo import available_timezones  # reads a folder: only when somebody erred

    near = difflib.get_close_matches(word, sorted(available_timezones()), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else "; it must be an IANA name such as Asia/Baku"
