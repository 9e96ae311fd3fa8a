"""The schema's version: upgrade, downgrade, and the refusal to run on another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect

from models.errors import StoreError
from models.store import refusals

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def _alembic(connection: Any = None) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The newest migration this program ships."""
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory.from_config(_alembic()).get_current_head())


def version(engine: Engine) -> str | None:
    """The migration the database is at; None for an empty one."""
    from sqlalchemy import text

    with refusals(), engine.connect() as conn:
        if not inspect(conn).has_table("alembic_version"):
            return None
        found = conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        return None if found is None else str(found)


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring the database to `to`; each migration and its record in one transaction. Raises StoreError."""
    from alembic import command

    with refusals(), engine.execution_options(khazri_write=True).begin() as conn:
        command.upgrade(_alembic(conn), to)


def downgrade(engine: Engine, to: str) -> None:
    """Bring the database back to `to` ("base" empties it). Raises StoreError."""
    from alembic import command

    with refusals(), engine.execution_options(khazri_write=True).begin() as conn:
        command.downgrade(_alembic(conn), to)


def require(engine: Engine) -> None:
    """Refuse a database whose schema is not the program's, with the command that mends it. Raises StoreError."""
    have, want = version(engine), head()
    if have == want:
        return
    if have is None:
        raise StoreError("the database has no tables yet; run: khazri db upgrade")
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
    if have in known:
        raise StoreError(f"the database is at {have}, the program needs {want}; run: khazri db upgrade")
    raise StoreError(f"the database is at {have}, which this program does not know: it is newer; update the program")
