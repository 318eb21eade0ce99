"""tell kinds of notices apart."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ROOMS = {
    "work": "task",
    "approvals": "approval",
    "problems": "challenge",
    "challenges": "challenge",
    "campaigns": "challenge",
    "bids": "bid",
    "projects": "project",
    "changes": "project",
    "meetings": "meeting",
    "action-items": "meeting",
    "acceptances": "result",
    "results": "result",
    "appraisals": "result",
    "vetoes": "result",
    "publicities": "objection",
    "rewards": "payment",
}


def upgrade() -> None:
    op.create_table(
        "mail_habit",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("is_digest", sa.Boolean(), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_to", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_mail_habit_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_mail_habit")),
    )
    op.create_table(
        "notice_preference",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("in_app", sa.Boolean(), nullable=False),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_notice_preference_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_notice_preference")),
    )
    with op.batch_alter_table("notice_preference", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_preference_kind"), ["kind"], unique=False)

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=12), nullable=False, server_default="other"))
        batch_op.add_column(sa.Column("in_app", sa.Boolean(), nullable=False, server_default=sa.true()))

    with op.batch_alter_table("outgoing_mail", schema=None) as batch_op:
        batch_op.add_column(sa.Column("item_id", sa.Integer(), nullable=True))
        batch_op.create_unique_constraint(
            batch_op.f("uq_outgoing_mail_item_id_user_id"), ["item_id", "user_id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_outgoing_mail_item_id_work_item"), "work_item", ["item_id"], ["id"]
        )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.alter_column("kind", existing_type=sa.String(length=12), server_default=None)
        batch_op.alter_column("in_app", existing_type=sa.Boolean(), server_default=None)
    for room, kind in ROOMS.items():  # of those that were sent before
        of_room = sa.text("UPDATE notice SET kind = :kind WHERE link LIKE :room")
        op.execute(of_room.bindparams(kind=kind, room=f"/{room}%"))
    for beginning, kind in (
        ("已逾期", "late"),
        ("逾期已久", "late"),
        ("请尽快办理", "late"),
        ("即将到期", "due"),
    ):
        reminder = sa.text("UPDATE notice SET kind = :kind WHERE text LIKE :beginning")
        op.execute(reminder.bindparams(kind=kind, beginning=f"{beginning}%"))
