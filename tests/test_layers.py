"""Imports point only down (DESIGN §3): models <- crawler, pipelines, reports <- jobs <- scheduler <- cli."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "models": set(),
    "migrations": {"models"},
    "crawler": {"models"},
    "pipelines": {"models"},
    "reports": {"models"},
    "jobs": {"models", "crawler", "pipelines", "reports"},
    "scheduler": {"models", "crawler", "jobs"},
    "cli": {"models", "crawler", "pipelines", "reports", "jobs", "scheduler"},
    "demo": set(),
}


def imports(path: Path) -> set[str]:
    """Top-level names a file imports anywhere, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


def wrong_imports(room: str, path: Path) -> set[str]:
    return (imports(path) & MAY_IMPORT.keys()) - MAY_IMPORT[room] - {room}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_point_only_down(room: str) -> None:
    folder = ROOT / room
    files = sorted(folder.rglob("*.py")) if folder.is_dir() else [ROOT / f"{room}.py"]
    assert files, f"{room} is gone"
    assert {str(p.relative_to(ROOT)): wrong for p in files if (wrong := wrong_imports(room, p))} == {}


def test_the_test_sees_a_wrong_import(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("def f():\n    from crawler.pages import read_page\n")
    assert wrong_imports("pipelines", planted) == {"crawler"}


DECIDING = {
    "crawler": (
        "feeds",
        "listings",
        "pages",
        "pagedates",
        "pagehints",
        "addresses",
        "apis",
        "cdx",
        "unwrap",
        "telegram",
    ),
    "pipelines": ("watch", "topics", "attribution"),
    "reports": ("digest",),
}


@pytest.mark.parametrize(("room", "name"), [(room, name) for room, names in DECIDING.items() for name in names])
def test_what_decides_imports_no_network_no_sql_and_asks_no_clock(room: str, name: str) -> None:
    path = ROOT / room / f"{name}.py"
    assert imports(path) & {"scrapy", "twisted", "socket", "sqlalchemy", "asyncio", "requests"} == set()
    calls = {
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert calls & {"now", "utcnow", "today"} == set()
