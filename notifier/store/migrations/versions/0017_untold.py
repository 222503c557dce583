"""Who could not be told, found fast: people without any contact, as those whom an event does not name already are. And
until when a pause lasts.

Marked: pre-deploy (a small index, and a column that the old processes leave empty). On a large audit trail build the index
beforehand, with CREATE INDEX CONCURRENTLY under the same name.
"""

from alembic import op

revision = "0017"
down_revision = "0016"

SCHEMA = """
CREATE INDEX IF NOT EXISTS audit_no_contact ON audit (at) WHERE reason = 'event.no_contact';
ALTER TABLE pause ADD COLUMN until timestamptz;
COMMENT ON COLUMN pause.until IS 'When it ends by itself; NULL: when somebody ends it.';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
