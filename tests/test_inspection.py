"""What a person sees of an article: the same words with and without colours, and nothing that a terminal would obey."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from jobs.inspection import show

TEXT = "Bakcell and TTK met \x1b[31min\x07 Baku Telecom Ltd, Trend reports."


def mention(surface: str, **more: Any) -> dict[str, Any]:
    start = TEXT.index(surface)
    known = {"part": "text", "start": start, "end": start + len(surface), "surface": surface, "entity": surface.lower(),
             "rule": "alias", "ambiguous": False, "decoy": False, "prominence": "lead"}  # fmt: skip
    return known | more


ANSWER = {
    "page": {"title": "A \x1b]0;title\x07 meeting", "text": TEXT, "kind": "article", "language": "en",
             "published": None, "title_language": "en", "also_in": []},
    "topics": {"own": {"role": "primary", "score": 2.0, "reasons": ["query: 'Bakcell'", "in the title"]}},
    "mentions": [mention("Bakcell"), mention("TTK", ambiguous=True), mention("Baku Telecom", decoy=True)],
    "attributions": [{"outlet": "trend", "name": "Trend", "part": "text", "start": TEXT.index("Trend"),
                      "end": TEXT.index("Trend") + 5}],
}  # fmt: skip


def shown(**how: Any) -> str:
    stream = io.StringIO()
    show(ANSWER, Console(file=stream, highlight=False, width=200, **how))
    return stream.getvalue()


def test_without_colours_it_is_plain_lines() -> None:
    said = shown(force_terminal=False)
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "topic own: primary (2)  query: 'Bakcell'; in the title" in said
    assert "ttk [ambiguous]: 'TTK'" in said
    assert "citing trend: 'Trend'" in said


def test_names_and_reasons_have_their_colours() -> None:
    said = shown(force_terminal=True, color_system="standard", _environ={})
    for surface, code in {"Bakcell": "1;32", "TTK": "1;33", "Baku Telecom": "9;31", "Trend": "4;36"}.items():
        assert f"\x1b[{code}m{surface}\x1b[0m" in said
    assert "\x1b[1;32m  topic own: primary" in said
    assert "\x1b[31min" not in said, "what the text would colour itself"
    assert "\x1b]0;" not in said
    assert "\x07" not in said


def test_no_color_is_respected() -> None:
    assert "\x1b" not in shown(force_terminal=True, no_color=True)
