"""keep the next reminder of a work item with it, instead of a due row for each."""

import sqlalchemy as sa
from alembic import op

import workflows.db

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

WATCHED = sa.text("next_try_at IS NOT NULL")
TAKE_OVER = """
    UPDATE work_item SET
        next_try_at = (SELECT next_try_at FROM due WHERE item_id = work_item.id ORDER BY next_try_at, id LIMIT 1),
        remind_days = (SELECT offset_days FROM due WHERE item_id = work_item.id ORDER BY next_try_at, id LIMIT 1)
    WHERE id IN (SELECT item_id FROM due WHERE item_id IS NOT NULL)
"""


def upgrade() -> None:
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("next_try_at", workflows.db.UTC(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("remind_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.alter_column("tries", server_default=None)
        batch_op.create_index(
            "ix_work_item_next_try_at",
            ["next_try_at"],
            unique=False,
            sqlite_where=WATCHED,
            postgresql_where=WATCHED,
        )
    # What runs goes on: each item takes over the reminder that would have come next.
    op.execute(TAKE_OVER)
    op.execute("DELETE FROM due WHERE item_id IS NOT NULL")
    with op.batch_alter_table("due", schema=None) as batch_op:
        batch_op.drop_index("ix_due_item")
        batch_op.drop_constraint(batch_op.f("fk_due_item_id_work_item"), type_="foreignkey")
        for column in ("item_id", "action", "offset_days"):
            batch_op.drop_column(column)
        batch_op.alter_column("token", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("node", existing_type=sa.String(length=80), nullable=False)
