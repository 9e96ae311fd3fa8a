"""Spans of a text: sorted ones that answer in logarithmic time, and the sentences an article begins with."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from models.text import fold_word, sentences

LEAD_REACH = 2_000  # characters in which the beginning of an article is looked for


class Spans:
    """Spans of one text, those that overlap merged: ten thousand names must not cost their square."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            else:
                self._starts.append(start)
                self._ends.append(end)

    def cover(self, start: int, end: int) -> bool:
        """Whether one of the spans holds all of start..end."""
        at = bisect_right(self._starts, start) - 1
        return at >= 0 and end <= self._ends[at]

    def touch(self, start: int, end: int) -> bool:
        """Whether one of the spans shares a character with start..end."""
        at = bisect_left(self._starts, end) - 1
        return at >= 0 and start < self._ends[at]


def opening(title: str, text: str) -> Iterator[tuple[int, int]]:
    """The spans of the first sentences of `text`, in order; a headline that the page repeats there is none of them."""
    headline = _words(title)
    for number, (start, end) in enumerate(sentences(text[:LEAD_REACH])):
        if number == 0 and headline and _words(text[start:end]) == headline:
            continue
        yield start, end


def _words(text: str) -> list[str]:
    return fold_word(text).strip(" .!?…").split()
