"""What the forms of a new name have in common; whether an article is about whom it mentions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("candidate") as table:
        table.add_column(sa.Column("key", sa.String(length=120), nullable=False, server_default=""))
    with op.batch_alter_table("mention") as table:
        table.add_column(sa.Column("main", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("mention") as table:
        table.drop_column("main")
    with op.batch_alter_table("candidate") as table:
        table.drop_column("key")
