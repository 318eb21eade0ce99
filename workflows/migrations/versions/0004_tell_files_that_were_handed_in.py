"""tell files that were handed in."""

import sqlalchemy as sa
from alembic import op

from workflows import db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("stored_file", schema=None) as batch_op:
        batch_op.add_column(sa.Column("handed_in_at", db.UTC(timezone=True), nullable=True))
    op.execute(
        "UPDATE stored_file SET handed_in_at = uploaded_at"
    )  # nobody knows of the earlier ones: all are kept
