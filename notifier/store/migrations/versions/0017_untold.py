"""Who could not be told, found fast: people without any contact, as those whom an event does not name already are.

Marked: pre-deploy (a small index). On a large audit trail build it beforehand, with CREATE INDEX CONCURRENTLY under the
same name.
"""

from alembic import op

revision = "0017"
down_revision = "0016"

SCHEMA = """
CREATE INDEX IF NOT EXISTS audit_no_contact ON audit (at) WHERE reason = 'event.no_contact';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
