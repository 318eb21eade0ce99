"""find challenges by an index."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.create_index(
            "ix_challenge_found",
            [
                "published_at",
                "state",
                "category",
                "level",
                "sponsor_unit_id",
                "batch_id",
                "bid_to",
                "cap_fen",
            ],
            unique=False,
        )
