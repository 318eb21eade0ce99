"""find recorded decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    decided = sa.text("verb = 'decide'")
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.create_index(
            "ix_history_decided", ["at"], unique=False, sqlite_where=decided, postgresql_where=decided
        )
