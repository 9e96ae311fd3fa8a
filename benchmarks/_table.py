"""One line of the table, and how it is printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

HEADS = ("benchmark", "ours", "yardstick", "ratio", "bar", "verdict")


class NotHere(Exception):
    """A benchmark cannot run on this machine; its text says what is missing."""


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of ours beside its yardstick's, taken in the same run.

    ours, yardstick  figures with their units; "" where there is no yardstick.
    ratio            ours / yardstick; None where there is no yardstick.
    bar              what was promised, in words; "" for a figure that is only stated.
    met              whether the bar is met; None for a figure that is only stated.
    """

    name: str
    ours: str
    yardstick: str = ""
    ratio: float | None = None
    bar: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "ok", False: "MISSED", None: "stated"}[self.met]

    def cells(self) -> tuple[str, ...]:
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return (self.name, self.ours, self.yardstick, ratio, self.bar, self.verdict)


def line(cells: Iterable[str]) -> str:
    """A Markdown table's line, so that the output can be put into the README as it is."""
    return f"| {' | '.join(cells)} |"


def head() -> str:
    return f"{line(HEADS)}\n{line('---' for _ in HEADS)}"
