"""Writing a table as CSV or JSON: the same rows always give the same bytes.

CSV is RFC 4180 (CRLF, quotes doubled) in UTF-8 with a byte order mark, which Excel needs to read ə, қ, კ and 里. A text
cell that a spreadsheet would run as a formula gets an apostrophe in front; numbers stay as they are, and the apostrophe
is not taken off again by anything that reads the file. JSON is an array with one object a line, unguarded.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from io import TextIOWrapper
from typing import BinaryIO, TextIO

from models.config.fields import did_you_mean
from models.errors import ReportError
from reports.columns import Cell
from reports.query import Table

FORMULA = frozenset("=+-@＝＋－＠")  # the full-width forms start a formula in some East Asian settings
BREAKS = frozenset("\t\r\n")  # lead the next cell or line in a careless reader
INVISIBLE = " \t\r\n\v\f\u00a0\u200b\u200c\u200d\u2060\ufeff"  # may be trimmed before the formula is seen


def guarded(cell: Cell) -> Cell:
    """The cell, with an apostrophe in front when it is text that a spreadsheet would take for a formula."""
    if not isinstance(cell, str) or not cell:
        return cell
    if cell[0] in BREAKS or cell.lstrip(INVISIBLE)[:1] in FORMULA:
        return f"'{cell}"
    return cell


def write_csv(table: Table, stream: TextIO) -> None:
    """Header and rows; an empty report is its header."""
    stream.write("\ufeff")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(column.name for column in table.columns)
    for row in table.rows():
        writer.writerow([guarded(cell) for cell in row])


def write_json(table: Table, stream: TextIO) -> None:
    """An array of objects, one a line, keys in the order of the columns; empty cells are null."""
    names = [column.name for column in table.columns]
    opening = "[\n"
    for row in table.rows():
        stream.write(opening + json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False))
        opening = ",\n"
    stream.write("[]\n" if opening == "[\n" else "\n]\n")


FORMATS: Mapping[str, Callable[[Table, TextIO], None]] = {"csv": write_csv, "json": write_json}


def check_format(format: str) -> None:
    """Raises ReportError for a format that cannot be written, before anything is read."""
    if format == "xlsx":
        raise ReportError("xlsx is not written yet; csv opens in Excel with all letters intact")
    if format not in FORMATS:
        raise ReportError(
            f"there is no format '{format}'{did_you_mean(format, FORMATS)}; there is {', '.join(FORMATS)}"
        )


def write(table: Table, format: str, stream: BinaryIO) -> None:
    """Write all rows to a binary stream, which stays open, and give the table's connection back.

    Raises ReportError for an unknown format, StoreError when the database fails on the way.
    """
    try:
        check_format(format)
        text = TextIOWrapper(stream, encoding="utf-8", newline="")
        try:
            FORMATS[format](table, text)
        finally:
            text.detach()  # flushes, and leaves the caller's stream open
    finally:
        table.close()
