"""Alembic's environment. The program passes its engine in; by hand: KHAZRI_DATABASE names the database."""

from __future__ import annotations

import os
from typing import Any

from alembic import context

from models.store import connect
from models.tables import Base


def run(connection: Any) -> None:
    # SQLite cannot ALTER most things: batch mode rebuilds the table.
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with connect(os.environ.get("KHAZRI_DATABASE", "sqlite:///var/khazri.db")).connect() as own:
        run(own)
        own.commit()
