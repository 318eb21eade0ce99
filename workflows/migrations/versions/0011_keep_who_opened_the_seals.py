"""keep who opened the seals."""

import sqlalchemy as sa
from alembic import op

from workflows import db

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opening_confirmation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("challenge_id", sa.Integer(), nullable=False),
        sa.Column("listing", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("witness", sa.String(length=80), nullable=False),
        sa.Column("confirmed_at", db.UTC(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["challenge_id"], ["challenge.id"], name=op.f("fk_opening_confirmation_challenge_id_challenge")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_opening_confirmation_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_confirmation")),
    )
    with op.batch_alter_table("opening_confirmation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_opening_confirmation_challenge_id"), ["challenge_id"], unique=False
        )
