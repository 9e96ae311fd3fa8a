"""Context patterns out of the configuration: folded like the text, and bounded, because a regular expression can be an
attack or a slip that never ends.
"""

from __future__ import annotations

import re
from functools import lru_cache

from models.errors import ConfigError
from models.text import Folded, fold_word

WINDOW = 160  # folded characters on each side of a name in which its context is looked for (shared notes, tagging)
MAX_LENGTH = 2_000  # characters of one pattern; a list of fifty stems in eight languages needs about 600
MAX_STEPS = 2_000_000  # worst case of one search in the window: about 20 ms
_WINDOW_STEPS = 2 * WINDOW + 100  # where a search may begin: the window and the name itself
REACH = 50_000  # characters of an article in which a far hint is looked for
NAME_MARKS = "<>"  # in a pattern that uses them, < and > stand where the name itself begins and ends

_ANY = "\0"  # what stands for an escape or a class while a pattern is looked at
_PIECE = re.compile(r"\((?:\?(?:P?<[\w]+>|<?[=!]|[a-zA-Z-]*:|>))?|.", re.DOTALL)
_ENDLESS = re.compile(r"[*+]|\{\d*,\}")
_QUANTIFIER = re.compile(r"[*+?]\??|\{(\d*)(,?)(\d*)\}\??")


@lru_cache(maxsize=4096)
def compile_pattern(source: str) -> re.Pattern[str]:
    """A bounded pattern over folded text; raises ConfigError with the reason when it could run away.

    Allowed: alternatives, classes, look-around, `?` on groups, counted repeats of single characters, one `*` or `+`.
    Refused: repeated groups, back references, and repeats that multiply past two million steps in the window.
    """
    if len(source) > MAX_LENGTH:
        raise ConfigError(f"pattern of {len(source)} characters; {MAX_LENGTH} at most: {source[:40]!r}…")
    folded = _fold_pattern(source)
    reason = _runs_away(folded)
    if reason:
        raise ConfigError(f"pattern {source[:60]!r}: {reason}")
    try:
        return re.compile(folded)
    except (re.error, OverflowError, RecursionError) as error:
        raise ConfigError(f"pattern {source[:60]!r}: {error}") from error


def _fold_pattern(source: str) -> str:
    """Fold all but what a backslash protects: \\S and \\W keep their meaning."""
    pieces = re.split(r"(\\.)", source, flags=re.DOTALL)
    return "".join(piece if index % 2 else fold_word(piece) for index, piece in enumerate(pieces))


def _runs_away(pattern: str) -> str:
    """Why the pattern's worst case is too long, or "". The cost of its repeats is multiplied, never guessed lower."""
    bare = re.sub(r"\[\^?\]?(?:\\.|[^\]\\])*\]", _ANY, re.sub(r"\\[^\d]", _ANY, pattern))
    if re.search(r"\\[1-9]|\(\?P=", bare):
        return "back references are refused"
    if re.search(r"\)(?:[*+]|\{)", bare):
        return "a repeated group is refused; repeat single characters, like .{0,20}"
    steps = _WINDOW_STEPS * _ways(bare)
    if steps > MAX_STEPS:
        return "its groups multiply to more than two million steps; begin their alternatives with different letters"
    for match in _QUANTIFIER.finditer(bare.replace("(?", "(")):
        text = match.group()
        if text[0] == "?":
            steps *= 2
        elif text[0] in "*+":
            steps *= _WINDOW_STEPS
        else:
            low, comma, high = match.groups()
            steps *= int(high) + 1 if high else _WINDOW_STEPS if comma else int(low or 0) + 1
        if steps > MAX_STEPS:
            return "its repeats multiply to more than two million steps; bound them, like .{0,20}"
    return ""


def found_anywhere(source: str, text: str) -> bool:
    """Whether the pattern is found in the first 50,000 characters of a folded text.

    A pattern with an endless repeat is asked piece by piece: over a whole text it could take the square of its length.
    """
    pattern = compile_pattern(source)
    reach = min(len(text), REACH)
    if not _ENDLESS.search(source):
        return pattern.search(text, 0, reach) is not None
    pieces = range(0, max(1, reach - WINDOW), WINDOW)
    return any(pattern.search(text, start, min(reach, start + 2 * WINDOW)) is not None for start in pieces)


def _ways(bare: str) -> int:
    """In how many ways the groups of a pattern can match one text: of alternatives that begin alike, all may.

    `(?:a|ab)` has two, `(?:kazakh|turkmen)` one: its alternatives begin with different letters.
    """
    ways = 1
    open_groups: list[list[str]] = []  # of each open group, the first character of its alternatives
    at_start = False
    for piece in _PIECE.findall(bare):
        if at_start and piece not in ("|", ")"):
            open_groups[-1][-1] = _ANY if piece[0] in "(.^$)" else piece
        if piece[0] == "(":
            open_groups.append([_ANY])
        elif piece == "|" and open_groups:
            open_groups[-1].append(_ANY)
        elif piece == ")" and open_groups:
            firsts = open_groups.pop()
            alike = firsts.count(_ANY) + max(firsts.count(first) for first in {*firsts} - {_ANY} or {""})
            ways *= alike
        at_start = bool(open_groups) and (piece[0] == "(" or piece == "|")
    return ways


class Context:
    """The folded text around one name, searched by patterns."""

    __slots__ = ("_end", "_marked", "_plain", "_start", "_text")

    def __init__(self, folded: Folded, start: int, end: int) -> None:
        self._text, self._start, self._end = folded.text, start, end
        self._plain: str | None = None
        self._marked: str | None = None

    def has(self, source: str) -> bool:
        """Whether the pattern is found within 160 characters of the name."""
        pattern = compile_pattern(source)
        text, start, end = self._text, self._start, self._end
        low, high = max(0, start - WINDOW), end + WINDOW
        if any(mark in source for mark in NAME_MARKS):
            if self._marked is None:
                self._marked = f"{text[low:start]}<{text[start:end]}>{text[end:high]}"
            if pattern.search(self._marked) is not None:
                return True
        if self._plain is None:
            self._plain = text[low:high]
        return pattern.search(self._plain) is not None
