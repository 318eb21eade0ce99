"""keep units and posts by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "past_holding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("to_day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_past_holding_post_id_post")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_past_holding_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_holding")),
    )
    with op.batch_alter_table("past_holding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_past_holding_post_id"), ["post_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_past_holding_user_id"), ["user_id"], unique=False)

    with op.batch_alter_table("post_holding", schema=None) as batch_op:
        batch_op.add_column(sa.Column("from_day", sa.Date(), nullable=True))

    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.add_column(sa.Column("closed_on", sa.Date(), nullable=True))

    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=20), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("closed_on", sa.Date(), nullable=True))
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.alter_column("kind", existing_type=sa.String(length=20), server_default=None)

    with op.batch_alter_table("admin_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("about", sa.String(length=30), nullable=False, server_default=""))
    with op.batch_alter_table("admin_entry", schema=None) as batch_op:
        batch_op.alter_column("about", existing_type=sa.String(length=30), server_default=None)
        batch_op.create_index(batch_op.f("ix_admin_entry_about"), ["about"], unique=False)
