"""keep who is a manager."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_manager", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.alter_column("is_manager", existing_type=sa.Boolean(), server_default=None)
