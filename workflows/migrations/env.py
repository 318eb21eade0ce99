"""Run by Alembic, which workflows.schema gives a connection inside a transaction."""

from alembic import context

from workflows import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata(),
    render_as_batch=True,  # SQLite alters a table by copying it; on PostgreSQL a batch is plain ALTER
    user_module_prefix="db.",
)
with context.begin_transaction():
    context.run_migrations()
