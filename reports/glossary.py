"""docs/columns.md: every report with its columns, made from the same lines as the reports themselves."""

from __future__ import annotations

from importlib import import_module

import reports

HEAD = """# Columns of the reports

Made from `reports/columns.py` by `python -P -m reports.glossary > docs/columns.md`; a test holds it current.
Empty cells are unknown, never zero.
"""


def page() -> str:
    """The page as Markdown."""
    parts = [HEAD]
    for name in reports.names():
        parts += [f"## {name}", reports.summary(name), "| column | meaning | unit |\n|---|---|---|"]
        columns = import_module(f"reports.{name}").COLUMNS
        parts[-1] += "".join(f"\n| `{c.name}` | {c.meaning} | {c.unit} |" for c in columns)
    return "\n\n".join(part.strip() for part in parts) + "\n"


if __name__ == "__main__":
    print(page(), end="")
