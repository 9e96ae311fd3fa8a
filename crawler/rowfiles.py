"""Files of rows -> checked rows: JSON, JSONL and CSV, each also as .gz. Reads the file and nothing else."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models.config.fields import did_you_mean
from models.errors import ImportRefused

FIELDS = ("url", "outlet", "title", "text", "language", "lang", "published", "date", "first_seen")
TWINS = (("language", "lang"), ("published", "date"))  # two names of one field: a row may have both if they agree
DATES = frozenset(("published", "date", "first_seen"))  # a bare year may come as a number

# Characters and bytes of one row. The longest article we have seen is 0.2 MB; a longer row is a broken file.
MAX_ROW = 10_000_000
# A JSON document is held in memory whole, about four times its size; JSON lines are not, so more of them may come.
MAX_JSON = 256_000_000
SHOWN = 60  # characters of a refused value that a message repeats

# What reports.output puts an apostrophe in front of, so that a spreadsheet does not run it.
_FORMULA = frozenset("=+-@＝＋－＠")
_BREAKS = frozenset("\t\r\n")
_INVISIBLE = " \t\r\n\v\f\u00a0\u200b\u200c\u200d\u2060\ufeff"


class Stream(Protocol):
    """What an open file and an open gzip file have in common."""

    def read(self, size: int, /) -> bytes: ...
    def readline(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One row as its file says it. `where` is for messages ("a.jsonl:3", "a.csv: row 3"); `values` holds what is not
    empty, keyed by `url outlet title text language published first_seen`."""

    where: str
    values: Mapping[str, str]

    def get(self, field: str) -> str:
        return self.values.get(field, "")


def shown(value: object) -> str:
    """A refused value in quotes, on one line, cut to what helps."""
    text = " ".join(str(value).split())
    return f"'{text[:SHOWN]}…'" if len(text) > SHOWN else f"'{text}'"


def form_of(path: Path) -> str:
    """ "json", "jsonl", "csv" or "warc" by the name, a last .gz left out; "" for any other name."""
    name = path.name.lower().removesuffix(".gz")
    return next((form for ending, form in FORMS if name.endswith(ending)), "")


FORMS = ((".json", "json"), (".jsonl", "jsonl"), (".ndjson", "jsonl"), (".csv", "csv"), (".warc", "warc"))
KNOWN = ".json .jsonl .ndjson .csv .warc, each also .gz"


def read_rows(path: Path, *, ignore_extra: bool = False) -> Iterator[Row]:
    """The rows of one JSON, JSONL or CSV file, in its order.

    JSONL and CSV are read as they are asked for, a JSON document whole. Raises ImportRefused, with file and line or
    row, at a row that cannot be: unknown keys (unless `ignore_extra`), no text, broken syntax, not UTF-8.
    """
    reader = READERS.get(form_of(path))
    if reader is None:
        raise ImportRefused(f"{path}: no file of rows; known: .json .jsonl .ndjson .csv, each also .gz")
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as stream:
            yield from reader(stream, str(path), ignore_extra)
    except gzip.BadGzipFile as error:
        raise ImportRefused(f"{path}: no gzip file, or a damaged one") from error
    except (EOFError, zlib.error) as error:
        raise ImportRefused(f"{path}: the gzip file is cut off or damaged") from error
    except OSError as error:
        raise ImportRefused(f"{path}: cannot be read: {error.strerror or error}") from error


# ---------------------------------------------------------------------------------------------------- three forms


def _json(stream: Stream, path: str, ignore_extra: bool) -> Iterator[Row]:
    body = stream.read(MAX_JSON + 1)
    if len(body) > MAX_JSON:
        raise ImportRefused(
            f"{path}: more than {MAX_JSON:,} bytes in one JSON document; write JSON lines (.jsonl) instead"
        )
    document = _parsed(_utf8(body, path), path)
    del body
    if isinstance(document, dict):
        yield _checked(document, path, ignore_extra)
    elif isinstance(document, list):
        for number, one in enumerate(document, start=1):
            yield _checked(one, f"{path}: row {number}", ignore_extra)
    else:
        raise ImportRefused(f"{path}: neither a JSON object nor a list of them")


def _jsonl(stream: Stream, path: str, ignore_extra: bool) -> Iterator[Row]:
    for number, line in enumerate(_lines(stream, path), start=1):
        if line.strip():
            where = f"{path}:{number}"
            yield _checked(_parsed(_utf8(line, where), where), where, ignore_extra)


def _csv(stream: Stream, path: str, ignore_extra: bool) -> Iterator[Row]:
    """Row numbers are those a spreadsheet shows: the header is row 1."""
    csv.field_size_limit(MAX_ROW)  # the module's own limit of 131,072 characters is less than a long article
    lines = (_utf8(line, f"{path}:{number}") for number, line in enumerate(_lines(stream, path), start=1))
    first = next(lines, "")
    if not first.strip():
        raise ImportRefused(f"{path}: row 1: no header; the first row names the columns")
    try:
        rows = csv.reader(_again(first, lines), delimiter=_delimiter(first), strict=True)
    except csv.Error as error:
        raise ImportRefused(
            f"{path}: row 1: broken CSV: lines that end in CR alone; save it with LF or CRLF"
        ) from error
    header: list[str] = []
    number = 0
    while True:
        number += 1
        where = f"{path}: row {number}"
        try:
            cells = next(rows, None)
        except csv.Error as error:
            raise ImportRefused(f"{where}: broken CSV: {error}") from error
        if cells is None:
            return
        if number == 1:
            header = _header([cell.strip() for cell in cells], where, ignore_extra)
        elif any(cells):
            if len(cells) != len(header):
                raise ImportRefused(f"{where}: {len(cells)} cells under a header of {len(header)}")
            named = {name: unguarded(cell) for name, cell in zip(header, cells, strict=True)}
            yield _checked(named, where, ignore_extra)


READERS: Mapping[str, Callable[[Stream, str, bool], Iterator[Row]]] = {"json": _json, "jsonl": _jsonl, "csv": _csv}


# ------------------------------------------------------------------------------------------------- pieces of them


def _lines(stream: Stream, path: str) -> Iterator[bytes]:
    """Lines with their ends; a line over MAX_ROW is refused before it fills the memory."""
    number = 0
    while line := stream.readline(MAX_ROW + 1):
        number += 1
        if len(line) > MAX_ROW:
            raise ImportRefused(f"{path}:{number}: a line of more than {MAX_ROW:,} bytes")
        yield line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _utf8(body: bytes, where: str) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused(f"{where}: not UTF-8: byte 0x{body[error.start]:02x} at {error.start}") from error


def _parsed(text: str, where: str) -> object:
    try:
        parsed: object = json.loads(text)
    except RecursionError as error:
        raise ImportRefused(f"{where}: JSON nested too deep") from error
    except json.JSONDecodeError as error:
        hint = "; JSON lines are named .jsonl" if error.msg == "Extra data" else ""
        place = f"line {error.lineno}, column {error.colno}" if "\n" in text.strip() else f"column {error.colno}"
        raise ImportRefused(f"{where}: broken JSON at {place}: {error.msg}{hint}") from error
    except ValueError as error:  # a number of more than 4,300 digits
        raise ImportRefused(f"{where}: broken JSON: {error}") from error
    return parsed


def _delimiter(header: str) -> str:
    """The comma or the semicolon (Excel's, where the comma is decimal), whichever makes more columns we know."""
    found = {sign: len(set(next(csv.reader(io.StringIO(header), delimiter=sign), [])) & set(FIELDS)) for sign in ",;"}
    return ";" if found[";"] > found[","] else ","


def _header(names: list[str], where: str, ignore_extra: bool) -> list[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice and not (ignore_extra and set(twice).isdisjoint(FIELDS)):
        raise ImportRefused(f"{where}: the column {shown(twice[0])} comes twice")
    _refuse_unknown(names, where, ignore_extra)
    return names


def _refuse_unknown(keys: list[str], where: str, ignore_extra: bool) -> None:
    for key in keys:
        if key not in FIELDS and not ignore_extra:
            hint = did_you_mean(key.lower(), FIELDS)
            raise ImportRefused(f"{where}: unknown key {shown(key)}{hint} (--ignore-extra leaves out what is unknown)")


def unguarded(cell: str) -> str:
    """The cell without the apostrophe that our own CSV puts before what a spreadsheet would run."""
    rest = cell[1:]
    if cell.startswith("'") and rest and (rest[0] in _BREAKS or rest.lstrip(_INVISIBLE)[:1] in _FORMULA):
        return rest
    return cell


def _checked(row: object, where: str, ignore_extra: bool) -> Row:
    if not isinstance(row, dict):
        raise ImportRefused(f"{where}: {shown(row)} is no object")
    _refuse_unknown(list(row), where, ignore_extra)
    values = {key: text for key in FIELDS if (text := _text(row.get(key), key, where))}
    for name, twin in TWINS:
        other = values.pop(twin, "")
        if other and values.setdefault(name, other) != other:
            raise ImportRefused(f"{where}: {name} {shown(values[name])} and {twin} {shown(other)} disagree")
    return Row(where, values)


def _text(value: object, key: str, where: str) -> str:
    """A field's text, "" for null and for white space alone."""
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and key in DATES:
        return str(value)
    if not isinstance(value, str):
        raise ImportRefused(f"{where}: {key} {shown(value)} is no text")
    if len(value) > MAX_ROW:
        raise ImportRefused(f"{where}: {key} has more than {MAX_ROW:,} characters")
    return value if key in ("title", "text") and value.strip() else value.strip()
