"""sort the wall by an index."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.drop_index("ix_project_state")
        batch_op.create_index("ix_project_on_wall", ["state", "rag", "deadline", "id"], unique=False)
