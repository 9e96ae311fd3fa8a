"""Collecting: adaptive polling, retired sources, what a source remembers, re-checks, what a revision changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("source") as table:
        table.add_column(sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("interval_minutes", sa.Double(), nullable=True))
        table.add_column(sa.Column("cursor", sa.JSON(), nullable=True))
    with op.batch_alter_table("host") as table:
        table.add_column(sa.Column("pushbacks", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("item") as table:
        table.add_column(sa.Column("recheck_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("rechecks", sa.Integer(), nullable=False, server_default="0"))
        table.create_index("ix_item_recheck_at", ["recheck_at"])
    with op.batch_alter_table("revision") as table:
        table.add_column(sa.Column("changed", sa.String(length=40), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("revision") as table:
        table.drop_column("changed")
    with op.batch_alter_table("item") as table:
        table.drop_index("ix_item_recheck_at")
        table.drop_column("rechecks")
        table.drop_column("recheck_at")
    with op.batch_alter_table("host") as table:
        table.drop_column("pushbacks")
    with op.batch_alter_table("source") as table:
        for name in ("cursor", "interval_minutes", "retired_at", "failing_since"):
            table.drop_column(name)
