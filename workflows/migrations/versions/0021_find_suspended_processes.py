"""find suspended processes."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

HALTED = sa.text("status = 'suspended'")


def upgrade() -> None:
    op.create_index("ix_process_suspended", "process", ["id"], sqlite_where=HALTED, postgresql_where=HALTED)
