"""What a person sees of an article: the same words with and without colours, and nothing that a terminal would obey.
What a program sees: one answer for every row, whatever the row says."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from jobs.inspection import as_line, checked_row, inspect_lines, show
from models.config import load_config
from models.errors import KhazriError

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


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"title": 5, "text": "x"}, "title '5' is no text"),
        ({"text": ["x"]}, "text '['x']' is no text"),
        ({"text": "x", "published": 1.5}, "published '1.5' is no text"),
        ({"text": "x", "published": True}, "published 'True' is no text"),
    ],
)
def test_a_field_that_is_no_text_is_refused_by_its_name(row: dict[str, Any], said: str) -> None:
    with pytest.raises(KhazriError, match="^" + said.replace("[", r"\[").replace("]", r"\]")):
        checked_row(row)


def test_what_a_row_leaves_open() -> None:
    row = {"id": None, "file": None, "url": "", "text": "", "title": None, "published": 2024, "language": "EN-gb"}
    assert checked_row(row) == {"text": "", "published": "2024", "language": "en"}


@pytest.mark.parametrize("word", ["Bakı\ud800", "Bakı", "a\nb"])
def test_an_answer_is_one_line_that_utf8_takes(word: str) -> None:
    line = as_line({"id": word})
    assert json.loads(line.encode()) == {"id": word}
    assert "\n" not in line


def test_numbers_that_json_does_not_have_are_no_id() -> None:
    assert json.loads(as_line({"id": float("nan"), "page": {}}))["error"].startswith("the id is a number")


@pytest.mark.slow
def test_every_row_has_its_answer(caplog: pytest.LogCaptureFixture) -> None:
    """Halves of letters ended the whole run once; a wrong type was told in Python's words, with a traceback."""
    rows = [
        b'{"id": 1, "text": "\\ud800 AzerTelecom"}',
        b"[" * 100_000,
        b"",
        b'{"id": 3, "file": null, "text": "AzerTelecom", "url": "http://[::1"}',
        b'{"id": 4, "text": "x", "outlet": ["report"]}',
        b'{"id": 5, "file": "a\\u0000b"}',
        b'{"id": NaN, "text": "x"}',
        b'{"id": 7, "text": "\xff"}',
        b'{"id": 8, "text": "AzerTelecom", "title": null}',
    ]
    config = load_config(Path(__file__).resolve().parent.parent / "config.yaml")
    answers = [json.loads(line.encode()) for line in inspect_lines(rows, config)]
    assert [answer["id"] for answer in answers] == [1, None, 3, 4, 5, None, None, 8]
    assert [bool(answer.get("mentions")) for answer in answers] == [n in (0, 2, 7) for n in range(8)]
    assert [answer["mentions"][0]["start"] for answer in answers if "mentions" in answer] == [2, 0, 0]
    assert not caplog.records


def test_a_field_that_no_row_has_is_left_alone_and_named(caplog: pytest.LogCaptureFixture) -> None:
    rows = [b'{"id": 1, "text": "x", "topics": ["a"]}', b'{"id": 2, "text": "x", "topics": [], "langauge": "az"}']
    config = load_config(Path(__file__).resolve().parent.parent / "config.yaml")
    answers = [json.loads(line) for line in inspect_lines(rows, config)]
    assert [(one["id"], "error" in one) for one in answers] == [(1, False), (2, False)]
    said = [record.getMessage() for record in caplog.records]
    assert said == ["field 'topics' is not read (in 2 rows)", "field 'langauge' is not read (in 1 row)"]
