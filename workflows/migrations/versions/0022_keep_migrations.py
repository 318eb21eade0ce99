"""keep migrations of running processes."""

import sqlalchemy as sa
from alembic import op

from workflows import db

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

WATCHED = sa.text("next_try_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "migration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("process", sa.String(length=60), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("at", db.UTC(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["digest"], ["definition.digest"], name=op.f("fk_migration_digest_definition")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_migration")),
    )
    op.create_index(op.f("ix_migration_process"), "migration", ["process"])
    op.create_table(
        "migration_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("migration_id", sa.Integer(), nullable=False),
        sa.Column("process_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("from_digest", sa.String(length=64), nullable=True),
        sa.Column("state", sa.LargeBinary(), nullable=True),
        sa.Column("written", sa.String(length=64), nullable=True),
        sa.Column("undo_reason", sa.String(length=200), nullable=True),
        sa.Column("undo_by_id", sa.Integer(), nullable=True),
        sa.Column("next_try_at", db.UTC(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("changed_at", db.UTC(timezone=True), nullable=True),
        sa.Column("leased_until", db.UTC(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["migration_id"], ["migration.id"], name=op.f("fk_migration_item_migration_id_migration")
        ),
        sa.ForeignKeyConstraint(
            ["process_id"], ["process.id"], name=op.f("fk_migration_item_process_id_process")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_migration_item")),
        sa.UniqueConstraint(
            "migration_id", "process_id", name=op.f("uq_migration_item_migration_id_process_id")
        ),
    )
    op.create_index(op.f("ix_migration_item_migration_id"), "migration_item", ["migration_id"])
    op.create_index(op.f("ix_migration_item_process_id"), "migration_item", ["process_id"])
    op.create_index(
        "ix_migration_item_next_try_at",
        "migration_item",
        ["next_try_at"],
        sqlite_where=WATCHED,
        postgresql_where=WATCHED,
    )
