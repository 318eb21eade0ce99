"""count lists and bids by indexes that hold all they need."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

FOUND_BY = [
    "published_at",
    "state",
    "category",
    "level",
    "sponsor_unit_id",
    "batch_id",
    "bid_to",
    "cap_fen",
    "id",
]


def upgrade() -> None:
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.drop_index("ix_challenge_found")
        batch_op.create_index("ix_challenge_found", FOUND_BY, unique=False)
        batch_op.drop_index("ix_challenge_state")
        batch_op.create_index(
            batch_op.f("ix_challenge_state_published_at_id"), ["state", "published_at", "id"], unique=False
        )
    with op.batch_alter_table("bid", schema=None) as batch_op:
        batch_op.drop_index("ix_bid_challenge_id")
        batch_op.create_index(
            batch_op.f("ix_bid_challenge_id_sealed_at"), ["challenge_id", "sealed_at"], unique=False
        )
