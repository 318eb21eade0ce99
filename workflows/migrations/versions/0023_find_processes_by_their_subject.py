"""find processes by what they are about."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_process_subject_path"), "process", ["subject_path"])
