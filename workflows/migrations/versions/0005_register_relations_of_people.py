"""register relations of people."""

import sqlalchemy as sa
from alembic import op

from workflows import db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "relation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("recorded_at", db.UTC(timezone=True), nullable=False),
        sa.Column("end_reason", sa.String(length=200), nullable=False),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", db.UTC(timezone=True), nullable=True),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_relation_lower_id_first")),
        sa.CheckConstraint("until_day >= from_day", name=op.f("ck_relation_days_in_order")),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["user_account.id"], name=op.f("fk_relation_ended_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["first_id"], ["user_account.id"], name=op.f("fk_relation_first_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_relation_recorded_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["second_id"], ["user_account.id"], name=op.f("fk_relation_second_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relation")),
        sa.UniqueConstraint(
            "first_id",
            "second_id",
            "kind",
            "from_day",
            name=op.f("uq_relation_first_id_second_id_kind_from_day"),
        ),
    )
    with op.batch_alter_table("relation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_relation_second_id"), ["second_id"], unique=False)
