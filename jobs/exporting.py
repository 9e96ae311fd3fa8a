"""Reports as files: written beside the place and moved there whole, so nobody opens half a report."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from models.errors import ReportError
from reports import Table
from reports.output import check_format, write


def save(table: Table, form: str, path: Path | None) -> None:
    """Write a report to `path`, or to stdout. Raises ReportError when the format is unknown or the file cannot be
    written; a file that was there before is then as it was."""
    check_format(form)
    if path is None:
        write(table, form, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with half.open("wb") as stream:
            write(table, form, stream)
        half.replace(path)
    except OSError as error:
        table.close()
        raise ReportError(f"cannot write {path}: {error.strerror}") from error
    finally:
        half.unlink(missing_ok=True)
