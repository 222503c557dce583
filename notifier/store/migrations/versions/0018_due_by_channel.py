"""Deliveries that are due, by channel too: what waits for one provider is not walked through for the sake of another.

Marked: pre-deploy. On a large table build the index beforehand, with CREATE INDEX CONCURRENTLY under its new name.
"""

from alembic import op

revision = "0018"
down_revision = "0017"

SCHEMA = """
CREATE INDEX IF NOT EXISTS delivery_due_by_channel ON delivery (urgency, source, channel, due_at)
    WHERE due_at IS NOT NULL;
DROP INDEX delivery_due;
ALTER INDEX delivery_due_by_channel RENAME TO delivery_due;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
