"""Tell: from the store to people. Imports models only; each report is one module, found by its name.

A report is a module of this package that assigns `COLUMNS` and defines `rows(query, read)`; its docstring is its help.
    reports.names()                                  what there is, without importing any of it
    reports.summary(name)                            its help
    reports.run(name, ReportQuery(…), engine, config) -> Table
    reports.output.write(table, "csv", stream)
"""

from __future__ import annotations

import ast
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.config.fields import did_you_mean
from models.errors import ReportError
from reports.query import ReportQuery, Table

if TYPE_CHECKING:  # `khazri --help` lists the reports and must not wait for SQLAlchemy
    from sqlalchemy import Engine

    from models.config import Config

__all__ = ["ReportQuery", "Table", "names", "run", "summary"]


def _help(path: Path) -> str | None:
    """The docstring of a module that is a report, else None. Read, not imported."""
    tree = ast.parse(path.read_text("utf-8"))
    assigned = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return (ast.get_docstring(tree) or "") if "COLUMNS" in assigned and "rows" in functions else None


def _reports() -> dict[str, str]:
    found = ((path.stem, _help(path)) for path in sorted(Path(__file__).parent.glob("*.py")))
    return {name: text for name, text in found if text is not None}


def names() -> list[str]:
    """The reports there are, in alphabetical order."""
    return list(_reports())


def summary(name: str) -> str:
    """A report's help. Raises ReportError for a name that does not exist."""
    known = _reports()
    if name not in known:
        raise ReportError(f"there is no report '{name}'{did_you_mean(name, known)}")
    return known[name]


def run(name: str, query: ReportQuery, engine: Engine, config: Config) -> Table:
    """Prepare a report over the store as it is now, or was at `query.as_of`; its rows stream as they are taken.

    The caller takes all rows or calls `Table.close()`. Raises ReportError for a report, topic, entity or outlet that
    does not exist and for impossible dates, StoreError when the database cannot be read.
    """
    from models.queries import snapshot
    from reports.query import Read, check

    summary(name)
    module: Any = import_module(f"reports.{name}")
    query.check_dates()
    with ExitStack() as opening:
        at = opening.enter_context(snapshot(engine, query.as_of))
        check(query, at, config)
        read = Read(at, config.zone)
        return Table(name, tuple(module.COLUMNS), module.rows(query, read), at.number, read.notes, opening.pop_all())
